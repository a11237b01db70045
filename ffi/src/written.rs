//! What a write did.

use std::ffi::{CString, c_char};

use strongroom::backend::SetOutcome;
use strongroom::{ErrorKind, Version};

use crate::arguments::Out;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{object, pin};
use crate::status::Status;
use crate::words::{c_text, pointer};

/// What a write did. Several threads may read it at once.
pub struct Written {
    version: Option<CString>,
    number: Option<u64>,
    created: bool,
}

object!(Written, "written", 4, stripes 1);

impl Written {
    pub(crate) fn of(outcome: &SetOutcome) -> Self {
        Self {
            version: outcome.version.as_ref().map(|version| c_text(version.as_str())),
            number: outcome.version.as_ref().and_then(Version::number),
            created: outcome.created,
        }
    }
}

/// The version that was written; NULL where the backend tells none. It lives as long as the object.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_written_version(written: *const Written) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(written)?.version.as_deref())))
}

/// The number of that version; `not_found` where it is no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_written_version_number(written: *const Written, number: *mut u64) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(std::ptr::null_mut(), || {
            let out = Out::new(number, 0, "number")?;
            out.fill(pin(written)?.number.ok_or(ErrorKind::NotFound)?);
            Ok(())
        })
    }
}

/// Whether there was no such secret before.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_written_created(written: *const Written) -> bool {
    guard_value(false, || Ok(pin(written)?.created))
}

/// Gives the object back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_written_free(written: *mut Written) -> Status {
    guard_free(written)
}
