//! Being told of changes, and what a manager has counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::{Change, SubscribeOptions, Version};
use tokio::sync::Mutex;

use super::Manager;
use crate::arguments::{keys, optional_text, span, text};
use crate::call::{Answer, Call, Detached};
use crate::error::raised;
use crate::results::object;

/// How long a signal waits for its handler.
const PAUSE: Duration = Duration::from_millis(50);

/// Changes as they come. What iterates over it is written in Python.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct Subscription(Detached<Shared>);

type Shared = Arc<Mutex<Option<strongroom::Subscription>>>;

impl Answer for strongroom::Subscription {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let shared: Shared = Arc::new(Mutex::new(Some(self)));
        Ok(Py::new(py, Subscription(shared.into()))?.into_any())
    }
}

impl Answer for Option<Change> {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(change) = self else {
            return Ok(py.None());
        };
        let fields = PyDict::new(py);
        fields.set_item("kind", change.kind.word())?;
        fields.set_item("key", change.key.as_ref().map(strongroom::SecretKey::as_str))?;
        fields.set_item("version", change.version.as_ref().map(Version::as_str))?;
        fields.set_item("number", change.version.as_ref().and_then(Version::number))?;
        fields.set_item("health", change.health.map(strongroom::backend::HealthState::word))?;
        fields.set_item("reason", &change.reason)?;
        Ok(object(py, "Change", &fields)?.unbind())
    }
}

#[pyfunction]
#[pyo3(signature = (manager, keys_of, prefix, every, options=None))]
pub(crate) fn subscribe(
    manager: &Bound<'_, Manager>,
    keys_of: &Bound<'_, PyAny>,
    prefix: Option<Bound<'_, PyAny>>,
    every: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let texts = keys("keys", keys_of)?;
    let prefix = optional_text("prefix", prefix.as_ref())?;
    let every: Option<Duration> = every.map(|every| span("every", &every)).transpose()?;
    manager.get().call(options, |manager| async move {
        let mut wanted = SubscribeOptions::new();
        for text in &texts {
            wanted = wanted.key(manager.key_of(text)?);
        }
        wanted.filter.prefix = prefix;
        wanted.every = every;
        manager.subscribe(wanted).await
    })
}

/// A call that gives the next change; `None` once there is none any more.
#[pyfunction]
pub(crate) fn next_change(subscription: &Bound<'_, Subscription>) -> Call {
    let shared = Arc::clone(&subscription.get().0);
    Call::new(async move {
        let mut held = shared.lock().await;
        let Some(subscription) = &mut *held else {
            return Ok(None);
        };
        let change = subscription.next().await;
        if change.is_none() {
            *held = None;
        }
        Ok(change)
    })
}

/// The next change, waited for at most so long. Handlers of signals run meanwhile.
#[pyfunction]
pub(crate) fn next_change_within<'py>(
    subscription: &Bound<'py, Subscription>,
    timeout: &Bound<'py, PyAny>,
) -> PyResult<Py<PyAny>> {
    let py = subscription.py();
    let end = Instant::now().checked_add(span("timeout", timeout)?);
    let shared = Arc::clone(&subscription.get().0);
    loop {
        let left = end.map_or(PAUSE, |end| end.saturating_duration_since(Instant::now()).min(PAUSE));
        let waited = py.detach(|| match &mut *shared.blocking_lock() {
            Some(subscription) => subscription.next_within(left),
            None => Ok(None),
        });
        match waited {
            Ok(change) => return change.into_object(py),
            Err(error) if end.is_some_and(|end| end <= Instant::now()) => return Err(raised(error)),
            Err(_) => py.check_signals()?,
        }
    }
}

/// A call that reads what a reference leads to.
#[pyfunction]
#[pyo3(signature = (manager, reference, options=None))]
pub(crate) fn resolve(
    manager: &Bound<'_, Manager>,
    reference: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let reference = text("reference", reference)?;
    manager
        .get()
        .call(options, |manager| async move { manager.resolve(&reference).await })
}

/// All numbers by their names.
#[pyfunction]
pub(crate) fn metrics<'py>(manager: &Bound<'py, Manager>) -> PyResult<Bound<'py, PyDict>> {
    let py = manager.py();
    let inner = &manager.get().inner;
    let counted = py.detach(|| inner.metrics());
    let numbers = PyDict::new(py);
    for (name, number) in counted.iter() {
        numbers.set_item(name, number)?;
    }
    Ok(numbers)
}
