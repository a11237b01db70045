//! The deadline layer: no call outlasts its deadline, and a cancelled one ends at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::around::{Answer, Around, Call, Keys};
use super::timer::{self, Timer};
use crate::backend::{BoxFuture, Operation};
use crate::context::{CallContext, CancellationToken};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::Live;

#[derive(Debug)]
pub(super) struct Deadline;

impl Around for Deadline {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        // A call that is too late or cancelled before it begins has done nothing: that is certain, also for a write.
        if let Err(error) = call.cx.check() {
            return Box::pin(std::future::ready(Err(call.name(error))));
        }
        bounded_call(call, run())
    }
}

/// A call that has no layers around it yet (opening), within its deadline.
pub(crate) fn bounded<'a, T: Send + 'a>(
    cx: &'a CallContext,
    operation: Operation,
    backend: &'static str,
    inner: BoxFuture<'a, Result<T>>,
) -> BoxFuture<'a, Result<T>> {
    let call = Call {
        operation,
        backend,
        needs_runtime: false,
        keys: Keys::None,
        cx,
    };
    bounded_call(call, inner)
}

/// A call within its deadline.
pub(super) fn bounded_call<'a, T: Send + 'a>(
    call: Call<'a>,
    inner: BoxFuture<'a, Result<T>>,
) -> BoxFuture<'a, Result<T>> {
    Box::pin(Bounded::new(call, inner))
}

struct Bounded<'a, T: 'a> {
    call: Call<'a>,
    inner: BoxFuture<'a, Result<T>>,
    /// Whether the inner call has been polled; before that it has done nothing.
    has_begun: bool,
    /// The runtime that the inner call belongs to, where it needs one.
    runtime: Option<Arc<Live>>,
    timer: Timer,
    cancelled: Option<BoxFuture<'a, ()>>,
}

/// The error of a call that goes no further.
fn left(call: &Call<'_>, has_begun: bool, why: Error) -> Error {
    if has_begun && call.operation.is_write() {
        let error = Error::new(ErrorKind::OutcomeUnknown, "the write was sent and not answered");
        return call.name(error.with_source(why));
    }
    call.name(why)
}

impl<'a, T> Bounded<'a, T> {
    fn new(call: Call<'a>, inner: BoxFuture<'a, Result<T>>) -> Self {
        Self {
            call,
            inner,
            has_begun: false,
            runtime: None,
            timer: Timer::new(),
            cancelled: None,
        }
    }

    /// Polls the inner call, where it needs that inside our runtime, on whatever executor polls: timers and sockets in
    /// it work, and dropping it cancels at once.
    fn poll_inner(&mut self, task: &mut Context<'_>) -> Poll<Result<T>> {
        let entered = if self.call.needs_runtime {
            match timer::entered(&mut self.runtime).and_then(Live::enter) {
                Ok(entered) => Some(entered),
                Err(why) => return Poll::Ready(Err(left(&self.call, self.has_begun, why))),
            }
        } else {
            None
        };
        self.has_begun = true;
        let outcome = self.inner.as_mut().poll(task);
        drop(entered);
        outcome
    }

    /// Waits for deadline or cancellation; ready when either has come.
    fn poll_end(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        let cx = self.call.cx;
        if let Some(token) = cx.cancel() {
            let wait = self
                .cancelled
                .get_or_insert_with(|| Box::pin(CancellationToken::cancelled(token)));
            if wait.as_mut().poll(task).is_ready() {
                return Poll::Ready(Ok(()));
            }
        }
        self.timer.poll(cx.deadline(), cx.face(), task)
    }
}

impl<'a, T: 'a> Drop for Bounded<'a, T> {
    fn drop(&mut self) {
        if self.runtime.as_deref().is_some_and(Live::is_inherited) {
            // Taking a timer or a socket back locks what a thread of the parent's may have held during the fork.
            std::mem::forget(std::mem::replace(&mut self.inner, Box::pin(std::future::pending())));
        }
    }
}

impl<T> Future for Bounded<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(outcome) = this.poll_inner(task) {
            return Poll::Ready(outcome);
        }
        let ended = ready!(this.poll_end(task));
        // The backend knows better than this layer whether a write was sent: it gets the last word.
        if let Poll::Ready(outcome) = this.poll_inner(task) {
            return Poll::Ready(outcome);
        }
        let why = match ended.and_then(|()| this.call.cx.check()) {
            Err(why) => why,
            // A coarse timer fired a moment early; the deadline is as good as passed.
            Ok(()) => Error::new(ErrorKind::Timeout, "the deadline passed before an answer came"),
        };
        Poll::Ready(Err(left(&this.call, this.has_begun, why)))
    }
}
