//! One piece of work that many wait for.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::watch;

use crate::context::CallContext;
use crate::error::Result;

/// Work under way, as those who wait for it see it.
pub(super) struct Flight<T> {
    id: u64,
    outcome: watch::Receiver<Option<Result<T>>>,
}

/// The same for the one who does it. Dropped without an answer it has failed; those who wait then begin anew.
pub(super) struct Landing<T> {
    outcome: watch::Sender<Option<Result<T>>>,
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        let (id, outcome) = (self.id, self.outcome.clone());
        Self { id, outcome }
    }
}

impl<T: Clone> Flight<T> {
    pub(super) fn new(id: u64) -> (Self, Landing<T>) {
        let (sender, outcome) = watch::channel(None);
        (Self { id, outcome }, Landing { outcome: sender })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Whether nobody does the work any more.
    pub(super) fn is_over(&self) -> bool {
        self.outcome.has_changed().is_err()
    }

    /// Waits for the outcome; `None` where the work ended without one, as when the runtime was shut down.
    ///
    /// # Errors
    /// Timeout and cancellation of the call that waits, which the work outlives; the outcome's.
    pub(super) async fn wait(mut self, cx: &CallContext) -> Result<Option<T>> {
        let mut arrives = pin!(self.outcome.wait_for(Option::is_some));
        // Whoever bounds the call polls it once more at its end.
        let arrived = std::future::poll_fn(|task| match arrives.as_mut().poll(task) {
            Poll::Ready(arrived) => Poll::Ready(Ok(arrived.ok().and_then(|outcome| outcome.clone()))),
            Poll::Pending => match cx.check() {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        });
        arrived.await?.transpose()
    }
}

impl<T> Landing<T> {
    pub(super) fn answer(self, outcome: Result<T>) {
        // Where all have left, nobody wants it.
        let _ = self.outcome.send(Some(outcome));
    }
}
