//! Fernet: tokens that other languages' libraries read too.

use std::ffi::c_void;

use strongroom::{Result, Secret as CoreSecret, SecretValue};

use crate::arguments::{self, Out};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::secret::Secret;
use crate::status::Status;

#[cfg(feature = "encrypted")]
mod tokens {
    use std::time::Duration;

    use strongroom::fernet::{FernetKey, FernetKeys};
    use strongroom::{Result, SecretValue};

    pub(super) fn generate() -> Result<SecretValue> {
        Ok(FernetKey::generate()?.to_text())
    }

    pub(super) fn encrypt(keys: &SecretValue, value: &SecretValue) -> Result<SecretValue> {
        Ok(FernetKeys::parse(keys.expose())?.encrypt(value.expose())?.into())
    }

    pub(super) fn decrypt(keys: &SecretValue, token: &SecretValue, ttl_seconds: i64) -> Result<SecretValue> {
        let ttl = u64::try_from(ttl_seconds).ok().map(Duration::from_secs);
        FernetKeys::parse(keys.expose())?.decrypt(token.expose(), ttl)
    }

    pub(super) fn rotate(keys: &SecretValue, token: &SecretValue) -> Result<SecretValue> {
        Ok(FernetKeys::parse(keys.expose())?.rotate(token.expose())?.into())
    }
}

#[cfg(not(feature = "encrypted"))]
mod tokens {
    use strongroom::{Error, ErrorKind, Result, SecretValue};

    fn missing() -> Error {
        let message = "this library was built without the feature `encrypted`, which Fernet needs";
        Error::new(ErrorKind::Unsupported, message)
    }

    pub(super) fn generate() -> Result<SecretValue> {
        Err(missing())
    }

    pub(super) fn encrypt(_: &SecretValue, _: &SecretValue) -> Result<SecretValue> {
        Err(missing())
    }

    pub(super) fn decrypt(_: &SecretValue, _: &SecretValue, _: i64) -> Result<SecretValue> {
        Err(missing())
    }

    pub(super) fn rotate(_: &SecretValue, _: &SecretValue) -> Result<SecretValue> {
        Err(missing())
    }
}

fn give(out: &Out<*mut Secret>, value: SecretValue) -> Result<()> {
    out.give(Secret(CoreSecret::new(value)))
}

/// Makes a new random Fernet key: 44 characters, url-safe base64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_fernet_generate(key: *mut *mut Secret, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(key, "key")?;
            refuse_in_callback()?;
            give(&out, tokens::generate()?)
        })
    }
}

/// Makes a token of a value. `keys` are Fernet keys, parted by commas; the first one writes. Errors: `invalid_argument`
/// where one is no key; `too_large`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_fernet_encrypt(
    keys: *const c_void,
    keys_length: usize,
    value: *const c_void,
    value_length: usize,
    token: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(token, "token")?;
            refuse_in_callback()?;
            let keys = arguments::named_value(keys, keys_length, "keys")?;
            give(&out, tokens::encrypt(&keys, &arguments::value(value, value_length)?)?)
        })
    }
}

/// Reads the value of a token that one of the keys made. With `ttl_seconds` of 0 or more only where the token is no
/// older, and is not of the future; a negative number means that its age does not count. Errors: `invalid_argument`
/// where one is no key; `invalid_value` where this is no token; `wrong_key` where none of the keys made it, or it was
/// changed; `expired`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_fernet_decrypt(
    keys: *const c_void,
    keys_length: usize,
    token: *const c_void,
    token_length: usize,
    ttl_seconds: i64,
    value: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(value, "value")?;
            refuse_in_callback()?;
            let keys = arguments::named_value(keys, keys_length, "keys")?;
            let token = arguments::document(token, token_length, "token")?;
            give(&out, tokens::decrypt(&keys, &token, ttl_seconds)?)
        })
    }
}

/// Makes a token of the first key with the value and the time of another. Errors: as for `strongroom_fernet_decrypt`
/// without a time to live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_fernet_rotate(
    keys: *const c_void,
    keys_length: usize,
    token: *const c_void,
    token_length: usize,
    rotated: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(rotated, "rotated")?;
            refuse_in_callback()?;
            let keys = arguments::named_value(keys, keys_length, "keys")?;
            let token = arguments::document(token, token_length, "token")?;
            give(&out, tokens::rotate(&keys, &token)?)
        })
    }
}
