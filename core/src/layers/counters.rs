//! What the layers of a manager count.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::Operation;
use crate::sys::fork::{self, ForkCell};

const OPERATIONS: usize = Operation::ALL.len();

/// The counters of one manager and, where its backend is a chain, of the chain's members together. Plain atomics, so that
/// counting costs some nanoseconds.
pub(crate) struct Counters {
    calls: [Calls; OPERATIONS],
    retries: AtomicU64,
    retry_after_waits: AtomicU64,
    joined: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    now: ForkCell<Now, fn() -> Now>,
}

/// The calls of one operation that came to the backend.
#[derive(Default)]
struct Calls {
    count: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
    longest: AtomicU64,
}

/// What is a state and no count. What a thread of the parent's is in the middle of is not the child's.
#[derive(Default)]
struct Now {
    waiting: AtomicU64,
    running: AtomicU64,
    open: AtomicU64,
    half_open: AtomicU64,
}

/// One more of something, until it is dropped.
pub(super) struct Underway<'a> {
    generation: u64,
    number: &'a AtomicU64,
}

/// How a breaker stands, as its metric tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Closed,
    HalfOpen,
    Open,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            calls: std::array::from_fn(|_| Calls::default()),
            retries: AtomicU64::new(0),
            retry_after_waits: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            now: ForkCell::with(Now::default),
        }
    }
}

impl Counters {
    /// A call has ended.
    pub(super) fn call(&self, operation: Operation, took: Duration, has_failed: bool) {
        let calls = &self.calls[operation as usize];
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(&calls.count, 1);
        add(&calls.micros, micros);
        if has_failed {
            add(&calls.errors, 1);
        }
        if micros > calls.longest.load(Ordering::Relaxed) {
            calls.longest.fetch_max(micros, Ordering::Relaxed);
        }
    }

    /// A call is made again; `is_told` where the backend said when.
    pub(super) fn retry(&self, is_told: bool) {
        add(&self.retries, 1);
        if is_told {
            add(&self.retry_after_waits, 1);
        }
    }

    /// A read waits for what another one fetches.
    pub(super) fn joined(&self) {
        add(&self.joined, 1);
    }

    /// A breaker refused a call.
    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }

    /// A breaker goes from one state to another.
    pub(super) fn turned(&self, from: Stand, to: Stand) {
        let now = self.now.get();
        let number = |stand| match stand {
            Stand::Closed => None,
            Stand::HalfOpen => Some(&now.half_open),
            Stand::Open => Some(&now.open),
        };
        if to == Stand::Open {
            add(&self.opened, 1);
        }
        if let Some(number) = number(to) {
            add(number, 1);
        }
        if let Some(number) = number(from) {
            number.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A call waits for its turn.
    pub(super) fn waiting(&self) -> Underway<'_> {
        Underway::begin(&self.now.get().waiting)
    }

    /// A call has its turn.
    pub(super) fn running(&self) -> Underway<'_> {
        Underway::begin(&self.now.get().running)
    }

    /// All numbers under their names; of an operation that was never called, none.
    pub(crate) fn numbers(&self) -> Vec<(Cow<'static, str>, u64)> {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let mut numbers = Vec::new();
        for (operation, calls) in Operation::ALL.iter().zip(&self.calls) {
            let count = get(&calls.count);
            if count > 0 {
                let name = format!("calls.{operation}");
                numbers.push((format!("{name}.errors").into(), get(&calls.errors)));
                numbers.push((format!("{name}.micros").into(), get(&calls.micros)));
                numbers.push((format!("{name}.micros_max").into(), get(&calls.longest)));
                numbers.push((name.into(), count));
            }
        }
        let now = self.now.get();
        let state = match (get(&now.open), get(&now.half_open)) {
            (0, 0) => 0,
            (0, _) => 1,
            _ => 2,
        };
        numbers.extend([
            (Cow::Borrowed("retries"), get(&self.retries)),
            (Cow::Borrowed("retry_after_waits"), get(&self.retry_after_waits)),
            (Cow::Borrowed("single_flight.joined"), get(&self.joined)),
            (Cow::Borrowed("concurrency.waiting"), get(&now.waiting)),
            (Cow::Borrowed("concurrency.running"), get(&now.running)),
            (Cow::Borrowed("breaker.state"), state),
            (Cow::Borrowed("breaker.opened"), get(&self.opened)),
            (Cow::Borrowed("breaker.refused"), get(&self.refused)),
        ]);
        numbers
    }
}

fn add(number: &AtomicU64, more: u64) {
    number.fetch_add(more, Ordering::Relaxed);
}

impl<'a> Underway<'a> {
    fn begin(number: &'a AtomicU64) -> Self {
        add(number, 1);
        Self {
            generation: fork::generation(),
            number,
        }
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if self.generation == fork::generation() {
            self.number.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.numbers()).finish()
    }
}
