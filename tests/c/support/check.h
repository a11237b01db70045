/* Checks that count, a watchdog, and what a test program begins and ends with. */
#ifndef STRONGROOM_TESTS_CHECK_H
#define STRONGROOM_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <strongroom.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A check that fails says where, and what was seen and wanted; the program goes on and ends with 1. */
#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(seen, wanted) check_status((seen), (wanted), #seen, __FILE__, __LINE__)
#define CHECK_OK(seen) check_status((seen), STRONGROOM_STATUS_OK, #seen, __FILE__, __LINE__)
#define CHECK_NUMBER(seen, wanted) check_number((int64_t)(seen), (int64_t)(wanted), #seen, __FILE__, __LINE__)
#define CHECK_TEXT(seen, wanted) check_text((seen), (wanted), #seen, __FILE__, __LINE__)
#define CHECK_BYTES(seen, length, wanted) check_bytes((seen), (length), (wanted), #seen, __FILE__, __LINE__)

bool check_that(bool held, const char *what, const char *file, int line);
bool check_status(int32_t seen, int32_t wanted, const char *what, const char *file, int line);
bool check_number(int64_t seen, int64_t wanted, const char *what, const char *file, int line);
/* Texts may be NULL, which is like NULL only. */
bool check_text(const char *seen, const char *wanted, const char *what, const char *file, int line);
/* Bytes against a text without its NUL. */
bool check_bytes(const void *seen, size_t length, const char *wanted, const char *what, const char *file, int line);
/* A failure that no comparison says: printf's arguments. */
void check_failed(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Names what the next failures belong to, for checks in a loop or a table; NULL for nothing. For one thread. */
void check_about(const char *what);

/* argv[1] is the program's own empty folder. Starts the watchdog. */
void check_begin(int argc, char **argv);
/* For a program that a person lets run for long. */
void check_no_watchdog(void);
/* The last thing that main does: prints the count, or says that there were failures. The program's exit code. */
int check_end(void);
/* The same without the check that no handle is left alive, for programs that leave some on purpose. */
int check_end_with_handles(void);
/* For a forked child, whose alarms are gone: the watchdog again, the failures and checks of the parent forgotten. */
void check_begin_child(void);
/* 0, or 1 after a failure; what a child exits with. */
int check_code(void);
/* Waits for a child that must have exited with 0. */
void check_child(int pid);

/* Says that this machine cannot do something. */
void skipped(const char *what, const char *why);

/* The program's own folder. */
const char *folder(void);
/* Valgrind, or a sanitizer: everything takes longer. */
bool is_slow(void);
/* `fast` of something, or fewer under valgrind and sanitizers. */
size_t many(size_t fast, size_t slow);
/* Milliseconds of a clock that never goes back. */
int64_t now_ms(void);
/* Microseconds since 1970. */
int64_t wall_us(void);
void sleep_ms(unsigned milliseconds);
/* The threads of this process; -1 where the system does not say. */
int thread_count(void);

#ifdef __cplusplus
}
#endif
#endif
