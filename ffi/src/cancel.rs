//! What ends calls from outside.

use strongroom::CancellationToken;

use crate::arguments::Out;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin};
use crate::status::Status;

/// Ends the calls that carry it, on whatever thread they run.
pub struct Cancel(pub(crate) CancellationToken);

object!(Cancel, "cancel", 8, stripes 1);

/// Makes one that has not fired.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_cancel_new(cancel: *mut *mut Cancel, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(cancel, "cancel")?;
            refuse_in_callback()?;
            out.fill(hand_out(Cancel(CancellationToken::new()))?);
            Ok(())
        })
    }
}

/// Fires: every call that carries it now or later ends with `cancelled` (a write that was sent: `outcome_unknown`),
/// unless the cache answers it at once. May be called on any thread and inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_cancel_fire(cancel: *const Cancel) -> Status {
    // SAFETY: no error object is asked for.
    unsafe {
        guard(std::ptr::null_mut(), || {
            pin(cancel)?.0.cancel();
            Ok(())
        })
    }
}

/// Gives it back; it does not fire.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_cancel_free(cancel: *mut Cancel) -> Status {
    guard_free(cancel)
}
