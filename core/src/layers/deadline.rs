//! The deadline layer: no call outlasts its deadline, and a cancelled one ends at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::Sleep;

use super::around::{Around, Call, Keys};
use crate::backend::{BoxFuture, Operation};
use crate::context::{CallContext, CancellationToken, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::park::Alarm;
use crate::runtime;

#[derive(Debug)]
pub(super) struct Deadline;

impl Around for Deadline {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        // A call that is too late or cancelled before it begins has done nothing: that is certain, also for a write.
        if let Err(error) = call.cx.check() {
            return Box::pin(std::future::ready(Err(call.name(error))));
        }
        Box::pin(Bounded {
            call,
            inner: run(),
            alarm: Alarm::new(),
            sleep: None,
            cancelled: None,
        })
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
        keys: Keys::None,
        cx,
    };
    Box::pin(Bounded {
        call,
        inner,
        alarm: Alarm::new(),
        sleep: None,
        cancelled: None,
    })
}

struct Bounded<'a, T> {
    call: Call<'a>,
    inner: BoxFuture<'a, Result<T>>,
    /// Wakes a caller whose own thread waits at the deadline.
    alarm: Alarm,
    /// Wakes any other one.
    sleep: Option<Pin<Box<Sleep>>>,
    cancelled: Option<BoxFuture<'a, ()>>,
}

impl<T> Bounded<'_, T> {
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
        if cx.face() == Face::Blocking {
            if cx.remaining().is_zero() {
                return Poll::Ready(Ok(()));
            }
            if self.alarm.set(cx.deadline(), task.waker()) {
                return Poll::Pending;
            }
            // A task of some executor got hold of a manager for threads that may wait.
        }
        if self.sleep.is_none() {
            let _entered = runtime::handle()?.enter();
            self.sleep = Some(Box::pin(tokio::time::sleep_until(cx.deadline().into())));
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(task).map(Ok),
            None => Poll::Pending,
        }
    }
}

impl<T> Future for Bounded<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(outcome) = this.inner.as_mut().poll(task) {
            return Poll::Ready(outcome);
        }
        let ended = ready!(this.poll_end(task));
        // The backend knows better than this layer whether a write was sent: it gets the last word.
        if let Poll::Ready(outcome) = this.inner.as_mut().poll(task) {
            return Poll::Ready(outcome);
        }
        let error = match ended.and_then(|()| this.call.cx.check()) {
            Err(why) if this.call.operation.is_write() => {
                Error::new(ErrorKind::OutcomeUnknown, "the write was sent and not answered").with_source(why)
            }
            Err(why) => why,
            // A coarse timer fired a moment early; the deadline is as good as passed.
            Ok(()) => Error::new(ErrorKind::Timeout, "the deadline passed before an answer came"),
        };
        Poll::Ready(Err(this.call.name(error)))
    }
}
