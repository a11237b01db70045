//! The manager, and its verbs. Each takes whether it waits, the manager's handle, what the verb is about, and options.

pub(crate) mod admin;
pub(crate) mod copy;
pub(crate) mod generate;
pub(crate) mod read;
pub(crate) mod transfer;
pub(crate) mod watch;
pub(crate) mod write;

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::SecretManager;

use crate::arguments::wrong_type;
use crate::call::Answer;
use crate::error::{Outcome, value};

/// The manager of a handle.
pub(crate) fn of(handle: Unknown<'_>) -> Outcome<&SecretManager> {
    found(handle).ok_or_else(|| wrong_type("this", "a SecretManager", handle))
}

/// The same, where it is a manager's.
pub(crate) fn found(handle: Unknown<'_>) -> Option<&SecretManager> {
    // SAFETY: napi-rs checks that it is one of ours.
    let manager: napi::Result<&External<SecretManager>> =
        unsafe { FromNapiValue::from_napi_value(handle.value().env, handle.raw()) };
    manager.ok().map(|manager| &**manager)
}

impl Answer for SecretManager {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        value(env, External::new(self))
    }
}
