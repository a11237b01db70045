/* Verbs in both forms, as a table for tests that do the same to each of them. */
#ifndef STRONGROOM_TESTS_FAULTS_VERBS_H
#define STRONGROOM_TESTS_FAULTS_VERBS_H

#include <string.h>

#include "answer.h"
#include "open.h"

/* The same verb waiting and with a callback. The key is always `key`. */
typedef struct verb_t {
    const char *name;
    /* What the script calls it. */
    const char *operation;
    bool is_write;
    strongroom_status_t (*wait)(const strongroom_manager_t *m, const strongroom_call_t *call,
                                strongroom_error_t **error);
    strongroom_status_t (*start)(const strongroom_manager_t *m, const strongroom_call_t *call, answer_t *answer);
} verb_t;

#define KEY TEXT("key")
#define WAIT(verb) verb##_wait(const strongroom_manager_t *m, const strongroom_call_t *call, strongroom_error_t **error)
#define BEGIN(verb) verb##_start(const strongroom_manager_t *m, const strongroom_call_t *call, answer_t *answer)

static strongroom_status_t WAIT(get) {
    strongroom_secret_t *secret = NULL;
    strongroom_status_t status = strongroom_manager_get(m, KEY, call, &secret, error);
    CHECK((secret != NULL) == (status == STRONGROOM_STATUS_OK));
    CHECK_OK(strongroom_secret_free(secret));
    return status;
}
static strongroom_status_t BEGIN(get) {
    return START(answer, strongroom_manager_get_async(m, KEY, call, answer_secret, answer, NULL));
}

static strongroom_status_t WAIT(get_into) {
    uint8_t buffer[16];
    size_t length = 0;
    return strongroom_manager_get_into(m, KEY, call, buffer, sizeof buffer, &length, error);
}

static strongroom_status_t WAIT(get_many) {
    strongroom_list_t *list = NULL;
    const char *keys[] = {"key"};
    strongroom_status_t status = strongroom_manager_get_many(m, keys, NULL, 1, call, &list, error);
    CHECK_OK(strongroom_list_free(list));
    return status;
}
static strongroom_status_t BEGIN(get_many) {
    const char *keys[] = {"key"};
    return START(answer, strongroom_manager_get_many_async(m, keys, NULL, 1, call, answer_list, answer, NULL));
}

static strongroom_status_t WAIT(exists) {
    bool exists = true;
    strongroom_status_t status = strongroom_manager_exists(m, KEY, call, &exists, error);
    CHECK(status == STRONGROOM_STATUS_OK || !exists);
    return status;
}
static strongroom_status_t BEGIN(exists) {
    return START(answer, strongroom_manager_exists_async(m, KEY, call, answer_exists, answer, NULL));
}

static strongroom_status_t WAIT(describe) {
    strongroom_metadata_t *metadata = NULL;
    strongroom_status_t status = strongroom_manager_describe(m, KEY, call, &metadata, error);
    CHECK_OK(strongroom_metadata_free(metadata));
    return status;
}
static strongroom_status_t BEGIN(describe) {
    return START(answer, strongroom_manager_describe_async(m, KEY, call, answer_metadata, answer, NULL));
}

static strongroom_status_t WAIT(list) {
    strongroom_list_t *list = NULL;
    strongroom_status_t status = strongroom_manager_list(m, call, &list, error);
    CHECK_OK(strongroom_list_free(list));
    return status;
}
static strongroom_status_t BEGIN(list) {
    return START(answer, strongroom_manager_list_async(m, call, answer_list, answer, NULL));
}

static strongroom_status_t WAIT(versions) {
    strongroom_list_t *list = NULL;
    strongroom_status_t status = strongroom_manager_versions(m, KEY, call, &list, error);
    CHECK_OK(strongroom_list_free(list));
    return status;
}
static strongroom_status_t BEGIN(versions) {
    return START(answer, strongroom_manager_versions_async(m, KEY, call, answer_list, answer, NULL));
}

static strongroom_status_t WAIT(set) {
    return strongroom_manager_set(m, KEY, TEXT("value"), NULL, call, NULL, error);
}
static strongroom_status_t BEGIN(set) {
    return START(answer,
                 strongroom_manager_set_async(m, KEY, TEXT("value"), NULL, call, answer_written, answer, NULL));
}

static strongroom_batch_t *one_entry(void) {
    strongroom_batch_t *batch = NULL;
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    CHECK_OK(strongroom_batch_add(batch, KEY, TEXT("value"), NULL, NULL));
    return batch;
}
static strongroom_status_t WAIT(set_many) {
    strongroom_batch_t *batch = one_entry();
    strongroom_status_t status = strongroom_manager_set_many(m, batch, call, NULL, error);
    CHECK_OK(strongroom_batch_free(batch));
    return status;
}
static strongroom_status_t BEGIN(set_many) {
    strongroom_batch_t *batch = one_entry();
    strongroom_status_t status =
        START(answer, strongroom_manager_set_many_async(m, batch, call, answer_list, answer, NULL));
    CHECK_OK(strongroom_batch_free(batch));
    return status;
}

static strongroom_metadata_t *one_change(void) {
    strongroom_metadata_t *update = NULL;
    CHECK_OK(strongroom_metadata_new(&update, NULL));
    CHECK_OK(strongroom_metadata_set_provider(update, TEXT("acme"), NULL));
    return update;
}
static strongroom_status_t WAIT(update_metadata) {
    strongroom_metadata_t *update = one_change();
    strongroom_status_t status = strongroom_manager_update_metadata(m, KEY, update, call, NULL, error);
    CHECK_OK(strongroom_metadata_free(update));
    return status;
}
static strongroom_status_t BEGIN(update_metadata) {
    strongroom_metadata_t *update = one_change();
    strongroom_status_t status =
        START(answer, strongroom_manager_update_metadata_async(m, KEY, update, call, answer_written, answer, NULL));
    CHECK_OK(strongroom_metadata_free(update));
    return status;
}

static strongroom_status_t WAIT(delete) {
    return strongroom_manager_delete(m, KEY, call, error);
}
static strongroom_status_t BEGIN(delete) {
    return START(answer, strongroom_manager_delete_async(m, KEY, call, answer_done, answer, NULL));
}

static strongroom_status_t WAIT(rollback) {
    return strongroom_manager_rollback(m, KEY, TEXT("1"), call, NULL, error);
}
static strongroom_status_t BEGIN(rollback) {
    return START(answer, strongroom_manager_rollback_async(m, KEY, TEXT("1"), call, answer_written, answer, NULL));
}

static strongroom_status_t WAIT(verify) {
    strongroom_report_t *report = NULL;
    strongroom_status_t status = strongroom_manager_verify(m, call, &report, error);
    CHECK_OK(strongroom_report_free(report));
    return status;
}
static strongroom_status_t BEGIN(verify) {
    return START(answer, strongroom_manager_verify_async(m, call, answer_report, answer, NULL));
}

static strongroom_status_t WAIT(lock) {
    return strongroom_manager_lock(m, call, error);
}
static strongroom_status_t BEGIN(lock) {
    return START(answer, strongroom_manager_lock_async(m, call, answer_done, answer, NULL));
}

#define VERB(name, operation, is_write) {#name, operation, is_write, name##_wait, name##_start}
static const verb_t VERBS[] = {
    {"get_into", "get", false, get_into_wait, NULL},
    VERB(get, "get", false),
    VERB(get_many, "get_many", false),
    VERB(exists, "describe", false),
    VERB(describe, "describe", false),
    VERB(list, "list", false),
    VERB(versions, "versions", false),
    VERB(verify, "verify", false),
    VERB(lock, "lock", false),
    VERB(set, "set", true),
    VERB(set_many, "set_many", true),
    VERB(update_metadata, "update_metadata", true),
    VERB(rollback, "rollback", true),
    VERB(delete, "delete", true),
};
enum { VERB_COUNT = sizeof VERBS / sizeof VERBS[0] };

static const verb_t *verb_of(const char *name) {
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(VERBS[i].name, name) == 0) {
            return &VERBS[i];
        }
    }
    return NULL;
}

#endif
