/* Subscriptions and forks. Leaks are not looked for: a child leaves its parent's subscriptions alone. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

#include "open.h"

enum { PATIENCE_MS = 20000 };

static void check_next(const strongroom_subscription_t *subscription, const char *key) {
    strongroom_change_t *change = NULL;
    CHECK_OK(strongroom_subscription_next(subscription, PATIENCE_MS, &change, NULL));
    CHECK_TEXT(strongroom_change_key(change), key);
    CHECK_OK(strongroom_change_free(change));
}

static strongroom_status_t next_status(const strongroom_subscription_t *subscription, uint32_t timeout_ms) {
    strongroom_change_t *change = NULL;
    strongroom_status_t status = strongroom_subscription_next(subscription, timeout_ms, &change, NULL);
    CHECK_OK(strongroom_change_free(change));
    return status;
}

/* What a parent subscribed to tells its child nothing; the child subscribes for itself. */
static void test_waited(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_subscription_t *subscription = NULL;
    CHECK_OK(strongroom_manager_subscribe(m, NULL, NULL, 0, NULL, &subscription, NULL));
    CHECK_OK(set(m, "a", "1"));
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        CHECK_STATUS(next_status(subscription, STRONGROOM_FOREVER), STRONGROOM_STATUS_CLOSED);
        strongroom_subscription_t *own = NULL;
        CHECK_OK(strongroom_manager_subscribe(m, NULL, NULL, 0, NULL, &own, NULL));
        CHECK_OK(set(m, "b", "1"));
        check_next(own, "global/b");
        CHECK_OK(strongroom_subscription_free(own));
        CHECK_OK(strongroom_subscription_free(subscription));
        CHECK_OK(strongroom_manager_free(m));
        _exit(check_code());
    }
    check_child(child);
    check_next(subscription, "global/a");
    CHECK_STATUS(next_status(subscription, 0), STRONGROOM_STATUS_TIMEOUT);
    CHECK_OK(strongroom_subscription_free(subscription));
    CHECK_OK(strongroom_manager_free(m));
}

/* What the function of a subscription was told. */
typedef struct told_t {
    atomic_int changes, inside, destroyed;
    /* While it is set, the function does not return. */
    atomic_bool held;
} told_t;

static void on_change(void *context, strongroom_status_t status, strongroom_change_t *change,
                      strongroom_error_t *error) {
    told_t *told = context;
    told->inside++;
    while (told->held) {
        sleep_ms(1);
    }
    told->changes += status == STRONGROOM_STATUS_OK;
    CHECK_OK(strongroom_change_free(change));
    CHECK_OK(strongroom_error_free(error));
}

static void on_destroy(void *context) {
    told_t *told = context;
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

/* A child is told nothing of its parent's, and what it frees waits for nobody. */
static void test_told(void) {
    strongroom_manager_t *m = open_memory();
    told_t told = {.held = true}, own_told = {0};
    strongroom_subscription_t *subscription = told_of(m, &told);
    CHECK_OK(set(m, "a", "1"));
    wait_until(&told.inside, 1);
    pid_t child = fork();
    if (child == 0) {
        check_begin_child();
        CHECK_OK(strongroom_subscription_free(subscription));
        strongroom_subscription_t *own = told_of(m, &own_told);
        CHECK_OK(set(m, "a", "2"));
        wait_until(&own_told.changes, 1);
        CHECK_OK(strongroom_subscription_free(own));
        CHECK_NUMBER(own_told.destroyed, 1);
        CHECK_NUMBER(told.changes, 0);
        CHECK_OK(strongroom_manager_free(m));
        _exit(check_code());
    }
    check_child(child);
    told.held = false;
    wait_until(&told.changes, 1);
    CHECK_OK(strongroom_subscription_free(subscription));
    CHECK_NUMBER(told.destroyed, 1);
    CHECK_OK(strongroom_manager_free(m));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_waited();
    test_told();
    return check_end();
}
