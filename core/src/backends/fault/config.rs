//! The settings of `fault`.

use super::script::Script;
use crate::config::Settings;
use crate::error::Result;

const INNER: &str = "fault.inner";
const SCRIPT: &str = "fault.script";

/// The word of the backend to wrap.
pub(super) fn inner(settings: &Settings) -> Result<&str> {
    match settings.text(INNER) {
        Some("fault") | None => Err(settings.error(INNER, "cannot be `fault`: a fault does not wrap a fault")),
        Some(word) => Ok(word),
    }
}

/// The script; a bad one is [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting and the position.
pub(super) fn script(settings: &Settings) -> Result<Script> {
    Script::parse(settings.text(SCRIPT).unwrap_or_default()).map_err(|error| settings.error(SCRIPT, error.message()))
}
