//! Secrets that C holds.

use strongroom::Secret as CoreSecret;

use crate::arguments::Out;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{object, pin};
use crate::metadata::Metadata;
use crate::status::Status;

/// A secret: its value and what is known about it. The value is wiped when the secret is freed. Several threads may
/// read it at once.
pub struct Secret(pub(crate) CoreSecret);

object!(Secret, "secret", 2, stripes 1);

/// The bytes of the value, `strongroom_secret_len` of them, with no NUL behind them; never NULL for a secret, also
/// where it is empty; NULL where `secret` is none. They live until the secret is freed, which wipes them.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_secret_data(secret: *const Secret) -> *const u8 {
    guard_value(std::ptr::null(), || Ok(pin(secret)?.0.value.expose().as_ptr()))
}

/// How many bytes the value has; 0 where `secret` is none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_secret_len(secret: *const Secret) -> usize {
    guard_value(0, || Ok(pin(secret)?.0.value.len()))
}

/// A copy of what is known about the secret, which the caller frees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_secret_metadata(
    secret: *const Secret,
    metadata: *mut *mut Metadata,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions, for `error` and `metadata`.
    unsafe {
        guard(error, || {
            let out = Out::object(metadata, "metadata")?;
            out.give(Metadata::of(pin(secret)?.0.metadata.clone()))
        })
    }
}

/// Wipes a secret and gives it back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_secret_free(secret: *mut Secret) -> Status {
    guard_free(secret)
}
