//! The verbs that remove a secret and bring it back.

use std::ffi::{c_char, c_void};

use strongroom::{DeleteOptions, Result};

use super::write::{DoneCallback, WrittenCallback};
use super::{Manager, Verb};
use crate::arguments::{self, Out};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::status::Status;
use crate::written::Written;

unsafe fn delete(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<()>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &["missing_ok", "soft", "force", "version"])?;
    let mut options = DeleteOptions::new();
    options.missing_ok = chosen.is_on("missing_ok");
    options.soft = chosen.is_on("soft");
    options.force = chosen.is_on("force");
    options.version = chosen.version("version");
    Ok(Verb::new(chosen, move |manager| async move {
        manager.delete_with(&key, options).await
    }))
}

unsafe fn restore(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.restore(&key).await?))
    }))
}

/// Removes a secret with its history, for as long as the backend keeps what was removed.
///
/// Options: `missing_ok`, and one of: `soft` (only the current version, so that `strongroom_manager_restore` brings it
/// back), `force` (for good, also where the backend would keep it for a while), `version` (only the value of that version,
/// for good). Errors: `not_found` unless `missing_ok`; `read_only`; `unsupported` for `soft` and `version` where the backend
/// cannot restore; `invalid_argument` for two of the three.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_delete(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            delete(key, key_length, call)?.wait(manager)
        })
    }
}

/// Starts `strongroom_manager_delete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_delete_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: DoneCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            delete(key, key_length, call)?.start(manager, callback, context)
        })
    }
}

/// Brings back a secret that was removed, where the backend still keeps it: Vault one that was removed with `soft`, AWS
/// any that was removed without `force`. `written` may be NULL.
///
/// Errors: `not_found` where nothing removed is kept; `conflict` where the secret is there; `unsupported` where the backend
/// keeps nothing that was removed (`restore` of `strongroom_manager_info`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_restore(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(restore(key, key_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_restore`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_restore_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            restore(key, key_length, call)?.start(manager, callback, context)
        })
    }
}
