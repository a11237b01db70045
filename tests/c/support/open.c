#define _GNU_SOURCE
#include "open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char STORE_KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/* Nothing that follows would mean anything. */
static void need(strongroom_status_t status, strongroom_error_t *error, const char *what) {
    if (status != STRONGROOM_STATUS_OK) {
        printf("%s: %s\n1 checks FAILED\n", what, error ? strongroom_error_message(error) : "no error object");
        fflush(stdout);
        _Exit(1);
    }
}

strongroom_options_t *options_of(const char *const *settings) {
    strongroom_options_t *options = NULL;
    strongroom_error_t *error = NULL;
    need(strongroom_options_new(&options, &error), error, "options");
    for (; settings && settings[0]; settings += 2) {
        need(strongroom_options_set(options, TEXT(settings[0]), TEXT(settings[1]), &error), error, settings[0]);
    }
    return options;
}

static strongroom_manager_t *open_and_free(strongroom_options_t *options) {
    strongroom_manager_t *manager = NULL;
    strongroom_error_t *error = NULL;
    need(strongroom_manager_open(options, NULL, &manager, &error), error, "open");
    CHECK_OK(strongroom_options_free(options));
    return manager;
}

strongroom_manager_t *open_with(const char *const *settings) {
    return open_and_free(options_of(settings));
}

strongroom_manager_t *open_memory(void) {
    return open_with((const char *const[]){"backend", "memory", NULL});
}

strongroom_options_t *encrypted_options(const char *name) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.strongroom", folder(), name);
    strongroom_options_t *options =
        options_of((const char *const[]){"backend", "encrypted", "encrypted.path", path, NULL});
    strongroom_error_t *error = NULL;
    need(strongroom_options_set_secret(options, TEXT("encrypted.key"), TEXT(STORE_KEY), &error), error, "key");
    return options;
}

strongroom_manager_t *open_encrypted(const char *name) {
    return open_and_free(encrypted_options(name));
}

strongroom_manager_t *open_fault(const char *script) {
    return open_with((const char *const[]){"backend", "fault", "fault.inner", "memory", "fault.script", script, "cache",
                                           "off", NULL});
}

strongroom_call_t *call_of(const char *const *options) {
    strongroom_call_t *call = NULL;
    strongroom_error_t *error = NULL;
    need(strongroom_call_new(&call, &error), error, "call");
    for (; options[0]; options += 2) {
        need(strongroom_call_set(call, TEXT(options[0]), TEXT(options[1]), &error), error, options[0]);
    }
    return call;
}

strongroom_cancel_t *cancel_new(void) {
    strongroom_cancel_t *cancel = NULL;
    strongroom_error_t *error = NULL;
    need(strongroom_cancel_new(&cancel, &error), error, "cancel");
    return cancel;
}

strongroom_status_t set(const strongroom_manager_t *manager, const char *key, const char *value) {
    return strongroom_manager_set(manager, TEXT(key), TEXT(value), NULL, NULL, NULL, NULL);
}

void check_value(const strongroom_manager_t *manager, const char *key, const char *wanted) {
    strongroom_secret_t *secret = NULL;
    strongroom_status_t status = strongroom_manager_get(manager, TEXT(key), NULL, &secret, NULL);
    if (!wanted) {
        CHECK_STATUS(status, STRONGROOM_STATUS_NOT_FOUND);
        CHECK(secret == NULL);
    } else if (CHECK_OK(status)) {
        CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), wanted);
    }
    CHECK_OK(strongroom_secret_free(secret));
}

void check_error(strongroom_error_t *error, strongroom_status_t wanted) {
    if (CHECK(error != NULL)) {
        CHECK_STATUS(strongroom_error_status(error), wanted);
        CHECK_TEXT(strongroom_error_token(error), strongroom_status_token(wanted));
        CHECK_OK(strongroom_error_free(error));
    }
}

#define KIND(name, token, exit_code, retryable) {STRONGROOM_STATUS_##name, token, exit_code, retryable}
const kind_t KINDS[] = {
    KIND(NOT_FOUND, "not_found", 10, false),
    KIND(EXPIRED, "expired", 11, false),
    KIND(UNAUTHENTICATED, "unauthenticated", 20, false),
    KIND(PERMISSION_DENIED, "permission_denied", 21, false),
    KIND(LOCKED, "locked", 22, false),
    KIND(POLICY_DENIED, "policy_denied", 23, false),
    KIND(UNAVAILABLE, "unavailable", 30, true),
    KIND(TIMEOUT, "timeout", 31, true),
    KIND(RATE_LIMITED, "rate_limited", 32, true),
    KIND(OUTCOME_UNKNOWN, "outcome_unknown", 33, false),
    KIND(CANCELLED, "cancelled", 34, false),
    KIND(CLOSED, "closed", 35, false),
    KIND(CONFLICT, "conflict", 40, false),
    KIND(AMBIGUOUS, "ambiguous", 41, false),
    KIND(READ_ONLY, "read_only", 42, false),
    KIND(UNSUPPORTED, "unsupported", 43, false),
    KIND(INVALID_KEY, "invalid_key", 50, false),
    KIND(INVALID_VALUE, "invalid_value", 51, false),
    KIND(INVALID_ARGUMENT, "invalid_argument", 52, false),
    KIND(TOO_LARGE, "too_large", 53, false),
    KIND(BUFFER_TOO_SMALL, "buffer_too_small", 54, false),
    KIND(INVALID_CONFIG, "invalid_config", 55, false),
    KIND(INVALID_HANDLE, "invalid_handle", 56, false),
    KIND(REENTRANT_CALL, "reentrant_call", 57, false),
    KIND(WRONG_KEY, "wrong_key", 60, false),
    KIND(KEY_MISSING, "key_missing", 61, false),
    KIND(INTEGRITY, "integrity", 62, false),
    KIND(UNSUPPORTED_FORMAT, "unsupported_format", 63, false),
    KIND(INSECURE_PATH, "insecure_path", 64, false),
    KIND(STORAGE_FULL, "storage_full", 65, false),
    KIND(AUDIT_UNAVAILABLE, "audit_unavailable", 70, true),
    KIND(INTERNAL, "internal", 90, false),
};
const size_t KIND_COUNT = sizeof KINDS / sizeof KINDS[0];
