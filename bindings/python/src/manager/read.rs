//! The verbs that read.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use strongroom::backend::Operation;
use strongroom::{Error, ErrorKind, FallbackOptions, GetOptions, ListOptions, Lookup, SecretKey, Version};

use super::Manager;
use crate::arguments::{Key, key_text, scope};
use crate::call::{Answer, Call};
use crate::error::{exception, raised};
use crate::secret::{self, Secret};

/// A value as `str`.
struct Text(Option<strongroom::Secret>);

impl Answer for Text {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.0 {
            None => Ok(py.None()),
            Some(secret) => Ok(secret::text(py, secret.value.expose())?.into_any().unbind()),
        }
    }
}

/// The cached value as `str`, copied straight into Python's memory; `None` where the backend must be asked.
#[inline]
pub(super) fn cached_text<'py>(
    manager: &Bound<'py, Manager>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let Ok(key) = key.cast::<PyString>() else {
        return Ok(None);
    };
    let py = key.py();
    let key = key_text(key)?.as_bytes();
    match manager
        .get()
        .inner
        .try_cached_bytes(key, |bytes| secret::text(py, bytes))
    {
        Lookup::Hit(text) => text.map(Some),
        _ => Ok(None),
    }
}

pub(super) fn get_text(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager.get().call(options, |manager| async move {
        manager.get_with(&key.0, GetOptions::new()).await.map(Text)
    })
}

/// The cached value as `str`; `None` where the backend must be asked.
#[pyfunction]
pub(crate) fn get_value_cached<'py>(
    manager: &Bound<'py, Manager>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    cached_text(manager, key)
}

/// What a look-up that must find something raises where there is nothing.
#[pyfunction]
pub(crate) fn missing<'py>(manager: &Bound<'py, Manager>, key: Key) -> PyResult<Bound<'py, PyAny>> {
    let inner = &manager.get().inner;
    let key = inner.key_of(&key.0).map_err(raised)?;
    let error = Error::new(ErrorKind::NotFound, "there is no such secret").with_operation(Operation::Get);
    exception(manager.py(), &error.with_backend(inner.backend().name()).with_key(&key))
}

/// A call that gives a value as `str`.
#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn get_value(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    get_text(manager, key, options)
}

/// The cached secret; `None` where the backend must be asked.
#[pyfunction]
pub(crate) fn get_cached(manager: &Bound<'_, Manager>, key: &Bound<'_, PyAny>) -> PyResult<Option<Secret>> {
    match key.cast::<PyString>() {
        Ok(key) => {
            let found = manager.get().inner.cached_secret_bytes(key_text(key)?.as_bytes());
            Ok(found.map(Secret::of))
        }
        Err(_) => Ok(None),
    }
}

#[pyfunction]
#[pyo3(signature = (manager, key, version, include_expired, options=None))]
pub(crate) fn get(
    manager: &Bound<'_, Manager>,
    key: Key,
    version: Option<String>,
    include_expired: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = GetOptions::new();
    wanted.version = version.map(Version::from_word);
    wanted.include_expired = include_expired;
    manager
        .get()
        .call(options, |manager| async move { manager.get_with(&key.0, wanted).await })
}

#[pyfunction]
#[pyo3(signature = (manager, keys, options=None))]
pub(crate) fn get_many(
    manager: &Bound<'_, Manager>,
    keys: Vec<Key>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    manager.get().call(options, |manager| async move {
        let keys: Vec<_> = keys.iter().map(|key| key.0.as_str()).collect();
        manager.get_many(&keys).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, name, scopes, allow_unavailable, options=None))]
pub(crate) fn get_with_fallback(
    manager: &Bound<'_, Manager>,
    name: Key,
    scopes: Vec<String>,
    allow_unavailable: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let scopes = scopes.iter().map(|text| scope(text)).collect::<PyResult<Vec<_>>>()?;
    let mut wanted = FallbackOptions::new();
    wanted.allow_unavailable = allow_unavailable;
    manager.get().call(options, |manager| async move {
        manager.get_with_fallback_options(&name.0, &scopes, wanted).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn exists(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager
        .get()
        .call(options, |manager| async move { manager.exists(&key.0).await })
}

#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn describe(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager
        .get()
        .call(options, |manager| async move { manager.describe(&key.0).await })
}

#[pyfunction]
#[pyo3(signature = (manager, prefix, provider, after, limit, full_metadata, options=None))]
pub(crate) fn list(
    manager: &Bound<'_, Manager>,
    prefix: Option<String>,
    provider: Option<String>,
    after: Option<Key>,
    limit: Option<usize>,
    full_metadata: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ListOptions::new();
    wanted.filter.prefix = prefix;
    wanted.filter.provider = provider;
    wanted.after = after.map(|key| SecretKey::parse(&key.0).map_err(raised)).transpose()?;
    wanted.limit = limit;
    wanted.full_metadata = full_metadata;
    manager
        .get()
        .call(options, |manager| async move { manager.list(wanted).await })
}

#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn versions(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager
        .get()
        .call(options, |manager| async move { manager.versions(&key.0).await })
}
