//! What the settings say about this backend.

use std::path::PathBuf;

use crate::config::{Settings, environment};
use crate::error::{Error, ErrorKind, Result};

pub(super) const PATH: &str = "directory.path";
const NEWLINE: &str = "directory.newline";
/// Where systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Where Docker and Podman put secrets.
const DEFAULT: &str = "/run/secrets";

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
        let folder = match settings.path(PATH) {
            Some(path) => std::path::absolute(path)
                .map_err(|_| settings.error(PATH, "is relative, and the working folder cannot be found"))?,
            None => default_folder()?,
        };
        Ok(Self {
            folder,
            strip: settings.text(NEWLINE) != Some("keep"),
            limit: settings
                .integer("max_value")
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(usize::MAX),
        })
    }
}

fn default_folder() -> Result<PathBuf> {
    let Some(path) = environment::read(CREDENTIALS)?.filter(|path| !path.is_empty()) else {
        return Ok(PathBuf::from(DEFAULT));
    };
    let path = PathBuf::from(path);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Error::new(
        ErrorKind::InvalidConfig,
        format!("the environment variable {CREDENTIALS} names no absolute path"),
    )
    .with_setting(PATH))
}
