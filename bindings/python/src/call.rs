//! A verb that is about to run: Python waits for it ([`Call::wait`]) or awaits it.

use std::cell::RefCell;
use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use strongroom::{Error, ErrorKind, face};

use crate::error::raised;
use crate::log::Listening;
use crate::wake::{self, Wakeup};

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
pub(crate) struct Call(Mutex<State>);

struct State {
    /// What is left to do; nothing while a step runs, and once it is over.
    work: Option<Detached<Work>>,
    /// Whether someone awaits it: a second one would take the first one's wakeup away.
    is_awaited: bool,
    /// What the last step waits for.
    wakeup: Option<Arc<Wakeup>>,
}

impl Call {
    pub(crate) fn new<T: Answer>(work: impl Future<Output = strongroom::Result<T>> + Send + 'static) -> Self {
        let work = async move {
            let answer = work.await?;
            Ok(Box::new(|py: Python<'_>| answer.into_object(py)) as Made)
        };
        let work: Work = Box::pin(work);
        Self(Mutex::new(State {
            work: Some(work.into()),
            is_awaited: false,
            wakeup: None,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock, and nobody waits for the interpreter.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the call for one who waits for it or awaits it to its end.
    fn begin(&self) -> PyResult<()> {
        let mut state = self.state();
        if state.is_awaited || state.work.is_none() {
            return Err(PyRuntimeError::new_err("the call has been waited for already"));
        }
        state.is_awaited = true;
        Ok(())
    }

    /// Runs the call on this thread, and gives it up with `over` where it takes longer than `patience`.
    pub(crate) fn wait_within(&self, py: Python<'_>, patience: Duration, over: fn() -> Error) -> PyResult<Py<PyAny>> {
        // What is beyond all clocks is for ever.
        let end = Instant::now().checked_add(patience);
        self.wait_until(py, end.map(|end| Patience { end, over }))
    }

    fn wait_until(&self, py: Python<'_>, patience: Option<Patience>) -> PyResult<Py<PyAny>> {
        let listening = Listening::begin(py)?;
        self.begin()?;
        let taken = self.state().work.take();
        let work = taken.ok_or_else(|| PyRuntimeError::new_err("the call is over"))?;
        run_to_its_end(py, work, listening, patience)
    }

    /// One step of an `await`: the answer, or what the event loop is to wait for.
    fn step<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // Without a loop nothing is begun that nobody could end.
        let event_loop = wake::running_loop(py)?;
        let listening = Listening::begin(py)?;
        let (work, before) = {
            let mut state = self.state();
            (state.work.take(), state.wakeup.take())
        };
        if let Some(before) = before {
            before.forget(py);
        }
        let mut work = work.ok_or_else(|| PyRuntimeError::new_err("the call is over"))?;
        if wake::is_ending() {
            // Nobody would tell the loop: it is held up instead.
            let answer = run_to_its_end(py, work, listening, None)?;
            return Err(PyStopIteration::new_err((answer,)));
        }
        let wakeup = Wakeup::new();
        let waker = wakeup.waker();
        let polled = py.detach(|| guarded(false, || work.as_mut().poll(&mut Context::from_waker(&waker))));
        if let Err(ends) = listening.end(py) {
            py.detach(|| drop((work, polled)));
            return Err(ends);
        }
        match polled? {
            Poll::Ready(outcome) => {
                drop(work);
                let answer = outcome.map_err(raised)?(py)?;
                Err(PyStopIteration::new_err((answer,)))
            }
            Poll::Pending => {
                let step = wakeup.step(event_loop)?;
                let mut state = self.state();
                state.work = Some(work);
                state.wakeup = Some(wakeup);
                Ok(step)
            }
        }
    }
}

/// How long someone waits, and what they are told then.
#[derive(Clone, Copy)]
struct Patience {
    end: Instant,
    over: fn() -> Error,
}

/// Why a wait ends before the work does.
enum Given {
    /// A handler of a signal has raised.
    Raised(PyErr),
    /// It took too long.
    Late(Patience),
}

/// Runs the work on this thread and gives its answer.
fn run_to_its_end(
    py: Python<'_>,
    work: Detached<Work>,
    listening: Listening,
    patience: Option<Patience>,
) -> PyResult<Py<PyAny>> {
    let work = work.into_inner();
    let mut listening = Some(listening);
    let mut has_waited = false;
    let mut given_up = None;
    let outcome = py.detach(|| {
        guarded(true, || {
            let watched = face::wait_watched(work, || {
                let left = patience.map(|patience| patience.end.saturating_duration_since(Instant::now()));
                if let Some(patience) = patience.filter(|_| left.is_some_and(|left| left.is_zero())) {
                    return Err(Given::Late(patience));
                }
                // The interpreter is not asked for by each call that waits a moment.
                if !mem::replace(&mut has_waited, true) {
                    return Ok(Some(left.map_or(PAUSE, |left| left.min(PAUSE))));
                }
                let asked = Python::try_attach(|py| {
                    py.check_signals()?;
                    // What happens elsewhere does not wait for the end of a call that may hang.
                    if let Some(listening) = listening.take() {
                        listening.end(py)?;
                    }
                    Ok::<_, PyErr>(is_main_thread(py)?.then_some(PAUSE))
                });
                // Where the interpreter is ending, no handler runs any more.
                let pause = asked.unwrap_or(Ok(None)).map_err(Given::Raised)?;
                Ok(pause.into_iter().chain(left).min())
            });
            match watched {
                Ok(outcome) => Poll::Ready(outcome),
                Err(given) => {
                    given_up = Some(given);
                    Poll::Pending
                }
            }
        })
    });
    if let Some(Err(ends)) = listening.map(|listening| listening.end(py)) {
        py.detach(|| drop(outcome));
        return Err(ends);
    }
    let outcome = outcome?;
    match given_up {
        Some(Given::Raised(exception)) => return Err(exception),
        Some(Given::Late(patience)) => return Err(raised((patience.over)())),
        None => {}
    }
    match outcome {
        Poll::Ready(outcome) => outcome.map_err(raised)?(py),
        Poll::Pending => Ok(py.None()),
    }
}

/// Runs what must not unwind into the interpreter, and gives an exception of Python's that ended it beyond all errors.
fn guarded<T>(
    may_wait: bool,
    run: impl FnOnce() -> Poll<strongroom::Result<T>>,
) -> PyResult<Poll<strongroom::Result<T>>> {
    let outer = RUNNING.replace(Some(Running {
        may_wait,
        interrupt: None,
    }));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let interrupt = RUNNING.replace(outer).and_then(|running| running.interrupt);
    match (outcome, interrupt) {
        (Ok(Poll::Ready(Err(_))), Some(interrupt)) => Err(interrupt),
        (Ok(outcome), _) => Ok(outcome),
        (Err(panic), _) => {
            // What was thrown may itself panic when it is dropped.
            contained(|| drop(panic));
            Err(raised(Error::new(
                ErrorKind::Internal,
                "the library panicked and caught itself",
            )))
        }
    }
}

/// Runs what ends something and whose panic nobody needs to know.
fn contained(run: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        mem::forget(panic);
    }
}

/// The call that a thread runs.
struct Running {
    /// Whether the thread waits for the call, and nobody else is held up.
    may_wait: bool,
    /// What ended a function that the call asked, where that is no error but an end, such as `KeyboardInterrupt`.
    interrupt: Option<PyErr>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Whether this thread waits for the call that it runs; otherwise it is an event loop's, or the library's own.
pub(crate) fn may_wait() -> bool {
    RUNNING.with_borrow(|running| running.as_ref().is_some_and(|running| running.may_wait))
}

/// Whether this thread runs a call: then it is one of Python's.
pub(crate) fn is_running() -> bool {
    RUNNING.with_borrow(Option::is_some)
}

/// Lets the call that this thread runs end with an exception that is no error. On a thread of the library there is none.
pub(crate) fn interrupt(with: PyErr) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(running) = running {
            running.interrupt = Some(with);
        }
    });
}

/// What is the core's and given up detached from the interpreter: the core may wait for threads that wait for the
/// interpreter, and for disks.
pub(crate) struct Detached<T: Send>(ManuallyDrop<T>);

impl<T: Send> From<T> for Detached<T> {
    fn from(inner: T) -> Self {
        Self(ManuallyDrop::new(inner))
    }
}

impl<T: Send> Deref for Detached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Detached<Work> {
    fn as_mut(&mut self) -> Pin<&mut (dyn Future<Output = strongroom::Result<Made>> + Send)> {
        (*self.0).as_mut()
    }

    fn into_inner(self) -> Work {
        // SAFETY: what is taken is not touched again, as nothing of `self` is dropped.
        unsafe { ManuallyDrop::take(&mut ManuallyDrop::new(self).0) }
    }
}

impl<T: Send> Drop for Detached<T> {
    fn drop(&mut self) {
        // SAFETY: taken once, at the end.
        let inner = unsafe { ManuallyDrop::take(&mut self.0) };
        // Where the interpreter is ending there is nothing to detach from.
        let _ = Python::try_attach(|py| py.detach(|| contained(|| drop(inner))));
    }
}

/// Whether handlers of signals may have to run on this thread.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    // Whoever imports `threading` on another thread first would make that one the main thread.
    let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
    let Ok(threading) = modules.get_item(intern!(py, "threading")) else {
        return Ok(true);
    };
    let main = threading.call_method0(intern!(py, "main_thread"))?;
    let current = threading.call_method0(intern!(py, "get_ident"))?;
    main.getattr(intern!(py, "ident"))?.eq(current)
}

#[pymethods]
impl Call {
    /// Runs the call on this thread and gives its answer. Other threads run meanwhile, and on the main thread handlers
    /// of signals: an exception of one of them ends the wait.
    pub(crate) fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.wait_until(py, None)
    }

    fn __await__(this: Py<Self>) -> PyResult<Py<Self>> {
        this.get().begin()?;
        Ok(this)
    }

    fn __iter__(this: Py<Self>) -> PyResult<Py<Self>> {
        Self::__await__(this)
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
        let (work, wakeup) = {
            let mut state = self.state();
            (state.work.take(), state.wakeup.take())
        };
        if let Some(wakeup) = wakeup {
            wakeup.forget(py);
        }
        drop(work);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let wakeup = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).wakeup.take();
        if let Some(wakeup) = wakeup {
            let _ = Python::try_attach(|py| wakeup.forget(py));
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
