/* Strongroom: secrets in whatever place suits the machine. SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Status and errors
 *   Every function that can fail returns strongroom_status_t: STRONGROOM_STATUS_OK (0), or the number of the kind of
 *   error; numbers are never changed and never reused. Its last parameter `error` may be NULL; otherwise it is set to
 *   NULL first and, on failure, to an error object that the caller frees with strongroom_error_free. There is no errno
 *   and no state bound to a thread. No error carries a value.
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
 *   Text that a function gives is NUL-terminated, belongs to the object that was asked, and lives as long as it.
 *
 * Threads
 *   A `const T *` handle may be used by several threads at once. A `T *` handle (builders, and what is being freed) is
 *   meant for one thread at a time; two at once corrupt nothing, but in which order they act is open. What belongs to
 *   an object ends with it: no thread may still read text or data of an object that another one frees.
 *
 * Text, bytes and NULL
 *   Text and bytes go in as pointer and length. The length STRONGROOM_AUTO_LENGTH means NUL-terminated. NULL with
 *   length 0 is empty, or none where the function says so; NULL with another length answers invalid_argument. Text
 *   must be UTF-8 (else invalid_argument; a key: invalid_key). A length beyond what can ever be valid is refused
 *   before a byte is read. Values are bytes; with STRONGROOM_AUTO_LENGTH they end before the NUL.
 *   Times are microseconds since 1970-01-01T00:00:00Z.
 *
 * Callbacks
 *   A function whose name ends in `_async` returns at once. If it returned STRONGROOM_STATUS_OK, its callback runs
 *   exactly once, later, on a thread of the library and never inside the call that started it; callbacks run one after
 *   another. Otherwise it never runs. A callback owns the objects that it is given and frees them.
 *   Inside any callback (completion, log, secret provider) only getters, `_free` and strongroom_cancel_fire may be
 *   called; everything else answers reentrant_call. Nothing may be thrown and nothing may jump out of a callback.
 *
 * Fork
 *   The child may use every handle. Calls that were started before the fork complete in the parent only.
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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of the C ABI.
 */
STRONGROOM_API uint32_t strongroom_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* STRONGROOM_H */
