/* Backends that fail, hang, block and dawdle: each kind of error and each hang, in both forms of the verbs. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "faults_verbs.h"
#include "testing.h"

/* How long after its deadline a call may come back on a busy machine. */
enum { DEADLINE_MS = 200, GRACE_MS = 5000 };

/* Checks one answer of a verb in both forms, each over a backend of its own, made by `script`. */
static void check_verb(const verb_t *verb, const char *script, const char *const *options,
                       strongroom_status_t wanted) {
    char about[160];
    snprintf(about, sizeof about, "%s under %s", verb->name, script);
    check_about(about);
    strongroom_call_t *call = call_of(options);
    for (int form = 0; form < 2; form++) {
        strongroom_manager_t *manager = open_fault(script);
        strongroom_error_t *error = NULL;
        int64_t begin = now_ms();
        if (form == 0) {
            CHECK_STATUS(verb->wait(manager, call, &error), wanted);
            if (wanted != STRONGROOM_STATUS_OK) {
                check_error(error, wanted);
            }
        } else if (verb->start) {
            answer_t answer;
            answer_init(&answer);
            CHECK_OK(verb->start(manager, call, &answer));
            CHECK_STATUS(answer_wait(&answer), wanted);
            answer_end(&answer, 1);
        }
        if (options[0]) {
            CHECK(now_ms() - begin < DEADLINE_MS + GRACE_MS);
        }
        CHECK_OK(strongroom_testing_fault_wake(NULL));
        CHECK_OK(strongroom_manager_free(manager));
    }
    CHECK_OK(strongroom_call_free(call));
    check_about(NULL);
}

static const char *const NO_OPTIONS[] = {NULL};
static const char *const SHORT[] = {"timeout", "200ms", NULL};

static void test_each_kind_of_error(void) {
    char script[96];
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < VERB_COUNT; i++) {
            snprintf(script, sizeof script, "%s:fail(%s)", VERBS[i].operation, KINDS[kind].token);
            check_verb(&VERBS[i], script, NO_OPTIONS, KINDS[kind].status);
        }
    }
}

/* What an error tells besides its kind. */
static void test_an_error_tells_all(void) {
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        char script[64];
        snprintf(script, sizeof script, "get:fail(%s)", KINDS[kind].token);
        strongroom_manager_t *manager = open_fault(script);
        strongroom_error_t *error = NULL;
        check_about(script);
        CHECK_STATUS(get_wait(manager, NULL, &error), KINDS[kind].status);
        CHECK(strstr(strongroom_error_message(error), KINDS[kind].token) == strongroom_error_message(error));
        CHECK(strchr(strongroom_error_message(error), '\n') == NULL);
        CHECK_TEXT(strongroom_error_operation(error), "get");
        CHECK_TEXT(strongroom_error_backend(error), "fault");
        CHECK_TEXT(strongroom_error_key(error), "global/key");
        CHECK_TEXT(strongroom_error_help(error), strongroom_status_help(KINDS[kind].status));
        CHECK_NUMBER(strongroom_error_is_retryable(error), KINDS[kind].retryable);
        CHECK_NUMBER(strongroom_error_retry_after(error), -1);
        check_error(error, KINDS[kind].status);
        CHECK_OK(strongroom_manager_free(manager));
    }
    check_about(NULL);
}

static void test_a_throttled_call_says_how_long_to_wait(void) {
    strongroom_manager_t *manager = open_fault("get:throttled(250ms)");
    strongroom_error_t *error = NULL;
    CHECK_STATUS(get_wait(manager, NULL, &error), STRONGROOM_STATUS_RATE_LIMITED);
    CHECK(strongroom_error_is_retryable(error));
    CHECK_NUMBER(strongroom_error_retry_after(error), 250000);
    check_error(error, STRONGROOM_STATUS_RATE_LIMITED);
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(get_start(manager, NULL, &answer));
    CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_RATE_LIMITED);
    CHECK_NUMBER(strongroom_error_retry_after(answer.error), 250000);
    answer_end(&answer, 1);
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_the_other_faults(void) {
    static const struct {
        const char *fault;
        strongroom_status_t status;
    } FAULTS[] = {{"locked", STRONGROOM_STATUS_LOCKED},
                  {"denied", STRONGROOM_STATUS_PERMISSION_DENIED},
                  {"throttled", STRONGROOM_STATUS_RATE_LIMITED},
                  {"unavailable", STRONGROOM_STATUS_UNAVAILABLE},
                  {"corrupt", STRONGROOM_STATUS_INTEGRITY},
                  {"disconnect", STRONGROOM_STATUS_UNAVAILABLE}};
    char script[64];
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++) {
        snprintf(script, sizeof script, "*:%s", FAULTS[i].fault);
        for (size_t verb = 0; verb < VERB_COUNT; verb++) {
            check_verb(&VERBS[verb], script, NO_OPTIONS, FAULTS[i].status);
        }
    }
}

/* A lost answer: the write happened all the same. */
static void test_a_lost_answer(void) {
    strongroom_manager_t *manager = open_fault("set:outcome_unknown");
    CHECK_STATUS(set(manager, "key", "value"), STRONGROOM_STATUS_OUTCOME_UNKNOWN);
    check_value(manager, "key", "value");
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- hangs ---- */

/* A call that hangs or blocks ends at its deadline: a read with timeout, a write with outcome_unknown. */
static void test_a_deadline_is_kept(void) {
    static const char *const HANGS[] = {"hang", "block", "latency(60s)"};
    char script[64];
    for (size_t hang = 0; hang < sizeof HANGS / sizeof HANGS[0]; hang++) {
        for (size_t i = 0; i < VERB_COUNT; i++) {
            snprintf(script, sizeof script, "%s:%s", VERBS[i].operation, HANGS[hang]);
            check_verb(&VERBS[i], script, SHORT,
                       VERBS[i].is_write ? STRONGROOM_STATUS_OUTCOME_UNKNOWN : STRONGROOM_STATUS_TIMEOUT);
        }
    }
}

/* The setting `deadline` is one too. */
static void test_the_managers_deadline_is_kept(void) {
    strongroom_manager_t *manager = open_with((const char *const[]){
        "backend", "fault", "fault.inner", "memory", "fault.script", "*:hang", "deadline", "100ms", NULL});
    int64_t begin = now_ms();
    answer_t answer;
    CHECK_STATUS(get_wait(manager, NULL, NULL), STRONGROOM_STATUS_TIMEOUT);
    CHECK_STATUS(set_wait(manager, NULL, NULL), STRONGROOM_STATUS_OUTCOME_UNKNOWN);
    answer_init(&answer);
    CHECK_OK(get_start(manager, NULL, &answer));
    CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_TIMEOUT);
    answer_end(&answer, 1);
    CHECK(now_ms() - begin < 3 * 100 + GRACE_MS);
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_what_dawdles_is_waited_for(void) {
    static const char *const SLOW[] = {"latency(20ms)", "yield(1)", "yield(100)"};
    char script[64];
    for (size_t i = 0; i < sizeof SLOW / sizeof SLOW[0]; i++) {
        snprintf(script, sizeof script, "set:%s", SLOW[i]);
        check_verb(verb_of("set"), script, NO_OPTIONS, STRONGROOM_STATUS_OK);
        snprintf(script, sizeof script, "get:%s", SLOW[i]);
        check_verb(verb_of("get"), script, NO_OPTIONS, STRONGROOM_STATUS_NOT_FOUND);
    }
}

/* ---- waking and cancelling from another thread ---- */

/* Fires the cancel that it is given, or wakes where that is NULL. */
static void *rescue(void *cancel) {
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, 10000, NULL));
    if (cancel) {
        CHECK_OK(strongroom_cancel_fire(cancel));
    } else {
        CHECK_OK(strongroom_testing_fault_wake(NULL));
    }
    return NULL;
}

/* A verb that waits or is pending while another thread wakes or cancels it. */
static void check_rescued(const verb_t *verb, const char *script, bool cancelling, strongroom_status_t wanted) {
    char about[160];
    snprintf(about, sizeof about, "%s under %s, %s", verb->name, script, cancelling ? "cancelled" : "woken");
    check_about(about);
    for (int form = 0; form < 2; form++) {
        strongroom_manager_t *manager = open_fault(script);
        strongroom_call_t *call = call_of(NO_OPTIONS);
        strongroom_cancel_t *cancel = cancelling ? cancel_new() : NULL;
        uint64_t before[FAULT_COUNTERS], after[FAULT_COUNTERS];
        pthread_t thread;
        if (cancel) {
            CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
        }
        CHECK_OK(strongroom_testing_fault_counters(before, NULL));
        CHECK_NUMBER(pthread_create(&thread, NULL, rescue, cancel), 0);
        if (form == 0) {
            CHECK_STATUS(verb->wait(manager, call, NULL), wanted);
        } else {
            answer_t answer;
            answer_init(&answer);
            CHECK_OK(verb->start(manager, call, &answer));
            CHECK_STATUS(answer_wait(&answer), wanted);
            answer_end(&answer, 1);
        }
        pthread_join(thread, NULL);
        CHECK_OK(strongroom_testing_fault_counters(after, NULL));
        /* A call that hangs is dropped; one that blocks has a worker, which answers for it. */
        bool dropped = cancelling && strstr(script, "hang");
        CHECK_NUMBER(after[FAULT_CANCELLED] - before[FAULT_CANCELLED], dropped);
        CHECK_NUMBER(after[FAULT_FINISHED] - before[FAULT_FINISHED], !dropped);
        CHECK_NUMBER(after[FAULT_STARTED] - before[FAULT_STARTED], 1);
        CHECK_NUMBER(after[FAULT_IN_FLIGHT], 0);
        CHECK_OK(strongroom_testing_fault_wake(NULL));
        CHECK_OK(strongroom_call_free(call));
        CHECK_OK(strongroom_cancel_free(cancel));
        CHECK_OK(strongroom_manager_free(manager));
    }
    check_about(NULL);
}

static void test_a_call_is_woken_or_cancelled_in_flight(void) {
    const strongroom_status_t cancelled = STRONGROOM_STATUS_CANCELLED, unknown = STRONGROOM_STATUS_OUTCOME_UNKNOWN;
    static const char *const HANGS[] = {"hang", "block"};
    char script[64];
    for (size_t i = 0; i < sizeof HANGS / sizeof HANGS[0]; i++) {
        snprintf(script, sizeof script, "*:%s", HANGS[i]);
        check_rescued(verb_of("get"), script, true, cancelled);
        check_rescued(verb_of("list"), script, true, cancelled);
        check_rescued(verb_of("describe"), script, true, cancelled);
        check_rescued(verb_of("set"), script, true, unknown);
        check_rescued(verb_of("delete"), script, true, unknown);
        check_rescued(verb_of("get"), script, false, STRONGROOM_STATUS_NOT_FOUND);
        check_rescued(verb_of("list"), script, false, STRONGROOM_STATUS_OK);
        check_rescued(verb_of("set"), script, false, STRONGROOM_STATUS_OK);
    }
}

/* ---- very many pending ones ---- */

enum { PENDING = 500 };
static atomic_int cancelled_count, completed_count;

static void on_pending(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                       strongroom_error_t *error) {
    (void)context;
    CHECK(secret == NULL);
    cancelled_count += status == STRONGROOM_STATUS_CANCELLED;
    completed_count++;
    CHECK_OK(strongroom_error_free(error));
}

static void test_pending_calls_need_no_threads(void) {
    strongroom_manager_t *manager = open_fault("get:hang");
    strongroom_cancel_t *cancel = cancel_new();
    strongroom_call_t *call = call_of(NO_OPTIONS);
    uint64_t counters[FAULT_COUNTERS], cancelled_before = 0;
    CHECK_OK(strongroom_testing_fault_counters(counters, NULL));
    cancelled_before = counters[FAULT_CANCELLED];
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    CHECK_OK(strongroom_manager_get_async(manager, KEY, call, on_pending, NULL, NULL));
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, 10000, NULL));
    int before = thread_count();
    for (int i = 1; i < PENDING; i++) {
        CHECK_OK(strongroom_manager_get_async(manager, KEY, call, on_pending, NULL, NULL));
    }
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, PENDING, 20000, NULL));
    if (before < 0) {
        skipped("counting threads", "there is no /proc/self/task");
    } else {
        // One of an earlier test may end meanwhile.
        CHECK(thread_count() <= before);
    }
    CHECK_NUMBER(completed_count, 0);
    CHECK_OK(strongroom_cancel_fire(cancel));
    for (int64_t end = now_ms() + 30000; completed_count < PENDING && now_ms() < end;) {
        sleep_ms(1);
    }
    CHECK_NUMBER(completed_count, PENDING);
    CHECK_NUMBER(cancelled_count, PENDING);
    CHECK_OK(strongroom_testing_fault_counters(counters, NULL));
    CHECK_NUMBER(counters[FAULT_CANCELLED] - cancelled_before, PENDING);
    CHECK_NUMBER(counters[FAULT_WAITING], 0);
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- health, which makes an answer out of errors ---- */

static void test_health_tells_the_kind(void) {
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        char script[64];
        if (KINDS[kind].status == STRONGROOM_STATUS_CANCELLED) {
            continue;
        }
        snprintf(script, sizeof script, "health:fail(%s)", KINDS[kind].token);
        strongroom_manager_t *manager = open_fault(script);
        strongroom_report_t *report = NULL;
        check_about(script);
        CHECK_OK(strongroom_manager_health(manager, NULL, &report, NULL));
        CHECK_TEXT(strongroom_report_text(report, TEXT("state")), "unavailable");
        CHECK_TEXT(strongroom_report_text(report, TEXT("kind")), KINDS[kind].token);
        CHECK(strongroom_report_text(report, TEXT("reason")) != NULL);
        CHECK_OK(strongroom_report_free(report));
        answer_t answer;
        answer_init(&answer);
        CHECK_OK(START(&answer, strongroom_manager_health_async(manager, NULL, answer_report, &answer, NULL)));
        CHECK_OK(answer_wait(&answer));
        CHECK_TEXT(strongroom_report_text(answer.report, TEXT("kind")), KINDS[kind].token);
        answer_end(&answer, 1);
        CHECK_OK(strongroom_manager_free(manager));
    }
    check_about(NULL);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_each_kind_of_error();
    test_an_error_tells_all();
    test_a_throttled_call_says_how_long_to_wait();
    test_the_other_faults();
    test_a_lost_answer();
    test_a_deadline_is_kept();
    test_the_managers_deadline_is_kept();
    test_what_dawdles_is_waited_for();
    test_a_call_is_woken_or_cancelled_in_flight();
    test_pending_calls_need_no_threads();
    test_health_tells_the_kind();
    return check_end();
}
