//! The keys of services and accounts, the same in every language's drop-in.

use pyo3::prelude::*;
use strongroom::SecretKey;

use crate::error::raised;

/// The key of an account of a service.
#[pyfunction]
pub(crate) fn keyring_key(service: &str, account: &str) -> PyResult<String> {
    let text = format!("{}/{}", keyring_scope(service), SecretKey::escape(account));
    let key = SecretKey::parse(&text).map_err(raised)?;
    Ok(key.as_str().to_owned())
}

/// The scope of a service's accounts.
#[pyfunction]
pub(crate) fn keyring_scope(service: &str) -> String {
    format!("app/{}", SecretKey::escape(service))
}

/// The account of such a key; `None` where the key is none of an account.
#[pyfunction]
pub(crate) fn keyring_account(key: &str) -> Option<String> {
    let key = SecretKey::parse(key).ok()?;
    match key.target() {
        Some(_) => None,
        None => String::from_utf8(SecretKey::unescape(key.name()).ok()?).ok(),
    }
}
