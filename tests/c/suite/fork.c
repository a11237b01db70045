/* Forks: before the first call, after it, with handles open, with calls pending, while other threads call. */
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

/* What a child does with the managers that it inherited: both forms, and managers of its own. */
static void use_everything(const strongroom_manager_t *memory, const strongroom_manager_t *encrypted,
                           const char *written) {
    answer_t answer;
    check_value(memory, "key", "value");
    check_value(encrypted, "key", "value");
    CHECK_OK(set(memory, written, "child"));
    CHECK_OK(set(encrypted, written, "child"));
    const strongroom_manager_t *both[] = {memory, encrypted};
    for (size_t i = 0; i < 2; i++) {
        answer_init(&answer);
        CHECK_OK(START(&answer, strongroom_manager_get_async(both[i], TEXT(written), NULL, answer_secret, &answer,
                                                             NULL)));
        CHECK_OK(answer_wait(&answer));
        CHECK_BYTES(strongroom_secret_data(answer.secret), strongroom_secret_len(answer.secret), "child");
        answer_end(&answer, 1);
        CHECK_ANSWER(&answer,
                     strongroom_manager_set_async(both[i], TEXT(written), TEXT("again"), NULL, NULL, answer_written,
                                                  &answer, NULL),
                     STRONGROOM_STATUS_OK);
    }
    strongroom_manager_t *own = open_memory();
    CHECK_OK(set(own, "key", "value"));
    CHECK_ANSWER(&answer, strongroom_manager_list_async(own, NULL, answer_list, &answer, NULL), STRONGROOM_STATUS_OK);
    CHECK_OK(strongroom_manager_free(own));
}

/* Before anything else: the child is the first to call the library, and then the parent is. */
static void test_a_fork_before_the_first_call(void) {
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        strongroom_manager_t *memory = open_memory(), *encrypted = open_encrypted("first");
        CHECK_OK(set(memory, "key", "value"));
        CHECK_OK(set(encrypted, "key", "value"));
        use_everything(memory, encrypted, "child");
        CHECK_OK(strongroom_manager_free(memory));
        CHECK_OK(strongroom_manager_free(encrypted));
        exit(check_code());
    }
    check_child(child);
}

static void test_a_fork_with_handles_open(strongroom_manager_t *memory, strongroom_manager_t *encrypted) {
    strongroom_secret_t *secret = NULL;
    CHECK_OK(strongroom_manager_get(memory, TEXT("key"), NULL, &secret, NULL));
    for (int way = 0; way < 3; way++) {
        pid_t child = fork();
        if (child == 0) {
            check_begin_child();
            CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
            use_everything(memory, encrypted, "child");
            if (way == 2) {
                pid_t grandchild = fork();
                if (grandchild == 0) {
                    check_begin_child();
                    use_everything(memory, encrypted, "grandchild");
                    _exit(check_code());
                }
                check_child(grandchild);
                check_value(encrypted, "grandchild", "again");
            }
            CHECK_OK(strongroom_secret_free(secret));
            CHECK_STATUS(strongroom_secret_free(secret), STRONGROOM_STATUS_INVALID_HANDLE);
            if (way == 0) {
                _exit(check_code());
            }
            CHECK_OK(strongroom_manager_free(memory));
            CHECK_OK(strongroom_manager_free(encrypted));
            exit(check_code());
        }
        check_child(child);
        /* The memory is each process's own, the store is not. */
        check_value(memory, "child", NULL);
        check_value(encrypted, "child", "again");
        CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    }
    CHECK_OK(strongroom_secret_free(secret));
}

/* ---- with calls pending ---- */

enum { PENDING = 20 };
static atomic_int completions;
static pid_t starter;

static void on_pending(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                       strongroom_error_t *error) {
    (void)context;
    CHECK_NUMBER(getpid(), starter);
    CHECK_STATUS(status, STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_error_free(error));
    completions++;
}

static void test_pending_calls_complete_in_the_parent_only(strongroom_manager_t *memory,
                                                           strongroom_manager_t *encrypted) {
    strongroom_manager_t *hanging = open_fault("get:hang");
    starter = getpid();
    for (int i = 0; i < PENDING; i++) {
        CHECK_OK(strongroom_manager_get_async(hanging, TEXT("key"), NULL, on_pending, NULL, NULL));
    }
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, PENDING, 10000, NULL));
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        CHECK_OK(strongroom_testing_fault_wake(NULL));
        use_everything(memory, encrypted, "pending");
        sleep_ms(100);
        CHECK_NUMBER(completions, 0);
        _exit(check_code());
    }
    check_child(child);
    CHECK_NUMBER(completions, 0);
    CHECK_OK(strongroom_testing_fault_wake(NULL));
    for (int64_t end = now_ms() + 20000; completions < PENDING && now_ms() < end;) {
        sleep_ms(1);
    }
    sleep_ms(50);
    CHECK_NUMBER(completions, PENDING);
    CHECK_OK(strongroom_manager_free(hanging));
}

/* ---- while other threads call ---- */

static strongroom_manager_t *shared[2];
static atomic_bool over;

static void *keep_calling(void *context) {
    const strongroom_manager_t *manager = shared[(uintptr_t)context % 2];
    answer_t answer;
    while (!over) {
        check_value(manager, "key", "value");
        CHECK_ANSWER(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_OK);
        CHECK_OK(set(manager, "other", "value"));
    }
    return NULL;
}

/* A child whose fork cut through a call may find a backend `unavailable`; it may not hang, crash or read wrongly. */
static void call_in_child(const strongroom_manager_t *manager) {
    strongroom_secret_t *secret = NULL;
    strongroom_status_t status = strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL);
    if (status != STRONGROOM_STATUS_UNAVAILABLE && CHECK_OK(status)) {
        CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    }
    CHECK_OK(strongroom_secret_free(secret));
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, answer_secret, &answer, NULL)));
    status = answer_wait(&answer);
    CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_UNAVAILABLE);
    answer_end(&answer, 1);
}

static void test_forks_while_threads_call(strongroom_manager_t *memory, strongroom_manager_t *encrypted) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    shared[0] = memory;
    shared[1] = encrypted;
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, keep_calling, (void *)i), 0);
    }
    for (size_t round = 0; round < many(200, 40); round++) {
        pid_t child = fork();
        if (child == 0) {
            check_begin_child();
            call_in_child(memory);
            call_in_child(encrypted);
            strongroom_manager_t *own = open_memory();
            CHECK_OK(set(own, "key", "value"));
            CHECK_OK(strongroom_manager_free(own));
            /* exit() runs what the host has registered; the library may not hang in it. */
            if (round % 2 == 0) {
                _exit(check_code());
            }
            exit(check_code());
        }
        check_child(child);
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_a_fork_before_the_first_call();
    strongroom_manager_t *memory = open_memory(), *encrypted = open_encrypted("fork");
    CHECK_OK(set(memory, "key", "value"));
    CHECK_OK(set(encrypted, "key", "value"));
    test_a_fork_with_handles_open(memory, encrypted);
    test_pending_calls_complete_in_the_parent_only(memory, encrypted);
    test_forks_while_threads_call(memory, encrypted);
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_OK(strongroom_manager_free(encrypted));
    return check_end();
}
