//! What `python -m strongroom` asks the core, so that it answers as the command does.

use pyo3::prelude::*;
use strongroom::{ErrorKind, Setting, SettingKind};

/// The exit code of a failure, by its kind's token.
#[pyfunction]
pub(crate) fn exit_code(kind: &str) -> u8 {
    ErrorKind::from_token(kind).unwrap_or(ErrorKind::Internal).exit_code()
}

/// The longest value in bytes that any store may be told to take.
#[pyfunction]
pub(crate) fn longest_value() -> u64 {
    match Setting::find("max_value").map(|setting| setting.kind) {
        Some(SettingKind::Size { max, .. }) => max,
        _ => u64::MAX,
    }
}

/// The longest document in bytes that is read.
#[pyfunction]
pub(crate) fn longest_document() -> usize {
    strongroom::transfer::MAX_DOCUMENT
}
