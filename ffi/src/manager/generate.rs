//! The verbs that make random values.

use std::ffi::{c_char, c_void};

use strongroom::{GenerateSpec, Result};

use super::read::SecretCallback;
use super::write::{WrittenCallback, stated};
use super::{Manager, Verb};
use crate::arguments::{self, Out};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::generate::spec;
use crate::guard::{guard, refuse_in_callback};
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::status::Status;
use crate::written::Written;

unsafe fn get_or_generate(
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    metadata: *const Metadata,
    call: *const Call,
) -> Result<Verb<Secret>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &["symbols"])?;
    let spec: GenerateSpec = spec(form, length, &chosen)?.with_metadata(stated(metadata)?);
    Ok(Verb::new(chosen, move |manager| async move {
        manager.get_or_generate(&key, &spec).await.map(Secret)
    }))
}

unsafe fn rotate_generate(
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &["symbols"])?;
    let spec = spec(form, length, &chosen)?;
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.rotate(&key, spec).await?))
    }))
}

/// Reads a secret, or makes it with a random value where there is none; of several that try at once one makes it, and all
/// get that. `form` is a `STRONGROOM_FORM_…`; `length` counts random bytes, or characters of a password; `metadata` (may be
/// NULL) is that of a new secret.
///
/// Options: `symbols`. Errors: `invalid_argument` for a length that is not from 1 to 65,536; `expired`; as for
/// `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_or_generate(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    metadata: *const Metadata,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            out.give(get_or_generate(key, key_length, form, length, metadata, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_get_or_generate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_or_generate_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    metadata: *const Metadata,
    call: *const Call,
    callback: SecretCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            get_or_generate(key, key_length, form, length, metadata, call)?.start(manager, callback, context)
        })
    }
}

/// Gives a secret a new random value, of a form and length as for `strongroom_manager_get_or_generate`.
///
/// Options: `symbols`. Errors: `not_found`; `invalid_argument`; as for `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rotate_generate(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(rotate_generate(key, key_length, form, length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_rotate_generate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rotate_generate_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    form: i32,
    length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            rotate_generate(key, key_length, form, length, call)?.start(manager, callback, context)
        })
    }
}
