//! Subscriptions: changes that are waited for, or told to a function.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use strongroom::face;
use strongroom::{
    CallContext, CallOptions, CancellationToken, Error, ErrorKind, Face, MAX_DEADLINE, PromptPolicy, Result,
    Subscription as CoreSubscription,
};
use tokio::sync::Mutex;

use crate::arguments::Out;
use crate::change::Change;
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::{object, pin, take_back};
use crate::listener::{Listener, Program};
use crate::status::Status;
use crate::under_way;

/// As a timeout: waits for as long as it takes.
pub const FOREVER: u32 = u32::MAX;

/// Changes, in the order in which they were seen.
pub struct Subscription {
    /// Of the process that made it. The locks inside are its own: a forked child, which may have inherited them locked,
    /// neither uses nor drops them.
    generation: u64,
    inner: ManuallyDrop<Inner>,
}

object!(Subscription, "subscription", 15, stripes 1);

struct Inner {
    /// Fires when the handle is freed.
    ended: CancellationToken,
    way: Way,
}

/// How changes reach the program.
enum Way {
    Waited(Box<Mutex<CoreSubscription>>),
    Told(Arc<Listener>),
}

impl Subscription {
    fn new(ended: CancellationToken, way: Way) -> Self {
        Self {
            generation: face::process_generation(),
            inner: ManuallyDrop::new(Inner { ended, way }),
        }
    }

    /// One whose changes are waited for.
    pub(crate) fn waited(subscription: CoreSubscription) -> Self {
        Self::new(
            CancellationToken::new(),
            Way::Waited(Box::new(Mutex::new(subscription))),
        )
    }

    /// One whose changes are told to a function.
    ///
    /// # Errors
    /// As [`Listener::start`].
    pub(crate) fn told(subscription: CoreSubscription, program: Program) -> Result<Self> {
        let ended = CancellationToken::new();
        let listener = Listener::start(subscription, program, ended.clone())?;
        Ok(Self::new(ended, Way::Told(listener)))
    }

    /// What is inside, in the process that made it.
    fn here(&self) -> Option<&Inner> {
        (self.generation == face::process_generation()).then_some(&*self.inner)
    }

    /// Waits for the next change on this thread.
    fn next(&self, timeout_ms: u32) -> Result<Change> {
        let over = |message| Error::new(ErrorKind::Closed, message);
        let inner = self
            .here()
            .ok_or_else(|| over("the subscription is that of the process which forked this one"))?;
        let Way::Waited(subscription) = &inner.way else {
            let message = "the changes of this subscription are told to a function";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let (token, _under_way) = under_way::begin(None)?;
        let answer = async || {
            let next = async || subscription.lock().await.next().await;
            match inner.ended.run_until_cancelled(next()).await {
                Some(Some(change)) => Ok(Change::of(&change)),
                Some(None) => Err(over("there come no more changes: the manager was closed")),
                None => Err(over("the subscription was freed")),
            }
        };
        loop {
            let timeout = match timeout_ms {
                FOREVER => MAX_DEADLINE,
                timeout_ms => Duration::from_millis(timeout_ms.into()),
            };
            let options = CallOptions::new().cancel(token.clone());
            let cx = CallContext::with_options(Face::Blocking, timeout, PromptPolicy::Never, options);
            match face::answer_within(&cx, answer()) {
                Err(error) if error.kind() == ErrorKind::Timeout && timeout_ms == FOREVER => {}
                outcome => return outcome,
            }
        }
    }

    /// Ends whoever waits, and silences the function.
    fn end(&self) {
        let Some(inner) = self.here() else { return };
        // First, so that the function is not told of this end.
        if let Way::Told(listener) = &inner.way {
            listener.silence();
        }
        inner.ended.cancel();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.here().is_some() {
            // One for which there was no handle was never freed.
            self.end();
            // SAFETY: nobody uses it any more.
            unsafe { ManuallyDrop::drop(&mut self.inner) };
        }
    }
}

/// Waits for the next change, at most `timeout_ms` milliseconds; 0 only looks whether one waits, `STRONGROOM_FOREVER` waits
/// for as long as it takes. Of several threads that wait, each change reaches one.
///
/// Errors: `timeout` where none came; `closed` where the manager was closed, the subscription freed meanwhile, or made by
/// the process that forked this one; `cancelled` by a shutdown; `unsupported` where a function is told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_subscription_next(
    subscription: *const Subscription,
    timeout_ms: u32,
    change: *mut *mut Change,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(change, "change")?;
            refuse_in_callback()?;
            out.give(pin(subscription)?.next(timeout_ms)?)
        })
    }
}

/// Ends a subscription and gives it back. A thread that waits for its next change is answered `closed`. Where a function is
/// told, this waits until it has returned; it is not called again, and its `destroy` has been called. Inside a callback
/// nobody is waited for: a function that runs just then is not called again, and `destroy` follows when it has returned.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_subscription_free(subscription: *mut Subscription) -> Status {
    // SAFETY: no error object is asked for.
    unsafe {
        guard(std::ptr::null_mut(), || {
            if subscription.is_null() {
                return Ok(());
            }
            let ending = pin(subscription)?;
            take_back(subscription)?;
            ending.end();
            Ok(())
        })
    }
}
