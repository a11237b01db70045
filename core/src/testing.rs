//! What our own test suites need and no program should: a backend that fails on demand, and backends without a
//! manager. Only with the feature `testing`, which no release artefact has.

use std::sync::Arc;

use crate::backend::Backend;
use crate::backend::OpenRequest;
pub use crate::backends::fault::{Counters, Fault, FaultBackend, LimitedBackend, On, Script};
use crate::config::Settings;
use crate::context::CallContext;
use crate::error::Result;
use crate::registry;

/// An empty memory backend.
pub fn memory() -> Arc<dyn Backend> {
    Arc::new(crate::backends::memory::MemoryBackend::new())
}

/// A chain of opened members, among them such as no setting names. `writer` is a place among them.
#[cfg(feature = "chain")]
pub fn chain(members: Vec<Arc<dyn Backend>>, writer: Option<usize>, allow_unavailable: bool) -> Arc<dyn Backend> {
    Arc::new(crate::backends::chain::Chain::new(members, writer, allow_unavailable))
}

/// Opens a backend by its word, as a manager would, for a test that wraps it.
///
/// # Errors
/// Those of the backend; [`InvalidConfig`](crate::ErrorKind::InvalidConfig) for a word that names none.
pub fn open_backend(name: &str, app: &str, settings: &Settings, cx: &CallContext) -> Result<Arc<dyn Backend>> {
    registry::open(
        name,
        &OpenRequest {
            app,
            settings,
            cx,
            counters: &Arc::default(),
            other: registry::open,
        },
    )
}

/// Every `fault` backend that a manager of this process opened by its word and that is still in use, in the order of
/// their opening: for a test that has no other way to the one that it opened. Those that a test made itself are not
/// among them. May be called from any thread.
pub fn faults() -> Vec<Arc<FaultBackend>> {
    crate::backends::fault::all()
}

/// Sets the clock of a manager's cache forward, so that what it holds ends without anyone waiting for it. Expiries of
/// secrets are left as they are.
pub fn age_cache(manager: &crate::SecretManager, by: std::time::Duration) {
    manager.age_cache(by);
}

/// Whether there is a runtime in this process.
pub fn runtime_is_built() -> bool {
    crate::runtime::is_built()
}
