//! The verb that tells where a secret is looked for.

use std::ffi::{c_char, c_void};

use strongroom::{Result, SecretScope};

use super::{Manager, Verb};
use crate::arguments::{self, Out, several, text};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::explanation::Explanation;
use crate::guard::{guard, refuse_in_callback};
use crate::status::Status;

/// Takes an explanation, or why there is none.
pub type ExplanationCallback = Option<
    unsafe extern "C" fn(context: *mut c_void, status: Status, explanation: *mut Explanation, error: *mut ErrorObject),
>;

unsafe fn explain(
    key: *const c_char,
    key_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
) -> Result<Verb<Explanation>> {
    // SAFETY: as this function.
    let (key, scopes) = unsafe {
        let key = arguments::key(key, key_length)?;
        let scopes = several(scopes, scope_lengths, count, "scopes", |scope, length| {
            SecretScope::parse(text(scope, length, "scopes")?)
        })?;
        (key, scopes)
    };
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        manager.explain(&key, &scopes).await.map(Explanation::of)
    }))
}

/// Tells every place where a secret is looked for, what each answered, and what a read comes to; never a value. Without
/// scopes (count 0) that is what `strongroom_manager_get` of the key does; with them, what
/// `strongroom_manager_get_with_fallback` of the name does. The cache is not asked.
///
/// Errors: `invalid_key`. What else a place fails with is told in its step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_explain(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
    explanation: *mut *mut Explanation,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(explanation, "explanation")?;
            refuse_in_callback()?;
            out.give(explain(key, key_length, scopes, scope_lengths, count, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_explain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_explain_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
    callback: ExplanationCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            explain(key, key_length, scopes, scope_lengths, count, call)?.start(manager, callback, context)
        })
    }
}
