/* valgrind
   Changes that a function is told: each once and in order, on a thread of the library, and nothing after the end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "open.h"

enum { SUBSCRIPTIONS = 100, CHANGES = 5, PATIENCE_MS = 20000, TOO_MANY = 3000 };

/* What the function is told, and what it does. */
typedef struct told_t {
    atomic_int changes, missed, ends, inside, destroyed;
    pthread_t thread;
    /* While it is set, the function does not return. */
    atomic_bool held;
    /* What the function frees. */
    _Atomic(strongroom_subscription_t *) frees;
    const strongroom_manager_t *calls;
} told_t;

static void use_verbs(const strongroom_manager_t *m) {
    strongroom_subscription_t *subscription = NULL;
    strongroom_report_t *report = NULL;
    strongroom_error_t *error = NULL;
    CHECK_STATUS(strongroom_manager_set(m, TEXT("a"), TEXT("2"), NULL, NULL, NULL, &error),
                 STRONGROOM_STATUS_REENTRANT_CALL);
    check_error(error, STRONGROOM_STATUS_REENTRANT_CALL);
    CHECK_STATUS(strongroom_manager_subscribe(m, NULL, NULL, 0, NULL, &subscription, NULL),
                 STRONGROOM_STATUS_REENTRANT_CALL);
    CHECK_STATUS(strongroom_manager_metrics(m, &report, NULL), STRONGROOM_STATUS_REENTRANT_CALL);
    CHECK_STATUS(strongroom_manager_refresh(m, NULL, NULL), STRONGROOM_STATUS_REENTRANT_CALL);
}

static void on_change(void *context, strongroom_status_t status, strongroom_change_t *change,
                      strongroom_error_t *error) {
    told_t *told = context;
    told->inside++;
    told->thread = pthread_self();
    CHECK_NUMBER(told->destroyed, 0);
    CHECK_NUMBER(told->ends, 0);
    if (status == STRONGROOM_STATUS_OK) {
        CHECK(error == NULL);
        if (strcmp(strongroom_change_kind(change), "missed") == 0) {
            told->missed++;
        } else {
            CHECK_TEXT(strongroom_change_kind(change), "set");
            CHECK_TEXT(strongroom_change_key(change), "global/a");
        }
    } else {
        CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
        CHECK(change == NULL);
    }
    if (told->calls) {
        use_verbs(told->calls);
    }
    while (told->held) {
        sleep_ms(1);
    }
    strongroom_subscription_t *frees = atomic_exchange(&told->frees, NULL);
    if (frees) {
        CHECK_OK(strongroom_subscription_free(frees));
        CHECK_NUMBER(told->destroyed, 0);
    }
    CHECK_OK(strongroom_change_free(change));
    CHECK_OK(strongroom_error_free(error));
    told->inside--;
    if (status == STRONGROOM_STATUS_OK) {
        told->changes++;
    } else {
        told->ends++;
    }
}

static void on_destroy(void *context) {
    told_t *told = context;
    CHECK_NUMBER(told->inside, 0);
    told->destroyed++;
}

static strongroom_subscription_t *told_of(const strongroom_manager_t *m, told_t *told) {
    strongroom_subscription_t *subscription = NULL;
    CHECK_OK(strongroom_manager_subscribe_callback(m, NULL, NULL, 0, NULL, on_change, told, on_destroy, &subscription,
                                                   NULL));
    return subscription;
}

static void wait_until(atomic_int *number, int wanted) {
    for (int64_t end = now_ms() + PATIENCE_MS; *number < wanted && now_ms() < end;) {
        sleep_ms(1);
    }
    CHECK_NUMBER(*number, wanted);
}

static void test_each_is_told(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {.calls = m};
    strongroom_subscription_t *subscription = told_of(m, &told);
    strongroom_change_t *change = (void *)&told;
    CHECK_STATUS(strongroom_subscription_next(subscription, 0, &change, NULL), STRONGROOM_STATUS_UNSUPPORTED);
    CHECK(change == NULL);
    for (int i = 0; i < CHANGES; i++) {
        CHECK_OK(set(m, "a", "1"));
    }
    wait_until(&told.changes, CHANGES);
    CHECK(!pthread_equal(told.thread, pthread_self()));
    CHECK_OK(strongroom_subscription_free(subscription));
    CHECK_NUMBER(told.destroyed, 1);
    CHECK_STATUS(strongroom_subscription_free(subscription), STRONGROOM_STATUS_INVALID_HANDLE);
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(strongroom_manager_close(m, NULL, NULL));
    CHECK_OK(strongroom_manager_free(m));
    CHECK_NUMBER(told.changes, CHANGES);
    CHECK_NUMBER(told.ends, 0);
}

static void *let_go(void *context) {
    told_t *told = context;
    sleep_ms(50);
    told->held = false;
    return NULL;
}

/* Whoever frees it waits until the function has returned. */
static void test_free_waits(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {.held = true};
    pthread_t thread;
    strongroom_subscription_t *subscription = told_of(m, &told);
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(set(m, "a", "2"));
    wait_until(&told.inside, 1);
    CHECK_NUMBER(pthread_create(&thread, NULL, let_go, &told), 0);
    CHECK_OK(strongroom_subscription_free(subscription));
    CHECK_NUMBER(told.inside, 0);
    CHECK_NUMBER(told.changes, 1);
    CHECK_NUMBER(told.destroyed, 1);
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
    CHECK_OK(strongroom_manager_free(m));
}

/* Inside the function nobody is waited for. */
static void test_free_inside(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {.held = true};
    told.frees = told_of(m, &told);
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(set(m, "a", "2"));
    told.held = false;
    wait_until(&told.destroyed, 1);
    CHECK_NUMBER(told.changes, 1);
    CHECK_OK(strongroom_manager_free(m));
    CHECK_NUMBER(told.ends, 0);
}

static strongroom_status_t end_by_close(strongroom_manager_t *m) { return strongroom_manager_close(m, NULL, NULL); }
static strongroom_status_t end_by_shutdown(strongroom_manager_t *m) {
    (void)m;
    return strongroom_shutdown(PATIENCE_MS, NULL);
}

static void test_ends_are_told(void) {
    strongroom_status_t (*const ends[])(strongroom_manager_t *) = {end_by_close, end_by_shutdown};
    for (size_t i = 0; i < 2; i++) {
        strongroom_manager_t *m = open_memory();
        told_t told = {0};
        strongroom_subscription_t *subscription = told_of(m, &told);
        CHECK_OK(set(m, "a", "1"));
        wait_until(&told.changes, 1);
        CHECK_OK(ends[i](m));
        wait_until(&told.ends, 1);
        CHECK_NUMBER(told.destroyed, 0);
        CHECK_OK(strongroom_subscription_free(subscription));
        CHECK_NUMBER(told.destroyed, 1);
        CHECK_NUMBER(told.ends, 1);
        CHECK_OK(strongroom_manager_free(m));
    }
}

/* What waits for a slow function is bounded. */
static void test_slow(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {.held = true};
    strongroom_subscription_t *subscription = told_of(m, &told);
    CHECK_OK(set(m, "a", "1"));
    wait_until(&told.inside, 1);
    for (int i = 0; i < TOO_MANY; i++) {
        CHECK_OK(set(m, "a", "1"));
    }
    told.held = false;
    wait_until(&told.missed, 1);
    CHECK_OK(strongroom_subscription_free(subscription));
    CHECK(told.changes < TOO_MANY);
    CHECK_OK(strongroom_manager_free(m));
}

static void test_many(void) {
    static told_t told[SUBSCRIPTIONS];
    strongroom_manager_t *m = open_memory();
    strongroom_subscription_t *subscriptions[SUBSCRIPTIONS];
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        subscriptions[i] = told_of(m, &told[i]);
    }
    for (int i = 0; i < CHANGES; i++) {
        CHECK_OK(set(m, "a", "1"));
    }
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        wait_until(&told[i].changes, CHANGES);
        CHECK_OK(strongroom_subscription_free(subscriptions[i]));
        CHECK_NUMBER(told[i].destroyed, 1);
    }
    CHECK_OK(strongroom_manager_free(m));
}

/* Where it fails, neither function is called. */
static void test_failures(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {0};
    strongroom_subscription_t *subscription = (void *)&told;
    const char *keys[] = {"a/b"};
    CHECK_STATUS(strongroom_manager_subscribe_callback(m, keys, NULL, 1, NULL, on_change, &told, on_destroy,
                                                       &subscription, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
    CHECK(subscription == NULL);
    CHECK_STATUS(
        strongroom_manager_subscribe_callback(m, NULL, NULL, 0, NULL, NULL, &told, on_destroy, &subscription, NULL),
        STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_manager_close(m, NULL, NULL));
    CHECK_STATUS(strongroom_manager_subscribe_callback(m, NULL, NULL, 0, NULL, on_change, &told, on_destroy,
                                                       &subscription, NULL),
                 STRONGROOM_STATUS_CLOSED);
    CHECK_OK(strongroom_manager_free(m));
    CHECK_NUMBER(told.destroyed + told.changes + told.ends, 0);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_each_is_told();
    test_free_waits();
    test_free_inside();
    test_slow();
    test_many();
    test_failures();
    test_ends_are_told();
    return check_end();
}
