/* valgrind
   Lists and batches, views, generated values, reports, keys: through memory and the encrypted store. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"

/* ---- lists ---- */

static void test_a_list_has_pages(const strongroom_manager_t *manager) {
    char key[64], after[256];
    for (int i = 0; i < 25; i++) {
        snprintf(key, sizeof key, "app/pages/key%02d", i);
        CHECK_OK(set(manager, key, "value"));
    }
    size_t pages = 0, seen = 0;
    strongroom_call_t *call = call_of((const char *const[]){"scope", "app/pages", "limit", "10", NULL});
    for (bool more = true; more;) {
        strongroom_list_t *list = NULL;
        if (!CHECK_OK(strongroom_manager_list(manager, call, &list, NULL))) {
            break;
        }
        for (size_t i = 0; i < strongroom_list_len(list); i++) {
            snprintf(key, sizeof key, "app/pages/key%02d", (int)seen++);
            CHECK_TEXT(strongroom_list_key(list, i), key);
            CHECK_NUMBER(strongroom_list_flags(list, i) & STRONGROOM_ITEM_REFERENCE, 0);
        }
        pages++;
        more = strongroom_list_next(list) != NULL;
        snprintf(after, sizeof after, "%s", more ? strongroom_list_next(list) : "");
        CHECK_OK(strongroom_list_free(list));
        if (more) {
            CHECK_OK(strongroom_call_set(call, TEXT("after"), TEXT(after), NULL));
        }
    }
    CHECK_NUMBER(pages, 3);
    CHECK_NUMBER(seen, 25);
    /* A bare name is one of the scope. */
    CHECK_OK(strongroom_call_set(call, TEXT("after"), TEXT("key19"), NULL));
    strongroom_list_t *rest = NULL;
    if (CHECK_OK(strongroom_manager_list(manager, call, &rest, NULL))) {
        CHECK_NUMBER(strongroom_list_len(rest), 5);
        CHECK_TEXT(strongroom_list_key(rest, 0), "app/pages/key20");
        CHECK_OK(strongroom_list_free(rest));
    }
    CHECK_OK(strongroom_call_free(call));
}

static size_t count_of(const strongroom_manager_t *manager, const char *const *options) {
    strongroom_call_t *call = call_of(options);
    strongroom_list_t *list = NULL;
    CHECK_OK(strongroom_manager_list(manager, call, &list, NULL));
    size_t count = strongroom_list_len(list);
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_call_free(call));
    return count;
}

static void test_a_list_has_filters(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("openai"), NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, 1000000, NULL));
    CHECK_OK(strongroom_manager_set(manager, TEXT("org/filter/a"), TEXT("v"), metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(set(manager, "org/filter/b", "v"));
    CHECK_NUMBER(count_of(manager, (const char *const[]){"scope", "org/filter", NULL}), 2);
    CHECK_NUMBER(count_of(manager, (const char *const[]){"scope", "org/filter", "provider", "openai", NULL}), 1);
    CHECK_NUMBER(count_of(manager, (const char *const[]){"prefix", "org/filter/b", NULL}), 1);
    CHECK_NUMBER(count_of(manager, (const char *const[]){"scope", "org/nobody", NULL}), 0);
    /* An expired one is listed and flagged; all metadata comes where it is asked for. */
    strongroom_call_t *full =
        call_of((const char *const[]){"scope", "org/filter", "full_metadata", "true", "provider", "openai", NULL});
    strongroom_list_t *list = NULL;
    CHECK_OK(strongroom_manager_list(manager, full, &list, NULL));
    CHECK_NUMBER(strongroom_list_flags(list, 0) & STRONGROOM_ITEM_EXPIRED, STRONGROOM_ITEM_EXPIRED);
    CHECK_OK(strongroom_list_metadata(list, 0, &metadata, NULL));
    CHECK_TEXT(strongroom_metadata_provider(metadata), "openai");
    CHECK_OK(strongroom_metadata_free(metadata));
    strongroom_secret_t *secret = NULL;
    CHECK_STATUS(strongroom_list_secret(list, 0, &secret, NULL), STRONGROOM_STATUS_UNSUPPORTED);
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_call_free(full));
}

/* ---- batches ---- */

static void test_a_batch_is_written_and_read(const strongroom_manager_t *manager) {
    strongroom_batch_t *batch = NULL;
    strongroom_metadata_t *metadata = NULL;
    strongroom_list_t *list = NULL;
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("acme"), NULL));
    CHECK_OK(set(manager, "batch_b", "before"));
    CHECK_OK(strongroom_batch_add(batch, TEXT("batch_c"), TEXT("three"), metadata, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("batch_b"), TEXT("two"), NULL, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("batch_a"), TEXT("one"), NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_manager_set_many(manager, batch, NULL, &list, NULL));
    const char *keys[] = {"global/batch_c", "global/batch_b", "global/batch_a"};
    CHECK_NUMBER(strongroom_list_len(list), 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_TEXT(strongroom_list_key(list, i), keys[i]);
        CHECK_OK(strongroom_list_outcome(list, i, NULL));
        CHECK_NUMBER(strongroom_list_flags(list, i) & STRONGROOM_ITEM_CREATED, i == 1 ? 0 : STRONGROOM_ITEM_CREATED);
        CHECK_OK(strongroom_list_metadata(list, i, &metadata, NULL));
        CHECK(strongroom_metadata_version(metadata) != NULL);
        CHECK_OK(strongroom_metadata_free(metadata));
    }
    CHECK_OK(strongroom_list_free(list));
    /* A batch is not used up by a write. */
    CHECK_OK(strongroom_manager_set_many(manager, batch, NULL, NULL, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("global/batch_a"), TEXT("twice"), NULL, NULL));
    CHECK_STATUS(strongroom_manager_set_many(manager, batch, NULL, &list, NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(list == NULL);
    CHECK_OK(strongroom_batch_free(batch));
    check_value(manager, "batch_a", "one");
    /* A key that is none is answered when the batch is written, and named. */
    strongroom_error_t *error = NULL;
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("batch_d"), TEXT("four"), NULL, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("not a key"), TEXT("five"), NULL, NULL));
    CHECK_STATUS(strongroom_manager_set_many(manager, batch, NULL, NULL, &error), STRONGROOM_STATUS_INVALID_KEY);
    CHECK(strstr(strongroom_error_key(error), "not a key") != NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_KEY);
    CHECK_OK(strongroom_batch_free(batch));
    check_value(manager, "batch_d", NULL);
}

/* One item for each key that was asked for, in that order. */
static void test_many_are_read_at_once(const strongroom_manager_t *manager) {
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, 1000000, NULL));
    CHECK_OK(strongroom_manager_set(manager, TEXT("many_old"), TEXT("v"), metadata, NULL, NULL, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(set(manager, "many_a", "one"));
    CHECK_OK(set(manager, "many_b", "two"));
    static const struct {
        const char *canonical;
        strongroom_status_t outcome;
    } WANTED[] = {{"global/many_b", STRONGROOM_STATUS_OK},
                  {"global/many_none", STRONGROOM_STATUS_NOT_FOUND},
                  {"global/many_old", STRONGROOM_STATUS_EXPIRED},
                  {"global/many_a", STRONGROOM_STATUS_OK}};
    const char *keys[] = {"many_b", "many_none", "many_old", "global/many_a"};
    strongroom_list_t *list = NULL;
    strongroom_error_t *error = NULL;
    strongroom_secret_t *secret = NULL;
    CHECK_OK(strongroom_manager_get_many(manager, keys, NULL, 4, NULL, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_TEXT(strongroom_list_key(list, i), WANTED[i].canonical);
        CHECK_STATUS(strongroom_list_outcome(list, i, &error), WANTED[i].outcome);
        CHECK((error != NULL) == (WANTED[i].outcome != STRONGROOM_STATUS_OK));
        CHECK_OK(strongroom_error_free(error));
        strongroom_status_t status = strongroom_list_secret(list, i, &secret, NULL);
        CHECK((status == STRONGROOM_STATUS_OK) == (WANTED[i].outcome == STRONGROOM_STATUS_OK));
        CHECK((secret != NULL) == (status == STRONGROOM_STATUS_OK));
        CHECK_OK(strongroom_secret_free(secret));
    }
    CHECK_OK(strongroom_list_secret(list, 3, &secret, NULL));
    CHECK_OK(strongroom_list_free(list));
    /* A copy outlives its list. */
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "one");
    CHECK_OK(strongroom_secret_free(secret));
    /* With lengths, keys need no NUL; the same key twice is two items. */
    const size_t lengths[] = {6, 6, 6};
    const char *cut[] = {"many_a...", "many_b...", "many_a"};
    CHECK_OK(strongroom_manager_get_many(manager, cut, lengths, 3, NULL, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), 3);
    for (size_t i = 0; i < strongroom_list_len(list); i++) {
        CHECK_OK(strongroom_list_outcome(list, i, NULL));
    }
    CHECK_TEXT(strongroom_list_key(list, 2), "global/many_a");
    CHECK_OK(strongroom_list_free(list));
    keys[1] = "not a key";
    CHECK_STATUS(strongroom_manager_get_many(manager, keys, NULL, 4, NULL, &list, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
    CHECK(list == NULL);
}

/* ---- views, fallback ---- */

static void test_a_view_adds_its_scope(const strongroom_manager_t *manager) {
    strongroom_manager_t *view = NULL;
    CHECK_OK(strongroom_manager_scoped(manager, TEXT("team/view"), &view, NULL));
    CHECK_OK(set(view, "name", "inside"));
    check_value(manager, "team/view/name", "inside");
    check_value(view, "name", "inside");
    check_value(view, "team/view/name", "inside");
    check_value(view, "global/name", NULL);
    CHECK_NUMBER(count_of(view, (const char *const[]){NULL}), 1);
    strongroom_manager_t *bad = (void *)manager;
    CHECK_STATUS(strongroom_manager_scoped(manager, TEXT("planet/earth"), &bad, NULL), STRONGROOM_STATUS_INVALID_KEY);
    CHECK(bad == NULL);
    CHECK_OK(strongroom_manager_free(view));
    check_value(manager, "team/view/name", "inside");
}

static void test_a_fallback_goes_from_scope_to_scope(const strongroom_manager_t *manager) {
    const char *scopes[] = {"user/me", "org/fall", "global"};
    const size_t lengths[] = {7, 8, 6};
    strongroom_secret_t *secret = NULL;
    CHECK_STATUS(strongroom_manager_get_with_fallback(manager, TEXT("F"), scopes, NULL, 3, NULL, &secret, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(set(manager, "F", "global"));
    CHECK_OK(set(manager, "org/fall/F", "org"));
    CHECK_OK(strongroom_manager_get_with_fallback(manager, TEXT("F"), scopes, NULL, 3, NULL, &secret, NULL));
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "org");
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_STATUS(strongroom_manager_get_with_fallback(manager, "F...", 1, scopes, lengths, 1, NULL, &secret, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_STATUS(strongroom_manager_get_with_fallback(manager, TEXT("org/x/F"), scopes, NULL, 3, NULL, &secret, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
}

/* ---- generated values ---- */

static void check_only(const strongroom_secret_t *secret, size_t length, const char *alphabet) {
    CHECK_NUMBER(strongroom_secret_len(secret), length);
    const uint8_t *data = strongroom_secret_data(secret);
    for (size_t i = 0; i < strongroom_secret_len(secret); i++) {
        CHECK(data[i] != 0 && strchr(alphabet, data[i]) != NULL);
    }
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static void test_values_are_generated(const strongroom_manager_t *manager) {
    static const struct {
        int32_t form;
        size_t length, wanted;
        const char *alphabet;
    } FORMS[] = {
        {STRONGROOM_FORM_HEX, 16, 32, "0123456789abcdef"},
        {STRONGROOM_FORM_BASE64, 32, 43, ALNUM "-_"},
        {STRONGROOM_FORM_PASSWORD, 20, 20, ALNUM "!#%&()*+,-./:;<=>?@[]^_{|}~"},
    };
    strongroom_secret_t *secret = NULL, *again = NULL;
    strongroom_written_t *written = NULL;
    char key[32];
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        snprintf(key, sizeof key, "generated%zu", i);
        CHECK_OK(strongroom_generate(FORMS[i].form, FORMS[i].length, NULL, &secret, NULL));
        check_only(secret, FORMS[i].wanted, FORMS[i].alphabet);
        CHECK_OK(strongroom_secret_free(secret));
        CHECK_OK(strongroom_manager_get_or_generate(manager, TEXT(key), FORMS[i].form, FORMS[i].length, NULL, NULL,
                                                    &secret, NULL));
        check_only(secret, FORMS[i].wanted, FORMS[i].alphabet);
        CHECK_OK(strongroom_manager_get_or_generate(manager, TEXT(key), STRONGROOM_FORM_BYTES, 7, NULL, NULL, &again,
                                                    NULL));
        CHECK_NUMBER(strongroom_secret_len(again), FORMS[i].wanted);
        CHECK(memcmp(strongroom_secret_data(secret), strongroom_secret_data(again), FORMS[i].wanted) == 0);
        CHECK_OK(strongroom_secret_free(secret));
        CHECK_OK(strongroom_secret_free(again));
        CHECK_OK(strongroom_manager_rotate_generate(manager, TEXT(key), FORMS[i].form, FORMS[i].length + 1, NULL,
                                                    &written, NULL));
        CHECK(!strongroom_written_created(written));
        CHECK_OK(strongroom_written_free(written));
    }
    strongroom_call_t *plain = call_of((const char *const[]){"symbols", "false", NULL});
    CHECK_OK(strongroom_generate(STRONGROOM_FORM_PASSWORD, 200, plain, &secret, NULL));
    check_only(secret, 200, ALNUM);
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_call_free(plain));
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("us"), NULL));
    CHECK_OK(strongroom_manager_get_or_generate(manager, TEXT("with_meta"), 0, 32, metadata, NULL, &secret, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_secret_metadata(secret, &metadata, NULL));
    CHECK_TEXT(strongroom_metadata_provider(metadata), "us");
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_secret_free(secret));
}

/* ---- reports ---- */

static uint64_t number_of(const strongroom_report_t *report, const char *name) {
    uint64_t number = UINT64_MAX;
    CHECK_OK(strongroom_report_number(report, TEXT(name), &number));
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    CHECK_TEXT(strongroom_report_text(report, TEXT(name)), text);
    return number;
}

static void test_reports(const strongroom_manager_t *manager, const char *backend) {
    strongroom_report_t *report = NULL;
    bool is_memory = strcmp(backend, "memory") == 0;
    CHECK_OK(strongroom_manager_info(manager, &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("app")), "strongroom");
    CHECK_TEXT(strongroom_report_text(report, TEXT("backend")), backend);
    CHECK_TEXT(strongroom_report_text(report, TEXT("persistence")), is_memory ? "process" : "disk");
    CHECK_NUMBER(number_of(report, "persistent"), !is_memory);
    CHECK_NUMBER(number_of(report, "max_value"), 1 << 20);
    CHECK(number_of(report, "max_key") > 1000);
    CHECK_NUMBER(number_of(report, "read_only"), 0);
    static const char *const CAN[] = {"list",         "versions", "metadata",    "expiry", "cas",
                                      "atomic_batch", "binary",   "empty_value", "verify"};
    for (size_t i = 0; i < sizeof CAN / sizeof CAN[0]; i++) {
        CHECK_NUMBER(number_of(report, CAN[i]), 1);
    }
    for (size_t i = 0; i < strongroom_report_len(report); i++) {
        CHECK(strongroom_report_text(report, TEXT(strongroom_report_name(report, i))) != NULL);
    }
    uint64_t number = 7;
    CHECK_STATUS(strongroom_report_number(report, TEXT("backend"), &number), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(number, 0);
    CHECK_STATUS(strongroom_report_number(report, TEXT("colour"), &number), STRONGROOM_STATUS_NOT_FOUND);
    CHECK(strongroom_report_text(report, TEXT("colour")) == NULL);
    CHECK_OK(strongroom_report_free(report));

    CHECK_OK(strongroom_manager_health(manager, NULL, &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("state")), "ok");
    CHECK(strongroom_report_text(report, TEXT("kind")) == NULL);
    CHECK_OK(strongroom_report_free(report));

    CHECK_OK(strongroom_manager_verify(manager, NULL, &report, NULL));
    uint64_t secrets = number_of(report, "secrets");
    CHECK_NUMBER(secrets, count_of(manager, (const char *const[]){NULL}));
    CHECK(number_of(report, "versions") >= secrets);
    CHECK(number_of(report, "sequence") > 0);
    number_of(report, "journal");
    CHECK_OK(strongroom_report_free(report));
}

static void test_the_library_tells_about_itself(void) {
    strongroom_report_t *report = NULL;
    CHECK_OK(strongroom_library_info(&report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("version")), strongroom_version());
    CHECK_NUMBER(number_of(report, "abi_version"), STRONGROOM_ABI_VERSION);
    CHECK(strstr(strongroom_report_text(report, TEXT("backends")), "memory") != NULL);
    CHECK(strstr(strongroom_report_text(report, TEXT("backends")), "encrypted") != NULL);
    const char *allocator = strongroom_report_text(report, TEXT("allocator"));
    CHECK(allocator && (strcmp(allocator, "wiping") == 0 || strcmp(allocator, "system") == 0));
    CHECK(number_of(report, "secret_memory") <= 1);
    CHECK(number_of(report, "locked") <= 1);
    CHECK(number_of(report, "excluded_from_dumps") <= 1);
    number_of(report, "unprotected_keys");
    CHECK_OK(strongroom_report_free(report));
    CHECK_OK(strongroom_harden_process(&report, NULL));
    CHECK(number_of(report, "not_dumpable") <= 1);
    CHECK(number_of(report, "no_core_dumps") <= 1);
    CHECK_OK(strongroom_report_free(report));
}

/* ---- keys ---- */

static void test_keys_are_parsed_and_escaped(void) {
    strongroom_report_t *report = NULL;
    CHECK_OK(strongroom_key_parse(TEXT("org/acme/api_key@prod"), &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("canonical")), "org/acme/api_key@prod");
    CHECK_TEXT(strongroom_report_text(report, TEXT("kind")), "org");
    CHECK_TEXT(strongroom_report_text(report, TEXT("id")), "acme");
    CHECK_TEXT(strongroom_report_text(report, TEXT("name")), "api_key");
    CHECK_TEXT(strongroom_report_text(report, TEXT("target")), "prod");
    CHECK_OK(strongroom_report_free(report));
    CHECK_OK(strongroom_key_parse("bare!", 4, &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("canonical")), "global/bare");
    CHECK(strongroom_report_text(report, TEXT("id")) == NULL);
    CHECK(strongroom_report_text(report, TEXT("target")) == NULL);
    CHECK_OK(strongroom_report_free(report));
    CHECK_STATUS(strongroom_key_parse(TEXT("a b"), &report, NULL), STRONGROOM_STATUS_INVALID_KEY);

    char text[32];
    uint8_t word[32];
    size_t needed = 0;
    CHECK_OK(strongroom_key_escape("a b=\xff", 5, text, sizeof text, &needed, NULL));
    CHECK_TEXT(text, "a=20b=3D=FF");
    CHECK_NUMBER(needed, strlen(text));
    CHECK_STATUS(strongroom_key_escape("a b=\xff", 5, text, needed, &needed, NULL),
                 STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(needed, 11);
    CHECK_OK(strongroom_key_escape("", 0, text, sizeof text, &needed, NULL));
    CHECK_TEXT(text, "==");
    CHECK_OK(strongroom_key_unescape(TEXT("a=20b=3D=FF"), word, 5, &needed, NULL));
    CHECK_BYTES(word, needed, "a b=\xff");
    CHECK_OK(strongroom_key_unescape(TEXT("=="), word, 0, &needed, NULL));
    CHECK_NUMBER(needed, 0);
    CHECK_STATUS(strongroom_key_unescape(TEXT("a=2"), word, 5, &needed, NULL), STRONGROOM_STATUS_INVALID_KEY);
}

static void over(strongroom_manager_t *manager, const char *backend) {
    check_about(backend);
    test_a_list_has_pages(manager);
    test_a_list_has_filters(manager);
    test_a_batch_is_written_and_read(manager);
    test_many_are_read_at_once(manager);
    test_a_view_adds_its_scope(manager);
    test_a_fallback_goes_from_scope_to_scope(manager);
    test_values_are_generated(manager);
    test_reports(manager, backend);
    CHECK_OK(strongroom_manager_free(manager));
    check_about(NULL);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    over(open_memory(), "memory");
    over(open_encrypted("listing"), "encrypted");
    test_the_library_tells_about_itself();
    test_keys_are_parsed_and_escaped();
    return check_end();
}
