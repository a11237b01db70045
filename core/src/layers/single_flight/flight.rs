//! One fetch and those who wait for it.
//!
//! Whoever is woken polls it. A wake-up of the fetch goes to the one who polled last and, in turn, to one other: so a
//! caller whose future is held and not polled holds up nobody, and a thousand callers are not woken a thousand times.
//! Its end wakes them all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use super::{Fetch, Shared};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork;

type Outcome<T> = Result<Option<T>>;

pub(super) struct Flight<T> {
    generation: u64,
    deadline: Instant,
    state: Mutex<State<T>>,
}

struct State<T> {
    stage: Stage<T>,
    seats: Vec<Seat>,
    /// The number of the next seat.
    next: u64,
    /// Who polled last.
    leader: u64,
    /// Whose turn it is, besides, to be woken.
    turn: usize,
    /// Whether the fetch wants to be polled.
    is_woken: bool,
}

enum Stage<T> {
    Flying(Fetch<T>),
    /// Someone is polling it just now.
    Polled,
    Landed(Arc<Outcome<T>>),
    /// Nobody waited any more.
    Given,
}

struct Seat {
    number: u64,
    waker: Option<Waker>,
}

/// What the fetch wakes.
struct Notifier<T>(Weak<Flight<T>>);

impl<T> State<T> {
    fn seat(&mut self, number: u64) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.number == number)
    }

    /// The leader, and one of the others.
    fn wakers(&mut self) -> Vec<Waker> {
        let leader = self.leader;
        let mut wakers: Vec<Waker> = self
            .seat(leader)
            .and_then(|seat| seat.waker.clone())
            .into_iter()
            .collect();
        wakers.extend(self.deputy());
        wakers
    }

    fn deputy(&mut self) -> Option<Waker> {
        self.turn = self.turn.wrapping_add(1);
        let (turn, leader) = (self.turn, self.leader);
        let others = || self.seats.iter().filter(|seat| seat.number != leader);
        let count = others().count();
        others().nth(turn.checked_rem(count)?)?.waker.clone()
    }

    fn all(&mut self) -> Vec<Waker> {
        self.seats.iter_mut().filter_map(|seat| seat.waker.take()).collect()
    }
}

impl<T: Shared> Flight<T> {
    pub(super) fn new(deadline: Instant, fetch: Fetch<T>) -> Self {
        fork::arm();
        Self {
            generation: fork::generation(),
            deadline,
            state: Mutex::new(State {
                stage: Stage::Flying(fetch),
                seats: Vec::new(),
                next: 0,
                leader: 0,
                turn: 0,
                is_woken: true,
            }),
        }
    }

    /// When the fetch ends at the latest.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether one who has until `deadline` is served by it: not where it has less than half of his time, as it may then
    /// give up, or retry no more, where he would not.
    pub(super) fn serves(&self, deadline: Instant) -> bool {
        let now = Instant::now();
        self.deadline.saturating_duration_since(now) >= deadline.saturating_duration_since(now) / 2
    }

    /// Whether it is the parent's.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // No code of others runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new seat; `None` where the fetch has ended.
    pub(super) fn board(&self) -> Option<u64> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::Flying(_) | Stage::Polled) {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.seats.push(Seat { number, waker: None });
        Some(number)
    }

    /// Waits for the answer, and polls the fetch where it wants that and nobody else does. `landed` is called by whoever
    /// brings it to its end, before anybody gets the answer. `is_last`: this caller leaves, and the fetch, which may know why
    /// it took so long, is asked once more. `None` in a child of a fork.
    pub(super) fn poll(
        self: &Arc<Self>,
        number: u64,
        task: &mut Context<'_>,
        is_last: bool,
        landed: impl Fn(),
    ) -> Poll<Option<Outcome<T>>> {
        if self.is_inherited() {
            return Poll::Ready(None);
        }
        let mut state = self.state();
        let mut former = None;
        if let Some(seat) = state.seat(number) {
            former = seat.waker.replace(task.waker().clone());
        }
        if !((state.is_woken || is_last) && matches!(state.stage, Stage::Flying(_))) {
            return Self::answer(state, number, former);
        }
        state.is_woken = false;
        state.leader = number;
        let Stage::Flying(mut fetch) = std::mem::replace(&mut state.stage, Stage::Polled) else {
            return Poll::Pending;
        };
        drop(state);
        drop(former);
        // A fetch that panics has an end, too.
        let crash = Crash(self);
        let waker = Waker::from(Arc::new(Notifier(Arc::downgrade(self))));
        let outcome = fetch.as_mut().poll(&mut Context::from_waker(&waker));
        std::mem::forget(crash);
        if self.is_inherited() {
            // The fetch forked; what it is in the middle of is the parent's.
            std::mem::forget(fetch);
            return Poll::Ready(None);
        }
        match outcome {
            Poll::Pending => {
                let mut state = self.state();
                state.stage = Stage::Flying(fetch);
                // It was woken meanwhile, when nobody else could poll it.
                let deputy = if state.is_woken { state.deputy() } else { None };
                drop(state);
                if let Some(deputy) = deputy {
                    deputy.wake();
                }
                Poll::Pending
            }
            Poll::Ready(outcome) => {
                drop(fetch);
                landed();
                self.land(outcome);
                Self::answer(self.state(), number, None)
            }
        }
    }

    fn land(&self, outcome: Outcome<T>) {
        let mut state = self.state();
        state.stage = Stage::Landed(Arc::new(outcome));
        let wakers = state.all();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What this seat gets now: a copy of the answer, or, for the last one, the answer itself.
    fn answer(mut state: MutexGuard<'_, State<T>>, number: u64, former: Option<Waker>) -> Poll<Option<Outcome<T>>> {
        let Stage::Landed(outcome) = &state.stage else {
            drop(state);
            drop(former);
            return Poll::Pending;
        };
        let outcome = Arc::clone(outcome);
        let at = state.seats.iter().position(|seat| seat.number == number);
        let seat = at.map(|at| state.seats.swap_remove(at));
        let stage = state
            .seats
            .is_empty()
            .then(|| std::mem::replace(&mut state.stage, Stage::Given));
        drop(state);
        drop((stage, seat, former));
        Poll::Ready(Some(Arc::try_unwrap(outcome).unwrap_or_else(
            |outcome| match &*outcome {
                Ok(found) => Ok(found.as_ref().map(Shared::share)),
                Err(error) => Err(error.clone()),
            },
        )))
    }

    /// Gives a seat up. The last one gets the fetch, or its answer, to drop it.
    pub(super) fn leave(&self, number: u64) -> Option<impl Sized + use<T>> {
        let mut state = self.state();
        let at = state.seats.iter().position(|seat| seat.number == number)?;
        let seat = state.seats.swap_remove(at);
        if state.seats.is_empty() {
            let stage = std::mem::replace(&mut state.stage, Stage::Given);
            drop(state);
            return Some((stage, seat.waker));
        }
        if state.leader == number
            && let Some(first) = state.seats.first()
        {
            state.leader = first.number;
        }
        // Who was woken for the fetch may be the one who leaves.
        let heirs = if state.is_woken { state.wakers() } else { Vec::new() };
        drop(state);
        drop(seat);
        heirs.into_iter().for_each(Waker::wake);
        None
    }
}

impl<T: Shared> Wake for Notifier<T> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(flight) = self.0.upgrade() else { return };
        if flight.is_inherited() {
            std::mem::forget(flight);
            return;
        }
        let mut state = flight.state();
        state.is_woken = true;
        let wakers = state.wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Ends a flight whose fetch panics.
struct Crash<'a, T: Shared>(&'a Flight<T>);

impl<T: Shared> Drop for Crash<'_, T> {
    fn drop(&mut self) {
        if !self.0.is_inherited() {
            let text = "the call that others waited for panicked";
            self.0.land(Err(Error::new(ErrorKind::Internal, text)));
        }
    }
}
