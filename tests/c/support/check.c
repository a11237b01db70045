#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <execinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testing.h"

/* Long: it is for what hangs. What is only slow, on a machine that does much else, must not fail. */
enum { WATCHDOG_SECONDS = 400, SHOWN_FAILURES = 200 };

static atomic_long checks;
static atomic_int failures;
static const char *about;
static char own_folder[4096];
static const char *program = "?";
static bool is_child;

/* Asked by LeakSanitizer when a process ends. A forked child leaves what belongs to its parent's threads and
   connections alone, on purpose: leaks are looked for in the parent. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return is_child;
}

static void hung(int signal_number) {
    (void)signal_number;
    static const char text[] = ": HUNG: the watchdog ended it\n";
    /* Only what is legal in a handler. */
    if (write(STDERR_FILENO, program, strlen(program)) < 0 || write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        _exit(3);
    }
    /* Where it hangs, as far as the thread that got the signal knows. Not legal in a handler, but the last thing. */
    void *frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    abort();
}

static void start_watchdog(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = hung;
    sigaction(SIGALRM, &action, NULL);
    alarm(is_slow() ? 2 * WATCHDOG_SECONDS : WATCHDOG_SECONDS);
}

void check_begin(int argc, char **argv) {
    program = argv[0];
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        exit(2);
    }
    snprintf(own_folder, sizeof own_folder, "%s", argv[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* The first call loads a library, which a handler must not. */
    void *frame;
    backtrace(&frame, 1);
    start_watchdog();
}

void check_no_watchdog(void) {
    alarm(0);
}

void check_begin_child(void) {
    start_watchdog();
    is_child = true;
    failures = 0;
    checks = 0;
}

int check_code(void) {
    return failures == 0 ? 0 : 1;
}

void check_child(int pid) {
    int how = 0;
    if (!CHECK(pid > 0)) {
        return;
    }
    while (waitpid(pid, &how, 0) < 0) {
        /* A signal that this program sends itself. */
    }
    if (WIFSIGNALED(how)) {
        check_failed(__FILE__, __LINE__, "a child was ended by signal %d", WTERMSIG(how));
    } else {
        CHECK_NUMBER(WEXITSTATUS(how), 0);
    }
}

int check_end_with_handles(void) {
    alarm(0);
    if (failures != 0) {
        printf("%d of %ld checks FAILED\n", failures, checks);
        return 1;
    }
    printf("%ld checks passed\n", checks);
    return 0;
}

int check_end(void) {
    CHECK_NUMBER(strongroom_testing_live_handles(), 0);
    return check_end_with_handles();
}

void check_about(const char *what) {
    about = what;
}

void check_failed(const char *file, int line, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int count = atomic_fetch_add(&failures, 1) + 1;
    printf("%s:%d: %s%s%s\n", file, line, about ? about : "", about ? ": " : "", text);
    fflush(stdout);
    if (count >= SHOWN_FAILURES) {
        printf("%d checks FAILED; the rest was not tried\n", count);
        fflush(stdout);
        _exit(1);
    }
}

bool check_that(bool held, const char *what, const char *file, int line) {
    checks++;
    if (!held) {
        check_failed(file, line, "does not hold: %s", what);
    }
    return held;
}

static const char *shown(int32_t status) {
    const char *token = strongroom_status_token(status);
    return token ? token : "no known status";
}

bool check_status(int32_t seen, int32_t wanted, const char *what, const char *file, int line) {
    checks++;
    if (seen != wanted) {
        check_failed(file, line, "%s is %s (%d), wanted %s", what, shown(seen), (int)seen, shown(wanted));
    }
    return seen == wanted;
}

bool check_number(int64_t seen, int64_t wanted, const char *what, const char *file, int line) {
    checks++;
    if (seen != wanted) {
        check_failed(file, line, "%s is %lld, wanted %lld", what, (long long)seen, (long long)wanted);
    }
    return seen == wanted;
}

bool check_text(const char *seen, const char *wanted, const char *what, const char *file, int line) {
    checks++;
    bool same = seen && wanted ? strcmp(seen, wanted) == 0 : seen == wanted;
    if (!same) {
        check_failed(file, line, "%s is \"%s\", wanted \"%s\"", what, seen ? seen : "(NULL)",
                     wanted ? wanted : "(NULL)");
    }
    return same;
}

bool check_bytes(const void *seen, size_t length, const char *wanted, const char *what, const char *file, int line) {
    checks++;
    bool same = seen && length == strlen(wanted) && memcmp(seen, wanted, length) == 0;
    if (!same) {
        check_failed(file, line, "%s is \"%.*s\" (%zu bytes), wanted \"%s\"", what, seen ? (int)length : 6,
                     seen ? (const char *)seen : "(NULL)", length, wanted);
    }
    return same;
}

void skipped(const char *what, const char *why) {
    printf("skipped: %s: %s\n", what, why);
}

const char *folder(void) {
    return own_folder;
}

bool is_sanitized(void) {
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    return true;
#else
    return false;
#endif
}

static bool is_under_valgrind(void) {
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

bool is_slow(void) {
    return is_sanitized() || is_under_valgrind();
}

size_t many(size_t usual, size_t under_valgrind) {
    return is_under_valgrind() ? under_valgrind : usual;
}

static int64_t clock_us(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t now_ms(void) {
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t wall_us(void) {
    return clock_us(CLOCK_REALTIME);
}

void sleep_ms(unsigned milliseconds) {
    struct timespec left = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0) {
        /* A signal. */
    }
}

int thread_count(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) {
        return -1;
    }
    int count = 0;
    for (struct dirent *task = readdir(tasks); task; task = readdir(tasks)) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}
