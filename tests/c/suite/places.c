/* valgrind
   Where settings come from and where secrets are looked for: documents of settings, explanations, names of variables;
   and Fernet. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "open.h"

static strongroom_options_t *bare_options(void) {
    strongroom_options_t *options = NULL;
    CHECK_OK(strongroom_options_new(&options, NULL));
    CHECK_OK(strongroom_options_ignore_environment(options, NULL));
    return options;
}

static const char *written_file(const char *name, const char *text, mode_t mode) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    FILE *file = fopen(path, "w");
    if (CHECK(file != NULL)) {
        CHECK(fputs(text, file) >= 0);
        CHECK_NUMBER(fclose(file), 0);
        CHECK_NUMBER(chmod(path, mode), 0);
    }
    return path;
}

static void check_setting(const strongroom_manager_t *manager, const char *name, const char *value,
                          const char *origin) {
    strongroom_report_t *report = NULL;
    check_about(name);
    CHECK_OK(strongroom_manager_setting(manager, TEXT(name), &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("value")), value);
    const char *said = strongroom_report_text(report, TEXT("origin"));
    if (CHECK(said != NULL) && !CHECK(strstr(said, origin) != NULL)) {
        printf("  %s\n", said);
    }
    CHECK_OK(strongroom_report_free(report));
    check_about(NULL);
}

/* ---- documents of settings ---- */

static void test_a_file_of_settings(void) {
    const char *text = "title = \"ours\"\n[secrets]\nbackend = \"file\"\ncache = false\nmax_value = 64\n"
                       "[secrets.file]\npath = \"beside.json\"\n";
    strongroom_options_t *options = bare_options();
    CHECK_OK(strongroom_options_set_config_file(options, TEXT(written_file("app.toml", text, 0600)), NULL));
    CHECK_OK(strongroom_options_set(options, TEXT("max_value"), TEXT("32"), NULL));
    strongroom_manager_t *manager = NULL;
    strongroom_error_t *error = NULL;
    if (!CHECK_OK(strongroom_manager_open(options, NULL, &manager, &error))) {
        printf("  %s\n", strongroom_error_message(error));
    }
    check_setting(manager, "backend", "file", "app.toml");
    check_setting(manager, "cache", "off", "app.toml");
    check_setting(manager, "max_value", "32", "the program");
    check_setting(manager, "cache_entries", "10000", "the default");
    /* A relative path starts from the document's folder. */
    CHECK_OK(set(manager, "A", "1"));
    char path[600];
    snprintf(path, sizeof path, "%s/beside.json", folder());
    CHECK_NUMBER(access(path, F_OK), 0);
    strongroom_report_t *report = (void *)&error;
    CHECK_STATUS(strongroom_manager_setting(manager, TEXT("colour"), &report, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(report == NULL);
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_options_free(options));
}

static void test_texts_of_settings(void) {
    strongroom_options_t *options = bare_options();
    CHECK_STATUS(strongroom_options_set_config_text(options, TEXT("yaml"), TEXT("secrets: {}"), NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(strongroom_options_set_config_file(options, TEXT(""), NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_options_set_config_text(
        options, TEXT("json"), TEXT("{\"secrets\": {\"backend\": \"memory\", \"max_value\": 64}}"), NULL));
    /* The later document wins. */
    CHECK_OK(strongroom_options_set_config_text(options, TEXT("toml"), TEXT("[secrets]\nmax_value = 128\n"), NULL));
    strongroom_manager_t *manager = NULL;
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    check_setting(manager, "backend", "memory", "");
    check_setting(manager, "max_value", "128", "");
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_options_free(options));
}

/* A secret may stand in a document; no answer shows it. */
static void test_a_secret_in_a_document(void) {
    char text[1024];
    const char *key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    snprintf(
        text, sizeof text,
        "{\"secrets\": {\"backend\": \"encrypted\", \"encrypted\": {\"path\": \"%s/s.strongroom\", \"key\": \"%s\"}}}",
        folder(), key);
    strongroom_options_t *options = bare_options();
    CHECK_OK(strongroom_options_set_config_text(options, TEXT("json"), TEXT(text), NULL));
    memset(text, 'x', sizeof text);
    strongroom_manager_t *manager = NULL;
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    CHECK_OK(strongroom_options_free(options));
    CHECK_OK(set(manager, "A", "1"));
    check_setting(manager, "encrypted.key", NULL, "");
    CHECK_OK(strongroom_manager_free(manager));
}

/* What is wrong with a document is answered when it is read, naming line and setting. */
static void test_wrong_documents(void) {
    static const struct {
        const char *name, *text, *setting;
        mode_t mode;
        strongroom_status_t wanted;
    } WRONG[] = {{"a.toml", "[secrets]\nbackend = \"memory\"\ncache_entrys = 5\n", "cache_entrys", 0600,
                  STRONGROOM_STATUS_INVALID_CONFIG},
                 {"b.toml", "[secret]\nbackend = \"memory\"\n", NULL, 0600, STRONGROOM_STATUS_INVALID_CONFIG},
                 {"c.json", "{\"secrets\": {", NULL, 0600, STRONGROOM_STATUS_INVALID_CONFIG},
                 {"d.json", "{\"secrets\": {\"backend\": \"memory\"}}", NULL, 0666, STRONGROOM_STATUS_INSECURE_PATH}};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        strongroom_options_t *options = bare_options();
        strongroom_manager_t *manager = (void *)&options;
        strongroom_error_t *error = NULL;
        const char *path = written_file(WRONG[i].name, WRONG[i].text, WRONG[i].mode);
        check_about(WRONG[i].name);
        CHECK_OK(strongroom_options_set_config_file(options, TEXT(path), NULL));
        CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, &error), WRONG[i].wanted);
        CHECK(manager == NULL);
        CHECK(strstr(strongroom_error_message(error), WRONG[i].name) != NULL);
        if (WRONG[i].setting) {
            CHECK(strstr(strongroom_error_message(error), WRONG[i].setting) != NULL);
            CHECK(strstr(strongroom_error_message(error), "line 3") != NULL);
        }
        check_error(error, WRONG[i].wanted);
        CHECK_OK(strongroom_options_free(options));
    }
    check_about(NULL);
    strongroom_options_t *options = bare_options();
    strongroom_manager_t *manager = NULL;
    CHECK_OK(strongroom_options_set_config_file(options, TEXT("/nowhere/app.toml"), NULL));
    CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, NULL), STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_free(options));
}

/* ---- explanations ---- */

static strongroom_manager_t *open_chain(void) {
    static char store[512];
    snprintf(store, sizeof store, "%s/chain.json", folder());
    return open_with((const char *const[]){"backend", "chain", "chain.members", "memory,file", "chain.writer", "file",
                                           "file.path", store, "cache", "off", NULL});
}

static void test_a_chain_is_explained(void) {
    strongroom_manager_t *manager = open_chain();
    CHECK_OK(set(manager, "A", "canary-value"));
    strongroom_explanation_t *explanation = NULL;
    CHECK_OK(strongroom_manager_explain(manager, TEXT("A"), NULL, NULL, 0, NULL, &explanation, NULL));
    CHECK_NUMBER(strongroom_explanation_len(explanation), 2);
    size_t at = 0;
    CHECK_OK(strongroom_explanation_answer(explanation, &at));
    CHECK_NUMBER(at, 1);
    CHECK_OK(strongroom_explanation_failure(explanation, NULL));
    CHECK_TEXT(strongroom_explanation_backend(explanation, 0), "memory");
    CHECK_TEXT(strongroom_explanation_word(explanation, 0), "absent");
    CHECK_TEXT(strongroom_explanation_backend(explanation, 1), "file");
    CHECK_TEXT(strongroom_explanation_word(explanation, 1), "found");
    CHECK_TEXT(strongroom_explanation_key(explanation, 1), "global/A");
    CHECK_TEXT(strongroom_explanation_scope(explanation, 1), "global");
    CHECK_NUMBER(strongroom_explanation_flags(explanation, 1), 0);
    CHECK_OK(strongroom_explanation_outcome(explanation, 1, NULL));
    CHECK(strongroom_explanation_took(explanation, 1) < 60000000);
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_explanation_metadata(explanation, 1, &metadata, NULL));
    int64_t created = 0;
    CHECK_OK(strongroom_metadata_created_at(metadata, &created));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_explanation_free(explanation));
    /* A secret that nobody has: no answer, no failure. */
    CHECK_OK(strongroom_manager_explain(manager, TEXT("B"), NULL, NULL, 0, NULL, &explanation, NULL));
    CHECK_STATUS(strongroom_explanation_answer(explanation, &at), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(at, 0);
    CHECK_OK(strongroom_explanation_failure(explanation, NULL));
    CHECK_OK(strongroom_explanation_free(explanation));
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_scopes_and_failures_are_explained(void) {
    strongroom_manager_t *manager = open_fault("explain*1:pass; explain*1:locked");
    CHECK_OK(set(manager, "org/acme/A", "1"));
    CHECK_OK(set(manager, "global/A", "2"));
    const char *scopes[] = {"user/ann", "org/acme", "global"};
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_explain_async(manager, TEXT("A"), scopes, NULL, 3, NULL,
                                                             answer_explanation, &answer, NULL)));
    CHECK_OK(answer_wait(&answer));
    const strongroom_explanation_t *told = answer.explanation;
    strongroom_error_t *error = NULL;
    CHECK_NUMBER(strongroom_explanation_len(told), 3);
    CHECK_TEXT(strongroom_explanation_scope(told, 0), "user/ann");
    CHECK_TEXT(strongroom_explanation_word(told, 1), "failed");
    CHECK_STATUS(strongroom_explanation_outcome(told, 1, &error), STRONGROOM_STATUS_LOCKED);
    check_error(error, STRONGROOM_STATUS_LOCKED);
    CHECK_STATUS(strongroom_explanation_failure(told, &error), STRONGROOM_STATUS_LOCKED);
    check_error(error, STRONGROOM_STATUS_LOCKED);
    CHECK_NUMBER(strongroom_explanation_flags(told, 2), STRONGROOM_STEP_SHADOWED);
    size_t at = 0;
    CHECK_STATUS(strongroom_explanation_answer(told, &at), STRONGROOM_STATUS_NOT_FOUND);
    answer_end(&answer, 1);
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- names of variables ---- */

static void test_names_of_variables(void) {
    char name[128];
    size_t length = 0;
    CHECK_OK(strongroom_key_variable(TEXT("org/acme/api-key"), TEXT("APP_"), TEXT("plain"), name, sizeof name, &length,
                                     NULL));
    CHECK_TEXT(name, "APP_ORG_ACME_API_KEY");
    CHECK_NUMBER(length, strlen(name));
    CHECK_OK(
        strongroom_key_variable(TEXT("org/acme/api-key"), NULL, 0, TEXT("escaped"), name, sizeof name, &length, NULL));
    CHECK_TEXT(name, "ORG__ACME__API_2KEY");
    CHECK_STATUS(strongroom_key_variable(TEXT("A"), NULL, 0, TEXT("snake"), name, sizeof name, &length, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(strongroom_key_variable(TEXT("a b"), NULL, 0, TEXT("plain"), name, sizeof name, &length, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
    CHECK_STATUS(strongroom_key_variable(TEXT("A"), NULL, 0, TEXT("plain"), name, 8, &length, NULL),
                 STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(length, strlen("GLOBAL_A"));
}

/* ---- Fernet ---- */

static void test_fernet(void) {
    strongroom_secret_t *old = NULL, *key = NULL, *token = NULL, *turned = NULL, *value = NULL;
    CHECK_OK(strongroom_fernet_generate(&old, NULL));
    CHECK_OK(strongroom_fernet_generate(&key, NULL));
    CHECK_NUMBER(strongroom_secret_len(key), 44);
    const uint8_t *old_text = strongroom_secret_data(old), *new_text = strongroom_secret_data(key);
    CHECK(memcmp(old_text, new_text, 44) != 0);
    CHECK_OK(strongroom_fernet_encrypt(old_text, 44, "a\0b", 3, &token, NULL));
    const uint8_t *text = strongroom_secret_data(token);
    size_t length = strongroom_secret_len(token);
    CHECK_OK(strongroom_fernet_decrypt(old_text, 44, text, length, -1, &value, NULL));
    CHECK(strongroom_secret_len(value) == 3 && memcmp(strongroom_secret_data(value), "a\0b", 3) == 0);
    CHECK_OK(strongroom_secret_free(value));
    CHECK_OK(strongroom_fernet_decrypt(old_text, 44, text, length, 3600, &value, NULL));
    CHECK_OK(strongroom_secret_free(value));
    strongroom_error_t *error = NULL;
    CHECK_STATUS(strongroom_fernet_decrypt(new_text, 44, text, length, -1, &value, &error),
                 STRONGROOM_STATUS_WRONG_KEY);
    CHECK(value == NULL);
    check_error(error, STRONGROOM_STATUS_WRONG_KEY);
    CHECK_STATUS(strongroom_fernet_decrypt(new_text, 44, TEXT("no token"), -1, &value, NULL),
                 STRONGROOM_STATUS_INVALID_VALUE);
    CHECK_STATUS(strongroom_fernet_encrypt(TEXT("canary-no-key"), TEXT("v"), &value, &error),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(strongroom_error_message(error), "canary") == NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    /* The new key in front, the old one still reads. */
    char both[90];
    CHECK_NUMBER(snprintf(both, sizeof both, "%.44s,%.44s", (const char *)new_text, (const char *)old_text), 89);
    CHECK_OK(strongroom_fernet_rotate(TEXT(both), text, length, &turned, NULL));
    CHECK_OK(strongroom_fernet_decrypt(new_text, 44, strongroom_secret_data(turned), strongroom_secret_len(turned), -1,
                                       &value, NULL));
    CHECK_OK(strongroom_secret_free(value));
    /* A token of 1985 is older than an hour. */
    CHECK_STATUS(
        strongroom_fernet_decrypt(TEXT("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="),
                                  TEXT("gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPg"
                                       "JobwOz7JcbmrR64jVmpU4IwqDA=="),
                                  3600, &value, NULL),
        STRONGROOM_STATUS_EXPIRED);
    CHECK_OK(strongroom_secret_free(old));
    CHECK_OK(strongroom_secret_free(key));
    CHECK_OK(strongroom_secret_free(token));
    CHECK_OK(strongroom_secret_free(turned));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_a_file_of_settings();
    test_texts_of_settings();
    test_a_secret_in_a_document();
    test_wrong_documents();
    test_a_chain_is_explained();
    test_scopes_and_failures_are_explained();
    test_names_of_variables();
    test_fernet();
    return check_end();
}
