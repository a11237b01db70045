//! The library's events, as records of Python's `logging`. Events name operations, keys and outcomes, never a value.
//!
//! An event may happen on any thread and while the core holds locks, so it only goes into a queue. Whoever waits for a
//! call delivers what is in it when the wait ends; what happens while nobody waits is delivered by a thread
//! of [`crate::wake`].

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use strongroom::face::{ProcessLocal, event_line, is_ours};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::wake;

/// How many events wait at most. More of them are counted, and forgotten.
const MOST: usize = 1024;

/// Our levels and Python's numbers for them. `logging` has none for the last.
const LEVELS: [(Level, u8); 5] = [
    (Level::ERROR, 40),
    (Level::WARN, 30),
    (Level::INFO, 20),
    (Level::DEBUG, 10),
    (Level::TRACE, 5),
];

/// How many of the levels the logger `strongroom` takes: 0 is none, 5 all. A program that has not imported `logging`
/// listens to nothing.
static WANTED: AtomicU8 = AtomicU8::new(0);

static QUEUE: ProcessLocal<Mutex<Queue>> = ProcessLocal::new(Mutex::default);

thread_local! {
    /// Whether this thread runs the program's handlers: what these cause would cause the next event for ever.
    static DELIVERS: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Happened>,
    dropped: usize,
    /// How many calls will deliver when they end.
    waits: usize,
}

/// An event: when, whose, at which of the [`LEVELS`], and its line.
type Happened = (f64, &'static str, u8, String);

fn queue() -> MutexGuard<'static, Queue> {
    // No code of others runs under the lock.
    QUEUE.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has events be queued.
pub(crate) fn listen() {
    // This module has a copy of `tracing` of its own, so that nobody else was first, but this module in another
    // interpreter of the process.
    let _ = tracing::subscriber::set_global_default(Forwarder);
}

/// A call that is waited for. Its events are delivered when it ends.
pub(crate) struct Listening(());

impl Listening {
    /// Sees how much the logger wants, too. What it raises comes from a handler of a signal, most likely.
    pub(crate) fn begin(py: Python<'_>) -> PyResult<Self> {
        let wanted = wanted(py)?;
        if WANTED.swap(wanted, Ordering::Relaxed) != wanted {
            py.detach(tracing::callsite::rebuild_interest_cache);
        }
        queue().waits += 1;
        Ok(Self(()))
    }

    /// Delivers what has happened. What it raises ends the program, as `KeyboardInterrupt` and `SystemExit` do.
    pub(crate) fn end(self, py: Python<'_>) -> PyResult<()> {
        drop(self);
        deliver(py)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut queue = queue();
        // The wait may have begun before the process was forked.
        queue.waits = queue.waits.saturating_sub(1);
    }
}

/// How many of the levels the logger takes.
fn wanted(py: Python<'_>) -> PyResult<u8> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let logger = match LOGGER.get(py) {
        Some(logger) => logger,
        None => {
            let modules = MODULES.import(py, "sys", "modules")?;
            let Some(logging) = modules.get_item(intern!(py, "logging"))? else {
                return Ok(0);
            };
            // Another thread may be importing it just now, and this is the last that we need of it.
            let Some(silence) = logging.getattr_opt(intern!(py, "NullHandler"))? else {
                return Ok(0);
            };
            let logger = logging.call_method1(intern!(py, "getLogger"), ("strongroom",))?;
            // Else `logging` writes warnings that nobody handles to stderr.
            logger.call_method1(intern!(py, "addHandler"), (silence.call0()?,))?;
            LOGGER.get_or_init(py, || logger.unbind())
        }
    };
    // What `getEffectiveLevel` does; that is a function of Python, see `results::made`.
    let mut asked = logger.bind(py).clone();
    let least = loop {
        let level: i64 = asked.getattr(intern!(py, "level"))?.extract()?;
        let parent = asked.getattr(intern!(py, "parent"))?;
        if level != 0 || parent.is_none() {
            break level;
        }
        asked = parent;
    };
    let taken = LEVELS.iter().filter(|(_, number)| i64::from(*number) >= least).count();
    Ok(u8::try_from(taken).unwrap_or(0))
}

/// Gives what has happened to the loggers. The answer of a call is not lost to a handler that is broken.
pub(crate) fn deliver(py: Python<'_>) -> PyResult<()> {
    static RECORD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if DELIVERS.get() {
        return Ok(());
    }
    let (events, dropped) = {
        let mut queue = queue();
        if queue.events.is_empty() {
            return Ok(());
        }
        (mem::take(&mut queue.events), mem::take(&mut queue.dropped))
    };
    let _delivers = Delivers::begin();
    let recorded = RECORD
        .import(py, "strongroom._records", "record")
        .and_then(|record| record.call1((Vec::from(events), dropped)));
    match recorded {
        Err(raised) if !raised.is_instance_of::<PyException>(py) => Err(raised),
        Err(raised) => {
            raised.write_unraisable(py, None);
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

struct Delivers;

impl Delivers {
    fn begin() -> Self {
        DELIVERS.set(true);
        Self
    }
}

impl Drop for Delivers {
    fn drop(&mut self) {
        DELIVERS.set(false);
    }
}

/// What this module's copy of `tracing` reports to.
struct Forwarder;

impl Forwarder {
    /// Which of the levels it is, counted from 1.
    fn place(level: &Level) -> u8 {
        let place = LEVELS.iter().position(|(known, _)| known == level).unwrap_or(0);
        u8::try_from(place + 1).unwrap_or(u8::MAX)
    }
}

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_span() && is_ours(metadata) && Self::place(metadata.level()) <= WANTED.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let wanted = usize::from(WANTED.load(Ordering::Relaxed));
        let level = wanted.checked_sub(1).and_then(|last| LEVELS.get(last));
        Some(level.map_or(LevelFilter::OFF, |(level, _)| LevelFilter::from_level(*level)))
    }

    fn event(&self, event: &Event<'_>) {
        if DELIVERS.get() {
            return;
        }
        let metadata = event.metadata();
        let level = usize::from(Self::place(metadata.level())) - 1;
        let number = LEVELS.get(level).map_or(0, |(_, number)| *number);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let happened = (now.as_secs_f64(), metadata.target(), number, event_line(event));
        let is_waited_for = {
            let mut queue = queue();
            if queue.events.len() < MOST {
                queue.events.push_back(happened);
            } else {
                queue.dropped += 1;
            }
            queue.waits > 0
        };
        if !is_waited_for {
            wake::tell_events();
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
