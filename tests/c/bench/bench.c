#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Batches that go by unmeasured: caches, branch predictors, lazily made state. */
enum { WARM_UP = 2 };

double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double median(double *samples, size_t count) {
    if (count == 0) {
        return 0;
    }
    qsort(samples, count, sizeof *samples, by_size);
    return samples[(count - 1) / 2];
}

static double *room_for(size_t count) {
    double *room = calloc(count, sizeof *room);
    if (!room) {
        stop("memory", "there is none");
    }
    return room;
}

static double timed(subject_t subject) {
    double begun = now_ns();
    subject.run(subject.context, subject.operations);
    return (now_ns() - begun) / subject.operations;
}

pair_t in_turns(size_t batches, subject_t floor, subject_t ours) {
    double *floors = room_for(batches), *subjects = room_for(batches), *ratios = room_for(batches);
    for (size_t batch = 0; batch < batches + WARM_UP; batch++) {
        double f, o;
        if (batch % 2 == 0) {
            f = timed(floor);
            o = timed(ours);
        } else {
            o = timed(ours);
            f = timed(floor);
        }
        if (batch >= WARM_UP) {
            floors[batch - WARM_UP] = f;
            subjects[batch - WARM_UP] = o;
            ratios[batch - WARM_UP] = o / f;
        }
    }
    pair_t pair = {median(floors, batches), median(subjects, batches), median(ratios, batches)};
    free(floors);
    free(subjects);
    free(ratios);
    return pair;
}

/* What the second thread is told. */
enum { NOTHING, RUN, BUSY, END };

typedef struct span_t {
    double begun, ended;
} span_t;

typedef struct second_t {
    subject_t subject;
    subject_t busy;
    atomic_int order;
    atomic_bool ready;
    atomic_bool done;
    span_t span;
} second_t;

static span_t span_of(subject_t subject) {
    span_t span;
    span.begun = now_ns();
    subject.run(subject.context, subject.operations);
    span.ended = now_ns();
    return span;
}

/* Waits a moment without taking anything from whoever shares the processor. */
static void spin(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void *second_thread(void *argument) {
    second_t *second = argument;
    for (;;) {
        switch (atomic_exchange(&second->order, NOTHING)) {
        case RUN:
            atomic_store(&second->ready, true);
            second->span = span_of(second->subject);
            atomic_store(&second->done, true);
            break;
        case BUSY:
            atomic_store(&second->ready, true);
            while (atomic_load(&second->order) == NOTHING) {
                second->busy.run(second->busy.context, second->busy.operations);
            }
            break;
        case END:
            return NULL;
        default:
            spin();
            break;
        }
    }
}

static void await(atomic_bool *flag) {
    while (!atomic_exchange(flag, false)) {
        spin();
    }
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static double smaller(double a, double b) {
    return a < b ? a : b;
}

pair_t two_threads(size_t batches, subject_t first, subject_t second_subject, subject_t busy) {
    double *alone = room_for(batches), *together = room_for(batches), *ratios = room_for(batches);
    size_t count = 0;
    second_t second = {.subject = second_subject, .busy = busy};
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_thread, &second) != 0) {
        stop("a thread", "the system gives none");
    }
    for (size_t batch = 0; batch < batches; batch++) {
        atomic_store(&second.order, BUSY);
        await(&second.ready);
        span_t single = span_of(first);

        atomic_store(&second.order, RUN);
        await(&second.ready);
        span_t mine = span_of(first);
        await(&second.done);
        span_t other = second.span;
        double overlap = smaller(mine.ended, other.ended) - larger(mine.begun, other.begun);
        double longest = larger(mine.ended - mine.begun, other.ended - other.begun);
        if (overlap * 10 >= longest * 9) {
            alone[count] = (single.ended - single.begun) / first.operations;
            together[count] = (mine.ended - mine.begun + other.ended - other.begun) / 2 / first.operations;
            ratios[count] = together[count] / alone[count];
            count++;
        }
    }
    atomic_store(&second.order, END);
    pthread_join(thread, NULL);
    pair_t pair = {median(alone, count), median(together, count), median(ratios, count)};
    free(alone);
    free(together);
    free(ratios);
    return pair;
}

void stop(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}
