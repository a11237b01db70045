//! The shortest way to a value: a function of its own for each manager, which looks into the cache and nowhere else. It
//! carries the manager with it, because unwrapping an object costs more than the look-up.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::*;
use napi::sys;
use strongroom::{Lookup, SecretManager};

use crate::entry::Arguments;
use crate::error::{Outcome, check};

/// Room for a key's text as UTF-8. A longer one goes the ordinary way.
const ROOM: usize = 512;

/// A function that gives a manager's cached values as strings, and `undefined` where the backend must be asked.
pub(crate) fn reader<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let env = call.env.raw();
    let manager = Box::into_raw(Box::new(crate::manager::of(call.at(0))?.clone()));
    let mut made = ptr::null_mut();
    // SAFETY: the manager lives until the function is collected, which finalizes it.
    let status = unsafe { sys::napi_create_function(env, ptr::null(), 0, Some(read), manager.cast(), &mut made) };
    let status = if status == sys::Status::napi_ok {
        // SAFETY: as above; no reference to the function is wanted.
        unsafe {
            sys::napi_add_finalizer(
                env,
                made,
                manager.cast(),
                Some(forget),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        }
    } else {
        status
    };
    if let Err(error) = check(status) {
        // SAFETY: nobody else has it.
        drop(unsafe { Box::from_raw(manager) });
        return Err(error.into());
    }
    // SAFETY: just made in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env, made) })
}

unsafe extern "C" fn forget(_: sys::napi_env, manager: *mut c_void, _: *mut c_void) {
    // SAFETY: made by `reader`, and the function that used it is gone.
    let manager = unsafe { Box::from_raw(manager.cast::<SecretManager>()) };
    // Nothing may unwind into the collector.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(manager)));
}

unsafe extern "C" fn read(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node-API gave both.
    let read = || unsafe { look(env, info) };
    // What panicked is asked for again, the ordinary way.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(ptr::null_mut())
}

/// The value of the one argument; no value, which JavaScript sees as `undefined`, where the backend must be asked.
///
/// # Safety
/// `env` and `info` are those that Node-API gave to the call of a function that `reader` made.
#[inline]
unsafe fn look(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (mut key, mut count) = (ptr::null_mut(), 1);
    let mut manager = ptr::null_mut();
    let mut text = [0_u8; ROOM];
    let mut length = 0;
    // SAFETY: there is room for one value.
    let asked = unsafe { sys::napi_get_cb_info(env, info, &mut count, &mut key, ptr::null_mut(), &mut manager) };
    if asked != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // Not as Latin-1, which would cut code units so that one key could be taken for another.
    // SAFETY: there is room for as many bytes and the zero after them. What is no string is refused.
    let copied = unsafe { sys::napi_get_value_string_utf8(env, key, text.as_mut_ptr().cast(), ROOM, &mut length) };
    // A text that fills the room may have been cut.
    if copied != sys::Status::napi_ok || length + 4 >= ROOM {
        return ptr::null_mut();
    }
    // SAFETY: `reader` gave it to the function, which is being called and therefore not collected.
    let manager = unsafe { &*manager.cast::<SecretManager>() };
    match manager.try_cached_bytes(&text[..length], |value| string(env, value)) {
        Lookup::Hit(Some(made)) => made,
        _ => ptr::null_mut(),
    }
}

/// A value as a string; nothing where it is not UTF-8, or the engine cannot make it.
#[inline]
pub(crate) fn string(env: sys::napi_env, value: &[u8]) -> Option<sys::napi_value> {
    let (start, length) = (value.as_ptr().cast(), value.len().cast_signed());
    let mut made = ptr::null_mut();
    let status = if value.is_ascii() {
        // SAFETY: so many bytes lie there; they are copied.
        unsafe { sys::napi_create_string_latin1(env, start, length, &mut made) }
    } else {
        std::str::from_utf8(value).ok()?;
        // SAFETY: as above.
        unsafe { sys::napi_create_string_utf8(env, start, length, &mut made) }
    };
    (status == sys::Status::napi_ok).then_some(made)
}
