#include "answers.h"

#include <ctype.h>
#include <string.h>

static cJSON *text_or_null(const char *text) { return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text); }

static cJSON *moment_or_null(strongroom_status_t status, int64_t microseconds) {
    check(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_NOT_FOUND, "a point in time: %d", (int)status);
    return status == STRONGROOM_STATUS_OK ? cJSON_CreateNumber((double)microseconds) : cJSON_CreateNull();
}

static void add_metadata(cJSON *answer, const strongroom_metadata_t *metadata) {
    cJSON_AddItemToObject(answer, "provider", text_or_null(strongroom_metadata_provider(metadata)));
    cJSON_AddItemToObject(answer, "scope_of_use", text_or_null(strongroom_metadata_scope_of_use(metadata)));
    cJSON *labels = cJSON_AddObjectToObject(answer, "labels");
    for (size_t at = 0; at < strongroom_metadata_label_count(metadata); at++) {
        const char *name = strongroom_metadata_label_name(metadata, at);
        const char *value = strongroom_metadata_label_value(metadata, at);
        const char *same = strongroom_metadata_label(metadata, name, STRONGROOM_AUTO_LENGTH);
        check(same != NULL && strcmp(same, value) == 0, "the label %s by its name and by its place", name);
        cJSON_AddStringToObject(labels, name, value);
    }
    int64_t at = 0;
    strongroom_status_t status = strongroom_metadata_expires_at(metadata, &at);
    cJSON_AddBoolToObject(answer, "expires", status == STRONGROOM_STATUS_OK);
    cJSON_AddItemToObject(answer, "expires_at", moment_or_null(status, at));
    status = strongroom_metadata_created_at(metadata, &at);
    cJSON_AddItemToObject(answer, "created_at", moment_or_null(status, at));
    cJSON_AddItemToObject(answer, "version", text_or_null(strongroom_metadata_version(metadata)));
}

cJSON *answer_bytes(struct session *session, const uint8_t *bytes, size_t length) {
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "value", json_hex(&session->arena, bytes, length));
    return answer;
}

cJSON *answer_secret(struct session *session, const strongroom_secret_t *secret) {
    const uint8_t *bytes = strongroom_secret_data(secret);
    if (!check(bytes != NULL, "a secret has bytes"))
        return cJSON_CreateNull();
    cJSON *answer = answer_bytes(session, bytes, strongroom_secret_len(secret));
    strongroom_metadata_t *metadata = NULL;
    check(strongroom_secret_metadata(secret, &metadata, NULL) == STRONGROOM_STATUS_OK, "the metadata of a secret");
    add_metadata(answer, metadata);
    strongroom_metadata_free(metadata);
    return answer;
}

cJSON *answer_generated(const strongroom_secret_t *secret) {
    const uint8_t *bytes = strongroom_secret_data(secret);
    size_t length = strongroom_secret_len(secret);
    bool symbols = false;
    for (size_t at = 0; at < length; at++)
        symbols |= bytes[at] >= 128 || !isalnum(bytes[at]);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "length", (double)length);
    cJSON_AddBoolToObject(answer, "symbols", symbols);
    return answer;
}

cJSON *answer_metadata(const strongroom_metadata_t *metadata) {
    cJSON *answer = cJSON_CreateObject();
    add_metadata(answer, metadata);
    cJSON_AddBoolToObject(answer, "expired", strongroom_metadata_is_expired(metadata));
    return answer;
}

cJSON *answer_written(const strongroom_written_t *written) {
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "created", strongroom_written_created(written));
    cJSON_AddItemToObject(answer, "version", text_or_null(strongroom_written_version(written)));
    uint64_t number = 0;
    if (strongroom_written_version_number(written, &number) == STRONGROOM_STATUS_OK)
        cJSON_AddNumberToObject(answer, "number", (double)number);
    return answer;
}

cJSON *answer_found(struct session *session, const strongroom_list_t *list) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *values = cJSON_AddObjectToObject(answer, "values");
    cJSON *failures = cJSON_AddObjectToObject(answer, "failures");
    for (size_t at = 0; at < strongroom_list_len(list); at++) {
        const char *key = strongroom_list_key(list, at);
        strongroom_secret_t *secret = NULL;
        strongroom_error_t *error = NULL;
        strongroom_status_t status = strongroom_list_outcome(list, at, &error);
        if (status == STRONGROOM_STATUS_OK) {
            check(strongroom_list_secret(list, at, &secret, NULL) == STRONGROOM_STATUS_OK, "the secret of %s", key);
            char *hex = json_hex(&session->arena, strongroom_secret_data(secret), strongroom_secret_len(secret));
            cJSON_AddStringToObject(values, key, hex);
            strongroom_secret_free(secret);
        } else if (status != STRONGROOM_STATUS_NOT_FOUND) {
            cJSON_AddStringToObject(failures, key, strongroom_error_token(error));
        }
        strongroom_error_free(error);
    }
    return answer;
}

cJSON *answer_listed(const strongroom_list_t *list) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *names = cJSON_AddArrayToObject(answer, "names");
    cJSON *expired = cJSON_AddArrayToObject(answer, "expired");
    cJSON *providers = cJSON_AddArrayToObject(answer, "providers");
    for (size_t at = 0; at < strongroom_list_len(list); at++) {
        const char *name = strongroom_list_key(list, at);
        cJSON_AddItemToArray(names, cJSON_CreateString(name));
        if (strongroom_list_flags(list, at) & STRONGROOM_ITEM_EXPIRED)
            cJSON_AddItemToArray(expired, cJSON_CreateString(name));
        strongroom_metadata_t *metadata = NULL;
        check(strongroom_list_metadata(list, at, &metadata, NULL) == STRONGROOM_STATUS_OK, "the metadata of %s", name);
        cJSON_AddItemToArray(providers, text_or_null(strongroom_metadata_provider(metadata)));
        strongroom_metadata_free(metadata);
    }
    check(strongroom_list_key(list, strongroom_list_len(list)) == NULL, "a list ends");
    const char *next = strongroom_list_next(list);
    cJSON_AddBoolToObject(answer, "more", next != NULL);
    cJSON_AddItemToObject(answer, "next", text_or_null(next));
    return answer;
}

cJSON *answer_versions(const strongroom_list_t *list) {
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "count", (double)strongroom_list_len(list));
    cJSON *versions = cJSON_AddArrayToObject(answer, "versions");
    cJSON *expiries = cJSON_AddArrayToObject(answer, "expires_at");
    for (size_t at = 0; at < strongroom_list_len(list); at++) {
        strongroom_metadata_t *metadata = NULL;
        check(strongroom_list_metadata(list, at, &metadata, NULL) == STRONGROOM_STATUS_OK, "the metadata of a version");
        const char *version = strongroom_metadata_version(metadata);
        cJSON_AddItemToArray(versions, text_or_null(version));
        if (strongroom_list_flags(list, at) & STRONGROOM_ITEM_CURRENT)
            cJSON_AddItemToObject(answer, "current", text_or_null(version));
        int64_t microseconds = 0;
        strongroom_status_t status = strongroom_metadata_expires_at(metadata, &microseconds);
        cJSON_AddItemToArray(expiries, moment_or_null(status, microseconds));
        strongroom_metadata_free(metadata);
    }
    return answer;
}

cJSON *answer_batch(const strongroom_list_t *list, strongroom_status_t *status, strongroom_error_t **error) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *created = cJSON_AddArrayToObject(answer, "created");
    for (size_t at = 0; at < strongroom_list_len(list) && *status == STRONGROOM_STATUS_OK; at++) {
        *status = strongroom_list_outcome(list, at, error);
        bool is_new = strongroom_list_flags(list, at) & STRONGROOM_ITEM_CREATED;
        cJSON_AddItemToArray(created, cJSON_CreateBool(is_new));
    }
    return answer;
}

cJSON *answer_verified(const strongroom_report_t *report) {
    static const char *const numbers[] = {"secrets", "versions", "journal", "sequence"};
    cJSON *answer = cJSON_CreateObject();
    for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
        uint64_t number = 0;
        strongroom_status_t status = strongroom_report_number(report, numbers[at], STRONGROOM_AUTO_LENGTH, &number);
        check(status == STRONGROOM_STATUS_OK, "verify tells `%s`", numbers[at]);
        cJSON_AddNumberToObject(answer, numbers[at], (double)number);
    }
    return answer;
}
