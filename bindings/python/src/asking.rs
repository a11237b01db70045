//! Functions of the program that are asked for a secret setting.
//!
//! Where a thread of Python waits for the call, the function runs on that thread. A thread of the core never runs one:
//! when the interpreter ends, it ends every thread that is not its main one in the midst of its functions, and a thread
//! that Rust has begun must not be ended so. It has Python begin a thread, and waits detached.

use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll, Waker};

use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use strongroom::face::{self, ProcessLocal};
use strongroom::{CallContext, Error, ErrorKind, Face, MAX_DEADLINE, SecretProvider, SecretValue};

use crate::arguments::Value;
use crate::call;
use crate::wake;

type Answer = strongroom::Result<SecretValue>;

/// Asks a Python function for a secret setting.
pub(crate) struct Provider {
    function: Py<PyAny>,
    /// What a thread of its own runs.
    elsewhere: Arc<Py<PyAny>>,
}

impl Provider {
    /// With the function, and with what a thread runs that asks it (`_asking.py`).
    pub(crate) fn new(function: Py<PyAny>, elsewhere: Py<PyAny>) -> Self {
        let elsewhere = Arc::new(elsewhere);
        Self { function, elsewhere }
    }

    /// The answer of the function, on this thread.
    fn here(&self, py: Python<'_>, setting: &str) -> Answer {
        match self.function.bind(py).call1((setting,)) {
            Ok(given) => value(&given, setting),
            Err(raised) => {
                if !raised.is_instance_of::<PyException>(py) {
                    // Ctrl-C at a prompt ends the program.
                    call::interrupt(raised.clone_ref(py));
                }
                Err(failed(raised.value(py), setting))
            }
        }
    }
}

impl SecretProvider for Provider {
    fn secret(&self, setting: &str) -> Answer {
        self.secret_within(setting, &CallContext::new(Face::Blocking, MAX_DEADLINE))
    }

    fn secret_within(&self, setting: &str, cx: &CallContext) -> Answer {
        if call::is_running() {
            Python::try_attach(|py| self.here(py, setting)).unwrap_or_else(|| Err(ending(setting)))
        } else {
            Question::new(Arc::clone(&self.elsewhere), setting).ask(cx)
        }
    }
}

fn value(given: &Bound<'_, PyAny>, setting: &str) -> Answer {
    let value: PyResult<Value> = given.extract();
    value.map(|value| value.0).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "the function that was asked gave neither a str nor bytes",
        )
        .with_setting(setting.to_owned())
    })
}

/// What the call that needs the secret is to answer: the kind of an exception of ours; of others nothing is told, because
/// their texts may carry what was typed.
fn failed(raised: &Bound<'_, PyBaseException>, setting: &str) -> Error {
    let kind = raised.getattr("kind").and_then(|kind| kind.extract::<String>());
    let kind = kind
        .ok()
        .and_then(|token| ErrorKind::from_token(&token))
        .unwrap_or(ErrorKind::Unavailable);
    Error::new(
        kind,
        "the function that was asked for a secret setting raised an exception",
    )
    .with_setting(setting.to_owned())
}

fn ending(setting: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "no function is asked any more: the interpreter is ending",
    )
    .with_setting(setting.to_owned())
}

/// What a thread of the core waits for while Python runs the function.
pub(crate) struct Question {
    elsewhere: Arc<Py<PyAny>>,
    setting: String,
    state: Mutex<State>,
}

enum State {
    /// Wakes who waits.
    Open(Option<Waker>),
    Answered(Answer),
    /// The call that needed the answer has it, or has ended.
    Over,
}

/// The questions without an answer so far.
static OPEN: ProcessLocal<Mutex<Vec<Arc<Question>>>> = ProcessLocal::new(Mutex::default);

fn open_questions() -> MutexGuard<'static, Vec<Arc<Question>>> {
    OPEN.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Question {
    fn new(elsewhere: Arc<Py<PyAny>>, setting: &str) -> Arc<Self> {
        Arc::new(Self {
            elsewhere,
            setting: setting.to_owned(),
            state: Mutex::new(State::Open(None)),
        })
    }

    /// Has the function be asked, and waits for the answer, the end of the call that needs it, or the interpreter's. An
    /// answer that comes later is nobody's.
    fn ask(self: Arc<Self>, cx: &CallContext) -> Answer {
        open_questions().push(Arc::clone(&self));
        if !wake::ask(Arc::clone(&self)) {
            self.give_up();
        }
        let answer = face::answer_within(cx, poll_fn(|task| self.poll(task)));
        let left = mem::replace(&mut *self.lock(), State::Over);
        drop(left);
        open_questions().retain(|other| !Arc::ptr_eq(other, &self));
        answer.map_err(|error| error.with_setting(self.setting.clone()))
    }

    fn poll(&self, task: &task::Context<'_>) -> Poll<Answer> {
        let mut state = self.lock();
        let before = match &*state {
            State::Open(_) => mem::replace(&mut *state, State::Open(Some(task.waker().clone()))),
            State::Answered(_) | State::Over => mem::replace(&mut *state, State::Over),
        };
        drop(state);
        match before {
            State::Open(_) => Poll::Pending,
            State::Answered(answer) => Poll::Ready(answer),
            State::Over => Poll::Ready(Err(ending(&self.setting))),
        }
    }

    /// Has Python begin the thread. It runs nothing of the program's itself.
    pub(crate) fn begin(self: Arc<Self>, py: Python<'_>) -> PyResult<()> {
        static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let run = self.elsewhere.clone_ref(py);
        let asked = Py::new(py, Asked(self))?;
        let start = START.import(py, "_thread", "start_new_thread")?;
        start.call1((run, (asked,))).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers, where nothing has been answered before and someone waits. What is late is wiped.
    fn answer(&self, with: Answer) {
        let mut state = self.lock();
        if !matches!(*state, State::Open(_)) {
            drop(state);
            drop(with);
            return;
        }
        let before = mem::replace(&mut *state, State::Answered(with));
        drop(state);
        if let State::Open(Some(waiting)) = before {
            waiting.wake();
        }
    }

    fn give_up(&self) {
        self.answer(Err(ending(&self.setting)));
    }
}

/// Lets nobody wait for an answer any more.
pub(crate) fn end() {
    let open = mem::take(&mut *open_questions());
    open.iter().for_each(|question| question.give_up());
}

/// A question, as the thread that runs the function sees it.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct Asked(Arc<Question>);

#[pymethods]
impl Asked {
    /// The name of the setting.
    #[getter]
    fn setting(&self) -> &str {
        &self.0.setting
    }

    /// Answers with what the function gave.
    fn answer(&self, given: &Bound<'_, PyAny>) {
        self.0.answer(value(given, &self.0.setting));
    }

    /// Answers with what the function raised.
    fn fail(&self, raised: &Bound<'_, PyBaseException>) {
        self.0.answer(Err(failed(raised, &self.0.setting)));
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // The thread was not begun, or did not come to an answer.
        self.0.give_up();
    }
}
