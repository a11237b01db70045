//! Functions of the program that are asked for a secret setting.
//!
//! Where a thread of Python waits for the call, the function runs on that thread. A thread of the core never runs one:
//! when the interpreter ends, it ends every thread that is not its main one in the midst of its functions, and a thread
//! that Rust has begun must not be ended so. It has Python begin a thread, and waits detached.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use strongroom::face::ProcessLocal;
use strongroom::{Error, ErrorKind, SecretProvider, SecretValue};

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
        if call::is_running() {
            Python::try_attach(|py| self.here(py, setting)).unwrap_or_else(|| Err(ending(setting)))
        } else {
            Question::new(Arc::clone(&self.elsewhere), setting).ask()
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
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
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
            answer: Mutex::default(),
            answered: Condvar::new(),
        })
    }

    /// Has the function be asked, and waits for the answer or the end of the interpreter.
    fn ask(self: Arc<Self>) -> Answer {
        open_questions().push(Arc::clone(&self));
        if !wake::ask(Arc::clone(&self)) {
            self.give_up();
        }
        let answer = {
            let waited = self.answered.wait_while(self.lock(), |answer| answer.is_none());
            waited.unwrap_or_else(PoisonError::into_inner).take()
        };
        open_questions().retain(|other| !Arc::ptr_eq(other, &self));
        answer.unwrap_or_else(|| Err(ending(&self.setting)))
    }

    /// Has Python begin the thread. It runs nothing of the program's itself.
    pub(crate) fn begin(self: Arc<Self>, py: Python<'_>) -> PyResult<()> {
        static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let run = self.elsewhere.clone_ref(py);
        let asked = Py::new(py, Asked(self))?;
        let start = START.import(py, "_thread", "start_new_thread")?;
        start.call1((run, (asked,))).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        // No code of others runs under the lock.
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers, where nothing has been answered before.
    fn answer(&self, with: Answer) {
        let late = {
            let mut answer = self.lock();
            match *answer {
                Some(_) => Some(with),
                None => answer.replace(with),
            }
        };
        drop(late);
        self.answered.notify_all();
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
