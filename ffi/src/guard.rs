//! What every exported function goes through: no panic leaves it, errors become a status and an object, and callbacks
//! of the library call back only what is harmless.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::face::process_generation;
use strongroom::{Error, ErrorKind, Result};

use crate::error::ErrorObject;
use crate::handle;
use crate::status::Status;

/// Runs a function that answers a status and, where it is wanted, an error object.
///
/// # Safety
/// `error` is NULL or points to a place for a pointer.
#[inline]
pub(crate) unsafe fn guard(error: *mut *mut ErrorObject, body: impl FnOnce() -> Result<()>) -> Status {
    if !error.is_null() {
        // SAFETY: not NULL, so a place for a pointer.
        unsafe { error.write(std::ptr::null_mut()) };
    }
    match catch(body) {
        Ok(()) => Status::Ok,
        Err(failure) => {
            let status = Status::of(failure.kind());
            if !error.is_null()
                && let Ok(Ok(object)) = catch_unwind(|| handle::hand_out(ErrorObject::new(failure)))
            {
                // SAFETY: as above.
                unsafe { error.write(object) };
            }
            status
        }
    }
}

/// Runs a getter: whatever goes wrong is answered with `default`.
#[inline]
pub(crate) fn guard_value<T>(default: T, body: impl FnOnce() -> Result<T>) -> T {
    catch(body).unwrap_or(default)
}

/// Gives an object back.
#[inline]
pub(crate) fn guard_free<T: handle::Object>(handle: *mut T) -> Status {
    match catch(|| handle::take_back(handle)) {
        Ok(()) => Status::Ok,
        Err(error) => Status::of(error.kind()),
    }
}

/// Runs code that may panic; the panic becomes an error that says nothing of its text, which may hold a secret.
pub(crate) fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    silence_panics();
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(of_panic(panic)))
}

/// The error that stands for a panic.
#[cold]
pub(crate) fn of_panic(panic: Box<dyn Any + Send>) -> Error {
    // What was thrown may itself panic when it is dropped.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(second);
    }
    Error::new(ErrorKind::Internal, "the library panicked and caught itself")
}

/// Keeps the texts of panics, which may hold a secret, off the program's standard error. The library has a copy of the
/// standard library of its own, so the program's hook, if it is written in Rust too, is another one.
#[inline]
fn silence_panics() {
    static SILENT: AtomicBool = AtomicBool::new(cfg!(test));
    if !SILENT.load(Ordering::Relaxed) && !SILENT.swap(true, Ordering::Relaxed) {
        std::panic::set_hook(Box::new(|_| ()));
    }
}

thread_local! {
    /// Inside how many functions of the program that the library called this thread is, and in which process.
    static INSIDE: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// Refuses what a callback of ours must not call.
///
/// # Errors
/// [`ErrorKind::ReentrantCall`] on a thread that is inside a function of the program which the library called. A child
/// that was forked in there is not.
#[inline]
pub(crate) fn refuse_in_callback() -> Result<()> {
    let (depth, generation) = INSIDE.get();
    if depth > 0 && generation == process_generation() {
        Err(reentrant())
    } else {
        Ok(())
    }
}

/// Calls a function of the program.
pub(crate) fn calling_out<T>(call: impl FnOnce() -> T) -> T {
    let before = INSIDE.get();
    let generation = process_generation();
    INSIDE.set(if before.1 == generation {
        (before.0 + 1, generation)
    } else {
        (1, generation)
    });
    let answer = uncancelled(call);
    INSIDE.set(before);
    answer
}

/// Runs something during which nobody can end the thread with `pthread_cancel`: that would unwind through the library.
#[cfg(target_os = "linux")]
fn uncancelled<T>(call: impl FnOnce() -> T) -> T {
    use std::ffi::c_int;
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    }
    const DISABLE: c_int = 1;
    let mut before = 0;
    // SAFETY: it changes a flag of this thread and writes what that was.
    unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
    let answer = call();
    // SAFETY: as above.
    unsafe { pthread_setcancelstate(before, &raw mut before) };
    answer
}

#[cfg(not(target_os = "linux"))]
fn uncancelled<T>(call: impl FnOnce() -> T) -> T {
    call()
}

#[cold]
fn reentrant() -> Error {
    Error::new(
        ErrorKind::ReentrantCall,
        "a callback may only read and free what it was given",
    )
}
