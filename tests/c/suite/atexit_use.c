/* static
   The library in places where a thread's or the process's own things are going: atexit handlers, the destructors of
   thread-specific data, and those of a shared object or a static C++ object. */
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

enum { CHILD_SECONDS = 120 };
static const char STORE_KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static strongroom_manager_t *memory, *encrypted, *provided, *faulty;

static int32_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity, size_t *length) {
    (void)context, (void)setting, (void)capacity;
    memcpy(buffer, STORE_KEY, sizeof STORE_KEY - 1);
    *length = sizeof STORE_KEY - 1;
    return STRONGROOM_STATUS_OK;
}

static void open_all(void) {
    strongroom_options_t *options = encrypted_options("provided");
    CHECK_OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &provided, NULL));
    CHECK_OK(strongroom_options_free(options));
    memory = open_memory();
    encrypted = open_encrypted("atexit");
    faulty = open_fault("get:latency(2ms)");
    strongroom_manager_t *all[] = {memory, encrypted, provided, faulty};
    for (size_t i = 0; i < 4; i++) {
        strongroom_status_t status = set(all[i], "key", "value");
        /* Opened anew where the process ends, it may have no runtime. */
        if (all[i] != faulty || status != STRONGROOM_STATUS_UNAVAILABLE) {
            CHECK_OK(status);
        }
    }
}

static void free_all(void) {
    strongroom_manager_t *all[] = {memory, encrypted, provided, faulty};
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(strongroom_manager_free(all[i]));
    }
}

static const strongroom_status_t OK = STRONGROOM_STATUS_OK, UNAVAILABLE = STRONGROOM_STATUS_UNAVAILABLE;

/* Success; or, where the runtime is needed, that a thread which is ending has none. */
static bool is_answer(strongroom_status_t status, bool needs_runtime, strongroom_error_t *error) {
    bool is_refused = needs_runtime && status == UNAVAILABLE;
    if (!is_refused && !CHECK_OK(status) && error) {
        check_failed(__FILE__, __LINE__, "%s", strongroom_error_message(error));
    }
    CHECK_OK(strongroom_error_free(error));
    return !is_refused && status == OK;
}

/* A call that is started answers in one place: with its completion, or at once. */
static void use_started(strongroom_manager_t *manager, const char *key, bool wrote) {
    strongroom_error_t *error = NULL;
    answer_t answer;
    answer_init(&answer);
    strongroom_status_t status =
        START(&answer, strongroom_manager_get_async(manager, TEXT(key), NULL, answer_secret, &answer, &error));
    bool started = status == OK;
    is_answer(status, true, error);
    if (started) {
        status = answer_wait(&answer);
        if (status == OK) {
            CHECK_BYTES(strongroom_secret_data(answer.secret), strongroom_secret_len(answer.secret), "written");
        } else if (wrote) {
            CHECK_STATUS(status, UNAVAILABLE);
        }
    } else {
        sleep_ms(20);
    }
    answer_end(&answer, started);
}

/* What a write that was answered with success wrote is there. */
static void use_all(const char *key) {
    strongroom_manager_t *all[] = {memory, encrypted, provided, faulty};
    check_about(key);
    CHECK_OK(strongroom_manager_lock(provided, NULL, NULL));
    for (size_t i = 0; i < 4; i++) {
        strongroom_error_t *error = NULL;
        strongroom_secret_t *secret = NULL;
        bool needs_runtime = all[i] == faulty;
        strongroom_status_t status =
            strongroom_manager_set(all[i], TEXT(key), TEXT("written"), NULL, NULL, NULL, &error);
        bool wrote = is_answer(status, needs_runtime, error);
        status = strongroom_manager_get(all[i], TEXT(wrote ? key : "key"), NULL, &secret, &error);
        if (is_answer(status, needs_runtime, error)) {
            CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), wrote ? "written" : "value");
        }
        CHECK_OK(strongroom_secret_free(secret));
        use_started(all[i], key, wrote);
    }
    strongroom_secret_t *secret = NULL;
    CHECK_OK(strongroom_generate(STRONGROOM_FORM_PASSWORD, 20, NULL, &secret, NULL));
    CHECK_OK(strongroom_secret_free(secret));
    strongroom_manager_t *own = open_memory();
    CHECK_OK(set(own, "key", "value"));
    CHECK_OK(strongroom_manager_free(own));
    check_about(NULL);
}

/* ---- where a thread ends ---- */

static pthread_key_t key_of_thread;
static atomic_int destructors;

/* Once more, so that it runs after everybody else's too. */
static void on_thread_end(void *rounds_left) {
    destructors++;
    use_all(destructors == 1 ? "first" : "again");
    if ((uintptr_t)rounds_left > 1) {
        pthread_setspecific(key_of_thread, (void *)((uintptr_t)rounds_left - 1));
    }
}

static void *use_before(void *context) {
    CHECK_NUMBER(pthread_setspecific(key_of_thread, (void *)(uintptr_t)3), 0);
    use_all("thread");
    return context;
}

/* In this one the destructor's call is the first of its thread. */
static void *use_nothing_before(void *context) {
    CHECK_NUMBER(pthread_setspecific(key_of_thread, (void *)(uintptr_t)2), 0);
    return context;
}

static void check_thread(void *(*work)(void *), int times) {
    pthread_t thread;
    destructors = 0;
    open_all();
    CHECK_NUMBER(pthread_create(&thread, NULL, work, NULL), 0);
    pthread_join(thread, NULL);
    CHECK_NUMBER(destructors, times);
    check_value(encrypted, "first", "written");
    check_value(encrypted, "again", "written");
    free_all();
}

static void test_destructors_of_threads(void) {
    CHECK_NUMBER(pthread_key_create(&key_of_thread, on_thread_end), 0);
    check_thread(use_before, 3);
    /* A process of its own: what a thread registers with the C library after its end is never given back, 32 bytes for
       each destructor of thread_local storage, which LeakSanitizer sees. */
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        alarm(CHILD_SECONDS);
        check_thread(use_nothing_before, 2);
        exit(check_code());
    }
    check_child(child);
    CHECK_NUMBER(pthread_key_delete(key_of_thread), 0);
}

/* ---- where the process ends ---- */

/* What the children do at their end; the parent, which leaves it, does nothing. */
static bool uses, shuts_down;
static int steps;

static void at_exit(void) {
    if (uses) {
        use_all("handler");
        steps++;
    }
}

static void shut_down_at_exit(void) {
    if (shuts_down) {
        strongroom_error_t *error = NULL;
        if (!CHECK_OK(strongroom_shutdown(5000, &error))) {
            check_failed(__FILE__, __LINE__, "%s", strongroom_error_message(error));
        }
        CHECK_OK(strongroom_error_free(error));
        CHECK_STATUS(set(encrypted, "key", "value"), STRONGROOM_STATUS_CLOSED);
        free_all();
        open_all();
        steps++;
    }
}

/* As of a static C++ object; the last of ours to run, and it alone knows whether all went well. */
__attribute__((destructor)) static void at_the_very_end(void) {
    if (uses) {
        use_all("destructor");
        free_all();
        CHECK_OK(strongroom_shutdown(5000, NULL));
        CHECK_NUMBER(steps, 1 + shuts_down);
        _exit(check_code());
    }
}

enum { ON_THE_MAIN_THREAD, AFTER_A_STARTED_CALL, WITH_THREADS, WAYS };

static void *use_in_thread(void *context) {
    use_all("thread");
    return context;
}

static void test_handlers_of_the_process(void) {
    CHECK_NUMBER(atexit(at_exit), 0);
    /* Handlers run in reverse: this one first. */
    CHECK_NUMBER(atexit(shut_down_at_exit), 0);
    for (int way = 0; way < WAYS; way++) {
        for (int down = 0; down < 2; down++) {
            pid_t child = fork();
            if (child == 0) {
                check_begin_child();
                alarm(CHILD_SECONDS);
                open_all();
                if (way == AFTER_A_STARTED_CALL) {
                    answer_t answer;
                    CHECK_ANSWER(&answer,
                                 strongroom_manager_get_async(faulty, TEXT("key"), NULL, answer_secret, &answer, NULL),
                                 STRONGROOM_STATUS_OK);
                } else if (way == WITH_THREADS) {
                    pthread_t thread;
                    CHECK_NUMBER(pthread_create(&thread, NULL, use_in_thread, NULL), 0);
                    pthread_join(thread, NULL);
                    use_all("main");
                }
                uses = true;
                shuts_down = down;
                exit(check_code());
            }
            check_child(child);
        }
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_handlers_of_the_process();
    test_destructors_of_threads();
    return check_end();
}
