//! A subscriber's end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

use super::{Change, ChangeKind, Changes, unpoisoned};
use crate::error::{Error, ErrorKind, Result};
use crate::park::{self, Alarm};
use crate::sys::fork;

/// What waits for one subscriber. In a forked child it is at its end: the parent's changes are told in the parent.
pub(crate) struct Receiver {
    /// `None` only while it is dropped.
    changes: Option<broadcast::Receiver<Change>>,
    generation: u64,
    /// Kept alive as long as this subscriber is there.
    alive: Option<Arc<()>>,
    stir: Arc<Notify>,
}

impl Changes {
    /// A new subscriber, who is told what comes from now on; `None` where the manager is closed.
    pub(crate) fn receiver(&self, alive: Arc<()>) -> Option<Receiver> {
        let state = self.state.get();
        let sender = unpoisoned(state.sender.lock());
        if self.is_closed() {
            return None;
        }
        Some(Receiver {
            changes: Some(sender.as_ref()?.subscribe()),
            generation: fork::generation(),
            alive: Some(alive),
            stir: Arc::clone(&state.stir),
        })
    }
}

impl Receiver {
    fn here(&mut self) -> Option<&mut broadcast::Receiver<Change>> {
        if self.generation == fork::generation() {
            self.changes.as_mut()
        } else {
            None
        }
    }

    /// The next change; `None` once nobody can tell any.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        match self.here()?.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::new(ChangeKind::Missed)),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next change where one waits.
    pub(crate) fn next_waiting(&mut self) -> Option<Change> {
        match self.here()?.try_recv() {
            Ok(change) => Some(change),
            Err(TryRecvError::Lagged(_)) => Some(Change::new(ChangeKind::Missed)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.generation == fork::generation() {
            drop(self.alive.take());
            // Whoever looks for changes may have nobody left to look for.
            self.stir.notify_one();
        } else {
            // Leaving the channel locks what a thread of the parent's may have held during the fork.
            std::mem::forget(self.changes.take());
        }
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// Waits for a future on this thread, at most so long.
///
/// # Errors
/// [`ErrorKind::Timeout`].
pub(crate) fn wait_within<T>(future: impl Future<Output = T>, patience: Duration) -> Result<T> {
    let mut future = pin!(future);
    let end = Instant::now().checked_add(patience);
    let alarm = Alarm::new();
    park::block_on(poll_fn(|task| {
        if let Poll::Ready(output) = future.as_mut().poll(task) {
            return Poll::Ready(Ok(output));
        }
        match end {
            Some(end) if end <= Instant::now() => {
                Poll::Ready(Err(Error::new(ErrorKind::Timeout, "no change came in that time")))
            }
            Some(end) => {
                alarm.set(end, task.waker());
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }))
}
