//! How many calls came, ended, and were given up.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sys::fork;

/// The counters of a [`FaultBackend`](super::FaultBackend). A call counts from the first poll of its future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Calls that began.
    pub started: u64,
    /// Calls that answered, with whatever.
    pub finished: u64,
    /// Calls whose future was dropped before it answered.
    pub cancelled: u64,
    /// Calls that began and have neither answered nor been dropped.
    pub in_flight: u64,
    /// Calls that hang or block right now; [`FaultBackend::wake`](super::FaultBackend::wake) releases exactly these.
    pub waiting: u64,
}

/// The counters of one process.
#[derive(Debug)]
pub(super) struct Live {
    generation: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    counters: Counters,
    /// How many threads wait for a change: nobody is woken, by a system call, where nobody waits.
    watchers: usize,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            generation: fork::generation(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Whether it is the parent's, whose lock may be held for ever.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    pub(super) fn begin(&self) -> Call<'_> {
        self.change(|counters| {
            counters.started += 1;
            counters.in_flight += 1;
        });
        Call {
            live: self,
            ended: false,
        }
    }

    /// Counts as waiting until the answer is dropped.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        self.change(|counters| counters.waiting += 1);
        Waiting(self)
    }

    pub(super) fn read(&self) -> Counters {
        self.lock().counters
    }

    /// Waits until the counters are as wanted; `None` when they are not within `patience`.
    pub(super) fn wait(&self, patience: Duration, wanted: impl Fn(&Counters) -> bool) -> Option<Counters> {
        let mut state = self.lock();
        state.watchers += 1;
        let (mut state, waited) = self
            .changed
            .wait_timeout_while(state, patience, |state| !wanted(&state.counters))
            .unwrap_or_else(PoisonError::into_inner);
        state.watchers -= 1;
        (!waited.timed_out()).then_some(state.counters)
    }

    fn change(&self, change: impl FnOnce(&mut Counters)) {
        // A call that began in the parent ends in the child, too, and counts there for nobody.
        if self.is_inherited() {
            return;
        }
        let mut state = self.lock();
        change(&mut state.counters);
        let is_watched = state.watchers > 0;
        drop(state);
        if is_watched {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call under way.
pub(super) struct Call<'a> {
    live: &'a Live,
    ended: bool,
}

impl Call<'_> {
    pub(super) fn finish(mut self) {
        self.ended = true;
        self.live.change(|counters| {
            counters.finished += 1;
            counters.in_flight -= 1;
        });
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.live.change(|counters| {
                counters.cancelled += 1;
                counters.in_flight -= 1;
            });
        }
    }
}

/// One call that hangs or blocks.
pub(super) struct Waiting<'a>(&'a Live);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.change(|counters| counters.waiting -= 1);
    }
}
