//! The concurrency layer: so many requests of a remote backend are under way at once, further ones wait in turn.
//!
//! A call has one place for its requests, which mostly follow each other. One that makes several at once takes a further
//! place for each of them, as they become free ([`Share`]): four batches make no more requests than one.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::around::{Answer, Around, Call};
use super::counters::{Counters, Underway};
use crate::backend::{
    Backend, BoxFuture, GetManyRequest, ListPage, ListRequest, Operation, SetManyOutcome, SetManyRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::sys::fork::{self, ForkCell};

/// The places, as many as the setting says. A child of a fork has all of them to itself.
pub(super) struct Concurrency {
    places: ForkCell<Arc<Semaphore>>,
    counters: Arc<Counters>,
}

/// A place that is taken.
struct Place {
    generation: u64,
    permit: Option<OwnedSemaphorePermit>,
}

type Acquired = Result<OwnedSemaphorePermit, AcquireError>;

/// A call that waits for a place.
struct Turn<'a> {
    layer: &'a Concurrency,
    call: Call<'a>,
    generation: u64,
    wait: Option<BoxFuture<'static, Acquired>>,
    _waiting: Underway<'a>,
}

impl Concurrency {
    pub(super) fn new(places: usize, counters: Arc<Counters>) -> Self {
        Self {
            places: ForkCell::new(move || Arc::new(Semaphore::new(places))),
            counters,
        }
    }

    async fn place(&self, call: Call<'_>) -> Result<Place> {
        let generation = fork::generation();
        // A place that is free goes to whoever waits already, so nobody overtakes.
        let permit = match Arc::clone(self.places.get()).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let turn = Turn {
                    layer: self,
                    call,
                    generation,
                    wait: None,
                    _waiting: self.counters.waiting(),
                };
                turn.await?
            }
        };
        Ok(Place {
            generation: fork::generation(),
            permit: Some(permit),
        })
    }
}

/// The places of a call that makes several requests at once.
pub(crate) struct Share {
    /// The call's own place, which one of its requests has at a time: so each call goes on, however many wait.
    own: Semaphore,
    all: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// A request's place.
pub(crate) struct RequestPlace<'a> {
    _permit: SemaphorePermit<'a>,
    _running: Option<Underway<'a>>,
}

impl Share {
    /// Waits for a place: the call's own, or any other.
    ///
    /// # Errors
    /// Those of [`CallContext::check`]; nothing was sent.
    pub(crate) async fn place(&self, cx: &CallContext) -> Result<RequestPlace<'_>> {
        let own = |permit| RequestPlace {
            _permit: permit,
            _running: None,
        };
        let further = |permit| RequestPlace {
            _permit: permit,
            _running: Some(self.counters.running()),
        };
        if let Ok(permit) = self.own.try_acquire() {
            return Ok(own(permit));
        }
        if let Ok(permit) = self.all.try_acquire() {
            return Ok(further(permit));
        }
        let _waiting = self.counters.waiting();
        let (mut of_own, mut of_all) = (pin!(self.own.acquire()), pin!(self.all.acquire()));
        let place = poll_fn(|task| {
            if let Err(error) = cx.check() {
                return Poll::Ready(Err(error));
            }
            if let Poll::Ready(permit) = of_own.as_mut().poll(task) {
                return Poll::Ready(Ok(permit.map(own)));
            }
            of_all.as_mut().poll(task).map(|permit| Ok(permit.map(further)))
        });
        // Nobody closes them.
        place.await?.map_err(|_| ErrorKind::Internal.into())
    }
}

/// A call that has a place and shares the others.
struct Shared<'a> {
    cx: CallContext,
    _place: Place,
    _running: Underway<'a>,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Share").finish_non_exhaustive()
    }
}

impl Concurrency {
    /// The place of a call that makes several requests at once, and the context to make it with.
    async fn shared<'a>(&'a self, call: Call<'a>) -> Result<Shared<'a>> {
        let place = self.place(call).await?;
        let share = Share {
            own: Semaphore::new(1),
            all: Arc::clone(self.places.get()),
            counters: Arc::clone(&self.counters),
        };
        Ok(Shared {
            cx: call.cx.sharing(Arc::new(share)),
            _place: place,
            _running: self.counters.running(),
        })
    }
}

impl Around for Concurrency {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        match call.operation {
            // Whoever asks what is wrong with a backend, or gives it up, does not stand behind calls that hang.
            Operation::Health | Operation::Refresh | Operation::Lock | Operation::Close => run(),
            _ => Box::pin(async move {
                let _place = self.place(call).await?;
                let _running = self.counters.running();
                run().await
            }),
        }
    }

    fn get_many<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            let shared = self.shared(call).await?;
            inner.get_many(&shared.cx, req).await
        })
    }

    fn set_many<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: SetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            let shared = self.shared(call).await?;
            inner.set_many(&shared.cx, req).await
        })
    }

    fn list<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: ListRequest<'a>,
    ) -> BoxFuture<'a, Result<ListPage>> {
        Box::pin(async move {
            let shared = self.shared(call).await?;
            inner.list(&shared.cx, req).await
        })
    }
}

impl Future for Turn<'_> {
    type Output = Result<OwnedSemaphorePermit>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        // This call has done nothing yet: whatever ends it, that is certain, also for a write.
        if let Err(error) = self.call.cx.check() {
            return Poll::Ready(Err(self.call.name(match error.kind() {
                ErrorKind::Timeout => Error::new(
                    ErrorKind::Timeout,
                    "the deadline passed while the call waited for others to end",
                )
                .with_help("allow more time, or more requests at once with the setting `concurrency`"),
                _ => error,
            })));
        }
        if self.generation != fork::generation() {
            // The place in the parent's queue is the parent's, and so is its lock.
            std::mem::forget(self.wait.take());
            self.generation = fork::generation();
        }
        let layer = self.layer;
        let wait = self
            .wait
            .get_or_insert_with(|| Box::pin(Arc::clone(layer.places.get()).acquire_owned()));
        let acquired = ready!(wait.as_mut().poll(task));
        // Nobody closes it.
        Poll::Ready(acquired.map_err(|_| ErrorKind::Internal.into()))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.generation != fork::generation() {
            std::mem::forget(self.wait.take());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.generation != fork::generation() {
            std::mem::forget(self.permit.take());
        }
    }
}

impl std::fmt::Debug for Concurrency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Concurrency").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::context::Face;
    use crate::park::block_on;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn share(all: &Arc<Semaphore>) -> Share {
        Share {
            own: Semaphore::new(1),
            all: Arc::clone(all),
            counters: Arc::default(),
        }
    }

    #[test]
    fn the_requests_of_several_batches_are_no_more_than_the_places_and_all_come_to_their_turn() {
        let all = Arc::new(Semaphore::new(3));
        let (running, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            // More batches than places: those that have one all hold it to their end.
            for _ in 0..5 {
                scope.spawn(|| {
                    let _place = block_on(Arc::clone(&all).acquire_owned()).unwrap();
                    let (share, cx) = (share(&all), CallContext::new(Face::Blocking, PATIENCE));
                    thread::scope(|scope| {
                        for _ in 0..6 {
                            scope.spawn(|| {
                                let place = block_on(share.place(&cx)).unwrap();
                                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                                thread::yield_now();
                                running.fetch_sub(1, Ordering::SeqCst);
                                drop(place);
                                done.fetch_add(1, Ordering::SeqCst);
                            });
                        }
                    });
                });
            }
        });
        assert_eq!(done.into_inner(), 30);
        assert!((1..=3).contains(&most.into_inner()));
        assert_eq!(all.available_permits(), 3);
    }

    #[test]
    fn a_request_that_waits_for_its_turn_leaves_with_its_call() {
        let all = Arc::new(Semaphore::new(0));
        let share = share(&all);
        let cx = CallContext::new(Face::Blocking, Duration::ZERO);
        let own = block_on(share.place(&cx)).unwrap();
        let late = block_on(share.place(&cx));
        assert_eq!(late.map(drop).unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(
            share
                .counters
                .numbers()
                .iter()
                .find(|(name, _)| name == "concurrency.waiting")
                .unwrap()
                .1,
            0
        );
        drop(own);
        block_on(share.place(&cx)).unwrap();
    }
}
