//! Being told of changes.

use std::sync::Arc;
use std::time::Instant;

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::{CancellationToken, Change, SubscribeOptions};
use tokio::sync::Mutex;

use crate::arguments::{flag, is_absent, keys, milliseconds, wrong_type};
use crate::call::{Answer, How, awaited, end_of, verb, wait_until};
use crate::entry::{Arguments, undefined};
use crate::environment::Environment;
use crate::error::{Outcome, value};
use crate::options::Options;

/// Changes as they come, until someone ends them. What iterates over them is written in JavaScript.
pub(crate) struct Subscription {
    changes: Mutex<Option<strongroom::Subscription>>,
    end: CancellationToken,
}

impl Subscription {
    fn of(handle: Unknown<'_>) -> Outcome<&Arc<Self>> {
        found(handle).ok_or_else(|| wrong_type("this", "a Subscription", handle))
    }

    /// Ends it for all who wait.
    pub(crate) fn end(&self) {
        self.end.cancel();
        self.leave();
    }

    /// Is told of nothing any more. Where someone waits still, the last who does leaves.
    fn leave(&self) {
        if let Ok(mut changes) = self.changes.try_lock() {
            *changes = None;
        }
    }

    /// The next change; `None` once there is none any more. Whoever asks first gets the first one.
    async fn next(self: Arc<Self>, stop: CancellationToken) -> strongroom::Result<Option<Change>> {
        let next = async {
            let mut changes = self.changes.lock().await;
            let change = match &mut *changes {
                Some(changes) => changes.next().await,
                None => None,
            };
            if change.is_none() {
                *changes = None;
            }
            change
        };
        if let Some(change) = stop.run_until_cancelled(next).await {
            return Ok(change);
        }
        self.leave();
        Ok(None)
    }
}

/// The subscription of a handle, where it is one's.
pub(crate) fn found(handle: Unknown<'_>) -> Option<&Arc<Subscription>> {
    // SAFETY: napi-rs checks that it is one of ours.
    let subscription: napi::Result<&External<Arc<Subscription>>> =
        unsafe { FromNapiValue::from_napi_value(handle.value().env, handle.raw()) };
    subscription.ok().map(|subscription| &**subscription)
}

impl Answer for strongroom::Subscription {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let subscription = Subscription {
            changes: Mutex::new(Some(self)),
            end: CancellationToken::new(),
        };
        value(env, External::new(Arc::new(subscription)))
    }
}

/// `subscribe({ keys, prefix, everyMs })`
pub(crate) fn subscribe<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::prepared_at(call, 2)?;
    let texts = options.given("keys", keys)?.unwrap_or_default();
    let mut wanted = SubscribeOptions::new();
    wanted.filter.prefix = options.text("prefix")?;
    wanted.every = options.given("everyMs", milliseconds)?;
    verb(call, options, |manager| async move {
        for text in &texts {
            wanted = wanted.key(manager.key_of(text)?);
        }
        manager.subscribe(wanted).await
    })
}

/// `nextChange(waits, subscription, timeoutMs)`. Only who waits has a timeout.
pub(crate) fn next_change<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let subscription = Arc::clone(Subscription::of(call.at(1))?);
    match How::of(call)? {
        How::Waiting => {
            let timeout = match call.at(2) {
                none if is_absent(none)? => None,
                given => Some(milliseconds("timeoutMs", given)?),
            };
            let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let stop = subscription.end.clone();
            wait_until(call.env, end, subscription.next(stop))
        }
        How::Promised => {
            // The end of JavaScript's thread ends the wait, too.
            let stop = end_of(Some(&subscription.end));
            let change = subscription.next(stop.clone());
            awaited(call, &[stop], change)
        }
    }
}

/// `unsubscribe(subscription)` ends it.
pub(crate) fn unsubscribe<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Subscription::of(call.at(0))?.end();
    undefined(call.env)
}

/// `holdLoop(holds)`: whether the event loop goes on for someone more, or less.
pub(crate) fn hold_loop<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let environment = Environment::of(call.env)?;
    match flag("holds", call.at(0))? {
        true => environment.hold(call.env),
        false => environment.release(call.env),
    }
    undefined(call.env)
}
