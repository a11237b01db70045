//! `fault`: any other backend, with failures on demand. Only with the feature `testing`, and only opened by name.
//!
//! Deterministic: which call fails how is written in a [`Script`], nothing is random, and a call that hangs does so
//! until the test wakes it. With an empty script it changes nothing.

mod backend;
mod config;
mod control;
mod counters;
mod gate;
mod limited;
mod script;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

pub use control::{FaultBackend, On};
pub use counters::Counters;
pub use limited::LimitedBackend;
pub use script::{Fault, Script};

/// Wraps the backend that `fault.inner` names, without what `fault.lacks` takes away, in the script that `fault.script`
/// states.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let script = config::script(request.settings)?;
    let mut inner = (request.other)(config::inner(request.settings)?, request)?;
    if let Some(left) = config::left(request.settings, inner.capabilities())? {
        inner = LimitedBackend::new(inner, left);
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

fn opened() -> MutexGuard<'static, Vec<Weak<FaultBackend>>> {
    static OPENED: Mutex<Vec<Weak<FaultBackend>>> = Mutex::new(Vec::new());
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}
