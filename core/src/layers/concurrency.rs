//! The concurrency layer: so many calls of a remote backend are under way at once, further ones wait in turn.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::around::{Answer, Around, Call};
use super::counters::{Counters, Underway};
use crate::backend::{BoxFuture, Operation};
use crate::error::{Error, ErrorKind, Result};
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
