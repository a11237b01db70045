/* main returns while calls are pending and handles are open: the process ends at once, without a crash. */
#define _GNU_SOURCE
#include "open.h"
#include "testing.h"

static void on_pending(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                       strongroom_error_t *error) {
    (void)context, (void)status;
    strongroom_secret_free(secret);
    strongroom_error_free(error);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    strongroom_manager_t *hanging = open_fault("get:hang"), *encrypted = open_encrypted("exit");
    CHECK_OK(set(encrypted, "key", "value"));
    for (int i = 0; i < 100; i++) {
        CHECK_OK(strongroom_manager_get_async(hanging, TEXT("key"), NULL, on_pending, NULL, NULL));
        CHECK_OK(strongroom_manager_get_async(encrypted, TEXT("key"), NULL, on_pending, NULL, NULL));
    }
    return check_end_with_handles();
}
