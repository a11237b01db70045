//! Waking an event loop. Whoever wakes a call is a thread of the core, which may hold what another thread waits for that
//! holds the interpreter. So it only leaves a note, for one thread that does nothing but tell Python.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use strongroom::face::{self, ProcessLocal};

use crate::asking::{self, Question};
use crate::log;

/// What one step of an `await` waits for.
#[derive(Default)]
pub(crate) struct Wakeup(Mutex<State>);

#[derive(Default)]
enum State {
    /// The step has not come to its end yet.
    #[default]
    Running,
    /// The loop waits for its future.
    Waiting(Waits),
    Woken,
}

struct Waits {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
    /// What the loop is to call with the future.
    release: Py<PyAny>,
}

impl Wakeup {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// What the event loop is given to wait for: a future of its own, or nothing where the call has been woken already
    /// and is to be asked again.
    pub(crate) fn step<'py>(self: &Arc<Self>, event_loop: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        static RELEASE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = event_loop.py();
        if matches!(*self.lock(), State::Woken) {
            return Ok(py.None().into_bound(py));
        }
        let release = RELEASE.import(py, "strongroom._waiting", "release")?.clone().unbind();
        forget_closed(&event_loop);
        let future = event_loop.call_method0(intern!(py, "create_future"))?;
        // Its iterator gives the future itself, marked as one that is waited for.
        let marked = future
            .try_iter()?
            .next()
            .unwrap_or_else(|| Ok(py.None().into_bound(py)))?;
        let mut waits = State::Waiting(Waits {
            event_loop: event_loop.unbind(),
            future: future.unbind(),
            release,
        });
        pending().add(self);
        let is_waited_for = {
            let mut state = self.lock();
            let is_waited_for = matches!(*state, State::Running);
            if is_waited_for {
                mem::swap(&mut *state, &mut waits);
            }
            is_waited_for
        };
        if is_waited_for && !is_ending() {
            return Ok(marked);
        }
        // Woken meanwhile, or to be asked again because nobody will: a loop that is given the future finds it done, or
        // told to it at once.
        match waits {
            State::Waiting(waits) => {
                pending().remove(self);
                waits.tell(py)?;
            }
            State::Running | State::Woken => self.tell(py)?,
        }
        Ok(marked)
    }

    /// Nobody waits any more: what is Python's is given up here, attached to the interpreter, whoever holds a waker still.
    pub(crate) fn forget(&self, _attached: Python<'_>) {
        pending().remove(self);
        let waited = mem::replace(&mut *self.lock(), State::Woken);
        drop(waited);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the event loop.
    fn tell(&self, py: Python<'_>) -> PyResult<()> {
        pending().remove(self);
        let before = mem::replace(&mut *self.lock(), State::Woken);
        match before {
            State::Waiting(waits) => waits.tell(py),
            State::Running | State::Woken => Ok(()),
        }
    }
}

impl Waits {
    fn tell(&self, py: Python<'_>) -> PyResult<()> {
        let tell = intern!(py, "call_soon_threadsafe");
        self.event_loop.call_method1(py, tell, (&self.release, &self.future))?;
        Ok(())
    }
}

/// The steps that event loops wait for, by their addresses.
#[derive(Default)]
struct Pending {
    steps: HashMap<usize, Weak<Wakeup>>,
    /// The address of the loop whose step came last.
    last_loop: usize,
}

static PENDING: ProcessLocal<Mutex<Pending>> = ProcessLocal::new(Mutex::default);

fn pending() -> MutexGuard<'static, Pending> {
    // No code of others runs under the lock.
    PENDING.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    fn add(&mut self, wakeup: &Arc<Wakeup>) {
        self.steps.insert(Arc::as_ptr(wakeup).addr(), Arc::downgrade(wakeup));
    }

    fn remove(&mut self, wakeup: &Wakeup) {
        self.steps.remove(&std::ptr::from_ref(wakeup).addr());
    }

    fn all(&self) -> Vec<Arc<Wakeup>> {
        self.steps.values().filter_map(Weak::upgrade).collect()
    }
}

/// Gives up what loops wait for that were closed beside pending calls: their futures hold the tasks, which hold the
/// calls, so that none of them would ever be garbage. Looked for where another loop begins to wait.
fn forget_closed(event_loop: &Bound<'_, PyAny>) {
    let py = event_loop.py();
    let others = {
        let mut pending = pending();
        let this = event_loop.as_ptr().addr();
        if mem::replace(&mut pending.last_loop, this) == this {
            return;
        }
        pending.all()
    };
    for wakeup in others {
        let waits_for = match &*wakeup.lock() {
            State::Waiting(waits) => Some(waits.event_loop.clone_ref(py)),
            State::Running | State::Woken => None,
        };
        let is_closed = waits_for.map(|waits_for| waits_for.call_method0(py, intern!(py, "is_closed")));
        if let Some(Ok(is_closed)) = is_closed
            && is_closed.is_truthy(py).unwrap_or(false)
        {
            wakeup.forget(py);
        }
    }
}

/// The event loop that runs on this thread.
pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET_LOOP.import(py, "asyncio", "get_running_loop")?.call0()
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        let is_waited_for = {
            let mut state = self.lock();
            match *state {
                State::Waiting(_) => true,
                State::Running | State::Woken => {
                    *state = State::Woken;
                    false
                }
            }
        };
        if is_waited_for {
            TELLER.get().add(|notes| notes.woken.push(self));
        }
    }
}

/// Has the events of the library be delivered soon.
pub(crate) fn tell_events() {
    LOGGER.get().add(|notes| notes.has_events = true);
}

/// Has Python be told to ask a function; `false` where it will not be.
pub(crate) fn ask(question: Arc<Question>) -> bool {
    TELLER.get().add(|notes| notes.asked.push(question))
}

/// Whether the interpreter ends, and with it every other thread of Python's. A child that is forked then ends, too.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Whether nobody tells an event loop any more.
pub(crate) fn is_ending() -> bool {
    IS_ENDING.load(Ordering::SeqCst)
}

/// Has no thread of ours be attached to an interpreter that ends, which would be the process's end too. Python calls it
/// when it exits.
#[pyfunction]
pub(crate) fn end(py: Python<'_>) -> PyResult<()> {
    IS_ENDING.store(true, Ordering::SeqCst);
    for teller in [TELLER.get_if_made(), LOGGER.get_if_made()].into_iter().flatten() {
        py.detach(|| teller.end());
    }
    py.detach(asking::end);
    // Loops may go on, in functions that the program has registered before: their calls are asked once more, and then
    // waited for.
    let left = pending().all();
    for wakeup in left {
        drop(wakeup.tell(py));
    }
    log::deliver(py)
}

static TELLER: ProcessLocal<Arc<Teller>> = ProcessLocal::new(Arc::default);
/// Another one for events: handlers of the program may be slow, or wait for an event loop.
static LOGGER: ProcessLocal<Arc<Teller>> = ProcessLocal::new(Arc::default);

/// A thread that tells Python, and what it has to tell.
#[derive(Default)]
struct Teller {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    notes: Notes,
    has_thread: bool,
    is_telling: bool,
}

/// What is to be told.
#[derive(Default)]
struct Notes {
    woken: Vec<Arc<Wakeup>>,
    asked: Vec<Arc<Question>>,
    has_events: bool,
}

impl Notes {
    fn is_empty(&self) -> bool {
        self.woken.is_empty() && self.asked.is_empty() && !self.has_events
    }
}

/// How long the end of the interpreter waits for what is being told: handlers of the program may run.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Teller {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has Python be told; `false` where it will not be.
    fn add(self: &Arc<Self>, note: impl FnOnce(&mut Notes)) -> bool {
        let mut queue = self.lock();
        if is_ending() {
            return false;
        }
        note(&mut queue.notes);
        if !queue.has_thread {
            let this = Arc::clone(self);
            let name = if queue.notes.has_events {
                "sr-python-log"
            } else {
                "sr-python"
            };
            let thread = std::thread::Builder::new().name(name.to_owned());
            queue.has_thread = thread.spawn(move || this.run()).is_ok();
        }
        if queue.has_thread {
            self.changed.notify_one();
            return true;
        }
        // Better late than never: this thread waits for the interpreter itself. Events wait for the next call, and
        // nobody is asked.
        queue.notes.asked.clear();
        let woken = mem::take(&mut queue.notes.woken);
        drop(queue);
        if !woken.is_empty() {
            let woken = Notes {
                woken,
                ..Notes::default()
            };
            tell_all(woken);
        }
        false
    }

    /// Tells what is to tell, until the interpreter ends.
    fn run(&self) {
        face::block_signals();
        loop {
            let mut queue = self.lock();
            while queue.notes.is_empty() {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            let notes = mem::take(&mut queue.notes);
            if is_ending() {
                return;
            }
            queue.is_telling = true;
            drop(queue);
            let is_there = tell_all(notes);
            self.lock().is_telling = false;
            self.changed.notify_all();
            if !is_there {
                return;
            }
        }
    }

    fn end(&self) {
        let queue = self.lock();
        // An end that comes too late is no worse than none.
        drop(
            self.changed
                .wait_timeout_while(queue, LAST_WORDS, |queue| queue.is_telling)
                .map_err(PoisonError::into_inner),
        );
    }
}

/// Tells what is noted; whether there is an interpreter.
fn tell_all(notes: Notes) -> bool {
    let told = Python::try_attach(|py| {
        for wakeup in notes.woken {
            // A loop that was closed meanwhile has nobody who waits.
            drop(wakeup.tell(py));
        }
        for question in notes.asked {
            // Where Python begins no thread, the question is answered when it is dropped.
            drop(question.begin(py));
        }
        if notes.has_events {
            // Nobody on this thread is ended by it.
            drop(log::deliver(py));
        }
    });
    told.is_some()
}
