/* Measuring a subject and its floor in turns, and the table of what came out: what core/benches/support is for Rust. */
#ifndef STRONGROOM_BENCH_H
#define STRONGROOM_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <strongroom.h>

/* What is measured: `run` does the operation so many times. */
typedef struct subject_t {
    void (*run)(void *context, uint32_t operations);
    void *context;
    /* How many operations a batch has. */
    uint32_t operations;
} subject_t;

/* Medians in nanoseconds an operation, and the median of the ratios of neighbouring batches. */
typedef struct pair_t {
    double floor;
    double ours;
    double ratio;
} pair_t;

/* Runs both in turns, so many batches each, and alternates who goes first. */
pair_t in_turns(size_t batches, subject_t floor, subject_t ours);

/* What sharing costs: one thread beside another that is `busy` with things of its own (as `floor`), and two at once on
   the same. So in both cases two processors work, which may be two halves of one. Both have as many operations; batches
   in which one of the two was interrupted do not count. `ours` is 0 where that were all of them. */
pair_t two_threads(size_t batches, subject_t first, subject_t second, subject_t busy);

double now_ns(void);
double median(double *samples, size_t count);

/* What a row has to keep. */
typedef struct target_t {
    enum {
        TARGET_NONE,
        /* Ours is at most so many times the floor. */
        TARGET_RATIO,
        /* Ours is at most this. */
        TARGET_OURS,
        /* Ours lies at most this above the floor. */
        TARGET_ABOVE,
        /* Ours is at least so many times faster than the floor. */
        TARGET_FASTER,
    } kind;
    double limit;
} target_t;

/* Begins a table; its rows are also left as JSON lines in `<folder>/c-<name>.jsonl`. */
void report_begin(const char *folder, const char *name);
void report_pair(const char *row, pair_t pair, target_t target);
/* A figure that stands alone, in `ns` or `B`. */
void report_alone(const char *row, const char *unit, double ours, target_t target);
void report_end(void);

/* Ends the program with 2: a benchmark that cannot go on stops. */
void stop(const char *what, const char *why) __attribute__((noreturn));

/* What follows stands in store.c and needs the library. */

/* Ends the program unless the status is OK. */
void must(strongroom_status_t status, strongroom_error_t *error, const char *what);

/* How many secrets a store has, and what each holds. */
enum { KEYS = 1000, KEY_ROOM = 64 };
#define VALUE "sk-0123456789abcdef0123456789abcdef01234567"
/* The name of the n-th secret, which is written to `name`; its length. */
size_t name_of(char name[KEY_ROOM], unsigned n);
/* A moment a day from now, in microseconds since 1970. */
int64_t tomorrow(void);
/* Opens a manager by names and values of settings in turn, NULL at the end. */
strongroom_manager_t *open_manager(const char *const *settings);
/* A new encrypted store at `<folder>/<name>` with KEYS secrets, each with a provider and, unless 0, an expiry. All of
   them are in the cache. */
strongroom_manager_t *open_store(const char *folder, const char *name, int64_t expires_at);

#endif
