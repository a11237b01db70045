//! What the settings say about the cache.

#[cfg(feature = "encrypted")]
mod last_known;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "encrypted")]
pub(super) use last_known::open_last_known;

use super::check::to_usize;
use crate::backend::{Backend, Reach};
use crate::changes::Changes;
use crate::config::Settings;
use crate::error::Result;
use crate::layers::cache::{Cache, LastKnown, Limits, Remote};

const FILE: &str = "cache_file";
const OFFLINE: &str = "offline";

/// The cache of a manager; none where it is off.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) where a remote backend is not to be asked and there is no cache.
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

/// Without the encrypted store there is no place for them.
#[cfg(not(feature = "encrypted"))]
pub(super) fn open_last_known(
    _: &str,
    settings: &Settings,
    _: &dyn Backend,
    _: &crate::context::CallContext,
) -> Result<Option<Arc<LastKnown>>> {
    Err(settings.error(FILE, "needs the cargo feature `encrypted`, which this build lacks"))
}
