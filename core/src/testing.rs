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
            other: registry::open,
        },
    )
}

/// Whether this process has built the runtime.
pub fn runtime_is_built() -> bool {
    crate::runtime::is_built()
}
