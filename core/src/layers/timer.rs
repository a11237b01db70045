//! Waiting for a point in time, whoever polls: a caller's own thread by an alarm, any other one by a timer of our runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

use crate::context::Face;
use crate::error::Result;
use crate::park::Alarm;
use crate::runtime::{self, Live};

/// Wakes its task at a time.
pub(super) struct Timer {
    /// Wakes a caller whose own thread waits.
    alarm: Alarm,
    /// Wakes any other one.
    sleep: Option<Pin<Box<Sleep>>>,
    /// The runtime that `sleep` belongs to.
    runtime: Option<Arc<Live>>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            alarm: Alarm::new(),
            sleep: None,
            runtime: None,
        }
    }

    /// Waits until `at`, which is the same at each poll.
    ///
    /// # Errors
    /// Those of entering the runtime, where one is needed.
    pub(super) fn poll(&mut self, at: Instant, face: Face, task: &mut Context<'_>) -> Poll<Result<()>> {
        if face.rings() {
            if at <= Instant::now() {
                return Poll::Ready(Ok(()));
            }
            if self.alarm.set(at, task.waker()) {
                return Poll::Pending;
            }
            // A task of some executor got hold of a manager for threads that may wait.
        }
        let _entered = entered(&mut self.runtime)?.enter()?;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at.into())));
        sleep.as_mut().poll(task).map(Ok)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.runtime.as_deref().is_some_and(Live::is_inherited) {
            // Taking a timer back locks what a thread of the parent's may have held during the fork.
            std::mem::forget(self.sleep.take());
        }
    }
}

/// The runtime that something began in, however many there were since.
///
/// # Errors
/// As [`runtime::current`].
pub(super) fn entered(runtime: &mut Option<Arc<Live>>) -> Result<&Live> {
    match runtime {
        Some(live) => Ok(live),
        None => Ok(runtime.insert(runtime::current()?)),
    }
}
