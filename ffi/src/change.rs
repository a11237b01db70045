//! What a subscription tells.

use std::ffi::{CString, c_char};

use strongroom::{Change as CoreChange, Version};

use crate::guard::{guard_free, guard_value};
use crate::handle::{object, pin};
use crate::status::Status;
use crate::words::{c_text, pointer};

/// One change. Never a value. Several threads may read it at once.
pub struct Change {
    kind: CString,
    key: Option<CString>,
    version: Option<CString>,
    health: Option<CString>,
    reason: Option<CString>,
}

object!(Change, "change", 16, stripes 1);

impl Change {
    pub(crate) fn of(change: &CoreChange) -> Self {
        Self {
            kind: c_text(change.kind.word()),
            key: change.key.as_ref().map(|key| c_text(key.as_str())),
            version: change.version.as_ref().map(Version::as_str).map(c_text),
            health: change.health.map(|state| c_text(state.word())),
            reason: change.reason.as_deref().map(c_text),
        }
    }
}

/// What has changed: `set` (a secret was written: its value, its metadata, or both), `deleted`, `unknown` (someone else
/// changed something, and the backend cannot say what; or nobody knows what became of a write), `health`, `missed` (the
/// subscriber was too slow, and changes were left out: any secret may be another one). A newer library may tell more.
/// Texts of a change live as long as the change.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_kind(change: *const Change) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(change)?.kind.as_ptr()))
}

/// The text of the secret's key; NULL where the change concerns none, or nobody knows which.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_key(change: *const Change) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(change)?.key.as_deref())))
}

/// The version that is current now; NULL where it is not known.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_version(change: *const Change) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(change)?.version.as_deref())))
}

/// How the backend is now (`ok`, `degraded`, `unavailable`), for the kind `health`; else NULL.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_health(change: *const Change) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(change)?.health.as_deref())))
}

/// Why the backend is so; NULL where there is no reason.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_reason(change: *const Change) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(change)?.reason.as_deref())))
}

/// Gives a change back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_change_free(change: *mut Change) -> Status {
    guard_free(change)
}
