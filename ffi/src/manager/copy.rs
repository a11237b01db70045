//! The verbs between two managers.

use std::ffi::{c_char, c_void};

use strongroom::Result;

use super::transfer::TransferredCallback;
use super::{Manager, Verb};
use crate::arguments::{Out, buffer as room};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::pin;
use crate::keys;
use crate::status::Status;
use crate::transfer::{self, Transfer};
use crate::transferred::Transferred;

fn plan(
    source: *const Manager,
    target: *const Manager,
    transfer: *const Transfer,
    call: *const Call,
) -> Result<Verb<Transferred>> {
    let view = pin(source)?.free.clone();
    let target = Manager::of(pin(target)?.free.clone());
    let options = transfer::copy(transfer, |key| view.key_of(key))?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::between(chosen, target, move |source, target| async move {
        let plan = source.copy_plan(&target, &options).await?;
        Ok(Transferred::of_plan(plan))
    }))
}

fn copy(
    source: *const Manager,
    target: *const Manager,
    transfer: *const Transfer,
    call: *const Call,
) -> Result<Verb<Transferred>> {
    let view = pin(source)?.free.clone();
    let target = Manager::of(pin(target)?.free.clone());
    let options = transfer::copy(transfer, |key| view.key_of(key))?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::between(chosen, target, move |source, target| async move {
        let report = source.copy_to(&target, options).await?;
        Ok(Transferred::of_copy(report))
    }))
}

/// Looks at what `strongroom_manager_copy_to` would do: every key, whether it is new in the target, there already or in
/// the way, and what the target cannot hold. Values are read and compared; nothing is written.
///
/// Options as for `strongroom_manager_copy_to`. Errors: `invalid_argument` where both managers have their secrets in one
/// place; `read_only`; `unsupported` where the source cannot list and no keys are named.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_copy_plan(
    source: *const Manager,
    target: *const Manager,
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
            out.give(plan(source, target, transfer, call)?.wait(source)?)
        })
    }
}

/// Starts `strongroom_manager_copy_plan`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_copy_plan_async(
    source: *const Manager,
    target: *const Manager,
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
            plan(source, target, transfer, call)?.start(source, callback, context)
        })
    }
}

/// Copies secrets to another manager: values, metadata and creation time, the current version of each. Every secret is
/// read back and compared. One that is there already with the same value and metadata counts as done, so a copy that was
/// interrupted is begun again with the same options and goes on. `transfer` and `transferred` may be NULL.
///
/// Options (`strongroom_transfer_set`): `scope`, `prefix`, `if_exists`, `allow_loss`, `skip_unfit`, `delete_source`,
/// `journal`; keys; `strongroom_transfer_set_progress`. Those of `call` hold for every single call of the copy. Errors:
/// as for `strongroom_manager_copy_plan`; before anything is written, what stands in the way of the first such secret:
/// `conflict`, `unsupported`, `too_large`, `not_found`; `conflict` where another copy holds the journal; `integrity`
/// where what was read back is not what was written. An error on the way ends the copy: what was copied stays, and
/// nothing was removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_copy_to(
    source: *const Manager,
    target: *const Manager,
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
            out.give(copy(source, target, transfer, call)?.wait(source)?)
        })
    }
}

/// Starts `strongroom_manager_copy_to`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_copy_to_async(
    source: *const Manager,
    target: *const Manager,
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
            copy(source, target, transfer, call)?.start(source, callback, context)
        })
    }
}

/// Writes the path of the journal that a copy between the two has by default in the `strongroom` command, for the option
/// `journal`, with a NUL behind it, and tells its length without the NUL, also where the buffer is too small
/// (`buffer_too_small`, and nothing is written). The same two places have the same one. Errors: `invalid_config` where
/// there is no state folder.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_copy_journal(
    source: *const Manager,
    target: *const Manager,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(needed, 0, "needed")?;
            refuse_in_callback()?;
            let path = pin(source)?.free.copy_journal(&pin(target)?.free)?;
            let mut path = path.to_string_lossy().into_owned().into_bytes();
            out.fill(path.len());
            path.push(0);
            keys::write(&path, room(buffer.cast(), capacity)?)
        })
    }
}
