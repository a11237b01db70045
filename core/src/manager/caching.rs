//! What the settings say about the cache.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::check::to_usize;
use crate::backend::{Backend, Reach};
use crate::changes::Changes;
use crate::config::Settings;
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::layers::cache::{Cache, LastKnown, Limits, Remote};

/// The target of all our events.
const TARGET: &str = "strongroom";
const FILE: &str = "cache_file";
const OFFLINE: &str = "offline";

/// The cache of a manager; none where it is off.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where a remote backend is not to be asked and there is no cache.
pub(super) fn cache(
    settings: &Settings,
    backend: &dyn Backend,
    last_known: Option<Arc<LastKnown>>,
    timeout: Duration,
    changes: &Arc<Changes>,
) -> Result<Option<Cache>> {
    if !settings.is_on("cache") {
        if backend.reach() == Reach::Remote && settings.is_on(OFFLINE) {
            return Err(settings.error(OFFLINE, "needs the cache: set `cache` to `on`"));
        }
        return Ok(None);
    }
    let limits = Limits {
        entries: to_usize(settings.integer("cache_entries")),
        bytes: to_usize(settings.integer("cache_bytes")),
        ttl: settings.duration("cache_ttl").unwrap_or_default(),
    };
    let remote = is_far(backend).then(|| Remote {
        refresh_ahead: settings.is_on("cache_refresh_ahead"),
        negative_ttl: settings.duration("cache_negative_ttl").unwrap_or_default(),
        max_stale: settings.duration("cache_max_stale").unwrap_or_default(),
        offline: settings.is_on(OFFLINE),
        timeout,
        tells_names: settings.is_on("telemetry_names"),
        last_known,
    });
    Ok(Some(Cache::new(limits, remote, Arc::clone(changes))))
}

fn file(settings: &Settings) -> Option<PathBuf> {
    settings.path(FILE).filter(|path| !path.as_os_str().is_empty())
}

/// Whether some of the backend's secrets are on another machine.
fn is_far(backend: &dyn Backend) -> bool {
    backend.reach() != Reach::Local
}

/// Whether what this backend answers is kept on the disk.
pub(super) fn keeps_last_known(settings: &Settings, backend: &dyn Backend) -> bool {
    is_far(backend) && file(settings).is_some()
}

/// Opens the store of last known values. One that cannot be opened for a reason that passes is gone without, except where
/// nothing else could answer.
///
/// # Errors
/// What is wrong with its settings, its key or its place.
#[cfg(feature = "encrypted")]
pub(super) fn open_last_known(
    app: &str,
    settings: &Settings,
    backend: &dyn Backend,
    cx: &CallContext,
) -> Result<Option<Arc<LastKnown>>> {
    let Some(path) = file(settings).filter(|_| settings.is_on("cache")) else {
        return Err(settings.error(FILE, "needs the cache: set `cache` to `on`"));
    };
    match crate::backends::encrypted::open_last_known(app, settings, &path, cx) {
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
#[cfg(feature = "encrypted")]
fn passes(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::Unavailable | ErrorKind::Integrity | ErrorKind::UnsupportedFormat
    )
}

/// Without the encrypted store there is no place for them.
#[cfg(not(feature = "encrypted"))]
pub(super) fn open_last_known(
    _: &str,
    settings: &Settings,
    _: &dyn Backend,
    _: &CallContext,
) -> Result<Option<Arc<LastKnown>>> {
    Err(settings.error(FILE, "needs the cargo feature `encrypted`, which this build lacks"))
}
