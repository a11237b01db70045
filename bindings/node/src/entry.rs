//! How JavaScript calls in: one trampoline for all functions, which catches panics and throws errors.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{mem, ptr};

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};
use strongroom::ErrorKind;

use crate::arguments;
use crate::error::{self, Outcome, check};

/// The most arguments that a function takes.
const MOST_ARGUMENTS: usize = 6;

/// What a function was called with; `undefined` stands for what was left out.
pub(crate) struct Arguments<'a> {
    pub(crate) env: &'a Env,
    values: [sys::napi_value; MOST_ARGUMENTS],
}

impl<'a> Arguments<'a> {
    /// The argument at a place.
    pub(crate) fn at(&self, place: usize) -> Unknown<'a> {
        // SAFETY: the value is one of this call, whose environment `env` is.
        unsafe { Unknown::from_raw_unchecked(self.env.raw(), self.values[place]) }
    }

    /// The handles of our own among the arguments.
    pub(crate) fn handles(&self) -> Outcome<Vec<Unknown<'a>>> {
        let mut handles = Vec::new();
        for place in 0..MOST_ARGUMENTS {
            if arguments::is(self.at(place), ValueType::External)? {
                handles.push(self.at(place));
            }
        }
        Ok(handles)
    }
}

/// The body of a function.
pub(crate) type Body = for<'a> fn(&Arguments<'a>) -> Outcome<Unknown<'a>>;

/// A function for JavaScript: its name, and what Node-API calls.
pub(crate) type Export = (
    &'static CStr,
    unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
);

/// Names functions for JavaScript.
macro_rules! exports {
    ($($name:literal => $body:path,)+) => {
        &[$(($name, {
            unsafe extern "C" fn called(
                env: napi::sys::napi_env,
                info: napi::sys::napi_callback_info,
            ) -> napi::sys::napi_value {
                // SAFETY: Node-API calls it with what belongs to the call.
                unsafe { crate::entry::enter(env, info, $body) }
            }
            called
        })),+]
    };
}
pub(crate) use exports;

/// Makes the functions properties of the module.
pub(crate) fn export(env: &Env, exports: &Object<'_>, functions: &[Export]) -> napi::Result<()> {
    for (name, called) in functions {
        let mut made = ptr::null_mut();
        let length = name.count_bytes().cast_signed();
        // SAFETY: the name is text and the function one that `exports!` made.
        let status = unsafe {
            sys::napi_create_function(
                env.raw(),
                name.as_ptr(),
                length,
                Some(*called),
                ptr::null_mut(),
                &mut made,
            )
        };
        check(status)?;
        // SAFETY: both are values of this environment, and the name ends with a zero.
        let status = unsafe { sys::napi_set_named_property(env.raw(), exports.raw(), name.as_ptr(), made) };
        check(status)?;
    }
    Ok(())
}

/// Runs a function that JavaScript calls: gives its answer, or throws.
///
/// # Safety
/// `env` and `info` are those that Node-API gave to the call.
pub(crate) unsafe fn enter(env: sys::napi_env, info: sys::napi_callback_info, body: Body) -> sys::napi_value {
    let env = Env::from_raw(env);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let mut values = [ptr::null_mut(); MOST_ARGUMENTS];
        let mut count = MOST_ARGUMENTS;
        // SAFETY: there is room for as many values as `count` says.
        let status = unsafe {
            sys::napi_get_cb_info(
                env.raw(),
                info,
                &mut count,
                values.as_mut_ptr(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        check(status)?;
        let answer = body(&Arguments { env: &env, values })?;
        Ok(answer.raw())
    }));
    let failure: error::Failure = match ran {
        Ok(Ok(answer)) => return answer,
        Ok(Err(failure)) => failure,
        Err(panic) => panicked(panic).into(),
    };
    // Throwing must not unwind either.
    let _ = catch_unwind(AssertUnwindSafe(|| failure.throw(&env)));
    ptr::null_mut()
}

/// What a panic becomes. Its text may hold a secret and is not told.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> strongroom::Error {
    // What was thrown may itself panic when it is dropped.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        mem::forget(again);
    }
    strongroom::Error::new(ErrorKind::Internal, "the library panicked and caught itself")
}

/// `undefined`.
pub(crate) fn undefined(env: &Env) -> Outcome<Unknown<'_>> {
    error::value(env, ())
}

/// A C string's pointer and length, as Node-API takes them.
pub(crate) fn raw(text: &str) -> (*const c_char, isize) {
    (text.as_ptr().cast(), text.len().cast_signed())
}
