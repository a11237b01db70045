//! Fernet: tokens that other languages' libraries read too.

use napi::bindgen_prelude::*;
use strongroom::SecretValue;

use crate::arguments::{VALUE, array, document, milliseconds, wrong_type};
use crate::entry::Arguments;
use crate::error::{Failure, Outcome, value};
use crate::options::Options;
use crate::results;
use crate::secret::handle;

#[cfg(feature = "encrypted")]
mod tokens {
    use std::time::Duration;

    use strongroom::fernet::{FernetKey, FernetKeys};
    use strongroom::{Result, SecretValue};
    use time::OffsetDateTime;

    pub(super) fn generate() -> Result<SecretValue> {
        Ok(FernetKey::generate()?.to_text())
    }

    pub(super) fn encrypt(keys: &SecretValue, value: &SecretValue) -> Result<String> {
        FernetKeys::parse(keys.expose())?.encrypt(value.expose())
    }

    pub(super) fn decrypt(keys: &SecretValue, token: &SecretValue, ttl: Option<Duration>) -> Result<SecretValue> {
        FernetKeys::parse(keys.expose())?.decrypt(token.expose(), ttl)
    }

    pub(super) fn rotate(keys: &SecretValue, token: &SecretValue) -> Result<String> {
        FernetKeys::parse(keys.expose())?.rotate(token.expose())
    }

    pub(super) fn timestamp(keys: &SecretValue, token: &SecretValue) -> Result<OffsetDateTime> {
        FernetKeys::parse(keys.expose())?.timestamp(token.expose())
    }
}

#[cfg(not(feature = "encrypted"))]
mod tokens {
    use std::time::Duration;

    use strongroom::{Error, ErrorKind, Result, SecretValue};
    use time::OffsetDateTime;

    fn missing() -> Error {
        let message = "this library was built without the feature `encrypted`, which Fernet needs";
        Error::new(ErrorKind::Unsupported, message)
    }

    pub(super) fn generate() -> Result<SecretValue> {
        Err(missing())
    }

    pub(super) fn encrypt(_: &SecretValue, _: &SecretValue) -> Result<String> {
        Err(missing())
    }

    pub(super) fn decrypt(_: &SecretValue, _: &SecretValue, _: Option<Duration>) -> Result<SecretValue> {
        Err(missing())
    }

    pub(super) fn rotate(_: &SecretValue, _: &SecretValue) -> Result<String> {
        Err(missing())
    }

    pub(super) fn timestamp(_: &SecretValue, _: &SecretValue) -> Result<OffsetDateTime> {
        Err(missing())
    }
}

/// Fernet keys, the one that writes first, in the core's own form `new,old`: one text of them, or an array of such.
pub(crate) fn keys(name: &str, of: Unknown<'_>) -> Outcome<SecretValue> {
    if !of.is_array()? {
        return text_of(name, of);
    }
    let keys = array(name, "an array of Fernet keys", of)?;
    let keys = keys
        .into_iter()
        .map(|key| text_of(name, key))
        .collect::<Outcome<Vec<_>>>()?;
    // With room for all of it: growing would leave a copy behind.
    let length: usize = keys.iter().map(|key| key.len() + 1).sum();
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(length));
    for (place, key) in keys.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        text.extend_from_slice(key.expose());
    }
    Ok(SecretValue::from(std::mem::take(&mut *text)))
}

/// What is a text besides the value: keys, a token. A message names it.
fn text_of(name: &str, of: Unknown<'_>) -> Outcome<SecretValue> {
    document(of).map_err(|failure| match failure {
        Failure::Type(_) => wrong_type(name, VALUE, of),
        failure => failure,
    })
}

/// A new random key.
pub(crate) fn generate<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    handle(call.env, strongroom::Secret::new(tokens::generate()?))
}

/// `encrypt(keys, value)`: a token of a value.
pub(crate) fn encrypt<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(
        call.env,
        tokens::encrypt(&keys("keys", call.at(0))?, &document(call.at(1))?)?,
    )
}

/// `decrypt(keys, token, { ttlMs })`: the value of a token.
pub(crate) fn decrypt<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::of("options", call.at(2))?;
    let ttl = options.given("ttlMs", milliseconds)?;
    options.finish()?;
    let secret = tokens::decrypt(&keys("keys", call.at(0))?, &text_of("token", call.at(1))?, ttl)?;
    handle(call.env, strongroom::Secret::new(secret))
}

/// `rotate(keys, token)`: a token of the first key with the value and the time of another.
pub(crate) fn rotate<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(
        call.env,
        tokens::rotate(&keys("keys", call.at(0))?, &text_of("token", call.at(1))?)?,
    )
}

/// `timestamp(keys, token)`: when a token was made.
pub(crate) fn timestamp<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let at = tokens::timestamp(&keys("keys", call.at(0))?, &text_of("token", call.at(1))?)?;
    value(call.env, results::moment(call.env, Some(at))?)
}
