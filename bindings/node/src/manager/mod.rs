//! The manager, and its verbs. Each takes whether it waits, the manager's handle, what the verb is about, and options.

pub(crate) mod admin;
pub(crate) mod copy;
pub(crate) mod generate;
pub(crate) mod read;
pub(crate) mod transfer;
pub(crate) mod write;

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::SecretManager;

use crate::arguments::wrong_type;
use crate::call::Answer;
use crate::error::{Outcome, value};

/// The manager of a handle.
pub(crate) fn of(handle: Unknown<'_>) -> Outcome<&SecretManager> {
    // SAFETY: napi-rs checks that it is one of ours.
    let manager: napi::Result<&External<SecretManager>> =
        unsafe { FromNapiValue::from_napi_value(handle.value().env, handle.raw()) };
    manager
        .map(|manager| &**manager)
        .map_err(|_| wrong_type("this", "a SecretManager", handle))
}

impl Answer for SecretManager {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        value(env, External::new(self))
    }
}
