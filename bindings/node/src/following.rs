//! How a function of JavaScript's is told how far a copy is: in the midst of a copy that keeps its thread waiting, and
//! from the event loop of one that gives a promise, whose progress is left with [`notes`](crate::notes).
//! What the function throws is kept by JavaScript's side of it (`lib/transfer.js`), which answers whether to go on.

use std::cell::Cell;
use std::ptr;

use napi::bindgen_prelude::*;
use napi::{JsValue, sys};

use crate::call::Answer;
use crate::callback::contained;
use crate::entry::undefined;
use crate::error::{Outcome, check};
use crate::transferred::HowFar;

/// A function of JavaScript's, which lives as long as the native call that it was given to.
type Listener = (sys::napi_env, sys::napi_value);

thread_local! {
    /// Who listens to the copy that this thread waits for now.
    static LISTENER: Cell<Option<Listener>> = const { Cell::new(None) };
}

/// Waits on this thread while a function listens. What it does meanwhile may have a listener of its own.
pub(crate) fn listened<T>(listener: Unknown<'_>, wait: impl FnOnce() -> T) -> T {
    struct Former(Option<Listener>);
    impl Drop for Former {
        fn drop(&mut self) {
            LISTENER.set(self.0);
        }
    }
    let _former = Former(LISTENER.replace(Some((listener.value().env, listener.raw()))));
    wait()
}

/// Tells who listens to the copy that this thread waits for; whether the copy is to go on.
pub(crate) fn tell_here(how_far: HowFar) -> bool {
    let Some((env, listener)) = LISTENER.get() else {
        return false;
    };
    let env = Env::from_raw(env);
    // A copy tells of many secrets in one call.
    contained(&env, || tell(&env, listener, how_far)).unwrap_or(false)
}

/// Tells a function; whether the copy is to go on.
pub(crate) fn tell(env: &Env, listener: sys::napi_value, how_far: HowFar) -> Outcome<bool> {
    let this = undefined(env)?.raw();
    let told = [how_far.into_js(env)?.raw()];
    let mut answer = ptr::null_mut();
    // SAFETY: all are values of this environment, and the listener is a function.
    check(unsafe { sys::napi_call_function(env.raw(), this, listener, told.len(), told.as_ptr(), &mut answer) })?;
    let mut goes_on = false;
    // SAFETY: the call gave it.
    check(unsafe { sys::napi_get_value_bool(env.raw(), answer, &mut goes_on) })?;
    Ok(goes_on)
}
