/* static
   Forks while another thread makes the first calls of the process: what is made once is not found half made. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

enum { CHILD_SECONDS = 120, DELAYS = 40 };

static atomic_bool go;

static void on_log(void *context, int32_t level, const char *target, const char *message) {
    (void)context, (void)level, (void)target, (void)message;
}

static void *log_first(void *context) {
    while (!go) {
        /* Both threads at once. */
    }
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, NULL, NULL, NULL));
    return context;
}

static void *open_first(void *context) {
    while (!go) {
        /* As above. */
    }
    strongroom_manager_t *own = open_memory();
    CHECK_OK(set(own, "key", "value"));
    check_value(own, "key", "value");
    CHECK_OK(strongroom_manager_free(own));
    return context;
}

static void *start_first(void *context) {
    while (!go) {
        /* As above. */
    }
    strongroom_manager_t *own = open_memory();
    answer_t answer;
    CHECK_ANSWER(&answer, strongroom_manager_list_async(own, NULL, answer_list, &answer, NULL), STRONGROOM_STATUS_OK);
    CHECK_OK(strongroom_manager_free(own));
    return context;
}

/* All of it, in a child that was forked somewhere inside one of the above. */
static void use_everything(void) {
    go = true;
    log_first(NULL);
    open_first(NULL);
    start_first(NULL);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_shutdown(5000, NULL));
}

/* A process that has never called the library: a thread makes the first call, and after `delay` turns it forks. */
static void fork_under(void *(*first)(void *), size_t delay) {
    pthread_t thread;
    CHECK_NUMBER(pthread_create(&thread, NULL, first, NULL), 0);
    go = true;
    for (volatile size_t i = 0; i < delay; i++) {
        /* Somewhere else each time. */
    }
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        alarm(CHILD_SECONDS);
        use_everything();
        _exit(check_code());
    }
    pthread_join(thread, NULL);
    check_child(child);
    use_everything();
}

int main(int argc, char **argv) {
    static void *(*const FIRST[])(void *) = {open_first, start_first, log_first};
    check_begin(argc, argv);
    if (is_sanitized()) {
        /* As in fork.c. */
        skipped("forks under first calls", "AddressSanitizer's allocator does not survive them");
    }
    for (size_t i = 0; i < sizeof FIRST / sizeof FIRST[0] && !is_sanitized(); i++) {
        for (size_t round = 0; round < 10 * DELAYS && check_code() == 0; round++) {
            pid_t process = fork();
            if (process == 0) {
                check_begin_child();
                alarm(2 * CHILD_SECONDS);
                fork_under(FIRST[i], (round % DELAYS) * (round % DELAYS) * 20);
                _exit(check_code());
            }
            check_child(process);
        }
    }
    return check_end();
}
