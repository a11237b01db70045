/* valgrind
   What the cache answers, with and without options of a call. The backend's `get` works once; whatever is read after
   that comes from the cache, or fails. */
#define _GNU_SOURCE
#include <string.h>

#include "answer.h"
#include "open.h"

static strongroom_manager_t *manager;

/* Cached: under a backend of which only the first `get` works. */
static void read_once(const char *after) {
    char script[64] = "get*1:pass;get:";
    strncat(script, after, sizeof script - strlen(script) - 1);
    manager = open_with(
        (const char *const[]){"backend", "fault", "fault.inner", "memory", "fault.script", script, NULL});
    CHECK_OK(set(manager, "key", "value"));
    check_value(manager, "key", "value");
}

/* All three forms of the read in the calling thread. */
static void check_read(const strongroom_call_t *call, strongroom_status_t wanted) {
    strongroom_secret_t *secret = NULL;
    char bytes[16] = "", text[16] = "";
    size_t length = 0;
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL), wanted);
    if (wanted == STRONGROOM_STATUS_OK) {
        CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    } else {
        CHECK(secret == NULL);
    }
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("key"), call, bytes, sizeof bytes, &length, NULL), wanted);
    CHECK_BYTES(bytes, length, wanted == STRONGROOM_STATUS_OK ? "value" : "");
    CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("key"), call, text, sizeof text, &length, NULL), wanted);
    CHECK_TEXT(text, wanted == STRONGROOM_STATUS_OK ? "value" : "");
    CHECK_NUMBER(length, wanted == STRONGROOM_STATUS_OK ? 5 : 0);
}

static void check_started(const strongroom_call_t *call, strongroom_status_t wanted) {
    answer_t answer;
    CHECK_ANSWER(&answer, strongroom_manager_get_async(manager, TEXT("key"), call, answer_secret, &answer, NULL),
                 wanted);
}

/* Options that do not say what is wanted do not lead past the cache. */
static void test_options_that_hit(const char *after) {
    static const char *const OPTIONS[][7] = {{NULL},
                                             {"timeout", "5s", NULL},
                                             {"actor", "someone", NULL},
                                             {"reason", "a test", "request_id", "1", NULL},
                                             {"prompt", "never", "timeout", "1s", "actor", "someone", NULL}};
    read_once(after);
    check_read(NULL, STRONGROOM_STATUS_OK);
    check_started(NULL, STRONGROOM_STATUS_OK);
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        for (int cancels = 0; cancels < 2; cancels++) {
            strongroom_call_t *call = call_of(OPTIONS[i]);
            strongroom_cancel_t *cancel = cancel_new();
            if (cancels) {
                CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
            }
            check_read(call, STRONGROOM_STATUS_OK);
            check_started(call, STRONGROOM_STATUS_OK);
            CHECK_OK(strongroom_cancel_free(cancel));
            check_read(call, STRONGROOM_STATUS_OK);
            CHECK_OK(strongroom_call_free(call));
        }
    }
    CHECK_OK(strongroom_manager_free(manager));
}

/* One that has fired ends what would have asked the backend; what is cached may still be answered, rightly. Calls that
   do not carry it go on. */
static void test_a_fired_cancel(const char *after) {
    strongroom_cancel_t *cancel = cancel_new();
    strongroom_call_t *call = call_of((const char *const[]){"timeout", "5s", NULL});
    strongroom_secret_t *secret = NULL;
    char bytes[16];
    size_t length = 0;
    answer_t answer;
    read_once(after);
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    check_read(call, STRONGROOM_STATUS_OK);
    CHECK_OK(strongroom_cancel_fire(cancel));
    for (int is_freed = 0; is_freed < 2; is_freed++) {
        strongroom_status_t status = strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL);
        CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_CANCELLED);
        check_read(call, status);
        check_started(call, status);
        CHECK_OK(strongroom_secret_free(secret));
        CHECK_STATUS(strongroom_manager_get(manager, TEXT("uncached"), call, &secret, NULL),
                     STRONGROOM_STATUS_CANCELLED);
        CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("uncached"), call, bytes, sizeof bytes, &length, NULL),
                     STRONGROOM_STATUS_CANCELLED);
        CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("uncached"), call, bytes, sizeof bytes, &length, NULL),
                     STRONGROOM_STATUS_CANCELLED);
        CHECK_ANSWER(&answer,
                     strongroom_manager_get_async(manager, TEXT("uncached"), call, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_CANCELLED);
        CHECK_STATUS(strongroom_manager_set(manager, TEXT("uncached"), TEXT("value"), NULL, call, NULL, NULL),
                     STRONGROOM_STATUS_CANCELLED);
        if (!is_freed) {
            CHECK_OK(strongroom_cancel_free(cancel));
        }
    }
    check_read(NULL, STRONGROOM_STATUS_OK);
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_manager_free(manager));
}

/* What the verb does not take is refused, although the cache could answer; what names a version asks the backend. */
static void test_options_that_do_not_hit(void) {
    strongroom_call_t *unfit = call_of((const char *const[]){"limit", "3", NULL});
    strongroom_call_t *version = call_of((const char *const[]){"version", "1", NULL});
    read_once("unavailable");
    check_read(unfit, STRONGROOM_STATUS_INVALID_ARGUMENT);
    check_read(version, STRONGROOM_STATUS_UNAVAILABLE);
    check_read(NULL, STRONGROOM_STATUS_OK);
    /* What was written since is not what the cache has. */
    CHECK_OK(set(manager, "key", "other"));
    char text[16];
    size_t length = 0;
    strongroom_status_t status = strongroom_manager_get_value(manager, TEXT("key"), NULL, text, sizeof text, &length,
                                                              NULL);
    if (status != STRONGROOM_STATUS_UNAVAILABLE && CHECK_OK(status)) {
        CHECK_TEXT(text, "other");
    }
    CHECK_OK(strongroom_call_free(unfit));
    CHECK_OK(strongroom_call_free(version));
    CHECK_OK(strongroom_manager_free(manager));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    static const char *const AFTER[] = {"unavailable", "corrupt", "hang", "denied"};
    for (size_t i = 0; i < sizeof AFTER / sizeof AFTER[0]; i++) {
        check_about(AFTER[i]);
        test_options_that_hit(AFTER[i]);
        test_a_fired_cancel(AFTER[i]);
    }
    check_about(NULL);
    test_options_that_do_not_hit();
    return check_end();
}
