/* valgrind
   Calls from threads that hosts have: with little stack, with signals masked, with handlers that interrupt. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

static strongroom_manager_t *memory, *encrypted;

/* Everything that is deep: opening a store, writing, verifying, listing, panicking. */
static void *use_everything(void *context) {
    const strongroom_manager_t *both[] = {memory, encrypted};
    for (size_t i = 0; i < 2; i++) {
        strongroom_list_t *list = NULL;
        strongroom_report_t *report = NULL;
        strongroom_secret_t *secret = NULL;
        answer_t answer;
        CHECK_OK(set(both[i], "key", "value"));
        check_value(both[i], "key", "value");
        CHECK_OK(strongroom_manager_list(both[i], NULL, &list, NULL));
        CHECK_OK(strongroom_list_free(list));
        CHECK_OK(strongroom_manager_verify(both[i], NULL, &report, NULL));
        CHECK_OK(strongroom_report_free(report));
        CHECK_OK(strongroom_manager_lock(both[i], NULL, NULL));
        check_value(both[i], "key", "value");
        CHECK_STATUS(strongroom_manager_get(both[i], TEXT("no key"), NULL, &secret, NULL),
                     STRONGROOM_STATUS_INVALID_KEY);
        CHECK_ANSWER(&answer, strongroom_manager_get_async(both[i], TEXT("key"), NULL, answer_secret, &answer, NULL),
                     STRONGROOM_STATUS_OK);
    }
    strongroom_manager_t *own = open_encrypted("nested");
    check_value(own, "key", "value");
    CHECK_OK(strongroom_manager_free(own));
    CHECK_STATUS(strongroom_testing_panic(NULL), STRONGROOM_STATUS_INTERNAL);
    return context;
}

/* 64 KiB of stack are enough for every call without sanitizers, whose frames are several times as large. */
static void test_a_small_stack(void) {
    size_t size = (size_t)(is_slow() ? 512 : 64) << 10;
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    CHECK_NUMBER(pthread_attr_setstacksize(&small, size > (size_t)PTHREAD_STACK_MIN ? size : PTHREAD_STACK_MIN), 0);
    CHECK_NUMBER(pthread_create(&thread, &small, use_everything, NULL), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&small);
}

/* ---- signals ---- */

static atomic_int signals;

static void on_signal(int number) {
    (void)number;
    signals++;
}

static void test_a_thread_with_all_signals_masked(void) {
    sigset_t all, before;
    sigfillset(&all);
    CHECK_NUMBER(pthread_sigmask(SIG_SETMASK, &all, &before), 0);
    use_everything(NULL);
    CHECK_NUMBER(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static atomic_bool over;

static void *keep_using(void *context) {
    for (size_t round = 0; round < many(20, 3); round++) {
        use_everything(NULL);
    }
    over = true;
    return context;
}

/* A handler without SA_RESTART: every system call that can answer EINTR does. */
static void test_signals_interrupt_nothing(void) {
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK_NUMBER(sigaction(SIGUSR1, &action, &before), 0);
    pthread_t thread;
    CHECK_NUMBER(pthread_create(&thread, NULL, keep_using, NULL), 0);
    while (!over) {
        /* To the thread that calls, and to the process: any thread of the library that let it in. */
        pthread_kill(thread, SIGUSR1);
        kill(getpid(), SIGUSR1);
        usleep(200);
    }
    pthread_join(thread, NULL);
    CHECK(signals > 0);
    CHECK_NUMBER(sigaction(SIGUSR1, &before, NULL), 0);
}

/* A wait that is interrupted keeps its deadline. */
static void *wait_for_timeout(void *manager) {
    strongroom_call_t *call = call_of((const char *const[]){"timeout", "500ms", NULL});
    strongroom_secret_t *secret = NULL;
    int64_t begin = now_ms();
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL), STRONGROOM_STATUS_TIMEOUT);
    CHECK(now_ms() - begin >= 490 && now_ms() - begin < 5500);
    CHECK_OK(strongroom_call_free(call));
    over = true;
    return NULL;
}

static void test_signals_do_not_move_a_deadline(void) {
    strongroom_manager_t *hanging = open_fault("get:hang");
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK_NUMBER(sigaction(SIGUSR1, &action, &before), 0);
    over = false;
    pthread_t thread;
    CHECK_NUMBER(pthread_create(&thread, NULL, wait_for_timeout, hanging), 0);
    while (!over) {
        pthread_kill(thread, SIGUSR1);
        usleep(1000);
    }
    pthread_join(thread, NULL);
    CHECK_NUMBER(sigaction(SIGUSR1, &before, NULL), 0);
    CHECK_OK(strongroom_manager_free(hanging));
}

/* The library's own threads take no signal that is the host's: a signal sent to the process while the only thread that
   may take it masks it stays pending. */
static void test_the_librarys_threads_take_no_signals(void) {
    sigset_t one, before, pending;
    answer_t answer;
    CHECK_ANSWER(&answer, strongroom_manager_get_async(encrypted, TEXT("key"), NULL, answer_secret, &answer, NULL),
                 STRONGROOM_STATUS_OK);
    struct sigaction action, former;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK_NUMBER(sigaction(SIGUSR2, &action, &former), 0);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    CHECK_NUMBER(pthread_sigmask(SIG_BLOCK, &one, &before), 0);
    signals = 0;
    kill(getpid(), SIGUSR2);
    sleep_ms(50);
    CHECK_NUMBER(signals, 0);
    CHECK_NUMBER(sigpending(&pending), 0);
    CHECK(sigismember(&pending, SIGUSR2) == 1);
    CHECK_NUMBER(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_NUMBER(sigaction(SIGUSR2, &former, NULL), 0);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    memory = open_memory();
    encrypted = open_encrypted("nested");
    test_a_small_stack();
    test_a_thread_with_all_signals_masked();
    test_signals_interrupt_nothing();
    test_signals_do_not_move_a_deadline();
    test_the_librarys_threads_take_no_signals();
    CHECK_OK(strongroom_manager_free(memory));
    CHECK_OK(strongroom_manager_free(encrypted));
    return check_end();
}
