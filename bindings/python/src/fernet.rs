//! Fernet: tokens that other languages' libraries read too.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyString;
use strongroom::SecretValue;

use crate::arguments::{NewSecret, span};
use crate::error::raised;
use crate::results;
use crate::secret::Secret;

#[cfg(feature = "encrypted")]
mod tokens {
    use std::path::Path;
    use std::time::Duration;

    use strongroom::fernet::{FernetKey, FernetKeys};
    use strongroom::{Result, SecretValue};
    use time::OffsetDateTime;

    pub(super) fn generate() -> Result<SecretValue> {
        Ok(FernetKey::generate()?.to_text())
    }

    pub(super) fn check_file(path: &Path) -> Result<()> {
        FernetKeys::from_file(path).map(drop)
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
    use std::path::Path;
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

    pub(super) fn check_file(_: &Path) -> Result<()> {
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

/// Fernet keys, the one that writes first, in the core's own form `new,old`: one text of them, or several such.
pub(crate) struct Keys(pub(crate) SecretValue);

impl<'py> FromPyObject<'_, 'py> for Keys {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let one: PyResult<NewSecret<'py>> = object.extract();
        let several = match one {
            Ok(one) => return one.into_value().map(Self),
            Err(failed) if object.is_instance_of::<PyString>() => return Err(failed),
            Err(failed) => object.try_iter().map_err(|_| failed)?,
        };
        let mut keys = Vec::new();
        for key in several {
            let key: NewSecret<'py> = key?.extract()?;
            keys.push(key.into_value()?);
        }
        // With room for all of it: growing would leave a copy behind.
        let length: usize = keys.iter().map(|key| key.len() + 1).sum();
        let mut text = zeroize::Zeroizing::new(Vec::with_capacity(length));
        for (place, key) in keys.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            text.extend_from_slice(key.expose());
        }
        Ok(Self(SecretValue::from(std::mem::take(&mut *text))))
    }
}

/// A new random key.
#[pyfunction]
pub(crate) fn fernet_generate(py: Python<'_>) -> PyResult<Secret> {
    let key = py.detach(tokens::generate).map_err(raised)?;
    Ok(Secret::of(strongroom::Secret::new(key)))
}

/// Raises what is wrong with a file of keys: who else could read it, that it holds none.
#[pyfunction]
pub(crate) fn fernet_check_file(py: Python<'_>, path: PathBuf) -> PyResult<()> {
    py.detach(|| tokens::check_file(&path)).map_err(raised)
}

/// A token of a value.
#[pyfunction]
pub(crate) fn fernet_encrypt(py: Python<'_>, keys: Keys, value: NewSecret<'_>) -> PyResult<String> {
    let value = value.into_value()?;
    py.detach(|| tokens::encrypt(&keys.0, &value)).map_err(raised)
}

/// The value of a token.
#[pyfunction]
#[pyo3(signature = (keys, token, ttl))]
pub(crate) fn fernet_decrypt(
    py: Python<'_>,
    keys: Keys,
    token: NewSecret<'_>,
    ttl: Option<Bound<'_, PyAny>>,
) -> PyResult<Secret> {
    let ttl = ttl.map(|ttl| span("ttl", &ttl)).transpose()?;
    let token = token.into_value()?;
    let value = py.detach(|| tokens::decrypt(&keys.0, &token, ttl)).map_err(raised)?;
    Ok(Secret::of(strongroom::Secret::new(value)))
}

/// A token of the first key with the value and the time of another.
#[pyfunction]
pub(crate) fn fernet_rotate(py: Python<'_>, keys: Keys, token: NewSecret<'_>) -> PyResult<String> {
    let token = token.into_value()?;
    py.detach(|| tokens::rotate(&keys.0, &token)).map_err(raised)
}

/// When a token was made.
#[pyfunction]
pub(crate) fn fernet_timestamp<'py>(
    py: Python<'py>,
    keys: Keys,
    token: NewSecret<'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let token = token.into_value()?;
    let at = py.detach(|| tokens::timestamp(&keys.0, &token)).map_err(raised)?;
    results::moment(py, Some(at))
}
