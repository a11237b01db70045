/* valgrind static
   The verbs that read and write one secret, through memory and the encrypted store. */
#define _GNU_SOURCE
#include <string.h>

#include "open.h"

static const int64_t FAR = INT64_C(4102444800123456); /* 2100, to the microsecond */

/* ---- get, get_into, get_value ---- */

static void test_a_value_comes_back(const strongroom_manager_t *manager) {
    static const uint8_t bytes[] = {0, 1, 0xff, 0xfe, 0, 'x'};
    strongroom_secret_t *secret = NULL;
    CHECK_OK(strongroom_manager_set(manager, TEXT("bytes"), bytes, sizeof bytes, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("bytes"), NULL, &secret, NULL));
    CHECK_NUMBER(strongroom_secret_len(secret), sizeof bytes);
    CHECK(memcmp(strongroom_secret_data(secret), bytes, sizeof bytes) == 0);
    CHECK_OK(strongroom_secret_free(secret));
    /* Lengths count exactly; AUTO_LENGTH is strlen, for values too. */
    CHECK_OK(strongroom_manager_set(manager, "textual", 4, "value", 3, NULL, NULL, NULL, NULL));
    check_value(manager, "text", "val");
    check_value(manager, "textual", NULL);
    /* An empty value is a value; its data pointer is not NULL. */
    CHECK_OK(strongroom_manager_set(manager, TEXT("empty"), NULL, 0, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("empty"), NULL, &secret, NULL));
    CHECK(strongroom_secret_data(secret) != NULL);
    CHECK_NUMBER(strongroom_secret_len(secret), 0);
    CHECK_OK(strongroom_secret_free(secret));
}

static void test_a_missing_secret_is_not_found(const strongroom_manager_t *manager) {
    strongroom_secret_t *secret = NULL;
    strongroom_error_t *error = NULL;
    uint8_t buffer[8];
    size_t length = 9;
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("org/acme/none"), NULL, &secret, &error),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK(secret == NULL);
    CHECK_TEXT(strongroom_error_key(error), "org/acme/none");
    CHECK(strstr(strongroom_error_message(error), "not_found") == strongroom_error_message(error));
    CHECK_TEXT(strongroom_error_operation(error), "get");
    CHECK(strlen(strongroom_error_help(error)) > 0);
    CHECK(!strongroom_error_is_retryable(error));
    CHECK_NUMBER(strongroom_error_retry_after(error), -1);
    CHECK_NUMBER(strongroom_error_foreign_code(error), 0);
    CHECK(strongroom_error_setting(error) == NULL);
    check_error(error, STRONGROOM_STATUS_NOT_FOUND);
    CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("none"), NULL, buffer, sizeof buffer, &length, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(length, 0);
    CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("none"), NULL, (char *)buffer, 8, &length, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
}

static void test_a_value_is_copied_into_a_buffer(const strongroom_manager_t *manager) {
    char buffer[12];
    size_t length = 0;
    CHECK_OK(set(manager, "into", "12345678"));
    /* The first time from the backend, then from the cache. */
    for (int round = 0; round < 3; round++) {
        memset(buffer, 'x', sizeof buffer);
        CHECK_OK(strongroom_manager_get_into(manager, TEXT("into"), NULL, buffer, 8, &length, NULL));
        CHECK_BYTES(buffer, length, "12345678");
        CHECK(buffer[8] == 'x');
        CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("into"), NULL, buffer + 8, 3, &length, NULL),
                     STRONGROOM_STATUS_BUFFER_TOO_SMALL);
        CHECK_NUMBER(length, 8);
        CHECK(buffer[8] == 'x');
        /* As text a place for the NUL is needed. */
        CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("into"), NULL, buffer + 1, 8, &length, NULL),
                     STRONGROOM_STATUS_BUFFER_TOO_SMALL);
        CHECK_NUMBER(length, 8);
        CHECK_OK(strongroom_manager_get_value(manager, TEXT("into"), NULL, buffer, 9, &length, NULL));
        CHECK_TEXT(buffer, "12345678");
        CHECK_NUMBER(length, 8);
        CHECK(buffer[9] == 'x');
    }
    CHECK_OK(strongroom_manager_set(manager, TEXT("into"), NULL, 0, NULL, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_get_into(manager, TEXT("into"), NULL, NULL, 0, &length, NULL));
    CHECK_NUMBER(length, 0);
    CHECK_OK(strongroom_manager_get_value(manager, TEXT("into"), NULL, buffer, 1, &length, NULL));
    CHECK_TEXT(buffer, "");
    static const uint8_t with_nul[] = {'a', 0, 'b'}, no_text[] = {0xff, 0xfe};
    for (int round = 0; round < 2; round++) {
        CHECK_OK(strongroom_manager_set(manager, TEXT("into"), with_nul, 3, NULL, NULL, NULL, NULL));
        CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("into"), NULL, buffer, 12, &length, NULL),
                     STRONGROOM_STATUS_INVALID_VALUE);
        CHECK_OK(strongroom_manager_set(manager, TEXT("into"), no_text, 2, NULL, NULL, NULL, NULL));
        CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("into"), NULL, buffer, 12, &length, NULL),
                     STRONGROOM_STATUS_INVALID_VALUE);
        CHECK_OK(strongroom_manager_get_into(manager, TEXT("into"), NULL, buffer, 12, &length, NULL));
        CHECK_NUMBER(length, 2);
    }
}

/* ---- metadata, times ---- */

static strongroom_metadata_t *some_metadata(void) {
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("openai"), NULL));
    CHECK_OK(strongroom_metadata_set_scope_of_use(metadata, TEXT("models:read"), NULL));
    CHECK_OK(strongroom_metadata_set_label(metadata, TEXT("zone"), TEXT("b"), NULL));
    CHECK_OK(strongroom_metadata_set_label(metadata, TEXT("n\xc3\xa4me"), TEXT("w\xc3\xb6rt"), NULL));
    CHECK_OK(strongroom_metadata_set_label(metadata, TEXT("zone"), TEXT("a"), NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, FAR, NULL));
    return metadata;
}

static void check_some_metadata(const strongroom_metadata_t *metadata) {
    int64_t time = 0;
    CHECK_TEXT(strongroom_metadata_provider(metadata), "openai");
    CHECK_TEXT(strongroom_metadata_scope_of_use(metadata), "models:read");
    CHECK_NUMBER(strongroom_metadata_label_count(metadata), 2);
    CHECK_TEXT(strongroom_metadata_label_name(metadata, 0), "n\xc3\xa4me");
    CHECK_TEXT(strongroom_metadata_label_value(metadata, 0), "w\xc3\xb6rt");
    CHECK_TEXT(strongroom_metadata_label_name(metadata, 1), "zone");
    CHECK_TEXT(strongroom_metadata_label(metadata, TEXT("zone")), "a");
    CHECK(strongroom_metadata_label(metadata, TEXT("none")) == NULL);
    CHECK_OK(strongroom_metadata_expires_at(metadata, &time));
    CHECK_NUMBER(time, FAR);
    CHECK(!strongroom_metadata_is_expired(metadata));
}

static void check_times(const strongroom_metadata_t *metadata, int64_t begin) {
    int64_t created = 0, updated = 0;
    /* The clock of the store counts microseconds; the caller's may be read a moment apart. */
    CHECK_OK(strongroom_metadata_created_at(metadata, &created));
    CHECK_OK(strongroom_metadata_updated_at(metadata, &updated));
    CHECK(created >= begin - 1000000 && created <= wall_us() + 1000000);
    CHECK(updated >= created && updated <= wall_us() + 1000000);
}

static void test_metadata_goes_and_comes(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = some_metadata(), *copy = NULL;
    strongroom_secret_t *secret = NULL;
    int64_t begin = wall_us(), time = 7;
    uint64_t number = 7;
    check_some_metadata(metadata);
    CHECK_STATUS(strongroom_metadata_created_at(metadata, &time), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(time, 0);
    CHECK_STATUS(strongroom_metadata_version_number(metadata, &number), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(number, 0);
    CHECK(strongroom_metadata_version(metadata) == NULL);
    CHECK_OK(strongroom_manager_set(manager, TEXT("meta"), TEXT("value"), metadata, NULL, NULL, NULL));
    /* What was written stays the caller's, unchanged. */
    check_some_metadata(metadata);
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_manager_get(manager, TEXT("meta"), NULL, &secret, NULL));
    CHECK_OK(strongroom_secret_metadata(secret, &copy, NULL));
    CHECK_OK(strongroom_secret_free(secret));
    /* A copy outlives its secret, and is a builder for the next write. */
    check_some_metadata(copy);
    check_times(copy, begin);
    CHECK(strongroom_metadata_version(copy) != NULL);
    CHECK_OK(strongroom_metadata_version_number(copy, &number));
    CHECK(number > 0);
    CHECK_OK(strongroom_metadata_clear(copy, TEXT("labels"), NULL));
    CHECK_OK(strongroom_metadata_clear(copy, TEXT("expires_at"), NULL));
    CHECK_NUMBER(strongroom_metadata_label_count(copy), 0);
    CHECK_STATUS(strongroom_metadata_expires_at(copy, &time), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_STATUS(strongroom_metadata_clear(copy, TEXT("colour"), NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_manager_set(manager, TEXT("meta"), TEXT("value"), copy, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(copy));
    CHECK_OK(strongroom_manager_describe(manager, TEXT("meta"), NULL, &copy, NULL));
    CHECK_TEXT(strongroom_metadata_provider(copy), "openai");
    CHECK_NUMBER(strongroom_metadata_label_count(copy), 0);
    check_times(copy, begin);
    CHECK_OK(strongroom_metadata_free(copy));
}

static void test_metadata_is_updated_by_fields(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = some_metadata(), *update = NULL;
    strongroom_written_t *written = NULL;
    CHECK_OK(strongroom_manager_set(manager, TEXT("update"), TEXT("value"), metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_metadata_new(&update, NULL));
    CHECK_OK(strongroom_metadata_clear(update, TEXT("provider"), NULL));
    CHECK_OK(strongroom_metadata_clear(update, TEXT("expires_at"), NULL));
    CHECK_OK(strongroom_metadata_set_label(update, TEXT("only"), TEXT("one"), NULL));
    CHECK_OK(strongroom_manager_update_metadata(manager, TEXT("update"), update, NULL, &written, NULL));
    CHECK(!strongroom_written_created(written));
    CHECK_OK(strongroom_written_free(written));
    CHECK_STATUS(strongroom_manager_update_metadata(manager, TEXT("none"), update, NULL, NULL, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_metadata_free(update));
    CHECK_OK(strongroom_manager_describe(manager, TEXT("update"), NULL, &metadata, NULL));
    int64_t time = 0;
    CHECK(strongroom_metadata_provider(metadata) == NULL);
    CHECK_TEXT(strongroom_metadata_scope_of_use(metadata), "models:read");
    CHECK_STATUS(strongroom_metadata_expires_at(metadata, &time), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(strongroom_metadata_label_count(metadata), 1);
    CHECK_TEXT(strongroom_metadata_label(metadata, TEXT("only")), "one");
    CHECK_OK(strongroom_metadata_free(metadata));
    check_value(manager, "update", "value");
}

static void test_an_expired_secret_is_told_apart(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = NULL;
    strongroom_secret_t *secret = NULL;
    strongroom_call_t *expired_too = call_of((const char *const[]){"include_expired", "true", NULL});
    bool exists = false;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, wall_us() - 1000000, NULL));
    CHECK(strongroom_metadata_is_expired(metadata));
    CHECK_OK(strongroom_manager_set(manager, TEXT("old"), TEXT("value"), metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("old"), NULL, &secret, NULL), STRONGROOM_STATUS_EXPIRED);
    CHECK(secret == NULL);
    CHECK_OK(strongroom_manager_get(manager, TEXT("old"), expired_too, &secret, NULL));
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_manager_exists(manager, TEXT("old"), NULL, &exists, NULL));
    CHECK(exists);
    CHECK_OK(strongroom_manager_describe(manager, TEXT("old"), NULL, &metadata, NULL));
    CHECK(strongroom_metadata_is_expired(metadata));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_STATUS(strongroom_manager_update_value(manager, TEXT("old"), TEXT("new"), NULL, NULL, NULL),
                 STRONGROOM_STATUS_EXPIRED);
    strongroom_call_t *clearing = call_of((const char *const[]){"clear_expiry", "true", NULL});
    CHECK_OK(strongroom_manager_update_value(manager, TEXT("old"), TEXT("new"), clearing, NULL, NULL));
    check_value(manager, "old", "new");
    CHECK_OK(strongroom_call_free(clearing));
    CHECK_OK(strongroom_call_free(expired_too));
}

/* ---- versions ---- */

static void test_versions_are_kept(const strongroom_manager_t *manager) {
    char versions[3][64];
    strongroom_written_t *written = NULL;
    strongroom_secret_t *secret = NULL;
    const char *values[] = {"one", "two", "three"};
    uint64_t number = 0, before = 0;
    for (int i = 0; i < 3; i++) {
        strongroom_status_t status =
            i < 2 ? strongroom_manager_set(manager, TEXT("v"), TEXT(values[i]), NULL, NULL, &written, NULL)
                  : strongroom_manager_rotate(manager, TEXT("v"), TEXT(values[i]), NULL, &written, NULL);
        CHECK_OK(status);
        CHECK_NUMBER(strongroom_written_created(written), i == 0);
        CHECK_OK(strongroom_written_version_number(written, &number));
        CHECK(number > before);
        before = number;
        strncpy(versions[i], strongroom_written_version(written), sizeof versions[i] - 1);
        versions[i][sizeof versions[i] - 1] = '\0';
        CHECK_OK(strongroom_written_free(written));
    }
    CHECK_OK(strongroom_manager_get_version(manager, TEXT("v"), TEXT(versions[0]), NULL, &secret, NULL));
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "one");
    CHECK_OK(strongroom_secret_free(secret));
    strongroom_call_t *second = call_of((const char *const[]){"version", versions[1], NULL});
    CHECK_OK(strongroom_manager_get(manager, TEXT("v"), second, &secret, NULL));
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "two");
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_call_free(second));
    CHECK_STATUS(strongroom_manager_get_version(manager, TEXT("v"), TEXT("nonsense"), NULL, &secret, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);

    strongroom_list_t *list = NULL;
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_manager_versions(manager, TEXT("v"), NULL, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), 3);
    for (size_t i = 0; i < 3; i++) {
        int64_t time = 0;
        CHECK_OK(strongroom_list_metadata(list, i, &metadata, NULL));
        CHECK_TEXT(strongroom_metadata_version(metadata), versions[2 - i]);
        CHECK_OK(strongroom_metadata_created_at(metadata, &time));
        CHECK_OK(strongroom_metadata_free(metadata));
        CHECK_NUMBER(strongroom_list_flags(list, i) & STRONGROOM_ITEM_CURRENT, i == 0 ? STRONGROOM_ITEM_CURRENT : 0);
        CHECK_STATUS(strongroom_list_secret(list, i, &secret, NULL), STRONGROOM_STATUS_UNSUPPORTED);
    }
    CHECK_OK(strongroom_list_free(list));

    CHECK_OK(strongroom_manager_rollback(manager, TEXT("v"), NULL, 0, NULL, &written, NULL));
    CHECK_OK(strongroom_written_version_number(written, &number));
    CHECK(number > before);
    CHECK_OK(strongroom_written_free(written));
    check_value(manager, "v", "two");
    CHECK_OK(strongroom_manager_rollback(manager, TEXT("v"), TEXT(versions[0]), NULL, NULL, NULL));
    check_value(manager, "v", "one");
    /* Now: one two three two one; two before the current one is three. */
    strongroom_call_t *back = call_of((const char *const[]){"back", "2", NULL});
    CHECK_OK(strongroom_manager_rollback(manager, TEXT("v"), NULL, STRONGROOM_AUTO_LENGTH, back, NULL, NULL));
    check_value(manager, "v", "three");
    CHECK_OK(strongroom_call_free(back));
    CHECK_STATUS(strongroom_manager_rotate(manager, TEXT("none"), TEXT("x"), NULL, NULL, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
}

/* ---- the other writes ---- */

static void test_conditions_are_kept(const strongroom_manager_t *manager) {
    strongroom_call_t *absent = call_of((const char *const[]){"if_absent", "true", NULL});
    strongroom_written_t *written = NULL;
    CHECK_OK(strongroom_manager_set(manager, TEXT("cas"), TEXT("one"), NULL, absent, &written, NULL));
    CHECK_STATUS(strongroom_manager_set(manager, TEXT("cas"), TEXT("two"), NULL, absent, NULL, NULL),
                 STRONGROOM_STATUS_CONFLICT);
    strongroom_call_t *same = call_of((const char *const[]){"if_version", strongroom_written_version(written), NULL});
    CHECK_OK(strongroom_manager_set(manager, TEXT("cas"), TEXT("two"), NULL, same, NULL, NULL));
    CHECK_STATUS(strongroom_manager_set(manager, TEXT("cas"), TEXT("three"), NULL, same, NULL, NULL),
                 STRONGROOM_STATUS_CONFLICT);
    CHECK_STATUS(strongroom_manager_update_value(manager, TEXT("cas"), TEXT("three"), same, NULL, NULL),
                 STRONGROOM_STATUS_CONFLICT);
    check_value(manager, "cas", "two");
    CHECK_OK(strongroom_written_free(written));
    CHECK_OK(strongroom_call_free(same));
    CHECK_OK(strongroom_call_free(absent));
}

static void test_an_import_keeps_its_time(const strongroom_manager_t *manager) {
    strongroom_call_t *imported = call_of((const char *const[]){"created_at", "1000000000123456", NULL});
    strongroom_metadata_t *metadata = NULL;
    int64_t created = 0;
    CHECK_OK(strongroom_manager_set(manager, TEXT("import"), TEXT("value"), NULL, imported, NULL, NULL));
    CHECK_OK(strongroom_manager_describe(manager, TEXT("import"), NULL, &metadata, NULL));
    CHECK_OK(strongroom_metadata_created_at(metadata, &created));
    CHECK_NUMBER(created, INT64_C(1000000000123456));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_call_free(imported));
}

static void test_api_keys_and_updates_keep_metadata(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = some_metadata();
    strongroom_written_t *written = NULL;
    CHECK_STATUS(strongroom_manager_update_value(manager, TEXT("api"), TEXT("x"), NULL, NULL, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_manager_set(manager, TEXT("api"), TEXT("one"), metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_manager_set_api_key(manager, TEXT("api"), TEXT("two"), TEXT("openai"), NULL, &written, NULL));
    CHECK(!strongroom_written_created(written));
    CHECK_OK(strongroom_written_free(written));
    CHECK_OK(strongroom_manager_set_api_key(manager, TEXT("api"), TEXT("three"), NULL, 0, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_update_value(manager, TEXT("api"), TEXT("four"), NULL, NULL, NULL));
    check_value(manager, "api", "four");
    CHECK_OK(strongroom_manager_describe(manager, TEXT("api"), NULL, &metadata, NULL));
    check_some_metadata(metadata);
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_manager_set_api_key(manager, TEXT("api2"), TEXT("x"), TEXT("acme"), NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_describe(manager, TEXT("api2"), NULL, &metadata, NULL));
    CHECK_TEXT(strongroom_metadata_provider(metadata), "acme");
    CHECK_OK(strongroom_metadata_free(metadata));
}

static void test_deleting(const strongroom_manager_t *manager) {
    strongroom_call_t *missing_ok = call_of((const char *const[]){"missing_ok", "true", NULL});
    bool exists = true;
    CHECK_OK(set(manager, "gone", "value"));
    CHECK_OK(strongroom_manager_delete(manager, TEXT("gone"), NULL, NULL));
    CHECK_STATUS(strongroom_manager_delete(manager, TEXT("gone"), NULL, NULL), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_manager_delete(manager, TEXT("gone"), missing_ok, NULL));
    CHECK_OK(strongroom_manager_exists(manager, TEXT("gone"), NULL, &exists, NULL));
    CHECK(!exists);
    strongroom_metadata_t *metadata = NULL;
    CHECK_STATUS(strongroom_manager_describe(manager, TEXT("gone"), NULL, &metadata, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_call_free(missing_ok));
}

static void over(strongroom_manager_t *manager) {
    test_a_value_comes_back(manager);
    test_a_missing_secret_is_not_found(manager);
    test_a_value_is_copied_into_a_buffer(manager);
    test_metadata_goes_and_comes(manager);
    test_metadata_is_updated_by_fields(manager);
    test_an_expired_secret_is_told_apart(manager);
    test_versions_are_kept(manager);
    test_conditions_are_kept(manager);
    test_an_import_keeps_its_time(manager);
    test_api_keys_and_updates_keep_metadata(manager);
    test_deleting(manager);
    CHECK_OK(strongroom_manager_free(manager));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    check_about("memory");
    over(open_memory());
    check_about("memory without cache");
    over(open_with((const char *const[]){"backend", "memory", "cache", "off", NULL}));
    check_about("encrypted");
    over(open_encrypted("verbs"));
    return check_end();
}
