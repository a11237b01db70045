//! Work that JavaScript drives, because it is told on the way how far the work is: it is polled on JavaScript's thread
//! alone, where the function that listens may be called in the middle of it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use strongroom::transfer::CopyProgress;
use strongroom::{CancellationToken, Error, ErrorKind};

use crate::arguments::wrong_type;
use crate::call::{Answer, Begins, How, Work, run, work};
use crate::entry::{Arguments, undefined};
use crate::error::{Failure, Outcome, check};
use crate::transferred;

/// Work that has begun.
pub(crate) struct Following {
    /// Nothing once it has ended.
    work: RefCell<Option<Work>>,
    bell: Arc<Bell>,
}

impl Following {
    pub(crate) fn new<T: Answer>(of: impl Future<Output = strongroom::Result<T>> + Send + 'static) -> Self {
        Self {
            work: RefCell::new(Some(work(of))),
            // It can begin.
            bell: Arc::new(Bell(Mutex::new(Rung {
                has_rung: true,
                waiting: None,
            }))),
        }
    }

    fn of(handle: Unknown<'_>) -> Outcome<&Self> {
        // SAFETY: napi-rs checks that it is one of ours.
        let following: napi::Result<&External<Self>> =
            unsafe { FromNapiValue::from_napi_value(handle.value().env, handle.raw()) };
        following
            .map(|following| &**following)
            .map_err(|_| wrong_type("this", "a copy that has begun", handle))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // Whoever waits for it would wait for ever.
        self.bell.ring();
    }
}

/// Rings when the work can go on.
struct Bell(Mutex<Rung>);

struct Rung {
    has_rung: bool,
    waiting: Option<Waker>,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        // No code of others runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let waiting = {
            let mut rung = self.lock();
            rung.has_rung = true;
            rung.waiting.take()
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    fn has_rung(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut rung = self.lock();
        if std::mem::take(&mut rung.has_rung) {
            return Poll::Ready(());
        }
        let former = rung.waiting.replace(context.waker().clone());
        drop(rung);
        drop(former);
        Poll::Pending
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// `awake(following, source, target)`: a promise of the moment at which the work can go on.
pub(crate) fn awake<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let bell = Arc::clone(&Following::of(call.at(0))?.bell);
    let handles = call.handles()?;
    run(
        call.env,
        How::Promised,
        Begins::Here,
        &[CancellationToken::new()],
        &handles,
        async move {
            poll_fn(|context| bell.has_rung(context)).await;
            Ok(())
        },
    )
}

/// `proceed(following, listener)`: goes on with the work, and gives its answer, or `undefined` where it waits again.
pub(crate) fn proceed<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let following = Following::of(call.at(0))?;
    let taken = following.work.borrow_mut().take();
    let mut work = taken.ok_or_else(|| Failure::Ours(Error::new(ErrorKind::Internal, "the copy has ended")))?;
    let waker = Waker::from(Arc::clone(&following.bell));
    match listened(call.at(1), || work.as_mut().poll(&mut Context::from_waker(&waker))) {
        Poll::Ready(outcome) => outcome?(call.env),
        Poll::Pending => {
            *following.work.borrow_mut() = Some(work);
            undefined(call.env)
        }
    }
}

/// A function of JavaScript's, which lives as long as the native call that it was given to.
type Listener = (sys::napi_env, sys::napi_value);

thread_local! {
    /// Who listens to the work that this thread drives now.
    static LISTENER: Cell<Option<Listener>> = const { Cell::new(None) };
}

/// Drives work on this thread while a function listens to it. Work within the work may have a listener of its own.
pub(crate) fn listened<T>(listener: Unknown<'_>, drive: impl FnOnce() -> T) -> T {
    struct Former(Option<Listener>);
    impl Drop for Former {
        fn drop(&mut self) {
            LISTENER.set(self.0);
        }
    }
    let _former = Former(LISTENER.replace(Some((listener.value().env, listener.raw()))));
    drive()
}

/// Tells the listener how far a copy is, and gives whether the copy is to go on. What the listener throws is kept by
/// JavaScript's side of it (`lib/transfer.js`).
pub(crate) fn told(how_far: &CopyProgress<'_>) -> bool {
    let Some((env, listener)) = LISTENER.get() else {
        return false;
    };
    let env = Env::from_raw(env);
    let mut scope = ptr::null_mut();
    // SAFETY: the environment is that of the native call that drives the work. A copy tells of many secrets in one call.
    if unsafe { sys::napi_open_handle_scope(env.raw(), &mut scope) } != sys::Status::napi_ok {
        return false;
    }
    let goes_on = tell(&env, listener, how_far).unwrap_or(false);
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(env.raw(), scope) };
    goes_on
}

fn tell(env: &Env, listener: sys::napi_value, how_far: &CopyProgress<'_>) -> Outcome<bool> {
    let this = undefined(env)?.raw();
    let told = [transferred::progress(env, how_far)?.raw()];
    let mut answer = ptr::null_mut();
    // SAFETY: all are values of this environment, and the listener is a function.
    check(unsafe { sys::napi_call_function(env.raw(), this, listener, told.len(), told.as_ptr(), &mut answer) })?;
    let mut goes_on = false;
    // SAFETY: the call gave it.
    check(unsafe { sys::napi_get_value_bool(env.raw(), answer, &mut goes_on) })?;
    Ok(goes_on)
}
