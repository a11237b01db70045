/* valgrind static
   Changes that are waited for: which are told, to whom, and how a subscription ends. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>

#include "answer.h"
#include "open.h"

enum { SUBSCRIPTIONS = 100, CHANGES = 5, PATIENCE_MS = 20000 };

static strongroom_subscription_t *subscribed(const strongroom_manager_t *m, const strongroom_call_t *call) {
    strongroom_subscription_t *subscription = NULL;
    CHECK_OK(strongroom_manager_subscribe(m, NULL, NULL, 0, call, &subscription, NULL));
    return subscription;
}

static strongroom_status_t next_status(const strongroom_subscription_t *subscription, uint32_t timeout_ms) {
    strongroom_change_t *change = NULL;
    strongroom_error_t *error = NULL;
    strongroom_status_t status = strongroom_subscription_next(subscription, timeout_ms, &change, &error);
    CHECK((change != NULL) == (status == STRONGROOM_STATUS_OK));
    CHECK((error != NULL) == (status != STRONGROOM_STATUS_OK));
    CHECK_OK(strongroom_change_free(change));
    CHECK_OK(strongroom_error_free(error));
    return status;
}

static void check_next(const strongroom_subscription_t *subscription, const char *kind, const char *key,
                       const char *version) {
    strongroom_change_t *change = NULL;
    if (CHECK_OK(strongroom_subscription_next(subscription, PATIENCE_MS, &change, NULL))) {
        CHECK_TEXT(strongroom_change_kind(change), kind);
        CHECK_TEXT(strongroom_change_key(change), key);
        CHECK_TEXT(strongroom_change_version(change), version);
        CHECK(strongroom_change_health(change) == NULL);
        CHECK(strongroom_change_reason(change) == NULL);
    }
    CHECK_OK(strongroom_change_free(change));
}

static void test_what_is_told(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_call_t *of_scope = call_of((const char *const[]){"scope", "org/acme", NULL});
    strongroom_call_t *of_prefix = call_of((const char *const[]){"prefix", "global/b", "every", "1h", NULL});
    const char *keys[] = {"b", "org/acme/a"};
    strongroom_subscription_t *all = subscribed(m, NULL), *scope = subscribed(m, of_scope),
                              *prefix = subscribed(m, of_prefix), *named = NULL;
    CHECK_OK(strongroom_manager_subscribe(m, keys, NULL, 2, NULL, &named, NULL));
    CHECK_STATUS(next_status(all, 0), STRONGROOM_STATUS_TIMEOUT);
    CHECK_STATUS(next_status(all, 20), STRONGROOM_STATUS_TIMEOUT);
    /* The store counts its writes. */
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(set(m, "b", "1"));
    CHECK_OK(set(m, "b", "2"));
    CHECK_OK(set(m, "org/acme/a", "1"));
    CHECK_OK(strongroom_manager_delete(m, TEXT("b"), NULL, NULL));
    check_next(all, "set", "global/a", "1");
    check_next(all, "set", "global/b", "2");
    check_next(all, "set", "global/b", "3");
    check_next(all, "set", "org/acme/a", "4");
    check_next(all, "deleted", "global/b", NULL);
    check_next(scope, "set", "org/acme/a", "4");
    check_next(prefix, "set", "global/b", "2");
    check_next(prefix, "set", "global/b", "3");
    check_next(prefix, "deleted", "global/b", NULL);
    check_next(named, "set", "global/b", "2");
    check_next(named, "set", "global/b", "3");
    check_next(named, "set", "org/acme/a", "4");
    check_next(named, "deleted", "global/b", NULL);
    strongroom_subscription_t *subscriptions[] = {all, scope, prefix, named};
    for (size_t i = 0; i < 4; i++) {
        CHECK_STATUS(next_status(subscriptions[i], 0), STRONGROOM_STATUS_TIMEOUT);
        CHECK_OK(strongroom_subscription_free(subscriptions[i]));
        CHECK_STATUS(strongroom_subscription_free(subscriptions[i]), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_STATUS(next_status(subscriptions[i], 0), STRONGROOM_STATUS_INVALID_HANDLE);
    }
    CHECK_OK(strongroom_call_free(of_scope));
    CHECK_OK(strongroom_call_free(of_prefix));
    CHECK_OK(strongroom_manager_free(m));
}

static void test_what_is_refused(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_call_t *call = NULL, *limited = call_of((const char *const[]){"limit", "1", NULL});
    strongroom_subscription_t *subscription = (void *)&call;
    const char *keys[] = {"a/b"};
    CHECK_OK(strongroom_call_new(&call, NULL));
    CHECK_STATUS(strongroom_call_set(call, TEXT("every"), TEXT("soon"), NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(strongroom_manager_subscribe(m, NULL, NULL, 0, limited, &subscription, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(subscription == NULL);
    CHECK_STATUS(strongroom_manager_subscribe(m, keys, NULL, 1, NULL, &subscription, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
    CHECK_STATUS(strongroom_manager_subscribe(m, NULL, NULL, 1, NULL, &subscription, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(strongroom_manager_subscribe(m, keys, NULL, SIZE_MAX, NULL, &subscription, NULL),
                 STRONGROOM_STATUS_TOO_LARGE);
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_call_free(limited));
    CHECK_OK(strongroom_manager_close(m, NULL, NULL));
    CHECK_STATUS(strongroom_manager_subscribe(m, NULL, NULL, 0, NULL, &subscription, NULL), STRONGROOM_STATUS_CLOSED);
    CHECK_OK(strongroom_manager_free(m));
}

static void test_started(void) {
    strongroom_manager_t *m = open_memory();
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(
        START(&answer, strongroom_manager_subscribe_async(m, NULL, NULL, 0, NULL, answer_subscription, &answer, NULL)));
    CHECK_OK(answer_wait(&answer));
    CHECK_OK(set(m, "a", "1"));
    check_next(answer.subscription, "set", "global/a", "1");
    answer_end(&answer, 1);
    CHECK_OK(strongroom_manager_free(m));
}

/* ---- ends while a thread waits ---- */

typedef struct waiter_t {
    const strongroom_subscription_t *subscription;
    strongroom_status_t status;
    int told;
} waiter_t;

/* Takes changes until there come no more. */
static void *wait_for_all(void *context) {
    waiter_t *waiter = context;
    while ((waiter->status = next_status(waiter->subscription, STRONGROOM_FOREVER)) == STRONGROOM_STATUS_OK) {
        waiter->told++;
    }
    return NULL;
}

static strongroom_status_t end_by_close(strongroom_manager_t *m, strongroom_subscription_t *subscription) {
    (void)subscription;
    return strongroom_manager_close(m, NULL, NULL);
}
static strongroom_status_t end_by_free(strongroom_manager_t *m, strongroom_subscription_t *subscription) {
    (void)m;
    return strongroom_subscription_free(subscription);
}
static strongroom_status_t end_by_last_handle(strongroom_manager_t *m, strongroom_subscription_t *subscription) {
    (void)subscription;
    return strongroom_manager_free(m);
}
static strongroom_status_t end_by_shutdown(strongroom_manager_t *m, strongroom_subscription_t *subscription) {
    (void)m, (void)subscription;
    return strongroom_shutdown(PATIENCE_MS, NULL);
}

static void test_ends(void) {
    static const struct {
        const char *name;
        strongroom_status_t (*end)(strongroom_manager_t *m, strongroom_subscription_t *subscription);
        strongroom_status_t told;
        bool keeps_manager, keeps_subscription;
    } ENDS[] = {{"close", end_by_close, STRONGROOM_STATUS_CLOSED, true, true},
                {"free", end_by_free, STRONGROOM_STATUS_CLOSED, true, false},
                {"the last handle", end_by_last_handle, STRONGROOM_STATUS_CLOSED, false, true},
                {"shutdown", end_by_shutdown, STRONGROOM_STATUS_CANCELLED, true, true}};
    for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++) {
        check_about(ENDS[i].name);
        strongroom_manager_t *m = open_memory();
        strongroom_subscription_t *subscription = subscribed(m, NULL);
        waiter_t waiters[2] = {{subscription, 0, 0}, {subscription, 0, 0}};
        pthread_t threads[2];
        for (size_t t = 0; t < 2; t++) {
            CHECK_NUMBER(pthread_create(&threads[t], NULL, wait_for_all, &waiters[t]), 0);
        }
        for (int change = 0; change < CHANGES; change++) {
            CHECK_OK(set(m, "a", "1"));
        }
        /* Until the changes are gone: of two threads that wait, each takes what the other does not. */
        sleep_ms(50);
        CHECK_OK(ENDS[i].end(m, subscription));
        for (size_t t = 0; t < 2; t++) {
            CHECK_NUMBER(pthread_join(threads[t], NULL), 0);
            bool closed =
                waiters[t].status == STRONGROOM_STATUS_CLOSED || waiters[t].status == STRONGROOM_STATUS_INVALID_HANDLE;
            CHECK(waiters[t].status == ENDS[i].told || closed);
        }
        CHECK(waiters[0].told + waiters[1].told <= CHANGES);
        if (ENDS[i].keeps_subscription) {
            CHECK_STATUS(next_status(subscription, PATIENCE_MS), STRONGROOM_STATUS_CLOSED);
            CHECK_OK(strongroom_subscription_free(subscription));
        }
        if (ENDS[i].keeps_manager) {
            CHECK_OK(strongroom_manager_free(m));
        }
    }
    check_about(NULL);
}

/* A subscription that exists while its manager is closed still tells what came before. */
static void test_the_rest_is_told(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_subscription_t *subscription = subscribed(m, NULL);
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(strongroom_manager_close(m, NULL, NULL));
    check_next(subscription, "set", "global/a", "1");
    CHECK_STATUS(next_status(subscription, STRONGROOM_FOREVER), STRONGROOM_STATUS_CLOSED);
    CHECK_STATUS(next_status(subscription, STRONGROOM_FOREVER), STRONGROOM_STATUS_CLOSED);
    CHECK_OK(strongroom_manager_free(m));
    CHECK_STATUS(next_status(subscription, STRONGROOM_FOREVER), STRONGROOM_STATUS_CLOSED);
    CHECK_OK(strongroom_subscription_free(subscription));
}

static void test_many(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_subscription_t *subscriptions[SUBSCRIPTIONS];
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        subscriptions[i] = subscribed(m, NULL);
    }
    for (int change = 0; change < CHANGES; change++) {
        CHECK_OK(set(m, "a", "value"));
    }
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        for (int change = 1; change <= CHANGES; change++) {
            char version[16];
            snprintf(version, sizeof version, "%d", change);
            check_next(subscriptions[i], "set", "global/a", version);
        }
        CHECK_OK(strongroom_subscription_free(subscriptions[i]));
    }
    CHECK_OK(strongroom_manager_free(m));
}

/* ---- what was counted ---- */

static void test_metrics(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_report_t *before = NULL, *after = NULL;
    uint64_t few = 0, many_more = 0;
    CHECK_OK(set(m, "a", "1"));
    CHECK_OK(strongroom_manager_metrics(m, &before, NULL));
    check_value(m, "a", "1");
    CHECK_OK(set(m, "a", "2"));
    CHECK_OK(set(m, "a", "3"));
    CHECK_OK(strongroom_manager_metrics(m, &after, NULL));
    CHECK_OK(strongroom_report_number(before, TEXT("calls.set"), &few));
    CHECK_OK(strongroom_report_number(after, TEXT("calls.set"), &many_more));
    CHECK_NUMBER(few, 1);
    CHECK_NUMBER(many_more, 3);
    CHECK(strongroom_report_len(after) >= strongroom_report_len(before));
    for (size_t i = 0; i < strongroom_report_len(after); i++) {
        CHECK_OK(strongroom_report_number(after, TEXT(strongroom_report_name(after, i)), &few));
    }
    CHECK_OK(strongroom_report_free(before));
    CHECK_OK(strongroom_report_free(after));
    /* Also of a manager that is closed. */
    CHECK_OK(strongroom_manager_close(m, NULL, NULL));
    CHECK_OK(strongroom_manager_metrics(m, &after, NULL));
    CHECK_OK(strongroom_report_free(after));
    CHECK_OK(strongroom_manager_free(m));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_what_is_told();
    test_what_is_refused();
    test_started();
    test_the_rest_is_told();
    test_many();
    test_metrics();
    test_ends();
    CHECK_OK(strongroom_shutdown(PATIENCE_MS, NULL));
    return check_end();
}
