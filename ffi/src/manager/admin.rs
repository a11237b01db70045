//! The verbs that concern the backend as a whole.

use std::ffi::c_void;

use strongroom::Result;

use super::write::DoneCallback;
use super::{Manager, Verb};
use crate::arguments::Out;
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::report::Report;
use crate::status::Status;

/// Takes a report, or why there is none.
pub type ReportCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, report: *mut Report, error: *mut ErrorObject)>;

fn health(call: *const Call) -> Result<Verb<Report>> {
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let health = manager.health().await?;
        Ok(Report::default()
            .text("state", health.state.word())
            .optional_text("reason", health.reason.as_deref())
            .optional_text("kind", health.error.map(|error| error.kind().token())))
    }))
}

fn refresh(call: *const Call) -> Result<Verb<()>> {
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move { manager.refresh().await }))
}

fn verify(call: *const Call) -> Result<Verb<Report>> {
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let report = manager.verify().await?;
        Ok(Report::default()
            .number("secrets", report.secrets)
            .number("versions", report.versions)
            .number("journal", report.journal)
            .number("sequence", report.sequence))
    }))
}

fn lock(call: *const Call) -> Result<Verb<()>> {
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move { manager.lock().await }))
}

fn close(call: *const Call) -> Result<Verb<()>> {
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move { manager.close().await }))
}

/// Tells how the backend is, without a prompt and without using up a quota. Texts: `state` (`ok`, `degraded`,
/// `unavailable`), `reason`, and `kind` (a token, where an error is the reason).
///
/// Errors: `closed`, `cancelled`. A backend that does not work is an answer, not an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_health(
    manager: *const Manager,
    call: *const Call,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            out.give(health(call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_health`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_health_async(
    manager: *const Manager,
    call: *const Call,
    callback: ReportCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            health(call)?.start(manager, callback, context)
        })
    }
}

/// Makes the next read of every secret ask the backend, and the backend read again what it has from outside of the store:
/// token files, credentials, and for `env` the variables. Does not wait for another machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_refresh(
    manager: *const Manager,
    call: *const Call,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            refresh(call)?.wait(manager)
        })
    }
}

/// Starts `strongroom_manager_refresh`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_refresh_async(
    manager: *const Manager,
    call: *const Call,
    callback: DoneCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            refresh(call)?.start(manager, callback, context)
        })
    }
}

/// Checks everything that is stored. Numbers: `secrets`, `versions`, `journal`, `sequence`.
///
/// Errors: `integrity` saying what is damaged; `unsupported` where the backend cannot check.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_verify(
    manager: *const Manager,
    call: *const Call,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            out.give(verify(call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_verify`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_verify_async(
    manager: *const Manager,
    call: *const Call,
    callback: ReportCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            verify(call)?.start(manager, callback, context)
        })
    }
}

/// Forgets keys and cached values; the next use unlocks the backend again. Locking once more does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_lock(
    manager: *const Manager,
    call: *const Call,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            lock(call)?.wait(manager)
        })
    }
}

/// Starts `strongroom_manager_lock`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_lock_async(
    manager: *const Manager,
    call: *const Call,
    callback: DoneCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            lock(call)?.start(manager, callback, context)
        })
    }
}

/// Gives up connections, keys and cached values; every verb of this manager and its views answers `closed` from then on.
/// Writes that were sent finish first. Closing once more does nothing. The handle is still to be freed.
///
/// Errors: `timeout` where a write does not finish in time; the manager is closed all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_close(
    manager: *const Manager,
    call: *const Call,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            close(call)?.wait(manager)
        })
    }
}

/// Starts `strongroom_manager_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_close_async(
    manager: *const Manager,
    call: *const Call,
    callback: DoneCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            close(call)?.start(manager, callback, context)
        })
    }
}
