//! The settings of `fault`.

use super::script::Script;
use crate::backend::{Capabilities, Persistence};
use crate::config::Settings;
use crate::error::Result;

const INNER: &str = "fault.inner";
const LACKS: &str = "fault.lacks";
const REMOTE: &str = "fault.remote";
const SCRIPT: &str = "fault.script";
const RESTORE: &str = "fault.restore";

/// The word of the backend to wrap.
pub(super) fn inner(settings: &Settings) -> Result<&str> {
    match settings.text(INNER) {
        Some("fault") | None => Err(settings.error(INNER, "cannot be `fault`: a fault does not wrap a fault")),
        Some(word) => Ok(word),
    }
}

/// These capabilities as the settings change them: without those that are taken away, and on another machine. `None` where
/// nothing is changed.
pub(super) fn left(settings: &Settings, of: &Capabilities) -> Result<Option<Capabilities>> {
    let words = settings.text(LACKS).unwrap_or_default();
    let is_remote = settings.is_on(REMOTE);
    if words.is_empty() && !is_remote {
        return Ok(None);
    }
    let mut left = of.clone();
    if is_remote {
        left.persistence = Persistence::Remote;
    }
    for word in words.split(',').filter(|_| !words.is_empty()) {
        match word.trim() {
            "write" => left.read_only = true,
            "list" => left.list = false,
            "versions" => left.versions = false,
            "metadata" => left.metadata = false,
            "expiry" => left.expiry = false,
            "cas" => left.cas = false,
            "atomic_batch" => left.atomic_batch = false,
            "binary" => left.binary = false,
            "empty_value" => left.empty_value = false,
            "verify" => left.verify = false,
            word => return Err(settings.error(LACKS, &format!("names no capability with `{word}`"))),
        }
    }
    Ok(Some(left))
}

/// Whether what was removed is kept.
pub(super) fn keeps(settings: &Settings) -> bool {
    settings.is_on(RESTORE)
}

/// The script; a bad one is [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting and the position.
pub(super) fn script(settings: &Settings) -> Result<Script> {
    Script::parse(settings.text(SCRIPT).unwrap_or_default()).map_err(|error| settings.error(SCRIPT, error.message()))
}
