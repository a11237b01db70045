//! The single flight layer: equal reads of a remote backend that are under way at the same time share one fetch.
//!
//! - Equal are `get`s of one key and version, and `describe`s of one.
//! - Each caller keeps its own deadline and cancellation; the fetch ends when the last of them has left.
//! - The fetch has the deadline of whoever began it. A caller that has more than twice the time begins one of his own, which
//!   others join then; one that joined, has more time and sees it end by that deadline begins, or joins, another one. So
//!   what the backend is told about time is always true of someone, and nobody gets an error of another's haste.
//! - A write through this manager, and whatever else makes older answers wrong, parts the reads before its end from those
//!   after it: these begin a fetch of their own. A read that asks for a fresh answer never joins one that has begun.

mod flight;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::around::{Answer, Around, Call, Keys};
use super::counters::Counters;
use super::deadline;
use crate::backend::{Backend, BoxFuture, Description, GetRequest, Operation};
use crate::context::{CallContext, PromptPolicy};
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, Version};
use crate::sys::fork::ForkCell;
use flight::Flight;

pub(super) struct SingleFlight {
    secrets: Fleet<Secret>,
    descriptions: Fleet<Description>,
    counters: Arc<Counters>,
}

/// What makes two reads equal.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    key: SecretKey,
    version: Option<Version>,
    prompt: PromptPolicy,
}

/// The answers that several callers may get: each its own.
trait Shared: Send + Sync + 'static {
    fn share(&self) -> Self;
}

impl Shared for Secret {
    fn share(&self) -> Self {
        self.duplicate()
    }
}

impl Shared for Description {
    fn share(&self) -> Self {
        self.clone()
    }
}

/// What is under way. A child of a fork begins with nothing.
struct Fleet<T> {
    flights: Locked<Flights<T>>,
}

type Locked<T> = ForkCell<Mutex<T>, fn() -> Mutex<T>>;
type Flights<T> = HashMap<Question, Arc<Flight<T>>>;
type Fetch<T> = BoxFuture<'static, Result<Option<T>>>;

impl<T: Shared> Fleet<T> {
    fn new() -> Self {
        Self {
            flights: ForkCell::with(Mutex::default),
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights<T>> {
        // No code of others runs under the lock.
        self.flights.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever asks from now on joins none of these.
    fn part(&self, is_meant: impl Fn(&SecretKey) -> bool) {
        let Some(flights) = self.flights.get_if_made() else {
            return;
        };
        let mut flights = flights.lock().unwrap_or_else(PoisonError::into_inner);
        let parted: Vec<_> = flights.extract_if(|question, _| is_meant(&question.key)).collect();
        drop(flights);
        drop(parted);
    }

    fn forget(&self, question: &Question, flight: &Arc<Flight<T>>) {
        let mut flights = self.flights();
        let is_it = flights.get(question).is_some_and(|known| Arc::ptr_eq(known, flight));
        let gone = is_it.then(|| flights.remove(question));
        drop(flights);
        drop(gone);
    }

    /// A seat in the flight to this answer, and whether it is another's.
    fn board(
        &self,
        question: &Question,
        is_fresh: bool,
        deadline: Instant,
        begin: impl FnOnce() -> Flight<T>,
    ) -> (Arc<Flight<T>>, u64, bool) {
        let mut flights = self.flights();
        if !is_fresh
            && let Some(flight) = flights.get(question)
            && flight.serves(deadline)
            && let Some(seat) = flight.board()
        {
            return (Arc::clone(flight), seat, true);
        }
        let flight = Arc::new(begin());
        let seat = flight.board().unwrap_or_default();
        let former = flights.insert(question.clone(), Arc::clone(&flight));
        drop(flights);
        drop(former);
        (flight, seat, false)
    }
}

/// One caller's seat; given up when it is dropped.
struct Seat<'a, T: Shared> {
    fleet: &'a Fleet<T>,
    question: &'a Question,
    flight: Arc<Flight<T>>,
    seat: u64,
}

impl<T: Shared> Seat<'_, T> {
    /// Waits for the answer; `None` in a child of a fork, to which the flight does not belong.
    async fn answer(&self, cx: &CallContext) -> Option<Result<Option<T>>> {
        std::future::poll_fn(|task| {
            let is_last = cx.check().is_err();
            let landed = || self.fleet.forget(self.question, &self.flight);
            self.flight.poll(self.seat, task, is_last, landed)
        })
        .await
    }
}

impl<T: Shared> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        if self.flight.is_inherited() {
            // Its lock and its fetch are the parent's.
            std::mem::forget(Arc::clone(&self.flight));
            return;
        }
        if let Some(fetch) = self.flight.leave(self.seat) {
            self.fleet.forget(self.question, &self.flight);
            drop(fetch);
        }
    }
}

impl SingleFlight {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self {
            secrets: Fleet::new(),
            descriptions: Fleet::new(),
            counters,
        }
    }

    /// Reads by way of a flight, within the caller's own deadline.
    fn read<'a, T: Shared>(
        &'a self,
        fleet: &'a Fleet<T>,
        call: Call<'a>,
        req: GetRequest<'a>,
        fetch: impl Fn(CallContext, Question) -> Fetch<T> + Send + 'a,
    ) -> BoxFuture<'a, Result<Option<T>>> {
        let cx = call.cx;
        let shared = Box::pin(async move {
            let question = Question {
                key: req.key.clone(),
                version: req.version.cloned(),
                prompt: cx.prompt(),
            };
            loop {
                cx.check().map_err(|why| call.name(why))?;
                let begin = || Flight::new(cx.deadline(), fetch(cx.for_several(), question.clone()));
                let (flight, seat, is_anothers) = fleet.board(&question, req.fresh, cx.deadline(), begin);
                if is_anothers {
                    self.counters.joined();
                }
                let deadline = flight.deadline();
                let seat = Seat {
                    fleet,
                    question: &question,
                    flight,
                    seat,
                };
                match seat.answer(cx).await {
                    None => {}
                    Some(Err(error))
                        if is_anothers
                            && error.kind() == ErrorKind::Timeout
                            && deadline <= Instant::now()
                            && cx.check().is_ok() => {}
                    Some(answer) => return answer,
                }
            }
        });
        deadline::bounded_call(
            Call {
                needs_runtime: false,
                ..call
            },
            shared,
        )
    }

    fn part(&self, keys: Keys<'_>) {
        let is_meant = |key: &SecretKey| match keys {
            Keys::None => true,
            Keys::One(one) => key == one,
            Keys::Many(many) => many.contains(key),
            Keys::Entries(entries) => entries.iter().any(|(one, _)| key == one),
        };
        self.secrets.part(is_meant);
        self.descriptions.part(is_meant);
    }
}

/// Parts the reads before from those after, also where the caller leaves before the end.
struct Parting<'a> {
    layer: &'a SingleFlight,
    keys: Keys<'a>,
}

impl Drop for Parting<'_> {
    fn drop(&mut self) {
        self.layer.part(self.keys);
    }
}

impl Around for SingleFlight {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        let parts = call.operation.is_write()
            || matches!(call.operation, Operation::Refresh | Operation::Lock | Operation::Close);
        if !parts {
            return run();
        }
        let parting = Parting {
            layer: self,
            keys: call.keys,
        };
        Box::pin(async move {
            let _parting = parting;
            run().await
        })
    }

    fn get<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetRequest<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.read(&self.secrets, call, req, move |cx, question| {
            let inner = Arc::clone(inner);
            Box::pin(async move { inner.get(&cx, question.request(req.fresh)).await })
        })
    }

    fn describe<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetRequest<'a>,
    ) -> BoxFuture<'a, Result<Option<Description>>> {
        self.read(&self.descriptions, call, req, move |cx, question| {
            let inner = Arc::clone(inner);
            Box::pin(async move { inner.describe(&cx, question.request(req.fresh)).await })
        })
    }
}

impl Question {
    fn request(&self, fresh: bool) -> GetRequest<'_> {
        GetRequest {
            key: &self.key,
            version: self.version.as_ref(),
            fresh,
        }
    }
}

impl std::fmt::Debug for SingleFlight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}
