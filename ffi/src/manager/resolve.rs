//! The verb that follows references.

use std::ffi::{c_char, c_void};

use strongroom::Result;
use strongroom::backend::Operation;

use super::read::SecretCallback;
use super::{Manager, Verb, missing};
use crate::arguments::{Out, text};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::secret::Secret;
use crate::status::Status;

unsafe fn resolve(reference: *const c_char, reference_length: usize, call: *const Call) -> Result<Verb<Secret>> {
    // SAFETY: as this function.
    let reference = unsafe { text(reference, reference_length, "reference") }?.to_owned();
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        match manager.resolve(&reference).await? {
            Some(secret) => Ok(Secret(secret)),
            None => Err(missing(&manager, Operation::Resolve, &reference)),
        }
    }))
}

/// Reads the secret that a reference leads to: `secret://[scope/]name[?version=][#/json/pointer]`, or where the setting
/// `references` allows them `vault:…`, `aws:…`, `env:…` and `file:…`. A stored secret that is itself a reference is followed
/// once.
///
/// Errors: `not_found` where there is none; `invalid_argument` where the text is no reference; `policy_denied` for a scheme
/// that is not allowed; else as `strongroom_manager_get`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_resolve(
    manager: *const Manager,
    reference: *const c_char,
    reference_length: usize,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            out.give(resolve(reference, reference_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_resolve`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_resolve_async(
    manager: *const Manager,
    reference: *const c_char,
    reference_length: usize,
    call: *const Call,
    callback: SecretCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            resolve(reference, reference_length, call)?.start(manager, callback, context)
        })
    }
}
