/* valgrind
   The callback form of every verb: exactly one completion, later, on another thread. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

static const strongroom_status_t OK = STRONGROOM_STATUS_OK;
static const strongroom_status_t NOT_FOUND = STRONGROOM_STATUS_NOT_FOUND;

/* answer_init and START in one; the caller looks at the answer and ends it. */
#define STARTED(answer, start)                                                                                         \
    do {                                                                                                               \
        answer_init(answer);                                                                                           \
        CHECK_OK(START(answer, start));                                                                                \
        CHECK_OK(answer_wait(answer));                                                                                 \
    } while (0)

static void test_reads(const strongroom_manager_t *m, const char *version) {
    answer_t a;
    const char *keys[] = {"key", "none"}, *scopes[] = {"org/none", "global"};
    STARTED(&a, strongroom_manager_get_async(m, TEXT("key"), NULL, answer_secret, &a, NULL));
    CHECK_BYTES(strongroom_secret_data(a.secret), strongroom_secret_len(a.secret), "two");
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_get_version_async(m, TEXT("key"), TEXT(version), NULL, answer_secret, &a, NULL));
    CHECK_BYTES(strongroom_secret_data(a.secret), strongroom_secret_len(a.secret), "one");
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_get_many_async(m, keys, NULL, 2, NULL, answer_list, &a, NULL));
    CHECK(strongroom_list_len(a.list) >= 1);
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_get_with_fallback_async(m, TEXT("key"), scopes, NULL, 2, NULL, answer_secret, &a,
                                                           NULL));
    CHECK_BYTES(strongroom_secret_data(a.secret), strongroom_secret_len(a.secret), "two");
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_exists_async(m, TEXT("key"), NULL, answer_exists, &a, NULL));
    CHECK(a.exists);
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_describe_async(m, TEXT("key"), NULL, answer_metadata, &a, NULL));
    CHECK(strongroom_metadata_version(a.metadata) != NULL);
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_list_async(m, NULL, answer_list, &a, NULL));
    CHECK_NUMBER(strongroom_list_len(a.list), 1);
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_versions_async(m, TEXT("key"), NULL, answer_list, &a, NULL));
    CHECK_NUMBER(strongroom_list_len(a.list), 2);
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_health_async(m, NULL, answer_report, &a, NULL));
    CHECK_TEXT(strongroom_report_text(a.report, TEXT("state")), "ok");
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_verify_async(m, NULL, answer_report, &a, NULL));
    CHECK_TEXT(strongroom_report_text(a.report, TEXT("secrets")), "1");
    answer_end(&a, 1);
}

static void test_writes(const strongroom_manager_t *m) {
    answer_t a;
    strongroom_batch_t *batch = NULL;
    strongroom_metadata_t *metadata = NULL;
    char value[] = "value";
    STARTED(&a, strongroom_manager_set_async(m, TEXT("w"), TEXT(value), NULL, NULL, answer_written, &a, NULL));
    CHECK(strongroom_written_created(a.written));
    answer_end(&a, 1);
    STARTED(&a, strongroom_manager_set_api_key_async(m, TEXT("w"), TEXT("two"), TEXT("acme"), NULL, answer_written, &a,
                                                     NULL));
    CHECK(!strongroom_written_created(a.written));
    answer_end(&a, 1);
    check_value(m, "w", "two");
    CHECK_ANSWER(&a, strongroom_manager_update_value_async(m, TEXT("w"), TEXT("three"), NULL, answer_written, &a, NULL),
                 OK);
    check_value(m, "w", "three");
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("other"), NULL));
    CHECK_ANSWER(&a, strongroom_manager_update_metadata_async(m, TEXT("w"), metadata, NULL, answer_written, &a, NULL),
                 OK);
    CHECK_OK(strongroom_metadata_free(metadata));
    STARTED(&a, strongroom_manager_describe_async(m, TEXT("w"), NULL, answer_metadata, &a, NULL));
    CHECK_TEXT(strongroom_metadata_provider(a.metadata), "other");
    answer_end(&a, 1);
    CHECK_ANSWER(&a, strongroom_manager_rotate_async(m, TEXT("w"), TEXT("four"), NULL, answer_written, &a, NULL), OK);
    check_value(m, "w", "four");
    CHECK_ANSWER(&a, strongroom_manager_rotate_generate_async(m, TEXT("w"), STRONGROOM_FORM_HEX, 4, NULL,
                                                              answer_written, &a, NULL),
                 OK);
    CHECK_ANSWER(&a, strongroom_manager_rollback_async(m, TEXT("w"), NULL, 0, NULL, answer_written, &a, NULL), OK);
    check_value(m, "w", "four");
    STARTED(&a, strongroom_manager_get_or_generate_async(m, TEXT("g"), STRONGROOM_FORM_HEX, 4, NULL, NULL,
                                                         answer_secret, &a, NULL));
    CHECK_NUMBER(strongroom_secret_len(a.secret), 8);
    answer_end(&a, 1);
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("b"), TEXT("value"), NULL, NULL));
    answer_init(&a);
    CHECK_OK(START(&a, strongroom_manager_set_many_async(m, batch, NULL, answer_list, &a, NULL)));
    /* A start has taken all that it needs: the batch may go, and text may change. */
    CHECK_OK(strongroom_batch_free(batch));
    CHECK_OK(answer_wait(&a));
    CHECK_NUMBER(strongroom_list_len(a.list), 1);
    answer_end(&a, 1);
    check_value(m, "b", "value");
    answer_init(&a);
    char key[] = "passing";
    CHECK_OK(START(&a, strongroom_manager_set_async(m, TEXT(key), TEXT(value), NULL, NULL, answer_written, &a, NULL)));
    memset(key, 'x', sizeof key - 1);
    memset(value, 'x', sizeof value - 1);
    CHECK_OK(answer_wait(&a));
    answer_end(&a, 1);
    check_value(m, "passing", "value");
    CHECK_ANSWER(&a, strongroom_manager_delete_async(m, TEXT("b"), NULL, answer_done, &a, NULL), OK);
    CHECK_ANSWER(&a, strongroom_manager_delete_async(m, TEXT("b"), NULL, answer_done, &a, NULL), NOT_FOUND);
}

static void test_every_verb(strongroom_options_t *options) {
    answer_t a;
    STARTED(&a, strongroom_manager_open_async(options, NULL, answer_manager, &a, NULL));
    strongroom_manager_t *m = a.manager;
    a.manager = NULL;
    answer_end(&a, 1);
    strongroom_written_t *written = NULL;
    CHECK_OK(strongroom_manager_set(m, TEXT("key"), TEXT("one"), NULL, NULL, &written, NULL));
    CHECK_OK(set(m, "key", "two"));
    test_reads(m, strongroom_written_version(written));
    CHECK_OK(strongroom_written_free(written));
    test_writes(m);
    CHECK_ANSWER(&a, strongroom_manager_lock_async(m, NULL, answer_done, &a, NULL), OK);
    check_value(m, "key", "two");
    CHECK_ANSWER(&a, strongroom_manager_get_async(m, TEXT("none"), NULL, answer_secret, &a, NULL), NOT_FOUND);
    CHECK_ANSWER(&a, strongroom_manager_describe_async(m, TEXT("none"), NULL, answer_metadata, &a, NULL), NOT_FOUND);
    CHECK_ANSWER(&a, strongroom_manager_close_async(m, NULL, answer_done, &a, NULL), OK);
    CHECK_ANSWER(&a, strongroom_manager_close_async(m, NULL, answer_done, &a, NULL), OK);
    CHECK_OK(strongroom_manager_free(m));
    CHECK_OK(strongroom_options_free(options));
}

/* A start that fails answers here and nowhere else. */
static void test_a_failed_start_completes_nothing(void) {
    strongroom_manager_t *m = open_memory();
    strongroom_call_t *unfit = call_of((const char *const[]){"limit", "3", NULL});
    strongroom_error_t *error = NULL;
    answer_t a;
    answer_init(&a);
    CHECK_STATUS(START(&a, strongroom_manager_get_async(m, NULL, 4, NULL, answer_secret, &a, &error)),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(START(&a, strongroom_manager_get_async(NULL, TEXT("key"), NULL, answer_secret, &a, NULL)),
                 STRONGROOM_STATUS_INVALID_HANDLE);
    CHECK_STATUS(START(&a, strongroom_manager_get_async(m, TEXT("key"), unfit, answer_secret, &a, NULL)),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(START(&a, strongroom_manager_get_async(m, TEXT("key"), NULL, NULL, &a, NULL)),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    sleep_ms(50);
    answer_end(&a, 0);
    CHECK_OK(strongroom_call_free(unfit));
    CHECK_OK(strongroom_manager_free(m));
}

/* A text that is no key is refused by the start, or by the one completion. */
static void test_a_bad_key_is_told_once(void) {
    static const char *const BAD[] = {"", "not a key", "planet/earth/name", "..", "org/acme/"};
    strongroom_manager_t *m = open_memory();
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        answer_t a;
        answer_init(&a);
        strongroom_status_t status = START(&a, strongroom_manager_get_async(m, TEXT(BAD[i]), NULL, answer_secret, &a,
                                                                            NULL));
        bool started = status == STRONGROOM_STATUS_OK;
        CHECK_STATUS(started ? answer_wait(&a) : status, STRONGROOM_STATUS_INVALID_KEY);
        answer_end(&a, started);
    }
    CHECK_OK(strongroom_manager_free(m));
}

/* ---- very many ---- */

enum { AT_ONCE = 1000 };
static atomic_int arrived, inside;
static atomic_int arrived_each[AT_ONCE];
static pthread_t callback_thread;

static void on_one_of_many(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                           strongroom_error_t *error) {
    /* One after another, on one thread: nobody else is inside. */
    CHECK_NUMBER(atomic_fetch_add(&inside, 1), 0);
    CHECK_OK(status);
    CHECK(error == NULL);
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    CHECK_OK(strongroom_secret_free(secret));
    atomic_fetch_add((atomic_int *)context, 1);
    if (arrived == 0) {
        callback_thread = pthread_self();
    }
    CHECK(pthread_equal(callback_thread, pthread_self()));
    atomic_fetch_sub(&inside, 1);
    arrived++;
}

static void wait_for(atomic_int *counter, int wanted) {
    for (int64_t end = now_ms() + 30000; *counter < wanted && now_ms() < end;) {
        sleep_ms(1);
    }
    CHECK_NUMBER(*counter, wanted);
}

static void test_a_thousand_at_once(strongroom_manager_t *m) {
    arrived = 0;
    memset(arrived_each, 0, sizeof arrived_each);
    CHECK_OK(set(m, "key", "value"));
    for (int i = 0; i < AT_ONCE; i++) {
        CHECK_OK(strongroom_manager_get_async(m, TEXT("key"), NULL, on_one_of_many, &arrived_each[i], NULL));
    }
    /* Freeing the manager does not end what was started. */
    CHECK_OK(strongroom_manager_free(m));
    wait_for(&arrived, AT_ONCE);
    sleep_ms(20);
    for (int i = 0; i < AT_ONCE; i++) {
        CHECK_NUMBER(arrived_each[i], 1);
    }
}

/* ---- what is legal inside ---- */

typedef struct chain_t {
    answer_t answer;
    strongroom_cancel_t *cancel;
    strongroom_manager_t *manager;
} chain_t;

static void on_fire(void *context, strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error) {
    chain_t *chain = context;
    CHECK_OK(strongroom_cancel_fire(chain->cancel));
    CHECK_OK(strongroom_cancel_free(chain->cancel));
    CHECK_OK(strongroom_manager_free(chain->manager));
    answer_secret(&chain->answer, status, secret, error);
}

static void test_a_callback_cancels_another_call(void) {
    strongroom_manager_t *hanging = open_fault("get:hang");
    chain_t chain = {.cancel = cancel_new(), .manager = open_memory()};
    strongroom_call_t *call = call_of((const char *const[]){NULL});
    answer_t hung;
    CHECK_OK(set(chain.manager, "key", "value"));
    CHECK_OK(strongroom_call_set_cancel(call, chain.cancel, NULL));
    answer_init(&hung);
    CHECK_OK(START(&hung, strongroom_manager_get_async(hanging, TEXT("key"), call, answer_secret, &hung, NULL)));
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, 10000, NULL));
    CHECK_NUMBER(hung.completions, 0);
    CHECK_ANSWER(&chain.answer, strongroom_manager_get_async(chain.manager, TEXT("key"), NULL, on_fire, &chain, NULL),
                 OK);
    CHECK_STATUS(answer_wait(&hung), STRONGROOM_STATUS_CANCELLED);
    answer_end(&hung, 1);
    CHECK_OK(strongroom_manager_free(hanging));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    check_about("memory");
    test_every_verb(options_of((const char *const[]){"backend", "memory", NULL}));
    check_about("encrypted");
    test_every_verb(encrypted_options("callbacks"));
    check_about(NULL);
    test_a_failed_start_completes_nothing();
    test_a_bad_key_is_told_once();
    test_a_thousand_at_once(open_memory());
    test_a_thousand_at_once(open_with((const char *const[]){"backend", "memory", "cache", "off", NULL}));
    test_a_thousand_at_once(open_encrypted("thousand"));
    test_a_callback_cancels_another_call();
    return check_end();
}
