//! The settings of `fault`.

use super::script::Script;
use crate::config::Settings;
use crate::error::Result;

pub(super) const INNER: &str = "fault.inner";
const SCRIPT: &str = "fault.script";

/// The script; a bad one is [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting and the position.
pub(super) fn script(settings: &Settings) -> Result<Script> {
    Script::parse(settings.text(SCRIPT).unwrap_or_default()).map_err(|error| settings.error(SCRIPT, error.message()))
}
