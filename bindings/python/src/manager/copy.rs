//! The verbs between two managers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::transfer::{CopyOptions, CopyProgress};
use strongroom::{CallOptions, CancellationToken, SecretManager};

use super::{Manager, transfer};
use crate::arguments::{self, Flag, general, optional_text, scope, type_name};
use crate::call::{Answer, Call};
use crate::error::raised;
use crate::transferred;

/// A Python function that is told how far a copy is. The first exception that it raises ends the copy.
struct Listener {
    function: Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
    stop: [CancellationToken; 2],
}

impl Listener {
    /// Runs where the copy is driven, detached from the interpreter and between two steps of the copy, so that nobody
    /// waits for the interpreter with a lock of the core in hand.
    fn tell(&self, how_far: &CopyProgress<'_>) {
        if self.stop.iter().all(CancellationToken::is_cancelled) {
            return;
        }
        let told = Python::try_attach(|py| {
            let how_far = transferred::progress(py, how_far)?;
            self.function.call1(py, (how_far,)).map(drop)
        });
        if matches!(told, Some(Ok(()))) {
            return;
        }
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = told.and_then(Result::err);
        for stop in &self.stop {
            stop.cancel();
        }
    }
}

/// How a copy ended that someone may have listened to.
struct Followed<T> {
    outcome: strongroom::Result<T>,
    listener: Option<Arc<Listener>>,
}

impl<T: Answer> Answer for Followed<T> {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let failed = self.listener.and_then(|listener| {
            let mut raised = listener.raised.lock().unwrap_or_else(PoisonError::into_inner);
            raised.take()
        });
        match failed {
            Some(failed) => Err(failed),
            None => self.outcome.map_err(raised)?.into_object(py),
        }
    }
}

/// What a copy is told.
struct Terms<'py> {
    keys: Bound<'py, PyAny>,
    prefix: Option<Bound<'py, PyAny>>,
    if_exists: Option<Bound<'py, PyAny>>,
    allow_loss: Flag,
    skip_unfit: Flag,
    delete_source: Flag,
    journal: Option<PathBuf>,
    progress: Option<Bound<'py, PyAny>>,
}

/// A copy that is about to begin.
struct Copy {
    source: SecretManager,
    target: SecretManager,
    options: CopyOptions,
    listener: Option<Arc<Listener>>,
}

impl Copy {
    fn new(
        source: &Bound<'_, Manager>,
        target: &Bound<'_, Manager>,
        terms: Terms<'_>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let (source, target) = (&source.get().inner, &target.get().inner);
        let chosen = |manager: &SecretManager| {
            let own = manager.call_options().clone();
            options.map_or_else(|| Ok((own.clone(), None)), |options| general(own.clone(), options))
        };
        let (mut reading, only) = chosen(source)?;
        let (mut writing, _) = chosen(target)?;
        let mut wanted = CopyOptions::new().if_exists(transfer::policy_of(terms.if_exists.as_ref())?);
        for key in arguments::keys("keys", &terms.keys)? {
            wanted.keys.push(source.key_of(&key).map_err(raised)?);
        }
        wanted.scope = only.map(|text| scope(&text)).transpose()?;
        wanted.prefix = optional_text("prefix", terms.prefix.as_ref())?;
        wanted.allow_loss = terms.allow_loss.0;
        wanted.skip_unfit = terms.skip_unfit.0;
        wanted.delete_source = terms.delete_source.0;
        wanted.journal = terms.journal;
        let listener = terms.progress.map(|function| {
            if !function.is_callable() {
                let given = type_name(&function);
                return Err(PyTypeError::new_err(format!("progress is a function, not {given}")));
            }
            let stop = [&mut reading, &mut writing].map(stoppable);
            let (function, raised) = (function.unbind(), Mutex::new(None));
            Ok(Arc::new(Listener { function, raised, stop }))
        });
        let listener = listener.transpose()?;
        if let Some(listener) = listener.clone() {
            wanted = wanted.progress(move |how_far| listener.tell(how_far));
        }
        Ok(Self {
            source: source.with_options(reading),
            target: target.with_options(writing),
            options: wanted,
            listener,
        })
    }
}

/// Lets the calls be cancelled by one more token.
fn stoppable(call: &mut CallOptions) -> CancellationToken {
    let token = call
        .cancel
        .as_ref()
        .map_or_else(CancellationToken::new, CancellationToken::child_token);
    call.cancel = Some(token.clone());
    token
}

#[pyfunction]
#[pyo3(signature = (source, target, keys, prefix, if_exists, allow_loss, skip_unfit, delete_source, journal, progress, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn copy_plan(
    source: &Bound<'_, Manager>,
    target: &Bound<'_, Manager>,
    keys: Bound<'_, PyAny>,
    prefix: Option<Bound<'_, PyAny>>,
    if_exists: Option<Bound<'_, PyAny>>,
    allow_loss: Flag,
    skip_unfit: Flag,
    delete_source: Flag,
    journal: Option<PathBuf>,
    progress: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let terms = Terms {
        keys,
        prefix,
        if_exists,
        allow_loss,
        skip_unfit,
        delete_source,
        journal,
        progress,
    };
    let copy = Copy::new(source, target, terms, options)?;
    Ok(Call::new(async move {
        let outcome = copy.source.copy_plan(&copy.target, &copy.options).await;
        Ok(Followed {
            outcome,
            listener: copy.listener,
        })
    }))
}

#[pyfunction]
#[pyo3(signature = (source, target, keys, prefix, if_exists, allow_loss, skip_unfit, delete_source, journal, progress, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn copy_to(
    source: &Bound<'_, Manager>,
    target: &Bound<'_, Manager>,
    keys: Bound<'_, PyAny>,
    prefix: Option<Bound<'_, PyAny>>,
    if_exists: Option<Bound<'_, PyAny>>,
    allow_loss: Flag,
    skip_unfit: Flag,
    delete_source: Flag,
    journal: Option<PathBuf>,
    progress: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let terms = Terms {
        keys,
        prefix,
        if_exists,
        allow_loss,
        skip_unfit,
        delete_source,
        journal,
        progress,
    };
    let copy = Copy::new(source, target, terms, options)?;
    Ok(Call::new(async move {
        let outcome = copy.source.copy_to(&copy.target, copy.options).await;
        Ok(Followed {
            outcome,
            listener: copy.listener,
        })
    }))
}

/// The path of the journal that a copy between the two has by default in the command.
#[pyfunction]
pub(crate) fn copy_journal(source: &Bound<'_, Manager>, target: &Bound<'_, Manager>) -> PyResult<PathBuf> {
    let (from, to) = (&source.get().inner, &target.get().inner);
    source.py().detach(|| from.copy_journal(to)).map_err(raised)
}
