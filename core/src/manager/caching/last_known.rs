//! The store of last known values, as a manager opens it.

use std::sync::Arc;

use super::{FILE, OFFLINE, file};
use crate::backend::Backend;
use crate::backends::encrypted;
use crate::config::Settings;
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::layers::TARGET;
use crate::layers::cache::LastKnown;

/// Opens the store of last known values. One that cannot be opened for a reason that passes is gone without, except where
/// nothing else could answer.
///
/// # Errors
/// What is wrong with its settings, its key or its place.
pub(in crate::manager) fn open_last_known(
    app: &str,
    settings: &Settings,
    backend: &dyn Backend,
    cx: &CallContext,
) -> Result<Option<Arc<LastKnown>>> {
    let Some(path) = file(settings).filter(|_| settings.is_on("cache")) else {
        return Err(settings.error(FILE, "needs the cache: set `cache` to `on`"));
    };
    match encrypted::open_last_known(app, settings, &path, cx) {
        Ok(store) => LastKnown::new(store, backend).map(|opened| Some(Arc::new(opened))),
        Err(error) if passes(error.kind()) && !settings.is_on(OFFLINE) => {
            let outcome = error.kind().token();
            tracing::warn!(target: TARGET, outcome, "`cache_file` cannot be opened; the manager goes on without it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a store that fails so is none of the configuration's faults.
fn passes(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::Unavailable | ErrorKind::Integrity | ErrorKind::UnsupportedFormat
    )
}
