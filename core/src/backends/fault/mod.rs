//! `fault`: any other backend, with failures on demand. Only with the feature `testing`, and only opened by name.
//!
//! Deterministic: which call fails how is written in a [`Script`], nothing is random, and a call that hangs does so
//! until the test wakes it. With an empty script it changes nothing.

mod backend;
mod config;
mod control;
mod counters;
mod gate;
mod inherited;
mod keeping;
mod limited;
mod script;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;
use crate::sys::fork::{self, ForkCell};

pub use control::{FaultBackend, On};
pub use counters::Counters;
pub use limited::LimitedBackend;
pub use script::{Fault, Script};

/// Wraps the backend that `fault.inner` names, without what `fault.lacks` takes away and with what `fault.restore` adds,
/// in the script that `fault.script` states.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let script = config::script(request.settings)?;
    let mut inner = (request.other)(config::inner(request.settings)?, request)?;
    if let Some(left) = config::left(request.settings, inner.capabilities())? {
        inner = LimitedBackend::new(inner, left);
    }
    if config::keeps(request.settings) {
        inner = keeping::Keeping::new(inner);
    }
    let fault = FaultBackend::with_script(inner, script);
    let mut opened = opened();
    opened.retain(|fault| fault.strong_count() > 0);
    opened.push(Arc::downgrade(&fault));
    Ok(fault)
}

/// Those that were opened by their word and are in use, in the order of their opening.
pub(crate) fn all() -> Vec<Arc<FaultBackend>> {
    // Collected under the lock, so that none is dropped under it.
    opened().iter().filter_map(Weak::upgrade).collect()
}

type List = Vec<Weak<FaultBackend>>;

/// The list of the process that used one first; a child of it has a copy, as for
/// [`FaultBackend`]'s script.
fn opened() -> MutexGuard<'static, List> {
    static FIRST: Mutex<List> = Mutex::new(Vec::new());
    static INHERITED: ForkCell<Mutex<List>, fn() -> Mutex<List>> =
        ForkCell::with(|| Mutex::new(inherited::copy(&FIRST).unwrap_or_default()));
    /// The generation of the process that used it first; 0 before that.
    static USED_BY: AtomicU64 = AtomicU64::new(0);
    // From here on a fork is counted.
    fork::arm();
    let now = fork::generation();
    let used_by = USED_BY.compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire);
    let list = match used_by {
        Err(other) if other != now => INHERITED.get(),
        _ => &FIRST,
    };
    inherited::unpoisoned(list.lock())
}
