/* Strongroom: secrets in whatever place suits the machine. SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Status and errors
 *   Every function that can fail returns strongroom_status_t: STRONGROOM_STATUS_OK (0), or the number of the kind of
 *   error; numbers are never changed and never reused. Its last parameter `error` may be NULL; otherwise it is set to
 *   NULL first and, on failure, to an error object that the caller frees with strongroom_error_free (so whoever uses one
 *   variable for several calls frees in between). There is no errno and no state bound to a thread. No error carries a
 *   value.
 *
 * Results
 *   Out-parameters are set to NULL or 0 first and filled on success only. A required one that is NULL answers
 *   invalid_argument; one documented as "may be NULL" is simply not wanted.
 *
 * Handles and ownership
 *   What is called a handle here (every `strongroom_..._t *`) is an opaque word, NOT the address of memory: never
 *   dereference it, only pass it back. It carries a generation: one that was freed, freed twice, is of another type or
 *   comes from elsewhere answers invalid_handle (functions that give a pointer answer NULL, those that give a number
 *   0 or what they document). Whoever is given a handle frees it, once, with the `_free` of its type. `_free` of NULL
 *   is fine. Freeing a secret wipes its value.
 *   Text that a function gives is NUL-terminated, belongs to the object that was asked, and lives as long as it; that of
 *   metadata until it is changed.
 *
 * Threads
 *   A `const T *` handle may be used by several threads at once. A `T *` handle (builders, and what is being freed) is
 *   meant for one thread at a time; two at once corrupt nothing, but in which order they act is open. What belongs to
 *   an object ends with it: no thread may still read text or data of an object that another one frees.
 *
 * Text, bytes and NULL
 *   Text and bytes go in as pointer and length. The length STRONGROOM_AUTO_LENGTH means NUL-terminated. NULL with
 *   length 0 is empty, or none where the function says so; NULL with another length answers invalid_argument. Text
 *   must be UTF-8 without a NUL inside (else invalid_argument; a key: invalid_key; a NUL in metadata: invalid_value). A
 *   length beyond what can ever be valid is refused before a byte is read. Values are bytes; with
 *   STRONGROOM_AUTO_LENGTH they end before the NUL.
 *   Times are microseconds since 1970-01-01T00:00:00Z.
 *
 * Callbacks
 *   A function whose name ends in `_async` returns at once. If it returned STRONGROOM_STATUS_OK, its callback runs
 *   exactly once, on a thread of the library, perhaps before that function has returned; callbacks run one after
 *   another. Otherwise it never runs. A callback owns the objects that it is given and frees them. The one of
 *   strongroom_manager_subscribe_callback runs for each change, on the same thread.
 *   Inside any callback (completion, change, log, secret provider, progress, destroy) only getters, `_free` and
 *   strongroom_cancel_fire may be called; everything else answers reentrant_call. Nothing may be thrown out of a
 *   callback, nothing may jump out of it, and it must not end its thread.
 *
 * Fork
 *   The child may use every handle; subscriptions of the parent's tell it nothing (closed). Calls that were started
 *   before the fork complete in the parent only. A child that was forked inside a completion may use them too, and ends
 *   there (_exit, exec): if it returns, its exit code is 1.
 */

#ifndef STRONGROOM_H
#define STRONGROOM_H

/* Generated from ffi/src by `cargo xtask header`; do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As a length of a text: it ends with NUL. */
#define STRONGROOM_AUTO_LENGTH SIZE_MAX

#if defined(_WIN32) && !defined(STRONGROOM_STATIC)
#  define STRONGROOM_API __declspec(dllimport)
#elif defined(__GNUC__)
#  define STRONGROOM_API __attribute__((visibility("default")))
#else
#  define STRONGROOM_API
#endif

/*
 The version of the C ABI that this header describes. Within one version functions are only added.
 */
#define STRONGROOM_ABI_VERSION 1

/*
 The item's expiry has passed.
 */
#define STRONGROOM_ITEM_EXPIRED 1

/*
 The item is the current version.
 */
#define STRONGROOM_ITEM_CURRENT 2

/*
 The item's name is no key: the backend holds it, and it is named as the backend names it.
 */
#define STRONGROOM_ITEM_REFERENCE 4

/*
 The item was not there before it was written.
 */
#define STRONGROOM_ITEM_CREATED 8

/*
 A read never comes to what the step found or why it failed, because an earlier one decides. What is absent is never
 shadowed.
 */
#define STRONGROOM_STEP_SHADOWED 1

/*
 The step failed, and a read passes over it, as the settings allow.
 */
#define STRONGROOM_STEP_PASSED_OVER 2

/*
 The answer is that of an import that wrote nothing, on purpose.
 */
#define STRONGROOM_TRANSFERRED_DRY_RUN 1

/*
 The answer is that of a copy that went on where an earlier one was interrupted.
 */
#define STRONGROOM_TRANSFERRED_RESUMED 2

/*
 The item was removed at the source.
 */
#define STRONGROOM_TRANSFERRED_DELETED 4

/*
 As a timeout: waits for as long as it takes.
 */
#define STRONGROOM_FOREVER UINT32_MAX

/*
 What a function answers: success, or the kind of error. Numbers are never changed and never reused; the page
 `docs/errors.md` says what to do about each. A newer library may answer numbers that are not listed here.
 */
enum strongroom_status_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     It worked.
     */
    STRONGROOM_STATUS_OK = 0,
    /*
     There is no such secret, or no such version of it.
     */
    STRONGROOM_STATUS_NOT_FOUND = 100,
    /*
     The secret is there and its expiry lies in the past.
     */
    STRONGROOM_STATUS_EXPIRED = 110,
    /*
     The backend does not know who is calling.
     */
    STRONGROOM_STATUS_UNAUTHENTICATED = 200,
    /*
     The backend knows who is calling and refuses.
     */
    STRONGROOM_STATUS_PERMISSION_DENIED = 210,
    /*
     The keystore or the store is locked and may not ask for its unlocking now.
     */
    STRONGROOM_STATUS_LOCKED = 220,
    /*
     A policy of this installation forbids the call.
     */
    STRONGROOM_STATUS_POLICY_DENIED = 230,
    /*
     The backend cannot be reached or does not work at present.
     */
    STRONGROOM_STATUS_UNAVAILABLE = 300,
    /*
     The deadline passed before an answer came; nothing was changed.
     */
    STRONGROOM_STATUS_TIMEOUT = 310,
    /*
     The backend asks for fewer calls.
     */
    STRONGROOM_STATUS_RATE_LIMITED = 320,
    /*
     A write was sent and its answer did not come: it may or may not have happened.
     */
    STRONGROOM_STATUS_OUTCOME_UNKNOWN = 330,
    /*
     The caller cancelled the call.
     */
    STRONGROOM_STATUS_CANCELLED = 340,
    /*
     The manager was closed.
     */
    STRONGROOM_STATUS_CLOSED = 350,
    /*
     The state is not the one that the caller demanded, or another writer was first.
     */
    STRONGROOM_STATUS_CONFLICT = 400,
    /*
     Two keys would share one name in the backend.
     */
    STRONGROOM_STATUS_AMBIGUOUS = 410,
    /*
     The backend cannot write.
     */
    STRONGROOM_STATUS_READ_ONLY = 420,
    /*
     The backend lacks this operation or cannot hold this field.
     */
    STRONGROOM_STATUS_UNSUPPORTED = 430,
    /*
     The key breaks the rules for keys.
     */
    STRONGROOM_STATUS_INVALID_KEY = 500,
    /*
     The value or its metadata breaks a rule.
     */
    STRONGROOM_STATUS_INVALID_VALUE = 510,
    /*
     An argument other than key and value is wrong.
     */
    STRONGROOM_STATUS_INVALID_ARGUMENT = 520,
    /*
     The value, the key or a field is longer than the limit that the message names.
     */
    STRONGROOM_STATUS_TOO_LARGE = 530,
    /*
     The caller's buffer is smaller than the value.
     */
    STRONGROOM_STATUS_BUFFER_TOO_SMALL = 540,
    /*
     A setting is unknown, wrong, contradictory or half set.
     */
    STRONGROOM_STATUS_INVALID_CONFIG = 550,
    /*
     The handle is none, was freed, or belongs to something else.
     */
    STRONGROOM_STATUS_INVALID_HANDLE = 560,
    /*
     A callback called something that must not be called from within it.
     */
    STRONGROOM_STATUS_REENTRANT_CALL = 570,
    /*
     The key does not open this store.
     */
    STRONGROOM_STATUS_WRONG_KEY = 600,
    /*
     The key of the store, or the place that should hold it, is not there.
     */
    STRONGROOM_STATUS_KEY_MISSING = 610,
    /*
     Stored data is damaged or was tampered with.
     */
    STRONGROOM_STATUS_INTEGRITY = 620,
    /*
     The data has a format that this version does not know.
     */
    STRONGROOM_STATUS_UNSUPPORTED_FORMAT = 630,
    /*
     A file or folder is open to others, belongs to someone else, or is a link.
     */
    STRONGROOM_STATUS_INSECURE_PATH = 640,
    /*
     There is no room left where the data lives.
     */
    STRONGROOM_STATUS_STORAGE_FULL = 650,
    /*
     A required audit sink did not take the record, so the call was refused.
     */
    STRONGROOM_STATUS_AUDIT_UNAVAILABLE = 700,
    /*
     A defect of Strongroom.
     */
    STRONGROOM_STATUS_INTERNAL = 900,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum strongroom_status_t strongroom_status_t;
#else
typedef int32_t strongroom_status_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a generated value is made of.
 */
enum strongroom_form_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     So many random bytes.
     */
    STRONGROOM_FORM_BYTES = 0,
    /*
     So many random bytes as lower-case hexadecimal digits.
     */
    STRONGROOM_FORM_HEX = 1,
    /*
     So many random bytes as url-safe base64 without padding.
     */
    STRONGROOM_FORM_BASE64 = 2,
    /*
     So many characters: lower-case and upper-case letters, digits and, unless the option `symbols` is `false`,
     symbols; at least one of each.
     */
    STRONGROOM_FORM_PASSWORD = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum strongroom_form_t strongroom_form_t;
#else
typedef int32_t strongroom_form_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 How much an event matters.
 */
enum strongroom_level_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     Something failed that must not.
     */
    STRONGROOM_LEVEL_ERROR = 1,
    /*
     Something that a person should look at.
     */
    STRONGROOM_LEVEL_WARN = 2,
    /*
     What happens now and then.
     */
    STRONGROOM_LEVEL_INFO = 3,
    /*
     Each call.
     */
    STRONGROOM_LEVEL_DEBUG = 4,
    /*
     Everything.
     */
    STRONGROOM_LEVEL_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum strongroom_level_t strongroom_level_t;
#else
typedef int32_t strongroom_level_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 Secrets that are to be written together. Several threads may use it at once; whoever adds to it must be alone.
 */
typedef struct strongroom_batch_t strongroom_batch_t;

/*
 Options of calls. One object may serve many calls, also at once; whoever changes it must be alone.
 */
typedef struct strongroom_call_t strongroom_call_t;

/*
 Ends the calls that carry it, on whatever thread they run.
 */
typedef struct strongroom_cancel_t strongroom_cancel_t;

/*
 One change. Never a value. Several threads may read it at once.
 */
typedef struct strongroom_change_t strongroom_change_t;

/*
 Why a call failed. It never carries a value of a secret. Several threads may read it at once.
 */
typedef struct strongroom_error_t strongroom_error_t;

/*
 Every place where a secret was looked for, in the order of a read, and how that read ends. Several threads may read
 it at once.
 */
typedef struct strongroom_explanation_t strongroom_explanation_t;

/*
 The answer of a list, a history or a batch. Several threads may read it at once.
 */
typedef struct strongroom_list_t strongroom_list_t;

/*
 A store of secrets. Any number of threads may use one at once.
 */
typedef struct strongroom_manager_t strongroom_manager_t;

/*
 What is known about a secret besides its value: an answer, or what a write is to store. Several threads may read it
 at once; whoever changes it must be alone.
 */
typedef struct strongroom_metadata_t strongroom_metadata_t;

/*
 How a manager is opened. It may open several managers; whoever changes it must be alone.
 */
typedef struct strongroom_options_t strongroom_options_t;

/*
 Named texts and numbers. Several threads may read it at once.
 */
typedef struct strongroom_report_t strongroom_report_t;

/*
 A secret: its value and what is known about it. The value is wiped when the secret is freed. Several threads may
 read it at once.
 */
typedef struct strongroom_secret_t strongroom_secret_t;

/*
 Changes, in the order in which they were seen.
 */
typedef struct strongroom_subscription_t strongroom_subscription_t;

/*
 Options of exports, imports and copies. One object may serve many calls; whoever changes it must be alone.
 */
typedef struct strongroom_transfer_t strongroom_transfer_t;

/*
 What an export, an import or a copy did, or a copy would do, secret by secret. Several threads may read it at once.
 */
typedef struct strongroom_transferred_t strongroom_transferred_t;

/*
 What a write did. Several threads may read it at once.
 */
typedef struct strongroom_written_t strongroom_written_t;

/*
 Writes a secret, such as the key of the store, into `buffer`, which has room for `capacity` bytes and is wiped
 afterwards, and their number into `length`. `setting` names what is asked for. Answers `STRONGROOM_STATUS_OK`, or
 the kind of error that the call which needed the secret is to answer, such as `locked`, `key_missing`, `cancelled` or
 `unavailable`. It is called on whatever thread needs the secret, also on two at once; no lock is held meanwhile, and a
 deadline does not interrupt it.
 */
typedef int32_t (*strongroom_provider_t)(void *context,
                                         const char *setting,
                                         uint8_t *buffer,
                                         size_t capacity,
                                         size_t *length);

/*
 Ends a context that was given with a function: called once, when that function is never called again.
 */
typedef void (*strongroom_destroy_t)(void *context);

/*
 Takes a manager that was opened, or why it was not.
 */
typedef void (*strongroom_manager_callback_t)(void *context,
                                              strongroom_status_t status,
                                              strongroom_manager_t *manager,
                                              strongroom_error_t *error);

/*
 Takes a secret, or why there is none.
 */
typedef void (*strongroom_secret_callback_t)(void *context,
                                             strongroom_status_t status,
                                             strongroom_secret_t *secret,
                                             strongroom_error_t *error);

/*
 Takes whether a secret exists, or why that is not known.
 */
typedef void (*strongroom_exists_callback_t)(void *context,
                                             strongroom_status_t status,
                                             bool exists,
                                             strongroom_error_t *error);

/*
 Takes what is known about a secret, or why nothing is.
 */
typedef void (*strongroom_metadata_callback_t)(void *context,
                                               strongroom_status_t status,
                                               strongroom_metadata_t *metadata,
                                               strongroom_error_t *error);

/*
 Takes what a write did, or why it did not.
 */
typedef void (*strongroom_written_callback_t)(void *context,
                                              strongroom_status_t status,
                                              strongroom_written_t *written,
                                              strongroom_error_t *error);

/*
 Is told that a call is done, or why it is not.
 */
typedef void (*strongroom_done_callback_t)(void *context, strongroom_status_t status, strongroom_error_t *error);

/*
 Takes a list, or why there is none.
 */
typedef void (*strongroom_list_callback_t)(void *context,
                                           strongroom_status_t status,
                                           strongroom_list_t *list,
                                           strongroom_error_t *error);

/*
 Takes an explanation, or why there is none.
 */
typedef void (*strongroom_explanation_callback_t)(void *context,
                                                  strongroom_status_t status,
                                                  strongroom_explanation_t *explanation,
                                                  strongroom_error_t *error);

/*
 Takes what an export, an import or a copy did, or why it did not.
 */
typedef void (*strongroom_transferred_callback_t)(void *context,
                                                  strongroom_status_t status,
                                                  strongroom_transferred_t *transferred,
                                                  strongroom_error_t *error);

/*
 Takes a report, or why there is none.
 */
typedef void (*strongroom_report_callback_t)(void *context,
                                             strongroom_status_t status,
                                             strongroom_report_t *report,
                                             strongroom_error_t *error);

/*
 Takes a subscription, or why there is none.
 */
typedef void (*strongroom_subscription_callback_t)(void *context,
                                                   strongroom_status_t status,
                                                   strongroom_subscription_t *subscription,
                                                   strongroom_error_t *error);

/*
 Takes a change; at last `closed`, where the manager was closed or the library shut down: then there come no more.
 */
typedef void (*strongroom_change_callback_t)(void *context,
                                             strongroom_status_t status,
                                             strongroom_change_t *change,
                                             strongroom_error_t *error);

/*
 Is told how far a copy is: what it is doing (`planning`, `copying`, `deleting`), how many secrets of that are done of
 how many, and the key that was done last. Called on the thread that drives the copy, after each secret.
 */
typedef void (*strongroom_progress_callback_t)(void *context,
                                               const char *phase,
                                               size_t done,
                                               size_t total,
                                               const char *key);

/*
 Takes an event: its `STRONGROOM_LEVEL_...`, where it comes from, and one line. Called on the thread on which it
 happens, also on several at once. The texts live until it returns.
 */
typedef void (*strongroom_log_callback_t)(void *context, int32_t level, const char *target, const char *message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ---- library ---- */

/*
 The version of the C ABI that the library has: the same as `STRONGROOM_ABI_VERSION`, or the program was built for
 another library.
 */
STRONGROOM_API uint32_t strongroom_abi_version(void);

/*
 The version of the library, such as `1.2.3`. It lives for ever.
 */
STRONGROOM_API const char *strongroom_version(void);

/*
 Tells what this library is and what it found. Texts: `version`, `backends` (words, parted by commas), `allocator`
 (`wiping`: every block that the library frees is wiped). Numbers: `abi_version`; how the keys of open stores are
 guarded: `secret_memory`, `locked`, `excluded_from_dumps` (1 or 0) and `unprotected_keys`.
 */
STRONGROOM_API strongroom_status_t strongroom_library_info(strongroom_report_t **report, strongroom_error_t **error);

/*
 Asks the system to let no other process of this user read this process's memory, and to write no core dumps. For the
 program to decide: a debugger cannot attach afterwards. The report (may be NULL) says what was reached, as 1 or 0:
 `not_dumpable`, `no_core_dumps`.
 */
STRONGROOM_API strongroom_status_t strongroom_harden_process(strongroom_report_t **report, strongroom_error_t **error);

/*
 Ends what the library has under way: calls on every thread are cancelled and those that were started complete; none
 begins meanwhile (`closed`). Every manager is closed, which wipes caches and keys, and the library's threads end.
 Handles stay to be freed; verbs of the managers answer `closed`. A manager may be opened anew afterwards; an opening
 that waits is cancelled, one that is about to succeed may stay open. A program need not call it before it ends.

 Errors: `timeout` where callbacks, writes that were sent, or threads did not end within `timeout_ms` milliseconds.
 */
STRONGROOM_API strongroom_status_t strongroom_shutdown(uint32_t timeout_ms, strongroom_error_t **error);

/*
 The token of a status, such as `not_found`; `ok` for success; NULL for a number that this library does not know. It
 lives for ever.
 */
STRONGROOM_API const char *strongroom_status_token(int32_t status);

/*
 One line that says what to do about a status; empty for success; NULL for a number that this library does not know.
 It lives for ever.
 */
STRONGROOM_API const char *strongroom_status_help(int32_t status);

/*
 Whether the same call may succeed later without anyone changing anything.
 */
STRONGROOM_API bool strongroom_status_is_retryable(int32_t status);

/*
 The exit code of the `strongroom` command for a status; 0 for success; -1 for a number that this library does not
 know.
 */
STRONGROOM_API int32_t strongroom_status_exit_code(int32_t status);

/* ---- options ---- */

/*
 Makes options of which none is set.
 */
STRONGROOM_API strongroom_status_t strongroom_options_new(strongroom_options_t **options, strongroom_error_t **error);

/*
 Names the application, which sets every default: variables (`<APP>_SECRETS_...`), folders, names in keystores. One
 segment of letters, digits, `.`, `_` and `-`; `strongroom` unless set.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set_app(strongroom_options_t *options,
                                               const char *app,
                                               size_t length,
                                               strongroom_error_t **error);

/*
 Sets a setting of the table in `docs/settings.md`, such as `backend`; once more replaces it. An unknown name, a
 secret setting and a malformed value are `invalid_config` here.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set(strongroom_options_t *options,
                                           const char *name,
                                           size_t name_length,
                                           const char *value,
                                           size_t value_length,
                                           strongroom_error_t **error);

/*
 Sets a secret setting, such as `encrypted.key`; once more replaces it. The bytes are copied; the copy is wiped when
 the options are freed.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set_secret(strongroom_options_t *options,
                                                  const char *name,
                                                  size_t name_length,
                                                  const void *value,
                                                  size_t value_length,
                                                  strongroom_error_t **error);

/*
 States a secret setting by a function, which is asked when the setting is needed: at opening, and again after
 `strongroom_manager_lock`. `destroy` (may be NULL) is called once, when neither these options nor a manager that was
 opened with them needs `context`; where this function fails, it is not called.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set_provider(strongroom_options_t *options,
                                                    const char *name,
                                                    size_t name_length,
                                                    strongroom_provider_t provider,
                                                    void *context,
                                                    strongroom_destroy_t destroy,
                                                    strongroom_error_t **error);

/*
 Takes the settings of a document: JSON or TOML by the name's ending, else by its text. They stand in its table
 `secrets`; all else in it belongs to the application. Relative paths in it start from its folder. Settings that are
 stated one by one, and variables, win over it; of several documents the later wins. It is read when a manager is
 opened, which then answers `invalid_config` (naming line and setting) or `insecure_path`.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set_config_file(strongroom_options_t *options,
                                                       const char *path,
                                                       size_t length,
                                                       strongroom_error_t **error);

/*
 Takes the settings of a document that the program has at hand, as `strongroom_options_set_config_file`; `format` is
 `json` or `toml`. Relative paths in it start from the working directory. The copy is wiped when the options are
 freed.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_set_config_text(strongroom_options_t *options,
                                                       const char *format,
                                                       size_t format_length,
                                                       const char *document,
                                                       size_t document_length,
                                                       strongroom_error_t **error);

/*
 Leaves the environment's variables and the user's own file alone.
 */
STRONGROOM_API
strongroom_status_t strongroom_options_ignore_environment(strongroom_options_t *options,
                                                          strongroom_error_t **error);

/*
 Wipes options and gives them back. Managers that were opened with them go on.
 */
STRONGROOM_API strongroom_status_t strongroom_options_free(strongroom_options_t *options);

/* ---- manager ---- */

/*
 Opens a manager; without options (NULL) the default one. Local files are read and, where they are missing and may
 be, made; a remote backend connects at its first call. The environment is read now. The options may be used again.
 What is chosen for `call` (may be NULL) holds for the opening alone.

 Errors: `invalid_config` naming the setting, and what the backend answers, for instance `key_missing`, `wrong_key`,
 `insecure_path`, `integrity`, `unsupported_format`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_open(const strongroom_options_t *options,
                                            const strongroom_call_t *call,
                                            strongroom_manager_t **manager,
                                            strongroom_error_t **error);

/*
 Starts `strongroom_manager_open`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_open_async(const strongroom_options_t *options,
                                                  const strongroom_call_t *call,
                                                  strongroom_manager_callback_t callback,
                                                  void *context,
                                                  strongroom_error_t **error);

/*
 Makes a view in which bare names are names of `scope` (a text such as `org/acme`). It is freed like a manager, and
 shares everything else with the one it was made of: closing either closes both.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_scoped(const strongroom_manager_t *manager,
                                              const char *scope,
                                              size_t length,
                                              strongroom_manager_t **view,
                                              strongroom_error_t **error);

/*
 Tells what the manager is. Texts: `app`, `backend`, `persistence`. Numbers: `max_value` and `max_key` in bytes,
 `persistent`, and 1 or 0 for each capability: `read_only`, `list`, `versions`, `metadata`, `expiry`, `cas`,
 `atomic_batch`, `binary`, `empty_value`, `verify`, `restore`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_info(const strongroom_manager_t *manager,
                                            strongroom_report_t **report,
                                            strongroom_error_t **error);

/*
 Tells a setting of an open manager, by its name in `docs/settings.md`. Texts: `value` (not there where nobody stated
 it and it has no default, and for a secret setting) and `origin`, who stated it, in words. Errors: `invalid_argument`
 where there is no such setting.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_setting(const strongroom_manager_t *manager,
                                               const char *name,
                                               size_t name_length,
                                               strongroom_report_t **report,
                                               strongroom_error_t **error);

/*
 Gives a manager or a view back. Calls under way go on; with the last handle and the last call the cache is wiped and
 the backend given up. Writes that were sent finish.
 */
STRONGROOM_API strongroom_status_t strongroom_manager_free(strongroom_manager_t *manager);

/* ---- manager: read ---- */

/*
 Reads a secret. A value that was read before comes from the cache, without a runtime, a thread or a system call.

 Options: `fresh` (asks the backend in any case), `include_expired`, `version`. Errors: `not_found` where there is none; `expired` where its expiry has passed.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get(const strongroom_manager_t *manager,
                                           const char *key,
                                           size_t key_length,
                                           const strongroom_call_t *call,
                                           strongroom_secret_t **secret,
                                           strongroom_error_t **error);

/*
 Starts `strongroom_manager_get`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_async(const strongroom_manager_t *manager,
                                                 const char *key,
                                                 size_t key_length,
                                                 const strongroom_call_t *call,
                                                 strongroom_secret_callback_t callback,
                                                 void *context,
                                                 strongroom_error_t **error);

/*
 Copies a secret's value into the caller's buffer and tells its length, also where the buffer is too small: then
 nothing is copied and the answer is `buffer_too_small`. `buffer` may be NULL where `capacity` is 0. What lies beyond
 the length stays as it was. A cached value is copied without an allocation.

 Options and errors as for `strongroom_manager_get`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_into(const strongroom_manager_t *manager,
                                                const char *key,
                                                size_t key_length,
                                                const strongroom_call_t *call,
                                                void *buffer,
                                                size_t capacity,
                                                size_t *length,
                                                strongroom_error_t **error);

/*
 Copies a secret's value as text, with a NUL behind it, into the caller's buffer and tells its length without the
 NUL, also where the buffer is too small: then nothing is copied, the answer is `buffer_too_small`, and a capacity of
 that length and one suffices. The text is the caller's to wipe.

 Options and errors as for `strongroom_manager_get`; `invalid_value` where the value is not UTF-8 or has a NUL inside.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_value(const strongroom_manager_t *manager,
                                                 const char *key,
                                                 size_t key_length,
                                                 const strongroom_call_t *call,
                                                 char *buffer,
                                                 size_t capacity,
                                                 size_t *length,
                                                 strongroom_error_t **error);

/*
 Reads one version of a secret.

 Options: `fresh`, `include_expired`. Errors: `not_found` where there is no such secret or version; `unsupported` where the
 backend keeps none; `expired`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_version(const strongroom_manager_t *manager,
                                                   const char *key,
                                                   size_t key_length,
                                                   const char *version,
                                                   size_t version_length,
                                                   const strongroom_call_t *call,
                                                   strongroom_secret_t **secret,
                                                   strongroom_error_t **error);

/*
 Starts `strongroom_manager_get_version`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_version_async(const strongroom_manager_t *manager,
                                                         const char *key,
                                                         size_t key_length,
                                                         const char *version,
                                                         size_t version_length,
                                                         const strongroom_call_t *call,
                                                         strongroom_secret_callback_t callback,
                                                         void *context,
                                                         strongroom_error_t **error);

/*
 Reads a name in the first of these scopes that has it; without scopes (count 0) in none. Without `scope_lengths`
 (NULL) each scope ends with a NUL.

 Options: `allow_unavailable`. Errors: `not_found` where no scope has it; every other error of a scope ends the search,
 but with `allow_unavailable` those of a scope that cannot be asked now.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_with_fallback(const strongroom_manager_t *manager,
                                                         const char *name,
                                                         size_t name_length,
                                                         const char *const *scopes,
                                                         const size_t *scope_lengths,
                                                         size_t count,
                                                         const strongroom_call_t *call,
                                                         strongroom_secret_t **secret,
                                                         strongroom_error_t **error);

/*
 Starts `strongroom_manager_get_with_fallback`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_with_fallback_async(const strongroom_manager_t *manager,
                                                               const char *name,
                                                               size_t name_length,
                                                               const char *const *scopes,
                                                               const size_t *scope_lengths,
                                                               size_t count,
                                                               const strongroom_call_t *call,
                                                               strongroom_secret_callback_t callback,
                                                               void *context,
                                                               strongroom_error_t **error);

/*
 Whether there is such a secret, expired or not.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_exists(const strongroom_manager_t *manager,
                                              const char *key,
                                              size_t key_length,
                                              const strongroom_call_t *call,
                                              bool *exists,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_exists`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_exists_async(const strongroom_manager_t *manager,
                                                    const char *key,
                                                    size_t key_length,
                                                    const strongroom_call_t *call,
                                                    strongroom_exists_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Tells what is known about a secret, without reading its value where the backend can.

 Errors: `not_found` where there is none.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_describe(const strongroom_manager_t *manager,
                                                const char *key,
                                                size_t key_length,
                                                const strongroom_call_t *call,
                                                strongroom_metadata_t **metadata,
                                                strongroom_error_t **error);

/*
 Starts `strongroom_manager_describe`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_describe_async(const strongroom_manager_t *manager,
                                                      const char *key,
                                                      size_t key_length,
                                                      const strongroom_call_t *call,
                                                      strongroom_metadata_callback_t callback,
                                                      void *context,
                                                      strongroom_error_t **error);

/* ---- manager: resolve ---- */

/*
 Reads the secret that a reference leads to: `secret://[scope/]name[?version=][#/json/pointer]`, or where the setting
 `references` allows them `vault:...`, `aws:...`, `env:...` and `file:...`. A stored secret that is itself a reference is followed
 once.

 Errors: `not_found` where there is none; `invalid_argument` where the text is no reference; `policy_denied` for a scheme
 that is not allowed; else as `strongroom_manager_get`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_resolve(const strongroom_manager_t *manager,
                                               const char *reference,
                                               size_t reference_length,
                                               const strongroom_call_t *call,
                                               strongroom_secret_t **secret,
                                               strongroom_error_t **error);

/*
 Starts `strongroom_manager_resolve`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_resolve_async(const strongroom_manager_t *manager,
                                                     const char *reference,
                                                     size_t reference_length,
                                                     const strongroom_call_t *call,
                                                     strongroom_secret_callback_t callback,
                                                     void *context,
                                                     strongroom_error_t **error);

/* ---- manager: write ---- */

/*
 Writes a secret: a new one, or a new version with the metadata given here. Without `metadata` (NULL) it has none.
 `written` may be NULL, here and below.

 Options: `if_absent`, `if_version`, `created_at` (of an imported secret). Errors: `conflict` where a condition does not
 hold; `read_only`; `too_large`; `unsupported` naming a field that the backend cannot hold; `outcome_unknown` where the
 write was sent and no answer came.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set(const strongroom_manager_t *manager,
                                           const char *key,
                                           size_t key_length,
                                           const void *value,
                                           size_t value_length,
                                           const strongroom_metadata_t *metadata,
                                           const strongroom_call_t *call,
                                           strongroom_written_t **written,
                                           strongroom_error_t **error);

/*
 Starts `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set_async(const strongroom_manager_t *manager,
                                                 const char *key,
                                                 size_t key_length,
                                                 const void *value,
                                                 size_t value_length,
                                                 const strongroom_metadata_t *metadata,
                                                 const strongroom_call_t *call,
                                                 strongroom_written_callback_t callback,
                                                 void *context,
                                                 strongroom_error_t **error);

/*
 Writes an API key issued by `provider`. Other metadata of an existing secret is kept, but for an expiry that has
 passed; without `provider` (NULL) that is kept too. Errors as for `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set_api_key(const strongroom_manager_t *manager,
                                                   const char *key,
                                                   size_t key_length,
                                                   const void *value,
                                                   size_t value_length,
                                                   const char *provider,
                                                   size_t provider_length,
                                                   const strongroom_call_t *call,
                                                   strongroom_written_t **written,
                                                   strongroom_error_t **error);

/*
 Starts `strongroom_manager_set_api_key`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set_api_key_async(const strongroom_manager_t *manager,
                                                         const char *key,
                                                         size_t key_length,
                                                         const void *value,
                                                         size_t value_length,
                                                         const char *provider,
                                                         size_t provider_length,
                                                         const strongroom_call_t *call,
                                                         strongroom_written_callback_t callback,
                                                         void *context,
                                                         strongroom_error_t **error);

/*
 Replaces the value of an existing secret; its metadata is kept.

 Options: `expires_at`, `clear_expiry`, `if_version`. Errors: `not_found`; `expired` unless the options say what becomes
 of the expiry; `conflict`; as for `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_update_value(const strongroom_manager_t *manager,
                                                    const char *key,
                                                    size_t key_length,
                                                    const void *value,
                                                    size_t value_length,
                                                    const strongroom_call_t *call,
                                                    strongroom_written_t **written,
                                                    strongroom_error_t **error);

/*
 Starts `strongroom_manager_update_value`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_update_value_async(const strongroom_manager_t *manager,
                                                          const char *key,
                                                          size_t key_length,
                                                          const void *value,
                                                          size_t value_length,
                                                          const strongroom_call_t *call,
                                                          strongroom_written_callback_t callback,
                                                          void *context,
                                                          strongroom_error_t **error);

/*
 Changes the metadata of a secret, not its value: the fields of `update` that were set are replaced, those that were
 cleared are removed, the others stay.

 Options: `if_version`. Errors: `not_found`; `conflict`; `unsupported` naming a field that the backend cannot hold.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_update_metadata(const strongroom_manager_t *manager,
                                                       const char *key,
                                                       size_t key_length,
                                                       const strongroom_metadata_t *update,
                                                       const strongroom_call_t *call,
                                                       strongroom_written_t **written,
                                                       strongroom_error_t **error);

/*
 Starts `strongroom_manager_update_metadata`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_update_metadata_async(const strongroom_manager_t *manager,
                                                             const char *key,
                                                             size_t key_length,
                                                             const strongroom_metadata_t *update,
                                                             const strongroom_call_t *call,
                                                             strongroom_written_callback_t callback,
                                                             void *context,
                                                             strongroom_error_t **error);

/*
 Gives a secret a new value; the former version stays readable, an expiry is dropped.

 Errors: `not_found`; as for `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rotate(const strongroom_manager_t *manager,
                                              const char *key,
                                              size_t key_length,
                                              const void *value,
                                              size_t value_length,
                                              const strongroom_call_t *call,
                                              strongroom_written_t **written,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_rotate`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rotate_async(const strongroom_manager_t *manager,
                                                    const char *key,
                                                    size_t key_length,
                                                    const void *value,
                                                    size_t value_length,
                                                    const strongroom_call_t *call,
                                                    strongroom_written_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Writes the value of a former version as a new one. Without `version` (NULL) it is the one before the current one, or as
 many before as the option `back` says.

 Options: `back` where `version` is NULL. Errors: `not_found`; `unsupported` where the backend keeps no versions.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rollback(const strongroom_manager_t *manager,
                                                const char *key,
                                                size_t key_length,
                                                const char *version,
                                                size_t version_length,
                                                const strongroom_call_t *call,
                                                strongroom_written_t **written,
                                                strongroom_error_t **error);

/*
 Starts `strongroom_manager_rollback`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rollback_async(const strongroom_manager_t *manager,
                                                      const char *key,
                                                      size_t key_length,
                                                      const char *version,
                                                      size_t version_length,
                                                      const strongroom_call_t *call,
                                                      strongroom_written_callback_t callback,
                                                      void *context,
                                                      strongroom_error_t **error);

/* ---- manager: remove ---- */

/*
 Removes a secret with its history, for as long as the backend keeps what was removed.

 Options: `missing_ok`, and one of: `soft` (only the current version, so that `strongroom_manager_restore` brings it
 back), `force` (for good, also where the backend would keep it for a while), `version` (only the value of that version,
 for good). Errors: `not_found` unless `missing_ok`; `read_only`; `unsupported` for `soft` and `version` where the backend
 cannot restore; `invalid_argument` for two of the three.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_delete(const strongroom_manager_t *manager,
                                              const char *key,
                                              size_t key_length,
                                              const strongroom_call_t *call,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_delete`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_delete_async(const strongroom_manager_t *manager,
                                                    const char *key,
                                                    size_t key_length,
                                                    const strongroom_call_t *call,
                                                    strongroom_done_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Brings back a secret that was removed, where the backend still keeps it: Vault one that was removed with `soft`, AWS
 any that was removed without `force`. `written` may be NULL.

 Errors: `not_found` where nothing removed is kept; `conflict` where the secret is there; `unsupported` where the backend
 keeps nothing that was removed (`restore` of `strongroom_manager_info`).
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_restore(const strongroom_manager_t *manager,
                                               const char *key,
                                               size_t key_length,
                                               const strongroom_call_t *call,
                                               strongroom_written_t **written,
                                               strongroom_error_t **error);

/*
 Starts `strongroom_manager_restore`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_restore_async(const strongroom_manager_t *manager,
                                                     const char *key,
                                                     size_t key_length,
                                                     const strongroom_call_t *call,
                                                     strongroom_written_callback_t callback,
                                                     void *context,
                                                     strongroom_error_t **error);

/* ---- manager: batch ---- */

/*
 Reads several secrets, with one call where the backend has one. The list has one item for each key, in the order of
 `keys`; `strongroom_list_outcome` tells of each whether it was read, is `not_found`, or why it could not be read.
 Without `key_lengths` (NULL) each key ends with a NUL.

 Errors: only what concerns the whole batch, such as `invalid_key`; an expired secret is an item with that error.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_many(const strongroom_manager_t *manager,
                                                const char *const *keys,
                                                const size_t *key_lengths,
                                                size_t count,
                                                const strongroom_call_t *call,
                                                strongroom_list_t **list,
                                                strongroom_error_t **error);

/*
 Starts `strongroom_manager_get_many`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_many_async(const strongroom_manager_t *manager,
                                                      const char *const *keys,
                                                      const size_t *key_lengths,
                                                      size_t count,
                                                      const strongroom_call_t *call,
                                                      strongroom_list_callback_t callback,
                                                      void *context,
                                                      strongroom_error_t **error);

/*
 Lists names and what is cheap to know about them, sorted by key; never values. A view lists its own scope.

 Options: `scope`, `prefix`, `provider`, `after`, `limit`, `full_metadata`. Errors: `unsupported` where the backend cannot
 list; `invalid_key`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_list(const strongroom_manager_t *manager,
                                            const strongroom_call_t *call,
                                            strongroom_list_t **list,
                                            strongroom_error_t **error);

/*
 Starts `strongroom_manager_list`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_list_async(const strongroom_manager_t *manager,
                                                  const strongroom_call_t *call,
                                                  strongroom_list_callback_t callback,
                                                  void *context,
                                                  strongroom_error_t **error);

/*
 Lists the versions of a secret, the newest first.

 Errors: `not_found`; `unsupported` where the backend keeps none.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_versions(const strongroom_manager_t *manager,
                                                const char *key,
                                                size_t key_length,
                                                const strongroom_call_t *call,
                                                strongroom_list_t **list,
                                                strongroom_error_t **error);

/*
 Starts `strongroom_manager_versions`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_versions_async(const strongroom_manager_t *manager,
                                                      const char *key,
                                                      size_t key_length,
                                                      const strongroom_call_t *call,
                                                      strongroom_list_callback_t callback,
                                                      void *context,
                                                      strongroom_error_t **error);

/*
 Writes several secrets: all or nothing where the capability `atomic_batch` says so; else the list tells what became of
 each, in the order of the batch, and the call succeeds. `list` may be NULL.

 Errors: what concerns the whole batch, before anything is written: `invalid_key`, the same key twice
 (`invalid_argument`), a value that the backend cannot hold.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set_many(const strongroom_manager_t *manager,
                                                const strongroom_batch_t *batch,
                                                const strongroom_call_t *call,
                                                strongroom_list_t **list,
                                                strongroom_error_t **error);

/*
 Starts `strongroom_manager_set_many`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_set_many_async(const strongroom_manager_t *manager,
                                                      const strongroom_batch_t *batch,
                                                      const strongroom_call_t *call,
                                                      strongroom_list_callback_t callback,
                                                      void *context,
                                                      strongroom_error_t **error);

/* ---- manager: explain ---- */

/*
 Tells every place where a secret is looked for, what each answered, and what a read comes to; never a value. Without
 scopes (count 0) that is what `strongroom_manager_get` of the key does; with them, what
 `strongroom_manager_get_with_fallback` of the name does. The cache is not asked.

 Errors: `invalid_key`. What else a place fails with is told in its step.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_explain(const strongroom_manager_t *manager,
                                               const char *key,
                                               size_t key_length,
                                               const char *const *scopes,
                                               const size_t *scope_lengths,
                                               size_t count,
                                               const strongroom_call_t *call,
                                               strongroom_explanation_t **explanation,
                                               strongroom_error_t **error);

/*
 Starts `strongroom_manager_explain`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_explain_async(const strongroom_manager_t *manager,
                                                     const char *key,
                                                     size_t key_length,
                                                     const char *const *scopes,
                                                     const size_t *scope_lengths,
                                                     size_t count,
                                                     const strongroom_call_t *call,
                                                     strongroom_explanation_callback_t callback,
                                                     void *context,
                                                     strongroom_error_t **error);

/* ---- manager: transfer ---- */

/*
 Writes many secrets into a document, which the answer holds. Names are the secrets' own; for `env` and `dotenv`
 escaped where they are no names of variables.

 Options (`strongroom_transfer_set`): `format` (must be set), `dialect`, `scope`, `prefix`, `full_names`,
 `include_expired`, `strict`; keys; `fernet_keys`. Errors: `ambiguous` where two keys would share a name;
 `unsupported` naming values that the format cannot hold, or where the backend cannot list and no keys are given;
 `not_found` for a given key that there is not; with `strict` what would be skipped.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_export(const strongroom_manager_t *manager,
                                              const strongroom_transfer_t *transfer,
                                              const strongroom_call_t *call,
                                              strongroom_transferred_t **transferred,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_export`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_export_async(const strongroom_manager_t *manager,
                                                    const strongroom_transfer_t *transfer,
                                                    const strongroom_call_t *call,
                                                    strongroom_transferred_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Writes every entry of a document as a secret. What can be wrong is told before anything is written; then all or
 nothing is written where the capability `atomic_batch` says so, else what failed is in the answer. The document is
 copied, and the copy wiped. `transferred` may be NULL.

 Options (`strongroom_transfer_set`): `format` (must be set), `dialect`, `scope`, `names`, `if_exists`, `provider`,
 `dry_run`; `fernet_keys`. Errors: `invalid_argument` with the line of what cannot be read; `invalid_key` naming every
 name that is no key; `conflict` naming every secret that is there already; `ambiguous`; `too_large`; as for
 `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_import(const strongroom_manager_t *manager,
                                              const void *document,
                                              size_t document_length,
                                              const strongroom_transfer_t *transfer,
                                              const strongroom_call_t *call,
                                              strongroom_transferred_t **transferred,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_import`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_import_async(const strongroom_manager_t *manager,
                                                    const void *document,
                                                    size_t document_length,
                                                    const strongroom_transfer_t *transfer,
                                                    const strongroom_call_t *call,
                                                    strongroom_transferred_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/* ---- manager: copy ---- */

/*
 Looks at what `strongroom_manager_copy_to` would do: every key, whether it is new in the target, there already or in
 the way, and what the target cannot hold. Values are read and compared; nothing is written.

 Options as for `strongroom_manager_copy_to`. Errors: `invalid_argument` where both managers have their secrets in one
 place; `read_only`; `unsupported` where the source cannot list and no keys are named.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_copy_plan(const strongroom_manager_t *source,
                                                 const strongroom_manager_t *target,
                                                 const strongroom_transfer_t *transfer,
                                                 const strongroom_call_t *call,
                                                 strongroom_transferred_t **transferred,
                                                 strongroom_error_t **error);

/*
 Starts `strongroom_manager_copy_plan`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_copy_plan_async(const strongroom_manager_t *source,
                                                       const strongroom_manager_t *target,
                                                       const strongroom_transfer_t *transfer,
                                                       const strongroom_call_t *call,
                                                       strongroom_transferred_callback_t callback,
                                                       void *context,
                                                       strongroom_error_t **error);

/*
 Copies secrets to another manager: values, metadata and creation time, the current version of each. Every secret is
 read back and compared. One that is there already with the same value and metadata counts as done, so a copy that was
 interrupted is begun again with the same options and goes on. `transfer` and `transferred` may be NULL.

 Options (`strongroom_transfer_set`): `scope`, `prefix`, `if_exists`, `allow_loss`, `skip_unfit`, `delete_source`,
 `journal`; keys; `strongroom_transfer_set_progress`. Those of `call` hold for every single call of the copy. Errors:
 as for `strongroom_manager_copy_plan`; before anything is written, what stands in the way of the first such secret:
 `conflict`, `unsupported`, `too_large`, `not_found`; `conflict` where another copy holds the journal; `integrity`
 where what was read back is not what was written. An error on the way ends the copy: what was copied stays, and
 nothing was removed.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_copy_to(const strongroom_manager_t *source,
                                               const strongroom_manager_t *target,
                                               const strongroom_transfer_t *transfer,
                                               const strongroom_call_t *call,
                                               strongroom_transferred_t **transferred,
                                               strongroom_error_t **error);

/*
 Starts `strongroom_manager_copy_to`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_copy_to_async(const strongroom_manager_t *source,
                                                     const strongroom_manager_t *target,
                                                     const strongroom_transfer_t *transfer,
                                                     const strongroom_call_t *call,
                                                     strongroom_transferred_callback_t callback,
                                                     void *context,
                                                     strongroom_error_t **error);

/*
 Writes the path of the journal that a copy between the two has by default in the `strongroom` command, for the option
 `journal`, with a NUL behind it, and tells its length without the NUL, also where the buffer is too small
 (`buffer_too_small`, and nothing is written). The same two places have the same one. Errors: `invalid_config` where
 there is no state folder.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_copy_journal(const strongroom_manager_t *source,
                                                    const strongroom_manager_t *target,
                                                    char *buffer,
                                                    size_t capacity,
                                                    size_t *needed,
                                                    strongroom_error_t **error);

/* ---- manager: admin ---- */

/*
 Tells how the backend is, without a prompt and without using up a quota. Texts: `state` (`ok`, `degraded`,
 `unavailable`), `reason`, and `kind` (a token, where an error is the reason).

 Errors: `closed`, `cancelled`. A backend that does not work is an answer, not an error.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_health(const strongroom_manager_t *manager,
                                              const strongroom_call_t *call,
                                              strongroom_report_t **report,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_health`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_health_async(const strongroom_manager_t *manager,
                                                    const strongroom_call_t *call,
                                                    strongroom_report_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Makes the next read of every secret ask the backend, and the backend read again what it has from outside of the store:
 token files, credentials, and for `env` the variables. Does not wait for another machine.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_refresh(const strongroom_manager_t *manager,
                                               const strongroom_call_t *call,
                                               strongroom_error_t **error);

/*
 Starts `strongroom_manager_refresh`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_refresh_async(const strongroom_manager_t *manager,
                                                     const strongroom_call_t *call,
                                                     strongroom_done_callback_t callback,
                                                     void *context,
                                                     strongroom_error_t **error);

/*
 Checks everything that is stored. Numbers: `secrets`, `versions`, `journal`, `sequence`.

 Errors: `integrity` saying what is damaged; `unsupported` where the backend cannot check.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_verify(const strongroom_manager_t *manager,
                                              const strongroom_call_t *call,
                                              strongroom_report_t **report,
                                              strongroom_error_t **error);

/*
 Starts `strongroom_manager_verify`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_verify_async(const strongroom_manager_t *manager,
                                                    const strongroom_call_t *call,
                                                    strongroom_report_callback_t callback,
                                                    void *context,
                                                    strongroom_error_t **error);

/*
 Forgets keys and cached values; the next use unlocks the backend again. Locking once more does nothing.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_lock(const strongroom_manager_t *manager,
                                            const strongroom_call_t *call,
                                            strongroom_error_t **error);

/*
 Starts `strongroom_manager_lock`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_lock_async(const strongroom_manager_t *manager,
                                                  const strongroom_call_t *call,
                                                  strongroom_done_callback_t callback,
                                                  void *context,
                                                  strongroom_error_t **error);

/*
 Gives up connections, keys and cached values; every verb of this manager and its views answers `closed` from then on.
 Writes that were sent finish first. Closing once more does nothing. The handle is still to be freed.

 Errors: `timeout` where a write does not finish in time; the manager is closed all the same.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_close(const strongroom_manager_t *manager,
                                             const strongroom_call_t *call,
                                             strongroom_error_t **error);

/*
 Starts `strongroom_manager_close`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_close_async(const strongroom_manager_t *manager,
                                                   const strongroom_call_t *call,
                                                   strongroom_done_callback_t callback,
                                                   void *context,
                                                   strongroom_error_t **error);

/* ---- manager: watch ---- */

/*
 Subscribes to changes from now on: writes and removals through this manager, what others change as soon as it is seen,
 and changes of the backend's health. `strongroom_subscription_next` waits for them. With keys only those secrets are
 told, which are then looked at also where nobody reads them; without (count 0) any. Without `key_lengths` (NULL) each
 key ends with a NUL. A subscription does not keep its manager: when that is closed, or its last handle freed, it ends.

 Options: `scope`, `prefix` (only such secrets), `every` (how often the backend is looked at for changes by others).
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_subscribe(const strongroom_manager_t *manager,
                                                 const char *const *keys,
                                                 const size_t *key_lengths,
                                                 size_t count,
                                                 const strongroom_call_t *call,
                                                 strongroom_subscription_t **subscription,
                                                 strongroom_error_t **error);

/*
 Starts `strongroom_manager_subscribe`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_subscribe_async(const strongroom_manager_t *manager,
                                                       const char *const *keys,
                                                       const size_t *key_lengths,
                                                       size_t count,
                                                       const strongroom_call_t *call,
                                                       strongroom_subscription_callback_t callback,
                                                       void *context,
                                                       strongroom_error_t **error);

/*
 As `strongroom_manager_subscribe`, but a function is told: of each change, one after another, on the thread of the
 library that runs every callback, until `strongroom_subscription_free`. While it runs, no call that was started completes
 and no other subscription is told: whoever has much to do with a change hands it to a thread of its own, or waits with
 `strongroom_subscription_next`. Where the manager is closed or the library shut down, it is called a last time with
 `closed` and no change. `destroy` (may be NULL) is called once with `context`, when
 the subscription is freed and the function's last call has returned; where this function fails, neither is called.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_subscribe_callback(const strongroom_manager_t *manager,
                                                          const char *const *keys,
                                                          const size_t *key_lengths,
                                                          size_t count,
                                                          const strongroom_call_t *call,
                                                          strongroom_change_callback_t callback,
                                                          void *context,
                                                          strongroom_destroy_t destroy,
                                                          strongroom_subscription_t **subscription,
                                                          strongroom_error_t **error);

/*
 Tells what the manager and all its views have counted since it was opened: numbers, whose names `docs/metrics.md` lists.
 Waits for nobody.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_metrics(const strongroom_manager_t *manager,
                                               strongroom_report_t **report,
                                               strongroom_error_t **error);

/* ---- call ---- */

/*
 Makes options of which none is set.
 */
STRONGROOM_API strongroom_status_t strongroom_call_new(strongroom_call_t **call, strongroom_error_t **error);

/*
 Sets an option; once more replaces it. An unknown name and a malformed value are `invalid_argument` here; an option
 that does not fit a verb is `invalid_argument` there.

 For every verb: `timeout` (a time span, as `250ms`, `10s`, `5m`), `prompt` (`never`, `allow`), `actor`, `reason`,
 `request_id` (texts for the audit). Flags (`true`, `false`): `include_expired`, `fresh` (get), `if_absent` (set),
 `missing_ok`, `soft`, `force` (delete), `allow_unavailable` (get_with_fallback), `clear_expiry` (update_value),
 `full_metadata` (list), `symbols` (generated passwords; `true` unless set). Texts: `version` (get, delete),
 `if_version` (set, update_value, update_metadata), `scope`, `prefix` (list, subscribe), `provider`, `after` (list).
 Time spans: `every` (subscribe). Decimal numbers: `limit` (list), `back` (rollback). Decimal microseconds since 1970:
 `created_at` (set), `expires_at` (update_value).
 */
STRONGROOM_API
strongroom_status_t strongroom_call_set(strongroom_call_t *call,
                                        const char *name,
                                        size_t name_length,
                                        const char *value,
                                        size_t value_length,
                                        strongroom_error_t **error);

/*
 Lets `cancel` end the calls that carry these options. `cancel` may be freed before they end.
 */
STRONGROOM_API
strongroom_status_t strongroom_call_set_cancel(strongroom_call_t *call,
                                               const strongroom_cancel_t *cancel,
                                               strongroom_error_t **error);

/*
 Gives options back. Calls that were made with them go on.
 */
STRONGROOM_API strongroom_status_t strongroom_call_free(strongroom_call_t *call);

/* ---- transfer ---- */

/*
 Makes options of which none is set.
 */
STRONGROOM_API
strongroom_status_t strongroom_transfer_new(strongroom_transfer_t **transfer,
                                            strongroom_error_t **error);

/*
 Sets an option; once more replaces it. An unknown name and a malformed value are `invalid_argument` here; an option
 that does not fit a verb is `invalid_argument` there, and a wrong scope `invalid_key`.

 Words: `format` (export, import; must be set: `env`, `dotenv`, `json`, `yaml`, `fernet`), `dialect` (export, import, of
 `dotenv`: `common`, `python`, `node`, `compose`), `if_exists` (import, copy: `refuse`, `replace`, `skip`), `names`
 (import, what becomes of names that are no keys: `refuse`, `escape`, `skip`). Texts: `scope` (all),
 `prefix` (export, copy), `provider` (import), `journal` (copy: the path of the file that shows where an interrupted copy was). Flags
 (`true`, `false`): `full_names`, `include_expired`, `strict` (export), `dry_run` (import), `allow_loss`, `skip_unfit`,
 `delete_source` (copy).
 */
STRONGROOM_API
strongroom_status_t strongroom_transfer_set(strongroom_transfer_t *transfer,
                                            const char *name,
                                            size_t name_length,
                                            const char *value,
                                            size_t value_length,
                                            strongroom_error_t **error);

/*
 Sets a secret option; once more replaces it: `fernet_keys` (export, import), the keys of a `fernet` document, parted by
 commas, the newest first. The bytes are copied; the copy is wiped when the options are freed.
 */
STRONGROOM_API
strongroom_status_t strongroom_transfer_set_secret(strongroom_transfer_t *transfer,
                                                   const char *name,
                                                   size_t name_length,
                                                   const void *value,
                                                   size_t value_length,
                                                   strongroom_error_t **error);

/*
 Names one of the secrets that are exported or copied; without any, all are. A wrong key is answered by the verb.
 */
STRONGROOM_API
strongroom_status_t strongroom_transfer_add_key(strongroom_transfer_t *transfer,
                                                const char *key,
                                                size_t key_length,
                                                strongroom_error_t **error);

/*
 Has `progress` told how far a copy is; it must not wait. `destroy` (may be NULL) is called once, when neither these
 options nor a copy that was made with them needs `context`; where this function fails, it is not called.
 */
STRONGROOM_API
strongroom_status_t strongroom_transfer_set_progress(strongroom_transfer_t *transfer,
                                                     strongroom_progress_callback_t progress,
                                                     void *context,
                                                     strongroom_destroy_t destroy,
                                                     strongroom_error_t **error);

/*
 Wipes options and gives them back. Calls that were made with them go on.
 */
STRONGROOM_API strongroom_status_t strongroom_transfer_free(strongroom_transfer_t *transfer);

/* ---- cancel ---- */

/*
 Makes one that has not fired.
 */
STRONGROOM_API strongroom_status_t strongroom_cancel_new(strongroom_cancel_t **cancel, strongroom_error_t **error);

/*
 Fires: every call that carries it now or later ends with `cancelled` (a write that was sent: `outcome_unknown`),
 unless the cache answers it at once. May be called on any thread and inside callbacks.
 */
STRONGROOM_API strongroom_status_t strongroom_cancel_fire(const strongroom_cancel_t *cancel);

/*
 Gives it back; it does not fire.
 */
STRONGROOM_API strongroom_status_t strongroom_cancel_free(strongroom_cancel_t *cancel);

/* ---- secret ---- */

/*
 The bytes of the value, `strongroom_secret_len` of them, with no NUL behind them; never NULL for a secret, also
 where it is empty; NULL where `secret` is none. They live until the secret is freed, which wipes them.
 */
STRONGROOM_API const uint8_t *strongroom_secret_data(const strongroom_secret_t *secret);

/*
 How many bytes the value has; 0 where `secret` is none.
 */
STRONGROOM_API size_t strongroom_secret_len(const strongroom_secret_t *secret);

/*
 A copy of what is known about the secret, which the caller frees.
 */
STRONGROOM_API
strongroom_status_t strongroom_secret_metadata(const strongroom_secret_t *secret,
                                               strongroom_metadata_t **metadata,
                                               strongroom_error_t **error);

/*
 Wipes a secret and gives it back.
 */
STRONGROOM_API strongroom_status_t strongroom_secret_free(strongroom_secret_t *secret);

/* ---- metadata ---- */

/*
 Makes an empty object to fill.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_new(strongroom_metadata_t **metadata,
                                            strongroom_error_t **error);

/*
 States who issued the secret, such as `openai`; at most 1,024 bytes.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_set_provider(strongroom_metadata_t *metadata,
                                                     const char *provider,
                                                     size_t length,
                                                     strongroom_error_t **error);

/*
 States what the secret may be used for, such as the OAuth scopes `repo,read:user`; at most 1,024 bytes.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_set_scope_of_use(strongroom_metadata_t *metadata,
                                                         const char *scope,
                                                         size_t length,
                                                         strongroom_error_t **error);

/*
 Adds a label, or replaces the one of that name. At most 32 labels, names of 63 and values of 256 bytes; the write
 checks it.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_set_label(strongroom_metadata_t *metadata,
                                                  const char *name,
                                                  size_t name_length,
                                                  const char *value,
                                                  size_t value_length,
                                                  strongroom_error_t **error);

/*
 States from when on reading the secret answers `expired`, in microseconds since 1970; `invalid_argument` beyond the
 years -9999 to 9999.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_set_expires_at(strongroom_metadata_t *metadata,
                                                       int64_t microseconds,
                                                       strongroom_error_t **error);

/*
 Clears a field: `provider`, `scope_of_use`, `labels` or `expires_at`. To `strongroom_manager_update_metadata` a
 field that was cleared is to be removed, one that was neither set nor cleared stays; labels are replaced as a whole.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_clear(strongroom_metadata_t *metadata,
                                              const char *field,
                                              size_t length,
                                              strongroom_error_t **error);

/*
 Who issued the secret; NULL where nobody is named. Texts of metadata live until it is changed or freed.
 */
STRONGROOM_API const char *strongroom_metadata_provider(const strongroom_metadata_t *metadata);

/*
 What the secret may be used for; NULL where nothing is said.
 */
STRONGROOM_API const char *strongroom_metadata_scope_of_use(const strongroom_metadata_t *metadata);

/*
 How many labels there are.
 */
STRONGROOM_API size_t strongroom_metadata_label_count(const strongroom_metadata_t *metadata);

/*
 The name of a label, counted from 0 in the order of the names; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_metadata_label_name(const strongroom_metadata_t *metadata, size_t index);

/*
 The value of a label, counted as for its name; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_metadata_label_value(const strongroom_metadata_t *metadata, size_t index);

/*
 The value of the label of that name; NULL where there is none.
 */
STRONGROOM_API
const char *strongroom_metadata_label(const strongroom_metadata_t *metadata,
                                      const char *name,
                                      size_t length);

/*
 From when on reading the secret answers `expired`; `not_found` where it does not expire.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_expires_at(const strongroom_metadata_t *metadata,
                                                   int64_t *microseconds);

/*
 When the secret was first set; `not_found` where that is not known.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_created_at(const strongroom_metadata_t *metadata,
                                                   int64_t *microseconds);

/*
 When this version was written; `not_found` where that is not known.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_updated_at(const strongroom_metadata_t *metadata,
                                                   int64_t *microseconds);

/*
 The version; NULL where the backend tells none. To be compared for equality only.
 */
STRONGROOM_API const char *strongroom_metadata_version(const strongroom_metadata_t *metadata);

/*
 The number of the version; `not_found` where it is no number.
 */
STRONGROOM_API
strongroom_status_t strongroom_metadata_version_number(const strongroom_metadata_t *metadata,
                                                       uint64_t *number);

/*
 Whether the expiry has passed by the system's clock; also where `metadata` is none.
 */
STRONGROOM_API bool strongroom_metadata_is_expired(const strongroom_metadata_t *metadata);

/*
 Gives metadata back.
 */
STRONGROOM_API strongroom_status_t strongroom_metadata_free(strongroom_metadata_t *metadata);

/* ---- written ---- */

/*
 The version that was written; NULL where the backend tells none. It lives as long as the object.
 */
STRONGROOM_API const char *strongroom_written_version(const strongroom_written_t *written);

/*
 The number of that version; `not_found` where it is no number.
 */
STRONGROOM_API
strongroom_status_t strongroom_written_version_number(const strongroom_written_t *written,
                                                      uint64_t *number);

/*
 Whether there was no such secret before.
 */
STRONGROOM_API bool strongroom_written_created(const strongroom_written_t *written);

/*
 Gives the object back.
 */
STRONGROOM_API strongroom_status_t strongroom_written_free(strongroom_written_t *written);

/* ---- batch ---- */

/*
 Makes an empty batch.
 */
STRONGROOM_API strongroom_status_t strongroom_batch_new(strongroom_batch_t **batch, strongroom_error_t **error);

/*
 Adds a secret; without `metadata` (NULL) it has none. Value and metadata are copied. A wrong key is answered when
 the batch is written.
 */
STRONGROOM_API
strongroom_status_t strongroom_batch_add(strongroom_batch_t *batch,
                                         const char *key,
                                         size_t key_length,
                                         const void *value,
                                         size_t value_length,
                                         const strongroom_metadata_t *metadata,
                                         strongroom_error_t **error);

/*
 Wipes a batch and gives it back.
 */
STRONGROOM_API strongroom_status_t strongroom_batch_free(strongroom_batch_t *batch);

/* ---- list ---- */

/*
 How many items there are.
 */
STRONGROOM_API size_t strongroom_list_len(const strongroom_list_t *list);

/*
 The text of an item's key, counted from 0, or a reference's name; NULL beyond the last. Texts of a list live as
 long as the list.
 */
STRONGROOM_API const char *strongroom_list_key(const strongroom_list_t *list, size_t index);

/*
 What is so of an item: a sum of `STRONGROOM_ITEM_...`; 0 beyond the last.
 */
STRONGROOM_API uint32_t strongroom_list_flags(const strongroom_list_t *list, size_t index);

/*
 A copy of what is known about an item, which the caller frees. Of a history: the version, when it was written (as
 `created_at`) and its expiry. Of a batch that was written: the version.
 */
STRONGROOM_API
strongroom_status_t strongroom_list_metadata(const strongroom_list_t *list,
                                             size_t index,
                                             strongroom_metadata_t **metadata,
                                             strongroom_error_t **error);

/*
 A copy of an item's secret, which the caller frees: of a batch that was read; else `unsupported`. An item that
 could not be read answers its error.
 */
STRONGROOM_API
strongroom_status_t strongroom_list_secret(const strongroom_list_t *list,
                                           size_t index,
                                           strongroom_secret_t **secret,
                                           strongroom_error_t **error);

/*
 What became of one item of a batch: success, or its error.
 */
STRONGROOM_API
strongroom_status_t strongroom_list_outcome(const strongroom_list_t *list,
                                            size_t index,
                                            strongroom_error_t **error);

/*
 What the call option `after` is to be for the next page; NULL where this was the last.
 */
STRONGROOM_API const char *strongroom_list_next(const strongroom_list_t *list);

/*
 Wipes what the list holds and gives it back.
 */
STRONGROOM_API strongroom_status_t strongroom_list_free(strongroom_list_t *list);

/* ---- explanation ---- */

/*
 How many steps there are.
 */
STRONGROOM_API size_t strongroom_explanation_len(const strongroom_explanation_t *explanation);

/*
 The key that a step looked for, counted from 0; NULL beyond the last. Texts of an explanation live as long as it.
 */
STRONGROOM_API const char *strongroom_explanation_key(const strongroom_explanation_t *explanation, size_t index);

/*
 The text of the scope that a step looked in; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_explanation_scope(const strongroom_explanation_t *explanation, size_t index);

/*
 The word of the backend that was asked; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_explanation_backend(const strongroom_explanation_t *explanation, size_t index);

/*
 What it answered: `found`, `expired`, `absent`, `failed`, `not_asked`; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_explanation_word(const strongroom_explanation_t *explanation, size_t index);

/*
 Where exactly it looked, such as the name of a variable or the path of a file; NULL where it does not say, and beyond
 the last.
 */
STRONGROOM_API const char *strongroom_explanation_detail(const strongroom_explanation_t *explanation, size_t index);

/*
 What is so of a step: a sum of `STRONGROOM_STEP_...`; 0 beyond the last.
 */
STRONGROOM_API uint32_t strongroom_explanation_flags(const strongroom_explanation_t *explanation, size_t index);

/*
 How many microseconds the answer took; 0 beyond the last.
 */
STRONGROOM_API uint64_t strongroom_explanation_took(const strongroom_explanation_t *explanation, size_t index);

/*
 Why a step failed; success where it did not.
 */
STRONGROOM_API
strongroom_status_t strongroom_explanation_outcome(const strongroom_explanation_t *explanation,
                                                   size_t index,
                                                   strongroom_error_t **error);

/*
 A copy of what is known about the secret that a step found, which the caller frees; empty where it found none.
 */
STRONGROOM_API
strongroom_status_t strongroom_explanation_metadata(const strongroom_explanation_t *explanation,
                                                    size_t index,
                                                    strongroom_metadata_t **metadata,
                                                    strongroom_error_t **error);

/*
 The index of the step whose secret a read comes to, also of an expired one; `not_found` where it comes to none.
 */
STRONGROOM_API
strongroom_status_t strongroom_explanation_answer(const strongroom_explanation_t *explanation,
                                                  size_t *index);

/*
 What a read fails with; success where it does not. Without an answer and without a failure there is no such secret.
 */
STRONGROOM_API
strongroom_status_t strongroom_explanation_failure(const strongroom_explanation_t *explanation,
                                                   strongroom_error_t **error);

/*
 Gives an explanation back.
 */
STRONGROOM_API strongroom_status_t strongroom_explanation_free(strongroom_explanation_t *explanation);

/* ---- transferred ---- */

/*
 How many items there are: secrets, and names that are none.
 */
STRONGROOM_API size_t strongroom_transferred_len(const strongroom_transferred_t *transferred);

/*
 The text of an item's key, counted from 0, or the name of what is no key; NULL beyond the last. Texts live as long as
 the answer.
 */
STRONGROOM_API const char *strongroom_transferred_key(const strongroom_transferred_t *transferred, size_t index);

/*
 What became of an item; NULL beyond the last. Of an export: `exported`, `skipped`. Of an import: `created`,
 `replaced`, `skipped`, `failed`. Of a copy: `copied`, `same`, `skipped`, `gone`, `deleted_before` (by one that was
 interrupted), `reference` (a name in the source that is no key). Of its plan: `create`, `replace`, `same`, `skip`,
 `refuse`, `reference`.
 */
STRONGROOM_API const char *strongroom_transferred_word(const strongroom_transferred_t *transferred, size_t index);

/*
 More about an item: the name in the document of what was exported; why an entry was skipped (`expired`, `reference`,
 `name`, `exists`); of a copy, the fields that the target cannot hold, parted by commas. NULL where there is nothing to
 tell, and beyond the last.
 */
STRONGROOM_API const char *strongroom_transferred_detail(const strongroom_transferred_t *transferred, size_t index);

/*
 The line of an imported document where a skipped entry stands; 0 for everything else, and beyond the last.
 */
STRONGROOM_API size_t strongroom_transferred_line(const strongroom_transferred_t *transferred, size_t index);

/*
 What is so of an item: `STRONGROOM_TRANSFERRED_DELETED` or 0; 0 beyond the last.
 */
STRONGROOM_API uint32_t strongroom_transferred_item_flags(const strongroom_transferred_t *transferred, size_t index);

/*
 Why an item failed, is refused or skipped, or was kept at the source; success where there is no such reason.
 */
STRONGROOM_API
strongroom_status_t strongroom_transferred_outcome(const strongroom_transferred_t *transferred,
                                                   size_t index,
                                                   strongroom_error_t **error);

/*
 What is so of the whole: a sum of `STRONGROOM_TRANSFERRED_DRY_RUN` and `STRONGROOM_TRANSFERRED_RESUMED`.
 */
STRONGROOM_API uint32_t strongroom_transferred_flags(const strongroom_transferred_t *transferred);

/*
 How many notes an import has: what other readers of the format would understand differently.
 */
STRONGROOM_API size_t strongroom_transferred_note_count(const strongroom_transferred_t *transferred);

/*
 A note, counted from 0, with its line and never a value; NULL beyond the last.
 */
STRONGROOM_API const char *strongroom_transferred_note(const strongroom_transferred_t *transferred, size_t index);

/*
 The bytes of an exported document, `strongroom_transferred_document_len` of them, with no NUL behind them; NULL where
 nothing was exported. They live until the answer is freed, which wipes them.
 */
STRONGROOM_API const uint8_t *strongroom_transferred_document(const strongroom_transferred_t *transferred);

/*
 How many bytes the document has; 0 where there is none.
 */
STRONGROOM_API size_t strongroom_transferred_document_len(const strongroom_transferred_t *transferred);

/*
 Wipes the answer and gives it back.
 */
STRONGROOM_API strongroom_status_t strongroom_transferred_free(strongroom_transferred_t *transferred);

/* ---- report ---- */

/*
 How many entries the report has.
 */
STRONGROOM_API size_t strongroom_report_len(const strongroom_report_t *report);

/*
 The name of an entry, counted from 0; NULL beyond the last. Texts of a report live as long as the report.
 */
STRONGROOM_API const char *strongroom_report_name(const strongroom_report_t *report, size_t index);

/*
 The text of the entry of that name, a number in decimal; NULL where there is none.
 */
STRONGROOM_API const char *strongroom_report_text(const strongroom_report_t *report, const char *name, size_t length);

/*
 The number of the entry of that name; `not_found` where there is none, or it is no number.
 */
STRONGROOM_API
strongroom_status_t strongroom_report_number(const strongroom_report_t *report,
                                             const char *name,
                                             size_t length,
                                             uint64_t *number);

/*
 Gives a report back.
 */
STRONGROOM_API strongroom_status_t strongroom_report_free(strongroom_report_t *report);

/* ---- subscription ---- */

/*
 Waits for the next change, at most `timeout_ms` milliseconds; 0 only looks whether one waits, `STRONGROOM_FOREVER` waits
 for as long as it takes. Of several threads that wait, each change reaches one.

 Errors: `timeout` where none came; `closed` where the manager was closed, the subscription freed meanwhile, or made by
 the process that forked this one; `cancelled` by a shutdown; `unsupported` where a function is told.
 */
STRONGROOM_API
strongroom_status_t strongroom_subscription_next(const strongroom_subscription_t *subscription,
                                                 uint32_t timeout_ms,
                                                 strongroom_change_t **change,
                                                 strongroom_error_t **error);

/*
 Ends a subscription and gives it back. A thread that waits for its next change is answered `closed`. Where a function is
 told, this waits until it has returned; it is not called again, and its `destroy` has been called. Inside a callback
 nobody is waited for: a function that runs just then is not called again, and `destroy` follows when it has returned.
 */
STRONGROOM_API
strongroom_status_t strongroom_subscription_free(strongroom_subscription_t *subscription);

/* ---- change ---- */

/*
 What has changed: `set` (a secret was written: its value, its metadata, or both), `deleted`, `unknown` (someone else
 changed something, and the backend cannot say what; or nobody knows what became of a write), `health`, `missed` (the
 subscriber was too slow, and changes were left out: any secret may be another one). A newer library may tell more.
 Texts of a change live as long as the change.
 */
STRONGROOM_API const char *strongroom_change_kind(const strongroom_change_t *change);

/*
 The text of the secret's key; NULL where the change concerns none, or nobody knows which.
 */
STRONGROOM_API const char *strongroom_change_key(const strongroom_change_t *change);

/*
 The version that is current now; NULL where it is not known.
 */
STRONGROOM_API const char *strongroom_change_version(const strongroom_change_t *change);

/*
 How the backend is now (`ok`, `degraded`, `unavailable`), for the kind `health`; else NULL.
 */
STRONGROOM_API const char *strongroom_change_health(const strongroom_change_t *change);

/*
 Why the backend is so; NULL where there is no reason.
 */
STRONGROOM_API const char *strongroom_change_reason(const strongroom_change_t *change);

/*
 Gives a change back.
 */
STRONGROOM_API strongroom_status_t strongroom_change_free(strongroom_change_t *change);

/* ---- generate ---- */

/*
 Makes a random value and stores it nowhere. `form` is a `STRONGROOM_FORM_...`; `length` counts random bytes, or
 characters of a password.

 Options: `symbols`. Errors: `invalid_argument` for a length that is not from 1 to 65,536.
 */
STRONGROOM_API
strongroom_status_t strongroom_generate(int32_t form,
                                        size_t length,
                                        const strongroom_call_t *call,
                                        strongroom_secret_t **secret,
                                        strongroom_error_t **error);

/* ---- fernet ---- */

/*
 Makes a new random Fernet key: 44 characters, url-safe base64.
 */
STRONGROOM_API strongroom_status_t strongroom_fernet_generate(strongroom_secret_t **key, strongroom_error_t **error);

/*
 Makes a token of a value. `keys` are Fernet keys, parted by commas; the first one writes. Errors: `invalid_argument`
 where one is no key; `too_large`.
 */
STRONGROOM_API
strongroom_status_t strongroom_fernet_encrypt(const void *keys,
                                              size_t keys_length,
                                              const void *value,
                                              size_t value_length,
                                              strongroom_secret_t **token,
                                              strongroom_error_t **error);

/*
 Reads the value of a token that one of the keys made. With `ttl_seconds` of 0 or more only where the token is no
 older, and is not of the future; a negative number means that its age does not count. Errors: `invalid_argument`
 where one is no key; `invalid_value` where this is no token; `wrong_key` where none of the keys made it, or it was
 changed; `expired`.
 */
STRONGROOM_API
strongroom_status_t strongroom_fernet_decrypt(const void *keys,
                                              size_t keys_length,
                                              const void *token,
                                              size_t token_length,
                                              int64_t ttl_seconds,
                                              strongroom_secret_t **value,
                                              strongroom_error_t **error);

/*
 Makes a token of the first key with the value and the time of another. Errors: as for `strongroom_fernet_decrypt`
 without a time to live.
 */
STRONGROOM_API
strongroom_status_t strongroom_fernet_rotate(const void *keys,
                                             size_t keys_length,
                                             const void *token,
                                             size_t token_length,
                                             strongroom_secret_t **rotated,
                                             strongroom_error_t **error);

/* ---- keys ---- */

/*
 Takes a key's text (`[kind/id/]name[@target]`) apart. Texts: `canonical`, `kind`, `name`, and, where the key has
 them, `id` and `target`. Errors: `invalid_key`.
 */
STRONGROOM_API
strongroom_status_t strongroom_key_parse(const char *text,
                                         size_t length,
                                         strongroom_report_t **report,
                                         strongroom_error_t **error);

/*
 Writes any bytes as one segment of a key, with a NUL behind it, and tells its length without the NUL, also where the
 buffer is too small (`buffer_too_small`, and nothing is written). `buffer` may be NULL where `capacity` is 0. Errors:
 `too_large` where the segment would have more than 1,024 bytes.
 */
STRONGROOM_API
strongroom_status_t strongroom_key_escape(const void *word,
                                          size_t length,
                                          char *buffer,
                                          size_t capacity,
                                          size_t *needed,
                                          strongroom_error_t **error);

/*
 Reads a segment of a key back into the bytes that it stands for, and tells their number, also where the buffer is
 too small (`buffer_too_small`, and nothing is written). `buffer` may be NULL where `capacity` is 0. Errors:
 `invalid_key`.
 */
STRONGROOM_API
strongroom_status_t strongroom_key_unescape(const char *text,
                                            size_t length,
                                            void *buffer,
                                            size_t capacity,
                                            size_t *needed,
                                            strongroom_error_t **error);

/*
 Writes the name of the environment variable that stands for a key, as the backend `env` and documents have it, with a
 NUL behind it, and tells its length without the NUL, also where the buffer is too small (`buffer_too_small`, and
 nothing is written). `prefix` stands before it (NULL: nothing); `mapping` is `plain` (people's names; several keys may
 share one) or `escaped` (each key its own). `buffer` may be NULL where `capacity` is 0. Errors: `invalid_key`.
 */
STRONGROOM_API
strongroom_status_t strongroom_key_variable(const char *key,
                                            size_t key_length,
                                            const char *prefix,
                                            size_t prefix_length,
                                            const char *mapping,
                                            size_t mapping_length,
                                            char *buffer,
                                            size_t capacity,
                                            size_t *needed,
                                            strongroom_error_t **error);

/* ---- error ---- */

/*
 The kind of the error; `invalid_handle` where `error` is none.
 */
STRONGROOM_API strongroom_status_t strongroom_error_status(const strongroom_error_t *error);

/*
 One line for people: the kind, what happened, and the fields. It lives as long as the error. Never NULL: what is no
 error object reads as an error of the kind `invalid_handle`.
 */
STRONGROOM_API const char *strongroom_error_message(const strongroom_error_t *error);

/*
 The kind's token, such as `not_found`: the same in every language. It lives for ever. Never NULL, as the message.
 */
STRONGROOM_API const char *strongroom_error_token(const strongroom_error_t *error);

/*
 The verb that failed, such as `get`; NULL where none is known. It lives for ever.
 */
STRONGROOM_API const char *strongroom_error_operation(const strongroom_error_t *error);

/*
 The backend that failed; NULL where none is known. It lives as long as the error.
 */
STRONGROOM_API const char *strongroom_error_backend(const strongroom_error_t *error);

/*
 The key, control characters escaped; NULL where the error is about none. It lives as long as the error.
 */
STRONGROOM_API const char *strongroom_error_key(const strongroom_error_t *error);

/*
 The setting at fault; NULL where the error is about none. It lives as long as the error.
 */
STRONGROOM_API const char *strongroom_error_setting(const strongroom_error_t *error);

/*
 One line that says what to do. It lives as long as the error. Never NULL, as the message.
 */
STRONGROOM_API const char *strongroom_error_help(const strongroom_error_t *error);

/*
 Whether the same call may succeed later without anyone changing anything.
 */
STRONGROOM_API bool strongroom_error_is_retryable(const strongroom_error_t *error);

/*
 How many microseconds to wait before trying again; -1 where the backend did not say.
 */
STRONGROOM_API int64_t strongroom_error_retry_after(const strongroom_error_t *error);

/*
 The code of the system or library underneath (`errno`, SQLite's extended code, an HTTP status); 0 where there is
 none.
 */
STRONGROOM_API int64_t strongroom_error_foreign_code(const strongroom_error_t *error);

/*
 Gives an error object back.
 */
STRONGROOM_API strongroom_status_t strongroom_error_free(strongroom_error_t *error);

/* ---- log ---- */

/*
 Has a function take the library's events up to `level` (a `STRONGROOM_LEVEL_...`), for the whole process; NULL ends
 it. `destroy` (may be NULL) is called once with `context`, when the function is replaced and its last call has
 returned; where this function fails, it is not called.
 */
STRONGROOM_API
strongroom_status_t strongroom_set_log_callback(int32_t level,
                                                strongroom_log_callback_t callback,
                                                void *context,
                                                strongroom_destroy_t destroy,
                                                strongroom_error_t **error);

/* ---- manager: generate ---- */

/*
 Reads a secret, or makes it with a random value where there is none; of several that try at once one makes it, and all
 get that. `form` is a `STRONGROOM_FORM_...`; `length` counts random bytes, or characters of a password; `metadata` (may be
 NULL) is that of a new secret.

 Options: `symbols`. Errors: `invalid_argument` for a length that is not from 1 to 65,536; `expired`; as for
 `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_or_generate(const strongroom_manager_t *manager,
                                                       const char *key,
                                                       size_t key_length,
                                                       int32_t form,
                                                       size_t length,
                                                       const strongroom_metadata_t *metadata,
                                                       const strongroom_call_t *call,
                                                       strongroom_secret_t **secret,
                                                       strongroom_error_t **error);

/*
 Starts `strongroom_manager_get_or_generate`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_get_or_generate_async(const strongroom_manager_t *manager,
                                                             const char *key,
                                                             size_t key_length,
                                                             int32_t form,
                                                             size_t length,
                                                             const strongroom_metadata_t *metadata,
                                                             const strongroom_call_t *call,
                                                             strongroom_secret_callback_t callback,
                                                             void *context,
                                                             strongroom_error_t **error);

/*
 Gives a secret a new random value, of a form and length as for `strongroom_manager_get_or_generate`.

 Options: `symbols`. Errors: `not_found`; `invalid_argument`; as for `strongroom_manager_set`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rotate_generate(const strongroom_manager_t *manager,
                                                       const char *key,
                                                       size_t key_length,
                                                       int32_t form,
                                                       size_t length,
                                                       const strongroom_call_t *call,
                                                       strongroom_written_t **written,
                                                       strongroom_error_t **error);

/*
 Starts `strongroom_manager_rotate_generate`.
 */
STRONGROOM_API
strongroom_status_t strongroom_manager_rotate_generate_async(const strongroom_manager_t *manager,
                                                             const char *key,
                                                             size_t key_length,
                                                             int32_t form,
                                                             size_t length,
                                                             const strongroom_call_t *call,
                                                             strongroom_written_callback_t callback,
                                                             void *context,
                                                             strongroom_error_t **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* STRONGROOM_H */
