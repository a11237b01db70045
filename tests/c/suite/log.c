/* valgrind
   The log callback: levels, no values, replaced and switched off. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

static const char CANARY[] = "canary-4c1f7e-in-a-value";

typedef struct log_t {
    atomic_int messages, by_level[6], with_hello, destroyed;
} log_t;

static void on_log(void *context, int32_t level, const char *target, const char *message) {
    log_t *log = context;
    CHECK_NUMBER(log->destroyed, 0);
    CHECK(level >= STRONGROOM_LEVEL_ERROR && level <= STRONGROOM_LEVEL_TRACE);
    CHECK(target != NULL && message != NULL);
    CHECK(strstr(message, CANARY) == NULL && strstr(message, "63616e617279") == NULL);
    log->messages++;
    log->by_level[level >= 1 && level <= 5 ? level : 0]++;
    log->with_hello += strstr(message, "hello") != NULL;
}

static void on_destroy(void *context) {
    ((log_t *)context)->destroyed++;
}

static void test_levels(void) {
    for (int32_t level = STRONGROOM_LEVEL_ERROR; level <= STRONGROOM_LEVEL_TRACE; level++) {
        log_t log;
        memset(&log, 0, sizeof log);
        CHECK_OK(strongroom_set_log_callback(level, on_log, &log, on_destroy, NULL));
        for (int32_t emitted = STRONGROOM_LEVEL_ERROR; emitted <= STRONGROOM_LEVEL_TRACE; emitted++) {
            CHECK_OK(strongroom_testing_emit_log(emitted, TEXT("hello"), NULL));
            CHECK_NUMBER(log.with_hello, emitted <= level ? emitted : level);
        }
        CHECK_NUMBER(log.destroyed, 0);
        CHECK_OK(strongroom_set_log_callback(level, NULL, NULL, NULL, NULL));
        CHECK_NUMBER(log.destroyed, 1);
        int before = log.messages;
        CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_ERROR, TEXT("hello"), NULL));
        CHECK_NUMBER(log.messages, before);
        for (int32_t silent = level + 1; silent <= STRONGROOM_LEVEL_TRACE; silent++) {
            CHECK_NUMBER(log.by_level[silent], 0);
        }
    }
}

static void test_a_replaced_callback_is_destroyed_once(void) {
    log_t first, second;
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, &first, on_destroy, NULL));
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, &second, on_destroy, NULL));
    CHECK_NUMBER(first.destroyed, 1);
    CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_INFO, TEXT("hello"), NULL));
    CHECK_NUMBER(first.with_hello, 0);
    CHECK_NUMBER(second.with_hello, 1);
    /* A set that fails takes nothing and changes nothing. */
    CHECK_STATUS(strongroom_set_log_callback(77, on_log, &first, on_destroy, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_NUMBER(first.destroyed, 1);
    CHECK_NUMBER(second.destroyed, 0);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, NULL));
    CHECK_NUMBER(first.destroyed, 1);
    CHECK_NUMBER(second.destroyed, 1);
}

/* Everything is logged, and no value, however the calls end. */
static void test_no_value_is_logged(void) {
    log_t log;
    memset(&log, 0, sizeof log);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_log, &log, on_destroy, NULL));
    strongroom_manager_t *managers[] = {open_memory(), open_encrypted("log"),
                                        open_fault("get*1:corrupt;set*1:fail(internal)")};
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        strongroom_manager_t *m = managers[i];
        strongroom_metadata_t *metadata = NULL;
        strongroom_batch_t *batch = NULL;
        strongroom_secret_t *secret = NULL;
        answer_t answer;
        set(m, "key", CANARY);
        set(m, "key", CANARY);
        strongroom_manager_get(m, TEXT("key"), NULL, &secret, NULL);
        CHECK_OK(strongroom_secret_free(secret));
        check_value(m, "key", CANARY);
        CHECK_ANSWER(&answer,
                     strongroom_manager_set_async(m, TEXT("key"), TEXT(CANARY), NULL, NULL, answer_written, &answer,
                                                  NULL),
                     STRONGROOM_STATUS_OK);
        CHECK_OK(strongroom_batch_new(&batch, NULL));
        CHECK_OK(strongroom_batch_add(batch, TEXT("many"), TEXT(CANARY), NULL, NULL));
        CHECK_OK(strongroom_manager_set_many(m, batch, NULL, NULL, NULL));
        CHECK_OK(strongroom_batch_free(batch));
        CHECK_OK(strongroom_metadata_new(&metadata, NULL));
        CHECK_OK(strongroom_metadata_set_expires_at(metadata, 1, NULL));
        CHECK_OK(strongroom_manager_set(m, TEXT("old"), TEXT(CANARY), metadata, NULL, NULL, NULL));
        CHECK_STATUS(strongroom_manager_get(m, TEXT("old"), NULL, &secret, NULL), STRONGROOM_STATUS_EXPIRED);
        CHECK_OK(strongroom_metadata_free(metadata));
        CHECK_OK(strongroom_manager_rotate(m, TEXT("key"), TEXT(CANARY), NULL, NULL, NULL));
        CHECK_OK(strongroom_manager_rollback(m, TEXT("key"), NULL, 0, NULL, NULL, NULL));
        CHECK_STATUS(strongroom_manager_get(m, TEXT(CANARY), NULL, NULL, NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
        CHECK_OK(strongroom_manager_delete(m, TEXT("key"), NULL, NULL));
        CHECK_OK(strongroom_manager_close(m, NULL, NULL));
        CHECK_OK(strongroom_manager_free(m));
    }
    /* Whatever is logged: at TRACE the calls are. */
    CHECK(log.messages > 0);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
    CHECK_NUMBER(log.destroyed, 1);
}

/* ---- replaced while other threads log ---- */

static atomic_bool over;

static void *emit(void *context) {
    while (!over) {
        CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_INFO, TEXT("hello"), NULL));
    }
    return context;
}

/* on_log checks that it is never called after destroy. */
static void test_a_callback_is_replaced_under_others(void) {
    enum { THREADS = 4, ROUNDS = 300 };
    static log_t logs[ROUNDS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, emit, NULL), 0);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, on_log, &logs[i], on_destroy, NULL));
    }
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, NULL));
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        CHECK_NUMBER(logs[i].destroyed, 1);
    }
}

/* ---- replaced by two threads at once ---- */

enum { REPLACEMENTS = 200 };
static log_t replaced[2][REPLACEMENTS];

static void *replace(void *context) {
    size_t which = (size_t)(uintptr_t)context;
    int32_t level = which == 0 ? STRONGROOM_LEVEL_ERROR : STRONGROOM_LEVEL_TRACE;
    for (size_t i = 0; i < REPLACEMENTS; i++) {
        CHECK_OK(strongroom_set_log_callback(level, on_log, &replaced[which][i], on_destroy, NULL));
    }
    return NULL;
}

/* The level that is left is that of the callback that is left. */
static void test_level_and_callback_fit(void) {
    for (size_t round = 0; round < many(30, 5); round++) {
        pthread_t threads[2];
        int alive = 0, errors = 0, traces = 0;
        memset(replaced, 0, sizeof replaced);
        for (uintptr_t i = 0; i < 2; i++) {
            CHECK_NUMBER(pthread_create(&threads[i], NULL, replace, (void *)i), 0);
        }
        for (size_t i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
        }
        CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_ERROR, TEXT("hello"), NULL));
        CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_TRACE, TEXT("hello"), NULL));
        for (size_t which = 0; which < 2; which++) {
            const log_t *last = &replaced[which][REPLACEMENTS - 1];
            if (!last->destroyed) {
                CHECK_NUMBER(last->by_level[STRONGROOM_LEVEL_ERROR], 1);
                CHECK_NUMBER(last->by_level[STRONGROOM_LEVEL_TRACE], which);
            }
            for (size_t i = 0; i < REPLACEMENTS; i++) {
                alive += !replaced[which][i].destroyed;
                errors += replaced[which][i].by_level[STRONGROOM_LEVEL_ERROR];
                traces += replaced[which][i].by_level[STRONGROOM_LEVEL_TRACE];
            }
        }
        CHECK_NUMBER(alive, 1);
        CHECK_NUMBER(errors, 1);
        CHECK(traces <= 1);
        CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_ERROR, NULL, NULL, NULL, NULL));
        for (size_t i = 0; i < REPLACEMENTS; i++) {
            CHECK_NUMBER(replaced[0][i].destroyed, 1);
            CHECK_NUMBER(replaced[1][i].destroyed, 1);
        }
    }
}

/* ---- text of the caller's ---- */

static atomic_int lines, with_request;

static void on_line(void *context, int32_t level, const char *target, const char *message) {
    (void)context, (void)level;
    lines++;
    with_request += strstr(message, "forged") != NULL;
    for (const char *text = target; text; text = text == target ? message : NULL) {
        for (size_t i = 0; text[i]; i++) {
            CHECK((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
            /* The second half of them: U+0080 to U+009F. */
            CHECK(!((unsigned char)text[i] == 0xc2 && (unsigned char)text[i + 1] < 0xa0));
        }
    }
}

/* Whatever stands in a text, an event is one line, and it moves no terminal. */
static void test_an_event_is_one_line(void) {
    static const char FORGED[] = "r1\n[1 strongroom] forged line \x1b[31m\r\x7f\xc2\x9b";
    strongroom_manager_t *managers[] = {open_memory(), open_encrypted("lines")};
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, on_line, NULL, NULL, NULL));
    for (size_t i = 0; i < 2; i++) {
        static const char *const NAMES[] = {"request_id", "actor", "reason"};
        for (size_t name = 0; name < sizeof NAMES / sizeof NAMES[0]; name++) {
            strongroom_call_t *call = call_of((const char *const[]){NULL});
            strongroom_secret_t *secret = NULL;
            /* Refusing the text is as good. */
            strongroom_status_t status = strongroom_call_set(call, TEXT(NAMES[name]), TEXT(FORGED), NULL);
            CHECK(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_INVALID_ARGUMENT);
            CHECK_OK(strongroom_manager_set(managers[i], TEXT("key"), TEXT("value"), NULL, call, NULL, NULL));
            CHECK_OK(strongroom_manager_get(managers[i], TEXT("key"), call, &secret, NULL));
            CHECK_OK(strongroom_secret_free(secret));
            CHECK_STATUS(strongroom_manager_get(managers[i], TEXT(FORGED), call, &secret, NULL),
                         STRONGROOM_STATUS_INVALID_KEY);
            CHECK_OK(strongroom_call_free(call));
        }
        CHECK_OK(strongroom_manager_free(managers[i]));
    }
    int before = lines;
    CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_ERROR, TEXT(FORGED), NULL));
    CHECK_NUMBER(lines, before + 1);
    CHECK(with_request > 0);
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_TRACE, NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_levels();
    test_a_replaced_callback_is_destroyed_once();
    test_no_value_is_logged();
    test_a_callback_is_replaced_under_others();
    test_level_and_callback_fit();
    test_an_event_is_one_line();
    return check_end();
}
