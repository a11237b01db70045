/* Blocking reads that the cache does not answer, beside other ways of waiting for the same future. Needs libraries with
   the feature `testing`, for the `fault` backend. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>

#include "bench.h"
#include "floor.h"

/* Batches are short, so that most of them are not interrupted. */
enum { BATCHES = 1000, OPERATIONS = 200, HAND_OFFS = 50, THREADS = 8, ROUNDS = 30 };

#define KEY "org/acme/api_key"
/* `latency` for any operation makes the backend one that needs the runtime, as one that talks over a network does. */
#define LOCAL "get:yield(1)"
#define REMOTE "get:yield(1);list:latency(1ms)"
#define SLOW "get:latency(20ms)"

typedef struct waiter_t {
    strongroom_manager_t *ours;
    floor_waiting_t *floor;
    int failed;
} waiter_t;

static strongroom_manager_t *open_fault(const char *script) {
    const char *settings[] = {"backend", "fault", "fault.script", script, "cache", "off", NULL};
    return open_manager(settings);
}

static void set(strongroom_manager_t *manager, const char *key) {
    strongroom_error_t *error = NULL;
    must(strongroom_manager_set(manager, key, STRONGROOM_AUTO_LENGTH, VALUE, STRONGROOM_AUTO_LENGTH, NULL, NULL, NULL,
                                &error),
         error, "set");
}

static void block_on(void *context, uint32_t operations) {
    waiter_t *waiter = context;
    for (uint32_t n = 0; n < operations; n++) {
        waiter->failed |= floor_waiting_block_on(waiter->floor);
    }
}

static void spawn(void *context, uint32_t operations) {
    waiter_t *waiter = context;
    for (uint32_t n = 0; n < operations; n++) {
        waiter->failed |= floor_waiting_spawn(waiter->floor);
    }
}

static void get(void *context, uint32_t operations) {
    waiter_t *waiter = context;
    for (uint32_t n = 0; n < operations; n++) {
        strongroom_secret_t *secret;
        waiter->failed |= strongroom_manager_get(waiter->ours, KEY, sizeof KEY - 1, NULL, &secret, NULL);
        waiter->failed |= strongroom_secret_free(secret);
    }
}

static void one_yield(const char *script, const char *place) {
    waiter_t waiter = {open_fault(script), floor_waiting_new(script, KEY, VALUE), 0};
    set(waiter.ours, KEY);
    subject_t many = {get, &waiter, OPERATIONS}, few = {get, &waiter, HAND_OFFS};
    const target_t above = {TARGET_ABOVE, 1000}, tenth = {TARGET_RATIO, 0.1};
    char row[128];
    snprintf(row, sizeof row, "get and free, %s, one wait (floor: tokio's block_on)", place);
    report_pair(row, in_turns(BATCHES, (subject_t){block_on, &waiter, OPERATIONS}, many), above);
    snprintf(row, sizeof row, "get and free, %s, one wait (floor: spawn and channel)", place);
    report_pair(row, in_turns(BATCHES, (subject_t){spawn, &waiter, HAND_OFFS}, few), tenth);
    if (waiter.failed) {
        stop("a get", "it failed");
    }
    strongroom_manager_free(waiter.ours);
}

/* One of several threads that read at once. */
typedef struct caller_t {
    strongroom_manager_t *manager;
    pthread_barrier_t *barrier;
    char key[KEY_ROOM];
    double begun, ended;
} caller_t;

static void *call(void *argument) {
    caller_t *caller = argument;
    uint8_t buffer[sizeof VALUE];
    size_t length;
    strongroom_error_t *error = NULL;
    pthread_barrier_wait(caller->barrier);
    caller->begun = now_ns();
    must(strongroom_manager_get_into(caller->manager, caller->key, STRONGROOM_AUTO_LENGTH, NULL, buffer, sizeof buffer,
                                     &length, &error),
         error, "get_into");
    caller->ended = now_ns();
    return NULL;
}

/* From the first call's begin to the last one's end. */
static double calls_at_once(strongroom_manager_t *manager, unsigned threads) {
    caller_t callers[THREADS];
    pthread_t ids[THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned n = 0; n < threads; n++) {
        callers[n] = (caller_t){.manager = manager, .barrier = &barrier};
        name_of(callers[n].key, n);
        if (pthread_create(&ids[n], NULL, call, &callers[n]) != 0) {
            stop("a thread", "the system gives none");
        }
    }
    double begun = 0, ended = 0;
    for (unsigned n = 0; n < threads; n++) {
        pthread_join(ids[n], NULL);
        begun = n == 0 || callers[n].begun < begun ? callers[n].begun : begun;
        ended = callers[n].ended > ended ? callers[n].ended : ended;
    }
    pthread_barrier_destroy(&barrier);
    return ended - begun;
}

static void one_call(void *manager, uint32_t operations) {
    (void)operations;
    calls_at_once(manager, 1);
}

static void eight_calls(void *manager, uint32_t operations) {
    (void)operations;
    calls_at_once(manager, THREADS);
}

static void eight_threads(void) {
    strongroom_manager_t *manager = open_fault(SLOW);
    char key[KEY_ROOM];
    for (unsigned n = 0; n < THREADS; n++) {
        name_of(key, n);
        set(manager, key);
    }
    report_pair("8 threads, each a get of 20 ms (floor: one thread)",
                in_turns(ROUNDS, (subject_t){one_call, manager, 1}, (subject_t){eight_calls, manager, 1}),
                (target_t){TARGET_RATIO, 1.25});
    strongroom_manager_free(manager);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        stop("usage", "waiting REPORTS");
    }
    report_begin(argv[1], "waiting");
    one_yield(LOCAL, "local");
    one_yield(REMOTE, "through the runtime");
    eight_threads();
    report_end();
    return 0;
}
