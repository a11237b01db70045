/* Forks inside callbacks. What the child does there works; a child that returns from a completion ends with 1. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

enum { CALLS = 5, CHILD_SECONDS = 120, ESCAPED = 42 };

static strongroom_manager_t *memory, *encrypted;
static pid_t parent;

/* The exit code of a child; -1 where a signal ended it. */
static int exit_code_of(pid_t child) {
    int how = 0;
    if (!CHECK(child > 0)) {
        return -1;
    }
    while (waitpid(child, &how, 0) < 0) {
        /* A signal that this program sends itself. */
    }
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

/* Verbs in both forms, a manager of its own, and the end of it all. */
static void use_everything(void) {
    strongroom_manager_t *both[] = {memory, encrypted}, *own = open_memory();
    for (size_t i = 0; i < 2; i++) {
        strongroom_secret_t *secret = NULL;
        answer_t answer;
        check_value(both[i], "key", "value");
        CHECK_OK(set(both[i], "child", "value"));
        CHECK_ANSWER(&answer,
                     strongroom_manager_get_async(both[i], TEXT("child"), NULL, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_OK);
        CHECK_OK(strongroom_generate(STRONGROOM_FORM_HEX, 8, NULL, &secret, NULL));
        CHECK_OK(strongroom_secret_free(secret));
    }
    CHECK_OK(set(own, "key", "value"));
    CHECK_OK(strongroom_manager_free(own));
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_shutdown(5000, NULL));
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_OK(strongroom_manager_free(encrypted));
}

/* ---- in a completion ---- */

enum { USES_AND_LEAVES, RETURNS, USES_AND_RETURNS, CALLBACKS_WAYS };
static int way;
static atomic_int completions;
static atomic_int child_of_callback;

static void on_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                      strongroom_error_t *error) {
    (void)context;
    if (getpid() != parent) {
        /* A call of the parent's that completes in the child. */
        _exit(ESCAPED);
    }
    CHECK_OK(status);
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_error_free(error));
    if (completions == 0) {
        /* The calls behind this one have ended and wait for the callbacks' thread. */
        sleep_ms(100);
        pid_t child = fork();
        if (child == 0) {
            check_begin_child();
            alarm(CHILD_SECONDS);
            if (way != RETURNS) {
                use_everything();
            }
            if (way == USES_AND_LEAVES || check_code() != 0) {
                _exit(check_code() == 0 ? 0 : ESCAPED + 1);
            }
            return;
        }
        child_of_callback = child;
        /* What this callback may not call is still refused here. */
        CHECK_STATUS(set(memory, "key", "value"), STRONGROOM_STATUS_REENTRANT_CALL);
    }
    completions++;
}

static void test_forks_inside_a_completion(void) {
    for (way = 0; way < CALLBACKS_WAYS; way++) {
        const strongroom_manager_t *both[] = {memory, encrypted};
        for (size_t i = 0; i < 2; i++) {
            completions = 0;
            child_of_callback = 0;
            for (int call = 0; call < CALLS; call++) {
                CHECK_OK(strongroom_manager_get_async(both[i], TEXT("key"), NULL, on_secret, NULL, NULL));
            }
            for (int64_t end = now_ms() + 20000; completions < CALLS && now_ms() < end;) {
                sleep_ms(1);
            }
            CHECK_NUMBER(exit_code_of(child_of_callback), way == USES_AND_LEAVES ? 0 : 1);
            sleep_ms(20);
            CHECK_NUMBER(completions, CALLS);
            CHECK_OK(set(both[i], "key", "value"));
            check_value(both[i], "key", "value");
        }
    }
}

/* ---- in a log callback, on the thread of the call that is logged ---- */

static atomic_int logged;
static pid_t child_of_log;

static void on_log(void *context, int32_t level, const char *target, const char *message) {
    (void)level, (void)target, (void)message;
    if (logged++ == 0) {
        child_of_log = fork();
        if (child_of_log == 0) {
            check_begin_child();
            alarm(CHILD_SECONDS);
            if (context) {
                use_everything();
                _exit(check_code());
            }
        } else {
            CHECK_STATUS(set(memory, "key", "value"), STRONGROOM_STATUS_REENTRANT_CALL);
        }
    }
}

static void test_forks_inside_a_log_callback(void) {
    for (int round = 0; round < 2; round++) {
        bool uses = round == 0;
        logged = 0;
        child_of_log = -1;
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, uses ? &round : NULL, NULL, NULL));
        CHECK_OK(set(memory, "key", "value"));
        if (getpid() != parent) {
            /* A child that came back from the callback to the verb's caller: the program's own thread goes on. */
            use_everything();
            _exit(check_code() == 0 ? 1 : ESCAPED);
        }
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
        CHECK(logged > 0);
        CHECK_NUMBER(exit_code_of(child_of_log), uses ? 0 : 1);
        check_value(memory, "key", "value");
        check_value(memory, "child", NULL);
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    parent = getpid();
    memory = open_memory();
    encrypted = open_encrypted("callback");
    CHECK_OK(set(memory, "key", "value"));
    CHECK_OK(set(encrypted, "key", "value"));
    test_forks_inside_a_completion();
    test_forks_inside_a_log_callback();
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_OK(strongroom_manager_free(encrypted));
    return check_end();
}
