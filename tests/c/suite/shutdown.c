/* Ending the library, and ending the process without ending the library. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

enum { PATIENCE = 10000 };

static void test_there_may_be_nothing_to_end(void) {
    CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
    CHECK_OK(strongroom_shutdown(0, NULL));
}

/* Managers are closed, what the caller holds is still readable, and a new manager opens. */
static void test_managers_are_closed_and_opened_anew(void) {
    for (int round = 0; round < 3; round++) {
        strongroom_manager_t *managers[] = {open_memory(), open_encrypted("shutdown"), NULL};
        strongroom_secret_t *secret = NULL;
        answer_t answer;
        CHECK_OK(strongroom_manager_scoped(managers[0], TEXT("org/acme"), &managers[2], NULL));
        CHECK_OK(set(managers[0], "key", "value"));
        CHECK_OK(set(managers[1], "key", "value"));
        CHECK_ANSWER(&answer, strongroom_manager_get_async(managers[1], TEXT("key"), NULL, answer_secret, &answer,
                                                           NULL),
                     STRONGROOM_STATUS_OK);
        CHECK_OK(strongroom_manager_get(managers[1], TEXT("key"), NULL, &secret, NULL));
        CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
        CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
        CHECK_OK(strongroom_secret_free(secret));
        for (size_t i = 0; i < 3; i++) {
            CHECK_STATUS(strongroom_manager_get(managers[i], TEXT("key"), NULL, &secret, NULL),
                         STRONGROOM_STATUS_CLOSED);
            CHECK_STATUS(set(managers[i], "key", "value"), STRONGROOM_STATUS_CLOSED);
            answer_init(&answer);
            strongroom_status_t status = START(
                &answer, strongroom_manager_get_async(managers[i], TEXT("key"), NULL, answer_secret, &answer, NULL));
            if (status == STRONGROOM_STATUS_OK) {
                CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_CLOSED);
                answer_end(&answer, 1);
            } else {
                CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
                answer_end(&answer, 0);
            }
            CHECK_OK(strongroom_manager_free(managers[i]));
        }
        strongroom_manager_t *anew = open_encrypted("shutdown");
        check_value(anew, "key", "value");
        CHECK_ANSWER(&answer, strongroom_manager_get_async(anew, TEXT("key"), NULL, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_OK);
        CHECK_OK(strongroom_manager_free(anew));
    }
}

/* ---- pending calls ---- */

enum { PENDING = 50 };
static atomic_int completed, cancelled;

static void on_pending(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                       strongroom_error_t *error) {
    (void)context;
    CHECK(secret == NULL);
    cancelled += status == STRONGROOM_STATUS_CANCELLED;
    completed++;
    CHECK_OK(strongroom_error_free(error));
}

static strongroom_manager_t *start_pending(void) {
    strongroom_manager_t *manager = open_fault("get:hang");
    for (int i = 0; i < PENDING; i++) {
        CHECK_OK(strongroom_manager_get_async(manager, TEXT("key"), NULL, on_pending, NULL, NULL));
    }
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, PENDING, PATIENCE, NULL));
    return manager;
}

static void *shut_down(void *context) {
    CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
    return context;
}

static void test_what_is_pending_completes_with_cancelled(void) {
    for (int round = 0; round < 3; round++) {
        completed = 0;
        cancelled = 0;
        strongroom_manager_t *manager = start_pending();
        if (round < 2) {
            shut_down(NULL);
        } else {
            pthread_t other;
            CHECK_NUMBER(pthread_create(&other, NULL, shut_down, NULL), 0);
            shut_down(NULL);
            pthread_join(other, NULL);
        }
        /* Not a moment later: when it returns, the callbacks have run. */
        CHECK_NUMBER(completed, PENDING);
        CHECK_NUMBER(cancelled, PENDING);
        CHECK_OK(strongroom_manager_free(manager));
    }
}

/* A waiting call in another thread ends too. */
static void *wait_for_ever(void *manager) {
    strongroom_secret_t *secret = NULL;
    strongroom_status_t status = strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL);
    CHECK(status == STRONGROOM_STATUS_CANCELLED || status == STRONGROOM_STATUS_CLOSED);
    return NULL;
}

static void test_a_waiting_call_ends(void) {
    strongroom_manager_t *manager = open_fault("get:hang");
    pthread_t other;
    CHECK_NUMBER(pthread_create(&other, NULL, wait_for_ever, manager), 0);
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, PATIENCE, NULL));
    int64_t begin = now_ms();
    CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
    pthread_join(other, NULL);
    CHECK(now_ms() - begin < 5000);
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- a callback that does not return in time ---- */

static atomic_bool release;

static void on_slow(void *context, strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error) {
    strongroom_error_t *inner = NULL;
    CHECK_STATUS(strongroom_shutdown(PATIENCE, &inner), STRONGROOM_STATUS_REENTRANT_CALL);
    check_error(inner, STRONGROOM_STATUS_REENTRANT_CALL);
    while (!release) {
        sleep_ms(1);
    }
    answer_secret(context, status, secret, error);
}

static void test_a_slow_callback_is_a_timeout(void) {
    strongroom_manager_t *manager = open_memory();
    strongroom_error_t *error = NULL;
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(set(manager, "key", "value"));
    CHECK_OK(START(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, on_slow, &answer, NULL)));
    int64_t begin = now_ms();
    CHECK_STATUS(strongroom_shutdown(100, &error), STRONGROOM_STATUS_TIMEOUT);
    check_error(error, STRONGROOM_STATUS_TIMEOUT);
    CHECK(now_ms() - begin < 5000);
    release = true;
    answer_wait(&answer);
    answer_end(&answer, 1);
    CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- the end of the process ---- */

static void leave(int way) {
    switch (way) {
    case 0: exit(check_code());
    case 1: _exit(check_code());
    default: quick_exit(check_code());
    }
}

/* Children that end with calls pending, a callback running and handles open: none hangs, none crashes. */
static void test_a_process_ends_with_calls_pending(void) {
    for (int way = 0; way < 3; way++) {
        for (int busy = 0; busy < 2; busy++) {
            pid_t child = fork();
            if (child == 0) {
                check_begin_child();
                strongroom_manager_t *manager = start_pending(), *encrypted = open_encrypted("ends");
                CHECK_OK(set(encrypted, "key", "value"));
                if (busy) {
                    static answer_t answer;
                    release = false;
                    answer_init(&answer);
                    CHECK_OK(START(&answer, strongroom_manager_get_async(encrypted, TEXT("key"), NULL, on_slow,
                                                                         &answer, NULL)));
                } else {
                    CHECK_OK(strongroom_manager_free(manager));
                }
                leave(way);
            }
            check_child(child);
        }
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_there_may_be_nothing_to_end();
    test_managers_are_closed_and_opened_anew();
    test_what_is_pending_completes_with_cancelled();
    test_a_waiting_call_ends();
    test_a_slow_callback_is_a_timeout();
    test_a_process_ends_with_calls_pending();
    return check_end();
}
