//! The library as a whole.

use std::ffi::c_char;
use std::time::{Duration, Instant};

use strongroom::{ErrorKind, registry};

use crate::arguments::Out;
use crate::completion;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_value, refuse_in_callback};
use crate::manager;
use crate::report::Report;
use crate::status::{Status, kind_of};
use crate::under_way;
use crate::words::{kind_help, kind_token};

/// The version of the C ABI that this header describes. Within one version functions are only added.
pub const ABI_VERSION: u32 = 1;

/// The version of the C ABI that the library has: the same as `STRONGROOM_ABI_VERSION`, or the program was built for
/// another library.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_abi_version() -> u32 {
    guard_value(0, || Ok(ABI_VERSION))
}

/// The version of the library, such as `1.2.3`. It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    guard_value(std::ptr::null(), || Ok(VERSION.as_ptr().cast()))
}

/// Tells what this library is and what it found. Texts: `version`, `backends` (words, parted by commas), `allocator`
/// (`wiping`: every block that the library frees is wiped). Numbers: `abi_version`; how the keys of open stores are
/// guarded: `secret_memory`, `locked`, `excluded_from_dumps` (1 or 0) and `unprotected_keys`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_library_info(report: *mut *mut Report, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            let hardening = strongroom::hardening();
            out.give(
                Report::default()
                    .text("version", env!("CARGO_PKG_VERSION"))
                    .number("abi_version", ABI_VERSION.into())
                    .text("backends", &registry::names().join(","))
                    .text("allocator", "wiping")
                    .flag("secret_memory", hardening.secret_memory)
                    .flag("locked", hardening.locked)
                    .flag("excluded_from_dumps", hardening.excluded_from_dumps)
                    .number("unprotected_keys", hardening.unprotected_keys as u64),
            )
        })
    }
}

/// Asks the system to let no other process of this user read this process's memory, and to write no core dumps. For the
/// program to decide: a debugger cannot attach afterwards. The report (may be NULL) says what was reached, as 1 or 0:
/// `not_dumpable`, `no_core_dumps`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_harden_process(report: *mut *mut Report, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(report);
            refuse_in_callback()?;
            let reached = strongroom::harden_process();
            out.give(
                Report::default()
                    .flag("not_dumpable", reached.not_dumpable)
                    .flag("no_core_dumps", reached.no_core_dumps),
            )
        })
    }
}

/// Ends what the library has under way: calls on every thread are cancelled and those that were started complete; none
/// begins meanwhile (`closed`). Every manager is closed, which wipes caches and keys, and the library's threads end.
/// Handles stay to be freed; verbs of the managers answer `closed`. A manager may be opened anew afterwards; an opening
/// that waits is cancelled, one that is about to succeed may stay open. A program need not call it before it ends.
///
/// Errors: `timeout` where callbacks, writes that were sent, or threads did not end within `timeout_ms` milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_shutdown(timeout_ms: u32, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let end = Instant::now() + Duration::from_millis(timeout_ms.into());
            let left = || end.saturating_duration_since(Instant::now());
            let _ending = under_way::end_all();
            let completed = completion::wait_for_all(left());
            let closed = manager::close_all(left());
            let ended = strongroom::face::shutdown(left());
            completed.and(closed).and(ended)
        })
    }
}

/// The token of a status, such as `not_found`; `ok` for success; NULL for a number that this library does not know. It
/// lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_status_token(status: i32) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(if status == 0 {
            c"ok".as_ptr()
        } else {
            kind_token(kind_of(status).ok_or(ErrorKind::NotFound)?)
        })
    })
}

/// One line that says what to do about a status; empty for success; NULL for a number that this library does not know.
/// It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_status_help(status: i32) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(if status == 0 {
            c"".as_ptr()
        } else {
            kind_help(kind_of(status).ok_or(ErrorKind::NotFound)?)
        })
    })
}

/// Whether the same call may succeed later without anyone changing anything.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_status_is_retryable(status: i32) -> bool {
    guard_value(false, || {
        Ok(kind_of(status).is_some_and(strongroom::ErrorKind::is_retryable))
    })
}

/// The exit code of the `strongroom` command for a status; 0 for success; -1 for a number that this library does not
/// know.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_status_exit_code(status: i32) -> i32 {
    guard_value(-1, || {
        Ok(if status == 0 {
            0
        } else {
            kind_of(status).map_or(-1, |kind| kind.exit_code().into())
        })
    })
}
