//! What the settings say about this backend.

use std::path::PathBuf;

use crate::config::{Settings, locations};
use crate::error::Result;

pub(super) const PATH: &str = "directory.path";
const NEWLINE: &str = "directory.newline";

/// How this backend is opened.
#[derive(Debug)]
pub(super) struct Config {
    /// The folder, from the root: a later change of the working folder does not matter.
    pub(super) folder: PathBuf,
    /// Whether one line end behind the value is taken away.
    pub(super) strip: bool,
    /// The longest value in bytes.
    pub(super) limit: usize,
}

impl Config {
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        Ok(Self {
            folder: locations::secrets_folder(settings)?,
            strip: settings.text(NEWLINE) != Some("keep"),
            limit: settings
                .integer("max_value")
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(usize::MAX),
        })
    }
}
