//! The verbs that read.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use strongroom::backend::Operation;
use strongroom::{Error, ErrorKind, FallbackOptions, GetOptions, ListOptions, Lookup, TooSmall};

use super::Manager;
use crate::arguments::{self, Flag, Key, count, key_text, optional_text, version as version_of};
use crate::call::{Answer, Call};
use crate::error::{exception, raised};
use crate::results::BatchRead;
use crate::secret::{self, Secret, copy_into, too_small, writable};

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
#[pyo3(signature = (manager, key, version, include_expired, fresh, options=None))]
pub(crate) fn get(
    manager: &Bound<'_, Manager>,
    key: Key,
    version: Option<Bound<'_, PyAny>>,
    include_expired: Flag,
    fresh: Flag,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = GetOptions::new();
    wanted.version = version.map(|version| version_of("version", &version)).transpose()?;
    wanted.include_expired = include_expired.0;
    wanted.fresh = fresh.0;
    manager
        .get()
        .call(options, |manager| async move { manager.get_with(&key.0, wanted).await })
}

#[pyfunction]
#[pyo3(signature = (manager, key, version, options=None))]
pub(crate) fn get_version(
    manager: &Bound<'_, Manager>,
    key: Key,
    version: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = GetOptions::new();
    wanted.version = Some(version_of("version", version)?);
    manager
        .get()
        .call(options, |manager| async move { manager.get_with(&key.0, wanted).await })
}

/// A value on its way into a buffer.
struct Delivery {
    secret: Option<strongroom::Secret>,
    buffer: Py<PyAny>,
}

impl Answer for Delivery {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let length = self
            .secret
            .map(|secret| copy_into(secret.value.expose(), self.buffer.bind(py)))
            .transpose()?;
        Ok(length.into_pyobject(py)?.into_any().unbind())
    }
}

/// Copies the cached value into a buffer; `None` where the backend must be asked.
#[pyfunction]
pub(crate) fn get_into_cached(
    manager: &Bound<'_, Manager>,
    key: &Bound<'_, PyAny>,
    buffer: &Bound<'_, PyAny>,
) -> PyResult<Option<usize>> {
    let Ok(key) = key.cast::<PyString>() else {
        return Ok(None);
    };
    let (key, view) = (key_text(key)?, writable(buffer)?);
    let room = view.len_bytes();
    if room == 0 {
        return Ok(None);
    }
    // SAFETY: the buffer is writable, lies in one piece and is held by `view`; nothing of Python runs meanwhile, and it
    // makes no promise to anyone else who looks at it without the interpreter.
    let bytes = unsafe { std::slice::from_raw_parts_mut(view.buf_ptr().cast::<u8>(), room) };
    match manager.get().inner.cached_into_bytes(key.as_bytes(), bytes) {
        Lookup::Hit(Ok(length)) => Ok(Some(length)),
        Lookup::Hit(Err(TooSmall { needed })) => Err(too_small(needed, room)),
        _ => Ok(None),
    }
}

/// A call that reads a value and copies it into a buffer, where it is answered.
#[pyfunction]
#[pyo3(signature = (manager, key, buffer, options=None))]
pub(crate) fn get_into(
    manager: &Bound<'_, Manager>,
    key: Key,
    buffer: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    // The buffer is not held while the call runs: giving it back needs the interpreter.
    drop(writable(&buffer)?);
    let buffer = buffer.unbind();
    manager.get().call(options, |manager| async move {
        let secret = manager.get(&key.0).await?;
        Ok(Delivery { secret, buffer })
    })
}

#[pyfunction]
#[pyo3(signature = (manager, keys, options=None))]
pub(crate) fn get_many(
    manager: &Bound<'_, Manager>,
    keys: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let texts = arguments::keys("keys", &keys)?;
    manager.get().call(options, |manager| async move {
        let mut asked = Vec::with_capacity(texts.len());
        for text in texts {
            let key = manager.key_of(&text)?;
            asked.push((text, key));
        }
        let keys: Vec<_> = asked.iter().map(|(_, key)| key).collect();
        let result = manager.get_many(&keys).await?;
        drop(keys);
        Ok(BatchRead { asked, result })
    })
}

#[pyfunction]
#[pyo3(signature = (manager, name, scopes, allow_unavailable, options=None))]
pub(crate) fn get_with_fallback(
    manager: &Bound<'_, Manager>,
    name: Key,
    scopes: Bound<'_, PyAny>,
    allow_unavailable: Flag,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let wanted_scopes = arguments::scopes("scopes", &scopes)?;
    let mut wanted = FallbackOptions::new();
    wanted.allow_unavailable = allow_unavailable.0;
    manager.get().call(options, |manager| async move {
        manager.get_with_fallback_options(&name.0, &wanted_scopes, wanted).await
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
    prefix: Option<Bound<'_, PyAny>>,
    provider: Option<Bound<'_, PyAny>>,
    after: Option<Key>,
    limit: Option<Bound<'_, PyAny>>,
    full_metadata: Flag,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ListOptions::new();
    wanted.filter.prefix = optional_text("prefix", prefix.as_ref())?;
    wanted.filter.provider = optional_text("provider", provider.as_ref())?;
    wanted.limit = limit.map(|limit| count("limit", &limit)).transpose()?;
    wanted.full_metadata = full_metadata.0;
    manager.get().call(options, |manager| async move {
        // A bare name is one of the view, which is known here.
        wanted.after = after.map(|after| manager.key_of(&after.0)).transpose()?;
        manager.list(wanted).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn versions(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager
        .get()
        .call(options, |manager| async move { manager.versions(&key.0).await })
}
