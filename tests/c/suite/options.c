/* valgrind
   Options of opening and of calls: what is known, what is malformed, what does not fit. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open.h"

/* ---- options of opening ---- */

static void test_settings_are_checked_when_they_are_set(void) {
    strongroom_options_t *options = options_of(NULL);
    strongroom_error_t *error = NULL;
    CHECK_STATUS(strongroom_options_set(options, TEXT("cache_entrys"), TEXT("5"), &error),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK(strstr(strongroom_error_message(error), "cache_entries") != NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_CONFIG);
    /* A secret setting does not travel as text, and another one not as a secret. */
    CHECK_STATUS(strongroom_options_set(options, TEXT("encrypted.key"), TEXT("hunter2-canary"), &error),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK(strstr(strongroom_error_message(error), "hunter2-canary") == NULL);
    CHECK_TEXT(strongroom_error_setting(error), "encrypted.key");
    check_error(error, STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_STATUS(strongroom_options_set_secret(options, TEXT("cache"), TEXT("on"), NULL),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_STATUS(strongroom_options_set_secret(options, TEXT("colour"), TEXT("on"), NULL),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_free(options));
}

/* A wrong value is answered when it is set or when the manager is opened, naming the setting. */
static void test_wrong_settings_are_named(void) {
    static const char *const WRONG[][2] = {{"deadline", "soon"},   {"cache", "maybe"},      {"max_value", "9MiB"},
                                           {"cache_entries", "0"}, {"backend", "carrier"}, {"prompt", "always"}};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        strongroom_options_t *options = options_of((const char *const[]){"backend", "memory", NULL});
        strongroom_manager_t *manager = NULL;
        strongroom_error_t *error = NULL;
        check_about(WRONG[i][0]);
        strongroom_status_t status = strongroom_options_set(options, TEXT(WRONG[i][0]), TEXT(WRONG[i][1]), &error);
        if (status == STRONGROOM_STATUS_OK) {
            status = strongroom_manager_open(options, NULL, &manager, &error);
        }
        CHECK_STATUS(status, STRONGROOM_STATUS_INVALID_CONFIG);
        CHECK(manager == NULL);
        CHECK_TEXT(strongroom_error_setting(error), WRONG[i][0]);
        check_error(error, STRONGROOM_STATUS_INVALID_CONFIG);
        CHECK_OK(strongroom_options_free(options));
    }
    check_about(NULL);
}

static void test_options_are_not_used_up(void) {
    strongroom_options_t *options = encrypted_options("twice");
    strongroom_manager_t *first = NULL, *second = NULL;
    CHECK_OK(strongroom_manager_open(options, NULL, &first, NULL));
    CHECK_OK(set(first, "key", "value"));
    CHECK_OK(strongroom_manager_open(options, NULL, &second, NULL));
    CHECK_OK(strongroom_options_free(options));
    check_value(second, "key", "value");
    CHECK_OK(set(second, "key", "other"));
    CHECK_OK(strongroom_manager_free(second));
    /* What another handle wrote is seen, cache or not. */
    sleep_ms(150);
    check_value(first, "key", "other");
    CHECK_OK(strongroom_manager_free(first));
}

static void test_a_wrong_key_is_told(void) {
    strongroom_options_t *options = encrypted_options("twice");
    strongroom_manager_t *manager = NULL;
    strongroom_error_t *error = NULL;
    uint8_t other[32];
    memset(other, 0x5a, sizeof other);
    CHECK_OK(strongroom_options_set_secret(options, TEXT("encrypted.key"), other, sizeof other, NULL));
    CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, &error), STRONGROOM_STATUS_WRONG_KEY);
    CHECK(manager == NULL);
    check_error(error, STRONGROOM_STATUS_WRONG_KEY);
    CHECK_OK(strongroom_options_set_secret(options, TEXT("encrypted.key"), TEXT("too short"), NULL));
    CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, &error), STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK(strstr(strongroom_error_message(error), "too short") == NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_free(options));
}

static void test_defaults_need_no_options(void) {
    strongroom_manager_t *manager = NULL;
    CHECK_OK(strongroom_manager_open(NULL, NULL, &manager, NULL));
    CHECK_OK(set(manager, "key", "value"));
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_manager_open(NULL, NULL, &manager, NULL));
    check_value(manager, "key", "value");
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_the_app_names_the_environment(void) {
    strongroom_options_t *options = options_of(NULL);
    strongroom_manager_t *manager = NULL;
    strongroom_report_t *report = NULL;
    setenv("SIDESEAT_SECRETS_BACKEND", "memory", 1);
    CHECK_OK(strongroom_options_set_app(options, TEXT("sideseat"), NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    CHECK_OK(strongroom_manager_info(manager, &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("app")), "sideseat");
    CHECK_TEXT(strongroom_report_text(report, TEXT("backend")), "memory");
    CHECK_OK(strongroom_report_free(report));
    CHECK_OK(strongroom_manager_free(manager));
    /* Without the environment it is the default again. */
    setenv("SIDESEAT_SECRETS_BACKEND", "carrier-pigeon", 1);
    CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, NULL), STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_ignore_environment(options, NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    CHECK_OK(strongroom_manager_info(manager, &report, NULL));
    CHECK_TEXT(strongroom_report_text(report, TEXT("backend")), "encrypted");
    CHECK_OK(strongroom_report_free(report));
    CHECK_OK(strongroom_manager_free(manager));
    unsetenv("SIDESEAT_SECRETS_BACKEND");
    /* The name becomes part of paths: it is checked where it is set or where it is used. */
    strongroom_status_t status = strongroom_options_set_app(options, TEXT("../else"), NULL);
    if (status == STRONGROOM_STATUS_OK) {
        status = strongroom_manager_open(options, NULL, &manager, NULL);
    }
    CHECK_STATUS(status, STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_free(options));
}

/* ---- options of calls ---- */

static void test_call_options_are_checked_when_they_are_set(void) {
    static const char *const WRONG[][2] = {
        {"colour", "red"},         {"Timeout", "1s"},      {"timeout", "soon"},        {"timeout", "5"},
        {"prompt", "maybe"},       {"symbols", "yes"},     {"include_expired", "1"},   {"if_absent", ""},
        {"missing_ok", "TRUE"},    {"limit", "ten"},       {"limit", "-1"},            {"back", "1.5"},
        {"created_at", "now"},     {"expires_at", "soon"}, {"scope", "planet/earth"},  {"after", "not a key"},
        {"full_metadata", "on"},   {"", "x"},              {"clear_expiry", "false "}, {"allow_unavailable", "t"},
    };
    strongroom_call_t *call = call_of((const char *const[]){NULL});
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        strongroom_error_t *error = NULL;
        check_about(WRONG[i][0]);
        CHECK_STATUS(strongroom_call_set(call, TEXT(WRONG[i][0]), TEXT(WRONG[i][1]), &error),
                     STRONGROOM_STATUS_INVALID_ARGUMENT);
        CHECK(strstr(strongroom_error_message(error), WRONG[i][0]) != NULL);
        check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    }
    check_about(NULL);
    /* None of them stuck. */
    strongroom_manager_t *manager = open_memory();
    strongroom_secret_t *secret = NULL;
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_call_free(call));
}

enum verb { GET, SET, UPDATE, DELETE, LIST, ROLLBACK, FALLBACK, GENERATE, EXISTS, VERBS };

static strongroom_status_t do_verb(enum verb verb, const strongroom_manager_t *manager, const strongroom_call_t *call,
                                   strongroom_error_t **error) {
    strongroom_secret_t *secret = NULL;
    strongroom_list_t *list = NULL;
    bool exists = false;
    strongroom_status_t status = STRONGROOM_STATUS_INTERNAL;
    switch (verb) {
    case GET: status = strongroom_manager_get(manager, TEXT("key"), call, &secret, error); break;
    case SET: return strongroom_manager_set(manager, TEXT("new"), TEXT("v"), NULL, call, NULL, error);
    case UPDATE: return strongroom_manager_update_value(manager, TEXT("key"), TEXT("v"), call, NULL, error);
    case DELETE: return strongroom_manager_delete(manager, TEXT("key"), call, error);
    case LIST: status = strongroom_manager_list(manager, call, &list, error); break;
    case ROLLBACK: return strongroom_manager_rollback(manager, TEXT("key"), NULL, 0, call, NULL, error);
    case FALLBACK:
        status = strongroom_manager_get_with_fallback(manager, TEXT("key"), (const char *const[]){"global"}, NULL, 1,
                                                      call, &secret, error);
        break;
    case GENERATE: status = strongroom_generate(STRONGROOM_FORM_PASSWORD, 8, call, &secret, error); break;
    case EXISTS: return strongroom_manager_exists(manager, TEXT("key"), call, &exists, error);
    case VERBS: break;
    }
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_list_free(list));
    return status;
}

/* Each option with each verb: it works, or the verb answers invalid_argument naming the option. */
static void test_an_option_that_does_not_fit_is_named(void) {
    static const struct {
        const char *name, *value;
        unsigned fits; /* a bit for each verb */
    } OPTIONS[] = {
        {"timeout", "10s", (1u << VERBS) - 1},
        {"actor", "someone", (1u << VERBS) - 1},
        {"reason", "because", (1u << VERBS) - 1},
        {"request_id", "42", (1u << VERBS) - 1},
        {"prompt", "never", (1u << VERBS) - 1},
        {"include_expired", "true", 1u << GET},
        {"if_absent", "true", 1u << SET},
        {"created_at", "1000000", 1u << SET},
        {"missing_ok", "true", 1u << DELETE},
        {"allow_unavailable", "true", 1u << FALLBACK},
        {"clear_expiry", "true", 1u << UPDATE},
        {"expires_at", "4102444800000000", 1u << UPDATE},
        {"full_metadata", "true", 1u << LIST},
        {"symbols", "false", 1u << GENERATE},
        {"scope", "global", 1u << LIST},
        {"prefix", "k", 1u << LIST},
        {"provider", "openai", 1u << LIST},
        {"after", "a", 1u << LIST},
        {"limit", "5", 1u << LIST},
        {"back", "1", 1u << ROLLBACK},
    };
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        strongroom_call_t *call = call_of((const char *const[]){OPTIONS[i].name, OPTIONS[i].value, NULL});
        for (enum verb verb = GET; verb < VERBS; verb++) {
            char about[64];
            snprintf(about, sizeof about, "%s, verb %d", OPTIONS[i].name, (int)verb);
            check_about(about);
            strongroom_manager_t *manager = open_memory();
            strongroom_error_t *error = NULL;
            CHECK_OK(set(manager, "key", "one"));
            CHECK_OK(set(manager, "key", "two"));
            strongroom_status_t status = do_verb(verb, manager, call, &error);
            if (OPTIONS[i].fits & 1u << verb) {
                CHECK_OK(status);
            } else if (CHECK_STATUS(status, STRONGROOM_STATUS_INVALID_ARGUMENT)) {
                CHECK(strstr(strongroom_error_message(error), OPTIONS[i].name) != NULL);
            }
            CHECK_OK(strongroom_error_free(error));
            CHECK_OK(strongroom_manager_free(manager));
        }
        CHECK_OK(strongroom_call_free(call));
    }
    check_about(NULL);
}

static void test_the_last_value_of_an_option_counts(void) {
    strongroom_manager_t *manager = open_memory();
    strongroom_call_t *call = call_of((const char *const[]){"if_absent", "true", "if_absent", "false", NULL});
    CHECK_OK(set(manager, "key", "one"));
    CHECK_OK(strongroom_manager_set(manager, TEXT("key"), TEXT("two"), NULL, call, NULL, NULL));
    CHECK_OK(strongroom_call_set(call, TEXT("if_absent"), TEXT("true"), NULL));
    CHECK_STATUS(strongroom_manager_set(manager, TEXT("key"), TEXT("three"), NULL, call, NULL, NULL),
                 STRONGROOM_STATUS_CONFLICT);
    CHECK_OK(strongroom_call_set(call, TEXT("if_version"), TEXT("1"), NULL));
    CHECK_STATUS(strongroom_manager_set(manager, TEXT("key"), TEXT("three"), NULL, call, NULL, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_a_fired_source_cancels_every_call(void) {
    strongroom_manager_t *manager = open_with((const char *const[]){"backend", "memory", "cache", "off", NULL});
    strongroom_cancel_t *cancel = cancel_new();
    strongroom_call_t *call = call_of((const char *const[]){NULL});
    strongroom_secret_t *secret = NULL;
    CHECK_OK(set(manager, "key", "value"));
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL));
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_cancel_fire(cancel));
    CHECK_OK(strongroom_cancel_fire(cancel));
    /* For good, also when the source itself is gone. */
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL), STRONGROOM_STATUS_CANCELLED);
    CHECK_STATUS(strongroom_manager_set(manager, TEXT("key"), TEXT("new"), NULL, call, NULL, NULL),
                 STRONGROOM_STATUS_CANCELLED);
    /* NULL is no source: a failed cancel_new does not silently make a call that cannot be cancelled. Another one is. */
    CHECK_STATUS(strongroom_call_set_cancel(call, NULL, NULL), STRONGROOM_STATUS_INVALID_HANDLE);
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL), STRONGROOM_STATUS_CANCELLED);
    cancel = cancel_new();
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL));
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_locked_and_closed(void) {
    strongroom_manager_t *manager = open_encrypted("closing");
    strongroom_secret_t *secret = NULL;
    CHECK_OK(set(manager, "key", "value"));
    CHECK_OK(strongroom_manager_lock(manager, NULL, NULL));
    CHECK_OK(strongroom_manager_lock(manager, NULL, NULL));
    check_value(manager, "key", "value");
    CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL));
    CHECK_OK(strongroom_manager_close(manager, NULL, NULL));
    CHECK_OK(strongroom_manager_close(manager, NULL, NULL));
    /* What the caller holds stays the caller's. */
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    CHECK_OK(strongroom_secret_free(secret));
    for (enum verb verb = GET; verb < VERBS; verb++) {
        if (verb != GENERATE) {
            CHECK_STATUS(do_verb(verb, manager, NULL, NULL), STRONGROOM_STATUS_CLOSED);
        }
    }
    CHECK_OK(strongroom_manager_free(manager));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_settings_are_checked_when_they_are_set();
    test_wrong_settings_are_named();
    test_options_are_not_used_up();
    test_a_wrong_key_is_told();
    test_defaults_need_no_options();
    test_the_app_names_the_environment();
    test_call_options_are_checked_when_they_are_set();
    test_an_option_that_does_not_fit_is_named();
    test_the_last_value_of_an_option_counts();
    test_a_fired_source_cancels_every_call();
    test_locked_and_closed();
    return check_end();
}
