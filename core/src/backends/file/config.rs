//! What the settings say about this backend.

use std::path::PathBuf;

use crate::config::{Settings, locations};
use crate::error::Result;
use crate::sys::files::io_error;

/// How this backend is opened.
#[derive(Debug)]
pub(super) struct Config {
    /// The file, from the root.
    pub(super) path: PathBuf,
    /// Whether a corrupt file is an error and left where it is.
    pub(super) stop_on_corrupt: bool,
}

impl Config {
    /// Reads the settings; looks at no file.
    pub(super) fn read(app: &str, settings: &Settings) -> Result<Self> {
        let path = locations::plain_file(app, settings)?;
        if path.file_name().is_none() {
            return Err(settings.error("file.path", "names no file"));
        }
        let absolute = std::path::absolute(&path);
        Ok(Self {
            path: absolute.map_err(|error| io_error(&error, "find the working directory for", &path))?,
            stop_on_corrupt: settings.text("file.on_corrupt") == Some("stop"),
        })
    }
}
