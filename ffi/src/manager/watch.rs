//! Being told of changes, and what a manager has counted.

use std::ffi::{c_char, c_void};

use strongroom::{ErrorKind, Result, SecretScope, SubscribeOptions, Subscription as CoreSubscription};

use super::{Manager, Verb};
use crate::arguments::{self, Out, several};
use crate::call::{Call, Chosen};
use crate::change::Change;
use crate::completion::Foreign;
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::pin;
use crate::listener::Program;
use crate::options::Destroy;
use crate::report::Report;
use crate::status::{Status, fault};
use crate::subscription::Subscription;

/// Takes a subscription, or why there is none.
pub type SubscriptionCallback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        status: Status,
        subscription: *mut Subscription,
        error: *mut ErrorObject,
    ),
>;

/// Takes a change; at last `closed`, where the manager was closed or the library shut down: then there come no more.
pub type ChangeCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, change: *mut Change, error: *mut ErrorObject)>;

unsafe fn subscribe<A: 'static>(
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    subscribed: impl FnOnce(CoreSubscription) -> Result<A> + Send + 'static,
) -> Result<Verb<A>> {
    // SAFETY: as this function.
    let keys = unsafe {
        several(keys, key_lengths, count, "keys", |key, length| {
            arguments::key(key, length)
        })
    }?;
    let chosen = Chosen::of(call, &["every", "prefix", "scope"])?;
    let mut options = SubscribeOptions::new();
    if let Some(scope) = chosen.text("scope") {
        options = options.scope(SecretScope::parse(scope)?);
    }
    if let Some(prefix) = chosen.text("prefix") {
        options = options.prefix(prefix);
    }
    options.every = chosen.span("every");
    Ok(Verb::new(chosen, move |manager| async move {
        options.keys = keys.iter().map(|key| manager.key_of(key)).collect::<Result<_>>()?;
        subscribed(manager.subscribe(options).await?)
    }))
}

/// Subscribes to changes from now on: writes and removals through this manager, what others change as soon as it is seen,
/// and changes of the backend's health. `strongroom_subscription_next` waits for them. With keys only those secrets are
/// told, which are then looked at also where nobody reads them; without (count 0) any. Without `key_lengths` (NULL) each
/// key ends with a NUL. A subscription does not keep its manager: when that is closed, or its last handle freed, it ends.
///
/// Options: `scope`, `prefix` (only such secrets), `every` (how often the backend is looked at for changes by others).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_subscribe(
    manager: *const Manager,
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    subscription: *mut *mut Subscription,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(subscription, "subscription")?;
            refuse_in_callback()?;
            let waited = |subscription| Ok(Subscription::waited(subscription));
            out.give(subscribe(keys, key_lengths, count, call, waited)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_subscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_subscribe_async(
    manager: *const Manager,
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    callback: SubscriptionCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let waited = |subscription| Ok(Subscription::waited(subscription));
            subscribe(keys, key_lengths, count, call, waited)?.start(manager, callback, context)
        })
    }
}

/// As `strongroom_manager_subscribe`, but a function is told: of each change, one after another, on the thread of the
/// library that runs every callback, until `strongroom_subscription_free`. While it runs, no call that was started completes
/// and no other subscription is told: whoever has much to do with a change hands it to a thread of its own, or waits with
/// `strongroom_subscription_next`. Where the manager is closed or the library shut down, it is called a last time with
/// `closed` and no change. `destroy` (may be NULL) is called once with `context`, when
/// the subscription is freed and the function's last call has returned; where this function fails, neither is called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_subscribe_callback(
    manager: *const Manager,
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    callback: ChangeCallback,
    context: *mut c_void,
    destroy: Destroy,
    subscription: *mut *mut Subscription,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(subscription, "subscription")?;
            refuse_in_callback()?;
            let program = Program {
                function: callback.ok_or_else(|| fault(ErrorKind::InvalidArgument, "callback", "is NULL"))?,
                context: Foreign(context),
                destroy,
            };
            let told = move |subscription| Subscription::told(subscription, program);
            out.give(subscribe(keys, key_lengths, count, call, told)?.wait(manager)?)
        })
    }
}

/// Tells what the manager and all its views have counted since it was opened: numbers, whose names `docs/metrics.md` lists.
/// Waits for nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_metrics(
    manager: *const Manager,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            let metrics = pin(manager)?.free.metrics();
            let numbers = metrics.iter();
            out.give(numbers.fold(Report::default(), |report, (name, number)| report.number(name, number)))
        })
    }
}
