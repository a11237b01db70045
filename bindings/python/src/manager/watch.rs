//! Being told of changes, and what a manager has counted.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::backend::{HealthState, Operation};
use strongroom::{CancellationToken, Change, Error, ErrorKind, SecretKey, SubscribeOptions, Version, face};
use tokio::sync::Mutex;

use super::Manager;
use crate::arguments::{keys, optional_text, span, text};
use crate::call::{Answer, Call, Detached};
use crate::results::object;

/// Changes as they come. What iterates over it is written in Python.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct Subscription(Detached<Arc<Shared>>);

/// A subscription of which each change reaches one of those who wait.
struct Shared {
    /// Of the process that made it. The locks inside are its own: a forked child, which may have inherited them locked,
    /// neither uses nor drops them.
    generation: u64,
    inner: ManuallyDrop<Inner>,
}

struct Inner {
    subscription: Mutex<strongroom::Subscription>,
    /// Fires when nobody is to be told any more.
    ended: CancellationToken,
}

impl Shared {
    /// What is inside, in the process that made it.
    fn here(&self) -> Option<&Inner> {
        (self.generation == face::process_generation()).then_some(&*self.inner)
    }

    async fn next(&self) -> Option<Change> {
        let inner = self.here()?;
        let next = async { inner.subscription.lock().await.next().await };
        inner.ended.run_until_cancelled(next).await.flatten()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.here().is_some() {
            // SAFETY: nobody uses it any more.
            unsafe { ManuallyDrop::drop(&mut self.inner) };
        }
    }
}

impl Answer for strongroom::Subscription {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let shared = Arc::new(Shared {
            generation: face::process_generation(),
            inner: ManuallyDrop::new(Inner {
                subscription: Mutex::new(self),
                ended: CancellationToken::new(),
            }),
        });
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
        fields.set_item("key", change.key.as_ref().map(SecretKey::as_str))?;
        fields.set_item("version", change.version.as_ref().map(Version::as_str))?;
        fields.set_item("number", change.version.as_ref().and_then(Version::number))?;
        fields.set_item("health", change.health.map(HealthState::word))?;
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

/// A call that gives the next change; `None` once there is none any more. One that ends before loses nothing.
#[pyfunction]
pub(crate) fn next_change(subscription: &Bound<'_, Subscription>) -> Call {
    let shared = Arc::clone(&subscription.get().0);
    Call::new(async move { Ok(shared.next().await) })
}

/// The next change, waited for on this thread at most so long.
#[pyfunction]
pub(crate) fn next_change_within(
    subscription: &Bound<'_, Subscription>,
    timeout: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let patience = span("timeout", timeout)?;
    next_change(subscription).wait_within(subscription.py(), patience, || {
        Error::new(ErrorKind::Timeout, "no change came in that time").with_operation(Operation::Subscribe)
    })
}

/// Ends a subscription, and whoever waits for its next change.
#[pyfunction]
pub(crate) fn end_subscription(subscription: &Bound<'_, Subscription>) {
    let shared = &subscription.get().0;
    // Whoever is woken leaves a note and asks for no interpreter.
    subscription.py().detach(|| {
        if let Some(inner) = shared.here() {
            inner.ended.cancel();
        }
    });
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
