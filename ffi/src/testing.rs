//! What our own tests need from outside: panics, and the strings of the `fault` backend. In no header and no release.

use std::ffi::{c_char, c_void};
use std::time::{Duration, Instant};

use strongroom::testing::{Counters, faults};
use strongroom::{ErrorKind, Result};

use crate::arguments::{Out, text};
use crate::completion;
use crate::error::ErrorObject;
use crate::guard::guard;
use crate::handle::{Object, Table};
use crate::manager::write::DoneCallback;
use crate::status::{Status, fault};

/// Panics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_panic(error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe { guard(error, || panic!("a panic whose text holds canary-of-a-panic")) }
}

/// Starts a call that panics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_panic_async(
    callback: DoneCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            completion::start(None, callback, context, |_| async {
                panic!("a panic whose text holds canary-of-a-panic")
            })
        })
    }
}

fn counted() -> [u64; 5] {
    let words = |counters: Counters| {
        [
            counters.started,
            counters.finished,
            counters.cancelled,
            counters.in_flight,
            counters.waiting,
        ]
    };
    let mut sum = [0; 5];
    for backend in faults() {
        for (sum, count) in sum.iter_mut().zip(words(backend.counters())) {
            *sum += count;
        }
    }
    sum
}

/// Sums the counters of all `fault` backends that are open: started, finished, cancelled, in flight, waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_fault_counters(
    counters: *mut [u64; 5],
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            Out::new(counters, [0; 5], "counters")?.fill(counted());
            Ok(())
        })
    }
}

/// Releases every call that hangs or blocks now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_fault_wake(error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            faults().iter().for_each(|backend| backend.wake());
            Ok(())
        })
    }
}

/// Waits until a counter has reached a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_fault_wait(
    counter: u32,
    at_least: u64,
    patience_ms: u32,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let end = Instant::now() + Duration::from_millis(patience_ms.into());
            let beyond = || fault(ErrorKind::InvalidArgument, "counter", "is none of the five");
            while *counted().get(counter as usize).ok_or_else(beyond)? < at_least {
                if Instant::now() >= end {
                    return Err(ErrorKind::Timeout.into());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        })
    }
}

/// Tells an event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_testing_emit_log(
    level: i32,
    message: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let message = text(message, length, "message")?;
            match level {
                1 => tracing::error!(target: "strongroom", "{message}"),
                2 => tracing::warn!(target: "strongroom", "{message}"),
                3 => tracing::info!(target: "strongroom", "{message}"),
                4 => tracing::debug!(target: "strongroom", "{message}"),
                5 => tracing::trace!(target: "strongroom", "{message}"),
                _ => return Err(fault(ErrorKind::InvalidArgument, "level", "is none")),
            }
            Ok(())
        })
    }
}

/// How many handles are alive.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_testing_live_handles() -> usize {
    fn count<T: Object>() -> usize {
        let table: &'static Table<T> = T::table();
        table.all().count()
    }
    crate::guard::guard_value(0, || -> Result<usize> {
        Ok(count::<ErrorObject>()
            + count::<crate::secret::Secret>()
            + count::<crate::metadata::Metadata>()
            + count::<crate::written::Written>()
            + count::<crate::report::Report>()
            + count::<crate::list::List>()
            + count::<crate::batch::Batch>()
            + count::<crate::cancel::Cancel>()
            + count::<crate::call::Call>()
            + count::<crate::options::Options>()
            + count::<crate::explanation::Explanation>()
            + count::<crate::transfer::Transfer>()
            + count::<crate::transferred::Transferred>()
            + count::<crate::manager::Manager>())
    })
}
