/* valgrind
   What goes in as text, and what messages call it: none, the empty one, a NUL inside, a buffer of just that size. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "open.h"

/* The status, and that the message names the argument as the header does. */
static void check_names(strongroom_status_t status, strongroom_error_t *error, strongroom_status_t wanted,
                        const char *argument) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "`%s`", argument);
    check_about(argument);
    CHECK_STATUS(status, wanted);
    if (strstr(strongroom_error_message(error), quoted) == NULL) {
        check_failed(__FILE__, __LINE__, "\"%s\" does not name %s", strongroom_error_message(error), quoted);
    }
    check_error(error, wanted);
    check_about(NULL);
}

#define NAMES(call, wanted, argument)                                                                                  \
    do {                                                                                                               \
        strongroom_error_t *error = NULL;                                                                              \
        strongroom_status_t status_seen = call;                                                                        \
        check_names(status_seen, error, wanted, argument);                                                             \
    } while (0)

static const strongroom_status_t WRONG = STRONGROOM_STATUS_INVALID_ARGUMENT;
static const strongroom_status_t NO_KEY = STRONGROOM_STATUS_INVALID_KEY;

static void test_messages_name_arguments(strongroom_manager_t *manager) {
    static const char *const NONE[] = {NULL};
    strongroom_report_t *report = NULL;
    strongroom_secret_t *secret = NULL;
    strongroom_manager_t *view = NULL;
    strongroom_metadata_t *metadata = NULL;
    strongroom_options_t *options = options_of(NULL);
    strongroom_call_t *call = call_of((const char *const[]){NULL});
    size_t needed = 0;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    NAMES(strongroom_key_parse(NULL, 3, &report, &error), WRONG, "text");
    NAMES(strongroom_key_parse(TEXT(NULL), &report, &error), WRONG, "text");
    NAMES(strongroom_key_escape(NULL, 3, NULL, 0, &needed, &error), WRONG, "word");
    NAMES(strongroom_key_escape(TEXT(NULL), NULL, 0, &needed, &error), WRONG, "word");
    NAMES(strongroom_key_escape(TEXT("a"), NULL, 1, &needed, &error), WRONG, "buffer");
    NAMES(strongroom_key_unescape(TEXT(NULL), NULL, 0, &needed, &error), WRONG, "text");
    NAMES(strongroom_key_unescape(TEXT("a"), NULL, 0, NULL, &error), WRONG, "needed");
    NAMES(strongroom_manager_get(manager, TEXT(NULL), NULL, &secret, &error), WRONG, "key");
    NAMES(strongroom_manager_get(manager, TEXT("key"), NULL, NULL, &error), WRONG, "secret");
    NAMES(strongroom_manager_get_with_fallback(manager, TEXT(NULL), NULL, NULL, 0, NULL, &secret, &error), WRONG,
          "name");
    NAMES(strongroom_manager_get_with_fallback(manager, NULL, 4, NULL, NULL, 0, NULL, &secret, &error), WRONG, "name");
    NAMES(strongroom_manager_get_with_fallback(manager, TEXT("key"), NULL, NULL, 1, NULL, &secret, &error), WRONG,
          "scopes");
    NAMES(strongroom_manager_get_many(manager, NULL, NULL, 1, NULL, NULL, &error), WRONG, "list");
    strongroom_list_t *list = NULL;
    NAMES(strongroom_manager_get_many(manager, NONE, NULL, 1, NULL, &list, &error), WRONG, "key");
    NAMES(strongroom_manager_scoped(manager, TEXT(NULL), &view, &error), WRONG, "scope");
    NAMES(strongroom_manager_set(manager, TEXT("key"), NULL, 3, NULL, NULL, NULL, &error), WRONG, "value");
    NAMES(strongroom_metadata_set_provider(metadata, NULL, 3, &error), WRONG, "provider");
    NAMES(strongroom_metadata_set_scope_of_use(metadata, NULL, 3, &error), WRONG, "scope");
    NAMES(strongroom_metadata_set_label(metadata, TEXT(NULL), TEXT("value"), &error), WRONG, "name");
    NAMES(strongroom_metadata_set_label(metadata, TEXT("name"), TEXT(NULL), &error), WRONG, "value");
    NAMES(strongroom_metadata_clear(metadata, TEXT(NULL), &error), WRONG, "field");
    NAMES(strongroom_options_set_app(options, TEXT(NULL), &error), WRONG, "app");
    NAMES(strongroom_options_set(options, TEXT(NULL), TEXT("on"), &error), WRONG, "name");
    NAMES(strongroom_options_set(options, TEXT("cache"), TEXT(NULL), &error), WRONG, "value");
    NAMES(strongroom_options_set_provider(options, TEXT("encrypted.key"), NULL, NULL, NULL, &error), WRONG, "provider");
    NAMES(strongroom_call_set(call, TEXT("actor"), TEXT(NULL), &error), WRONG, "value");
    NAMES(strongroom_call_set_cancel(call, NULL, &error), STRONGROOM_STATUS_INVALID_HANDLE, "cancel");
    NAMES(strongroom_manager_get(NULL, TEXT("key"), NULL, &secret, &error), STRONGROOM_STATUS_INVALID_HANDLE,
          "manager");
    NAMES(strongroom_generate(9, 5, NULL, &secret, &error), WRONG, "form");
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_options_free(options));
    CHECK_OK(strongroom_call_free(call));
}

/* NULL with the length 0 is what "" is. */
static void test_null_of_length_0_is_empty(strongroom_manager_t *manager) {
    static const char *const NONE[] = {NULL};
    static const size_t ZERO[] = {0};
    const char *const empty[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        const char *text = empty[i];
        strongroom_secret_t *secret = NULL;
        strongroom_report_t *report = NULL;
        strongroom_list_t *list = NULL;
        strongroom_metadata_t *metadata = NULL;
        bool exists = true;
        char buffer[8] = "xxxxxxx";
        size_t length = 99;
        check_about(text ? "\"\", 0" : "NULL, 0");
        CHECK_STATUS(strongroom_manager_get(manager, text, 0, NULL, &secret, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_get_into(manager, text, 0, NULL, buffer, 8, &length, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_get_value(manager, text, 0, NULL, buffer, 8, &length, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_exists(manager, text, 0, NULL, &exists, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_set(manager, text, 0, "v", 1, NULL, NULL, NULL, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_delete(manager, text, 0, NULL, NULL), NO_KEY);
        CHECK_STATUS(strongroom_manager_get_many(manager, text ? &text : NONE, ZERO, 1, NULL, &list, NULL), NO_KEY);
        CHECK_STATUS(strongroom_key_parse(text, 0, &report, NULL), NO_KEY);
        /* The empty value is one, and so is the empty metadata. */
        CHECK_OK(strongroom_manager_set(manager, TEXT("empty"), text, 0, NULL, NULL, NULL, NULL));
        CHECK_OK(strongroom_manager_get_value(manager, TEXT("empty"), NULL, buffer, 8, &length, NULL));
        CHECK_NUMBER(length, 0);
        CHECK_TEXT(buffer, "");
        CHECK_OK(strongroom_metadata_new(&metadata, NULL));
        CHECK_OK(strongroom_metadata_set_provider(metadata, text, 0, NULL));
        CHECK_TEXT(strongroom_metadata_provider(metadata), "");
        CHECK_OK(strongroom_metadata_set_label(metadata, TEXT("label"), text, 0, NULL));
        CHECK_TEXT(strongroom_metadata_label(metadata, TEXT("label")), "");
        CHECK_OK(strongroom_metadata_free(metadata));
    }
    check_about(NULL);
}

/* A text that C would read to its middle only is none. */
static void test_a_nul_inside(strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = NULL;
    strongroom_options_t *options = options_of(NULL);
    strongroom_call_t *call = call_of((const char *const[]){NULL});
    strongroom_secret_t *secret = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("acme"), NULL));
    NAMES(strongroom_metadata_set_provider(metadata, "a\0b", 3, &error), STRONGROOM_STATUS_INVALID_VALUE, "provider");
    NAMES(strongroom_metadata_set_scope_of_use(metadata, "a\0b", 3, &error), STRONGROOM_STATUS_INVALID_VALUE, "scope");
    NAMES(strongroom_metadata_set_label(metadata, "a\0x", 3, "1", 1, &error), STRONGROOM_STATUS_INVALID_VALUE, "name");
    NAMES(strongroom_metadata_set_label(metadata, "a", 1, "1\0", 2, &error), STRONGROOM_STATUS_INVALID_VALUE, "value");
    NAMES(strongroom_options_set(options, TEXT("cache"), "on\0", 3, &error), WRONG, "value");
    NAMES(strongroom_options_set_app(options, "app\0", 4, &error), WRONG, "app");
    NAMES(strongroom_call_set(call, TEXT("actor"), "a\0b", 3, &error), WRONG, "value");
    CHECK_TEXT(strongroom_metadata_provider(metadata), "acme");
    CHECK_NUMBER(strongroom_metadata_label_count(metadata), 0);
    CHECK_STATUS(strongroom_manager_get(manager, "ke\0y", 4, NULL, &secret, NULL), NO_KEY);
    /* A value is bytes. */
    CHECK_OK(strongroom_manager_set(manager, TEXT("bytes"), "a\0b", 3, metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("bytes"), NULL, &secret, NULL));
    CHECK_NUMBER(strongroom_secret_len(secret), 3);
    CHECK(memcmp(strongroom_secret_data(secret), "a\0b", 3) == 0);
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_options_free(options));
    CHECK_OK(strongroom_call_free(call));
}

/* Text needs one byte more than its length, for the NUL; bytes do not. From the cache and, the first time, not. */
static void test_capacities(strongroom_manager_t *manager) {
    CHECK_OK(set(manager, "five", "12345"));
    for (int round = 0; round < 3; round++) {
        char buffer[8];
        size_t length = 99;
        memset(buffer, 'x', sizeof buffer);
        CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("five"), NULL, buffer, 5, &length, NULL),
                     STRONGROOM_STATUS_BUFFER_TOO_SMALL);
        CHECK_NUMBER(length, 5);
        CHECK(memcmp(buffer, "xxxxxxxx", 8) == 0);
        CHECK_OK(strongroom_manager_get_value(manager, TEXT("five"), NULL, buffer, length + 1, &length, NULL));
        CHECK_NUMBER(length, 5);
        CHECK(memcmp(buffer, "12345\0xx", 8) == 0);
        memset(buffer, 'x', sizeof buffer);
        CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("five"), NULL, buffer, 4, &length, NULL),
                     STRONGROOM_STATUS_BUFFER_TOO_SMALL);
        CHECK_NUMBER(length, 5);
        CHECK(memcmp(buffer, "xxxxxxxx", 8) == 0);
        CHECK_OK(strongroom_manager_get_into(manager, TEXT("five"), NULL, buffer, 5, &length, NULL));
        CHECK(memcmp(buffer, "12345xxx", 8) == 0);
    }
    char segment[8] = "xxxxxxx";
    size_t needed = 0;
    CHECK_STATUS(strongroom_key_escape(TEXT("a b"), segment, 5, &needed, NULL), STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(needed, 5);
    CHECK_TEXT(segment, "xxxxxxx");
    CHECK_OK(strongroom_key_escape(TEXT("a b"), segment, needed + 1, &needed, NULL));
    CHECK_TEXT(segment, "a=20b");
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    strongroom_manager_t *managers[] = {open_memory(), open_encrypted("texts")};
    for (size_t i = 0; i < 2; i++) {
        test_messages_name_arguments(managers[i]);
        test_null_of_length_0_is_empty(managers[i]);
        test_a_nul_inside(managers[i]);
        test_capacities(managers[i]);
        CHECK_OK(strongroom_manager_free(managers[i]));
    }
    return check_end();
}
