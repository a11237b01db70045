/* Opening managers, and the shortest forms of the commonest calls. */
#ifndef STRONGROOM_TESTS_OPEN_H
#define STRONGROOM_TESTS_OPEN_H

#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pointer and its length, for arguments: TEXT("key") is `"key", STRONGROOM_AUTO_LENGTH`. */
#define TEXT(text) (text), STRONGROOM_AUTO_LENGTH

/* Names and values in turn, NULL at the end. A program whose manager does not open ends at once. */
strongroom_options_t *options_of(const char *const *settings);
strongroom_manager_t *open_with(const char *const *settings);
strongroom_manager_t *open_memory(void);
/* The store `<folder>/<name>.strongroom` under a key that is always the same. */
strongroom_manager_t *open_encrypted(const char *name);
/* The options of the same, to add to. */
strongroom_options_t *encrypted_options(const char *name);
/* A `fault` backend over memory, without cache, so that every call reaches the script. */
strongroom_manager_t *open_fault(const char *script);

/* Call options from names and values in turn, NULL at the end. */
strongroom_call_t *call_of(const char *const *options);
strongroom_cancel_t *cancel_new(void);

strongroom_status_t set(const strongroom_manager_t *manager, const char *key, const char *value);
/* Checks that a secret has this value; NULL: that there is none. */
void check_value(const strongroom_manager_t *manager, const char *key, const char *wanted);
/* Checks an error's status and frees it. */
void check_error(strongroom_error_t *error, strongroom_status_t wanted);

/* The kinds of errors, as docs/errors.md has them. */
typedef struct kind_t {
    strongroom_status_t status;
    const char *token;
    int exit_code;
    bool retryable;
} kind_t;
extern const kind_t KINDS[];
extern const size_t KIND_COUNT;

#ifdef __cplusplus
}
#endif
#endif
