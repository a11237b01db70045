//! What ends calls from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::CancellationToken;
use strongroom::face::ProcessLocal;

use crate::arguments::Out;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin};
use crate::status::Status;

/// Ends the calls that carry it, on whatever thread they run.
pub struct Cancel(pub(crate) Arc<Signal>);

/// Whether it has fired, and the token of this process's calls. A token has locks inside, which a forked child may
/// inherit locked: so the child has another.
pub(crate) struct Signal {
    fired: AtomicBool,
    token: ProcessLocal<CancellationToken>,
}

impl Signal {
    fn new() -> Self {
        Self {
            fired: AtomicBool::new(false),
            token: ProcessLocal::new(CancellationToken::new),
        }
    }

    fn fire(&self) {
        self.fired.store(true, Ordering::SeqCst);
        self.token.get().cancel();
    }

    pub(crate) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }

    /// A token for one call.
    pub(crate) fn token(&self) -> CancellationToken {
        let token = self.token.get().child_token();
        // In a forked child the token is a new one, which does not know.
        if self.has_fired() {
            token.cancel();
        }
        token
    }
}

object!(Cancel, "cancel", 8, stripes 1);

/// Makes one that has not fired.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_cancel_new(cancel: *mut *mut Cancel, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(cancel, "cancel")?;
            refuse_in_callback()?;
            out.fill(hand_out(Cancel(Arc::new(Signal::new())))?);
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
            pin(cancel)?.0.fire();
            Ok(())
        })
    }
}

/// Gives it back; it does not fire.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_cancel_free(cancel: *mut Cancel) -> Status {
    guard_free(cancel)
}
