/* static
   Forks of a process whose calls share one set of options and one cancel source. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

enum { CHILD_SECONDS = 120 };

static strongroom_manager_t *memory, *uncached;
static strongroom_cancel_t *cancel;
static strongroom_call_t *call;

static void make_shared(void) {
    memory = open_memory();
    uncached = open_fault("get:yield(1)");
    cancel = cancel_new();
    call = call_of((const char *const[]){"timeout", "10s", NULL});
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    CHECK_OK(set(memory, "key", "value"));
    CHECK_OK(set(uncached, "key", "value"));
}

static void free_shared(void) {
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_OK(strongroom_manager_free(uncached));
}

/* Every form of a call that carries the cancel; what the cache knows is asked for by no one else. */
static void check_calls(strongroom_status_t wanted) {
    strongroom_manager_t *managers[] = {memory, uncached};
    for (size_t i = 0; i < 2; i++) {
        strongroom_secret_t *secret = NULL;
        bool exists = false;
        answer_t answer;
        CHECK_STATUS(strongroom_manager_set(managers[i], TEXT("key"), TEXT("value"), NULL, call, NULL, NULL), wanted);
        CHECK_STATUS(strongroom_manager_get(managers[i], TEXT("key"), call, &secret, NULL), wanted);
        CHECK_OK(strongroom_secret_free(secret));
        CHECK_STATUS(strongroom_manager_exists(managers[i], TEXT("key"), call, &exists, NULL), wanted);
        CHECK_NUMBER(exists, wanted == STRONGROOM_STATUS_OK);
        CHECK_ANSWER(&answer,
                     strongroom_manager_get_async(managers[i], TEXT("key"), call, answer_secret, &answer, NULL),
                     wanted);
        CHECK_ANSWER(&answer,
                     strongroom_manager_set_async(managers[i], TEXT("key"), TEXT("value"), NULL, call, answer_written,
                                                  &answer, NULL),
                     wanted);
    }
}

/* What a child does with all that it inherited; it ends with everything freed. */
static void use_and_free(bool has_fired) {
    strongroom_manager_t *own = open_memory();
    check_calls(has_fired ? STRONGROOM_STATUS_CANCELLED : STRONGROOM_STATUS_OK);
    check_value(memory, "key", "value");
    check_value(uncached, "key", "value");
    CHECK_OK(strongroom_call_set(call, TEXT("timeout"), TEXT("5s"), NULL));
    CHECK_OK(strongroom_cancel_fire(cancel));
    check_calls(STRONGROOM_STATUS_CANCELLED);
    CHECK_OK(set(own, "key", "value"));
    CHECK_OK(strongroom_manager_free(own));
    CHECK_OK(strongroom_shutdown(5000, NULL));
    free_shared();
    CHECK_STATUS(strongroom_cancel_fire(cancel), STRONGROOM_STATUS_INVALID_HANDLE);
    CHECK_STATUS(strongroom_call_free(call), STRONGROOM_STATUS_INVALID_HANDLE);
}

static void test_a_cancel_is_inherited(void) {
    make_shared();
    for (int has_fired = 0; has_fired < 2; has_fired++) {
        if (has_fired) {
            CHECK_OK(strongroom_cancel_fire(cancel));
        }
        /* Used before the fork and, in the other round, never. */
        for (int is_used = 0; is_used < 2; is_used++) {
            if (is_used) {
                check_calls(has_fired ? STRONGROOM_STATUS_CANCELLED : STRONGROOM_STATUS_OK);
            }
            pid_t child = fork();
            if (child == 0) {
                check_begin_child();
                alarm(CHILD_SECONDS);
                use_and_free(has_fired);
                _exit(check_code());
            }
            check_child(child);
        }
        /* What a child fires, it fires for itself. */
        check_calls(has_fired ? STRONGROOM_STATUS_CANCELLED : STRONGROOM_STATUS_OK);
    }
    free_shared();
}

/* A call of the parent's is pending at the fork: the child's firing does not reach it, the parent's does. */
static void test_a_pending_call_is_its_parents(void) {
    strongroom_manager_t *hanging = open_fault("get:hang");
    answer_t answer;
    make_shared();
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_get_async(hanging, TEXT("key"), call, answer_secret, &answer, NULL)));
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, 10000, NULL));
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        alarm(CHILD_SECONDS);
        use_and_free(false);
        sleep_ms(50);
        CHECK_NUMBER(answer.completions, 0);
        _exit(check_code());
    }
    check_child(child);
    CHECK_NUMBER(answer.completions, 0);
    CHECK_OK(strongroom_cancel_fire(cancel));
    CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_CANCELLED);
    answer_end(&answer, 1);
    CHECK_OK(strongroom_manager_free(hanging));
    free_shared();
}

/* ---- while other threads use them ---- */

static atomic_bool over;
static atomic_int under_way;

static void on_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                      strongroom_error_t *error) {
    (void)context;
    CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_CANCELLED);
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_error_free(error));
    under_way--;
}

static void *keep_writing(void *context) {
    while (!over) {
        strongroom_status_t status =
            strongroom_manager_set(memory, TEXT("key"), TEXT("value"), NULL, call, NULL, NULL);
        CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_CANCELLED);
    }
    return context;
}

static void *keep_reading(void *context) {
    while (!over) {
        strongroom_secret_t *secret = NULL;
        strongroom_status_t status = strongroom_manager_get(uncached, TEXT("key"), call, &secret, NULL);
        CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_CANCELLED);
        CHECK_OK(strongroom_secret_free(secret));
    }
    return context;
}

static void *keep_starting(void *context) {
    while (!over) {
        if (under_way > 200) {
            sleep_ms(1);
            continue;
        }
        under_way++;
        CHECK_OK(strongroom_manager_get_async(memory, TEXT("key"), call, on_secret, NULL, NULL));
    }
    return context;
}

static void on_log(void *context, int32_t level, const char *target, const char *message) {
    (void)context, (void)level, (void)target, (void)message;
}

static void *keep_logging(void *context) {
    while (!over) {
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, NULL, NULL, NULL));
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
    }
    return context;
}

static void free_only(void) {
    CHECK_OK(strongroom_cancel_fire(cancel));
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_STATUS(strongroom_manager_free(memory), STRONGROOM_STATUS_INVALID_HANDLE);
    CHECK_STATUS(set(memory, "key", "value"), STRONGROOM_STATUS_INVALID_HANDLE);
}

static void test_forks_while_threads_use_them(void) {
    static void *(*const WORK[])(void *) = {keep_writing, keep_writing, keep_reading, keep_starting, keep_logging};
    enum { THREADS = sizeof WORK / sizeof WORK[0], ROUNDS = 300 };
    pthread_t threads[THREADS];
    if (is_sanitized()) {
        /* As in fork.c. */
        skipped("forks while other threads use a cancel", "AddressSanitizer's allocator does not survive them");
        return;
    }
    make_shared();
    /* What is made once for the process, by its first caller, is made before the forks. */
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, NULL, NULL, NULL));
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, WORK[i], NULL), 0);
    }
    /* After the first child that fails, the others would say the same. */
    for (size_t round = 0; round < ROUNDS && check_code() == 0; round++) {
        if (round == ROUNDS * 2 / 3) {
            CHECK_OK(strongroom_cancel_fire(cancel));
        }
        pid_t child = fork();
        if (child == 0) {
            check_begin_child();
            alarm(CHILD_SECONDS);
            CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, NULL, NULL, NULL));
            if (round % 2 == 0) {
                free_only();
            } else {
                use_and_free(round >= ROUNDS * 2 / 3);
            }
            _exit(check_code());
        }
        check_child(child);
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int64_t end = now_ms() + 20000; under_way > 0 && now_ms() < end;) {
        sleep_ms(1);
    }
    CHECK_NUMBER(under_way, 0);
    free_shared();
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_a_cancel_is_inherited();
    test_a_pending_call_is_its_parents();
    test_forks_while_threads_use_them();
    return check_end();
}
