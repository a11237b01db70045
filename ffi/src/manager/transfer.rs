//! The verbs that read and write documents of many secrets.

use std::ffi::c_void;

use strongroom::Result;

use super::{Manager, Verb};
use crate::arguments::{self, Out};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::status::Status;
use crate::transfer::{self, Transfer};
use crate::transferred::Transferred;

/// Takes what an export, an import or a copy did, or why it did not.
pub type TransferredCallback = Option<
    unsafe extern "C" fn(context: *mut c_void, status: Status, transferred: *mut Transferred, error: *mut ErrorObject),
>;

fn export(transfer: *const Transfer, call: *const Call) -> Result<Verb<Transferred>> {
    let options = transfer::export(transfer)?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        manager.export(options).await.map(Transferred::of_export)
    }))
}

unsafe fn import(
    document: *const c_void,
    document_length: usize,
    transfer: *const Transfer,
    call: *const Call,
) -> Result<Verb<Transferred>> {
    // SAFETY: as this function.
    let document = unsafe { arguments::document(document, document_length, "document") }?;
    let options = transfer::import(transfer)?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let report = manager.import(document.expose(), options).await?;
        Ok(Transferred::of_import(report))
    }))
}

/// Writes many secrets into a document, which the answer holds. Names are the secrets' own; for `env` and `dotenv`
/// escaped where they are no names of variables.
///
/// Options (`strongroom_transfer_set`): `format` (must be set), `dialect`, `scope`, `prefix`, `full_names`,
/// `include_expired`, `strict`; keys; `fernet_keys`. Errors: `ambiguous` where two keys would share a name;
/// `unsupported` naming values that the format cannot hold, or where the backend cannot list and no keys are given;
/// `not_found` for a given key that there is not; with `strict` what would be skipped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_export(
    manager: *const Manager,
    transfer: *const Transfer,
    call: *const Call,
    transferred: *mut *mut Transferred,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(transferred, "transferred")?;
            refuse_in_callback()?;
            out.give(export(transfer, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_export`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_export_async(
    manager: *const Manager,
    transfer: *const Transfer,
    call: *const Call,
    callback: TransferredCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            export(transfer, call)?.start(manager, callback, context)
        })
    }
}

/// Writes every entry of a document as a secret. What can be wrong is told before anything is written; then all or
/// nothing is written where the capability `atomic_batch` says so, else what failed is in the answer. The document is
/// copied, and the copy wiped. `transferred` may be NULL.
///
/// Options (`strongroom_transfer_set`): `format` (must be set), `dialect`, `scope`, `names`, `if_exists`, `provider`,
/// `dry_run`; `fernet_keys`. Errors: `invalid_argument` with the line of what cannot be read; `invalid_key` naming every
/// name that is no key; `conflict` naming every secret that is there already; `ambiguous`; `too_large`; as for
/// `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_import(
    manager: *const Manager,
    document: *const c_void,
    document_length: usize,
    transfer: *const Transfer,
    call: *const Call,
    transferred: *mut *mut Transferred,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(transferred);
            refuse_in_callback()?;
            out.give(import(document, document_length, transfer, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_import`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_import_async(
    manager: *const Manager,
    document: *const c_void,
    document_length: usize,
    transfer: *const Transfer,
    call: *const Call,
    callback: TransferredCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            import(document, document_length, transfer, call)?.start(manager, callback, context)
        })
    }
}
