//! The shortest way to a secret: functions of a manager's own, which look into the cache and nowhere else. They carry the
//! manager with them, because unwrapping an object costs more than the look-up. Where they answer `undefined`, the verb
//! is asked: only it knows the difference between what is absent and what is wrong.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use strongroom::{Lookup, SecretManager};

use crate::entry::Arguments;
use crate::error::{Outcome, check};
use crate::secret;

/// Room for a key's code units and their end. A longer key goes the ordinary way.
const ROOM: usize = 256;

/// What one of these functions answers for a key's text.
type Look = fn(sys::napi_env, &SecretManager, &[u8]) -> Option<sys::napi_value>;

/// What Node-API calls.
type Called = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// `cachedText(handle)`: a function that gives a manager's cached values as strings.
pub(crate) fn text<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    unsafe extern "C" fn read(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
        // SAFETY: Node-API gave both to a function that carries a manager.
        unsafe { answer(env, info, text_of) }
    }
    carrying(call, read)
}

/// `cachedSecret(handle)`: a function that gives handles of a manager's cached secrets.
pub(crate) fn secret<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    unsafe extern "C" fn read(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
        // SAFETY: as above.
        unsafe { answer(env, info, secret_of) }
    }
    carrying(call, read)
}

/// A function that carries the call's manager.
fn carrying<'a>(call: &Arguments<'a>, called: Called) -> Outcome<Unknown<'a>> {
    let env = call.env.raw();
    let manager = Box::into_raw(Box::new(crate::manager::of(call.at(0))?.clone()));
    let mut made = ptr::null_mut();
    // SAFETY: the manager lives until the function is collected, which finalizes it.
    let status = unsafe { sys::napi_create_function(env, ptr::null(), 0, Some(called), manager.cast(), &mut made) };
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
    // SAFETY: made by `carrying`, and the function that used it is gone.
    let manager = unsafe { Box::from_raw(manager.cast::<SecretManager>()) };
    // Nothing may unwind into the collector.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(manager)));
}

/// What is answered for the one argument; no value, which JavaScript sees as `undefined`, where the verb must be asked.
///
/// # Safety
/// `env` and `info` are those that Node-API gave to the call of a function that `carrying` made.
#[inline]
unsafe fn answer(env: sys::napi_env, info: sys::napi_callback_info, look: Look) -> sys::napi_value {
    let found = catch_unwind(AssertUnwindSafe(|| {
        let (mut key, mut count) = (ptr::null_mut(), 1);
        let mut manager = ptr::null_mut();
        // SAFETY: there is room for one value.
        let asked = unsafe { sys::napi_get_cb_info(env, info, &mut count, &mut key, ptr::null_mut(), &mut manager) };
        if asked != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: `carrying` gave it to the function, which is being called and therefore not collected.
        let manager = unsafe { &*manager.cast::<SecretManager>() };
        // SAFETY: a value of the call.
        unsafe { with_key(env, key, |key| look(env, manager, key)) }
    }));
    // What panicked is asked for again, the ordinary way.
    found.ok().flatten().unwrap_or(ptr::null_mut())
}

/// Looks with a key's text. What is no string, has no room or is not ASCII, as every key is, was never cached.
///
/// The code units are read as they are: read as Latin-1 they would be cut, so that one key could be taken for another,
/// and as UTF-8 they take longer.
///
/// # Safety
/// `key` is a value of `env`.
#[inline]
unsafe fn with_key<T>(env: sys::napi_env, key: sys::napi_value, look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let mut units = [const { MaybeUninit::<u16>::uninit() }; ROOM];
    let mut length = 0;
    // SAFETY: there is room for as many units as is said, one of them the zero after the others.
    let copied = unsafe { sys::napi_get_value_string_utf16(env, key, units.as_mut_ptr().cast(), ROOM, &mut length) };
    // A text that fills the room may have been cut.
    if copied != sys::Status::napi_ok || length >= ROOM - 1 {
        return None;
    }
    let mut text = [const { MaybeUninit::<u8>::uninit() }; ROOM];
    let mut seen = 0;
    for (byte, unit) in text[..length].iter_mut().zip(&units[..length]) {
        // SAFETY: so many units were written.
        let unit = unsafe { unit.assume_init() };
        seen |= unit;
        byte.write(unit.to_le_bytes()[0]);
    }
    if seen > 0x7f {
        return None;
    }
    // SAFETY: so many bytes were just written.
    look(unsafe { text[..length].assume_init_ref() })
}

#[inline]
fn text_of(env: sys::napi_env, manager: &SecretManager, key: &[u8]) -> Option<sys::napi_value> {
    match manager.try_cached_bytes(key, |value| string(env, value)) {
        Lookup::Hit(made) => made,
        _ => None,
    }
}

fn secret_of(env: sys::napi_env, manager: &SecretManager, key: &[u8]) -> Option<sys::napi_value> {
    let found = manager.share_cached_bytes(key)?;
    let env = Env::from_raw(env);
    secret::shared(&env, found).ok().map(|made| made.raw())
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
