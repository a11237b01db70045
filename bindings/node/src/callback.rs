//! Functions of `lib/` that are called from here.

use std::cell::Cell;
use std::ptr;

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};

use crate::arguments::{is, wrong_type};
use crate::error::{Outcome, check};

/// Runs what nobody of JavaScript's waits for right here: its values are let go of afterwards, and what it leaves thrown
/// is taken away, which makes it a failure.
pub(crate) fn contained<T>(env: &Env, run: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let mut scope = ptr::null_mut();
    // SAFETY: the environment is alive, and this is its thread; the scope is closed below.
    check(unsafe { sys::napi_open_handle_scope(env.raw(), &mut scope) })?;
    let ran = run();
    let is_thrown = thrown(env).is_some();
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(env.raw(), scope) };
    if is_thrown {
        check(sys::Status::napi_pending_exception)?;
    }
    ran
}

/// Takes what JavaScript has thrown while a value was made or read (a setter that someone gave all objects may throw). Left
/// there, it would spoil the answers of all other calls and end the program.
pub(crate) fn thrown(env: &Env) -> Option<Unknown<'_>> {
    let (mut is_thrown, mut thrown) = (false, ptr::null_mut());
    // SAFETY: the environment is alive.
    unsafe {
        let asked = sys::napi_is_exception_pending(env.raw(), &mut is_thrown);
        if asked != sys::Status::napi_ok || !is_thrown {
            return None;
        }
        let taken = sys::napi_get_and_clear_last_exception(env.raw(), &mut thrown);
        (taken == sys::Status::napi_ok).then(|| Unknown::from_raw_unchecked(env.raw(), thrown))
    }
}

/// A function of one JavaScript thread, once `lib/` has given it.
pub(crate) struct Callback(Cell<sys::napi_ref>);

impl Callback {
    pub(crate) fn none() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }

    /// Takes the function. It is kept as long as the thread lives: Node-API gives up what is left then.
    pub(crate) fn set(&self, env: &Env, function: Unknown<'_>) -> Outcome<()> {
        if !is(function, ValueType::Function)? {
            return Err(wrong_type("a callback", "a function", function));
        }
        let mut kept = ptr::null_mut();
        // SAFETY: the value is one of this environment.
        check(unsafe { sys::napi_create_reference(env.raw(), function.raw(), 1, &mut kept) })?;
        self.0.set(kept);
        Ok(())
    }

    /// Calls it with what `given` makes; whether it came to its end. What it throws is forgotten.
    pub(crate) fn call<'a, const N: usize>(
        &self,
        env: &'a Env,
        given: impl FnOnce() -> Outcome<[Unknown<'a>; N]>,
    ) -> bool {
        contained(env, || self.call_here(env, given)).is_ok()
    }

    fn call_here<'a, const N: usize>(
        &self,
        env: &'a Env,
        given: impl FnOnce() -> Outcome<[Unknown<'a>; N]>,
    ) -> Outcome<()> {
        let (mut function, mut this, mut answer) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let given = given()?.map(|given| given.raw());
        // SAFETY: the reference is one of this environment; a value that is none is refused.
        check(unsafe { sys::napi_get_reference_value(env.raw(), self.0.get(), &mut function) })?;
        // SAFETY: the environment is alive.
        check(unsafe { sys::napi_get_undefined(env.raw(), &mut this) })?;
        // SAFETY: as many values as it says, all of this environment.
        check(unsafe { sys::napi_call_function(env.raw(), this, function, N, given.as_ptr(), &mut answer) })?;
        Ok(())
    }
}
