//! Random values.

use strongroom::{ErrorKind, GenerateSpec, Result, Secret as CoreSecret};

use crate::arguments::Out;
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::secret::Secret;
use crate::status::{Status, fault};

/// What a generated value is made of.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
pub enum Form {
    /// So many random bytes.
    Bytes = 0,
    /// So many random bytes as lower-case hexadecimal digits.
    Hex = 1,
    /// So many random bytes as url-safe base64 without padding.
    Base64 = 2,
    /// So many characters: lower-case and upper-case letters, digits and, unless the option `symbols` is `false`,
    /// symbols; at least one of each.
    Password = 3,
}

/// What is to be generated.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] where `form` is none.
pub(crate) fn spec(form: i32, length: usize, chosen: &Chosen) -> Result<GenerateSpec> {
    let known = [Form::Bytes, Form::Hex, Form::Base64, Form::Password];
    let spec = match known.into_iter().find(|&known| known as i32 == form) {
        Some(Form::Bytes) => GenerateSpec::bytes(length),
        Some(Form::Hex) => GenerateSpec::hex(length),
        Some(Form::Base64) => GenerateSpec::base64(length),
        Some(Form::Password) => GenerateSpec::password(length),
        None => {
            return Err(fault(
                ErrorKind::InvalidArgument,
                "form",
                "is none of `STRONGROOM_FORM_…`",
            ));
        }
    };
    Ok(if chosen.is_off("symbols") {
        spec.without_symbols()
    } else {
        spec
    })
}

/// Makes a random value and stores it nowhere. `form` is a `STRONGROOM_FORM_…`; `length` counts random bytes, or
/// characters of a password.
///
/// Options: `symbols`. Errors: `invalid_argument` for a length that is not from 1 to 65,536.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_generate(
    form: i32,
    length: usize,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            let value = spec(form, length, &Chosen::of(call, &["symbols"])?)?.generate()?;
            out.give(Secret(CoreSecret::new(value)))
        })
    }
}
