//! A verb that is about to run: Python waits for it ([`Call::wait`]) or awaits it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use strongroom::{Error, ErrorKind, face};

use crate::error::raised;
use crate::log::Listening;
use crate::wake::Wakeup;

/// How long a signal waits for its handler, where a call takes longer.
const PAUSE: Duration = Duration::from_millis(50);

/// What a verb answers, as Python gets it.
pub(crate) trait Answer: Send + 'static {
    /// Makes the object, attached to the interpreter.
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

type Made = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Work = Pin<Box<dyn Future<Output = strongroom::Result<Made>> + Send>>;

/// One call of a verb. It runs once: where it is waited for, or from the first step of an `await` on.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct Call(Mutex<Option<Work>>);

impl Call {
    pub(crate) fn new<T: Answer>(work: impl Future<Output = strongroom::Result<T>> + Send + 'static) -> Self {
        let work = async move {
            let answer = work.await?;
            Ok(Box::new(|py: Python<'_>| answer.into_object(py)) as Made)
        };
        Self(Mutex::new(Some(Box::pin(work))))
    }

    fn take(&self) -> PyResult<Work> {
        // No code of others runs under the lock.
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| PyRuntimeError::new_err("the call has been waited for already"))
    }

    fn put_back(&self, work: Work) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }

    /// One step of an `await`: the answer, or what the event loop is to wait for.
    fn step<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut work = self.take()?;
        let wakeup = Wakeup::new();
        let waker = wakeup.waker();
        let listening = Listening::begin(py);
        let polled = py.detach(|| guarded(|| work.as_mut().poll(&mut Context::from_waker(&waker))));
        listening.end(py);
        match polled {
            Ok(Poll::Ready(outcome)) => {
                py.detach(|| drop(work));
                let answer = outcome.map_err(raised)?(py)?;
                Err(PyStopIteration::new_err((answer,)))
            }
            Ok(Poll::Pending) => match wakeup.step(py) {
                Ok(step) => {
                    self.put_back(work);
                    Ok(step)
                }
                Err(no_loop) => {
                    py.detach(|| drop(work));
                    Err(no_loop)
                }
            },
            Err(error) => Err(error),
        }
    }
}

/// Runs what must not unwind into the interpreter.
fn guarded<T>(run: impl FnOnce() -> T) -> PyResult<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .map_err(|_| raised(Error::new(ErrorKind::Internal, "the library panicked")))
}

/// Whether this is the thread on which Python runs handlers of signals.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    static THREADS: [PyOnceLock<Py<PyAny>>; 2] = [const { PyOnceLock::new() }; 2];
    let [main, current] = ["main_thread", "current_thread"].map(|name| {
        let at = usize::from(name == "current_thread");
        THREADS[at].import(py, "threading", name)?.call0()
    });
    Ok(main?.is(&current?))
}

#[pymethods]
impl Call {
    /// Runs the call on this thread and gives its answer. Other threads run meanwhile, and on the main thread handlers
    /// of signals: an exception of one of them ends the wait.
    pub(crate) fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take()?;
        let mut has_waited = false;
        let listening = Listening::begin(py);
        let outcome = py.detach(|| {
            guarded(|| {
                face::wait_watched(work, || {
                    // The interpreter is not asked for by each call that waits a moment.
                    if !std::mem::replace(&mut has_waited, true) {
                        return Ok(Some(PAUSE));
                    }
                    Python::attach(|py| {
                        py.check_signals()?;
                        Ok::<_, PyErr>(is_main_thread(py)?.then_some(PAUSE))
                    })
                })
            })
        });
        listening.end(py);
        outcome??.map_err(raised)?(py)
    }

    fn __await__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.step(py)
    }

    fn send<'py>(&self, py: Python<'py>, _value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.step(py)
    }

    /// Cancels the call, and raises the exception.
    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        py: Python<'_>,
        kind: Bound<'_, PyAny>,
        value: Option<Bound<'_, PyAny>>,
        traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = traceback;
        self.close(py);
        Err(PyErr::from_value(value.unwrap_or(kind)))
    }

    /// Cancels the call.
    fn close(&self, py: Python<'_>) {
        let work = self.take();
        py.detach(|| drop(work));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // What is given up is the core's, which may wait for threads that wait for the interpreter.
        if let Some(work) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            match Python::try_attach(|py| py.detach(|| drop(work))) {
                Some(()) | None => {}
            }
        }
    }
}

impl Answer for () {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl Answer for bool {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.into_pyobject(py)?.to_owned().into_any().unbind())
    }
}
