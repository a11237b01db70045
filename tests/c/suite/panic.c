/* valgrind
   A panic inside the library is a status, says nothing of itself, and harms nothing after it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

/* What was written to standard error between the two. */
static int real_stderr = -1, captured = -1;

static void capture_stderr(void) {
    char path[4200];
    snprintf(path, sizeof path, "%s/stderr", folder());
    fflush(stderr);
    captured = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    real_stderr = dup(STDERR_FILENO);
    CHECK(captured >= 0 && dup2(captured, STDERR_FILENO) >= 0);
}

static size_t end_capture(char *text, size_t room) {
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    ssize_t length = pread(captured, text, room - 1, 0);
    close(captured);
    text[length > 0 ? length : 0] = '\0';
    return strlen(text);
}

static void check_internal(strongroom_error_t *error) {
    /* No text of a panic, no place in our sources. */
    static const char *const NEVER[] = {"canary-of-a-panic", "unwrap", ".rs", "src/", "thread '", "testing"};
    const char *message = strongroom_error_message(error);
    if (CHECK(message != NULL)) {
        CHECK(strstr(message, "internal") == message);
        for (size_t i = 0; i < sizeof NEVER / sizeof NEVER[0]; i++) {
            CHECK(strstr(message, NEVER[i]) == NULL);
        }
    }
    CHECK_STATUS(strongroom_error_status(error), STRONGROOM_STATUS_INTERNAL);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    char text[4096];
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "key", "value"));
    capture_stderr();
    for (int round = 0; round < 100; round++) {
        strongroom_error_t *error = NULL;
        CHECK_STATUS(strongroom_testing_panic(&error), STRONGROOM_STATUS_INTERNAL);
        check_internal(error);
        check_error(error, STRONGROOM_STATUS_INTERNAL);
        CHECK_STATUS(strongroom_testing_panic(NULL), STRONGROOM_STATUS_INTERNAL);

        answer_t answer;
        answer_init(&answer);
        CHECK_OK(START(&answer, strongroom_testing_panic_async(answer_done, &answer, NULL)));
        CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_INTERNAL);
        check_internal(answer.error);
        answer_end(&answer, 1);
        /* All goes on, in both forms. */
        check_value(manager, "key", "value");
        CHECK_ANSWER(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_OK);
    }
    if (end_capture(text, sizeof text) != 0) {
        check_failed(__FILE__, __LINE__, "standard error got \"%.200s\"", text);
    }
    CHECK_OK(strongroom_manager_free(manager));
    manager = open_encrypted("after");
    CHECK_OK(set(manager, "key", "value"));
    check_value(manager, "key", "value");
    CHECK_OK(strongroom_manager_free(manager));
    return check_end();
}
