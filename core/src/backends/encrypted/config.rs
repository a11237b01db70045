//! What the settings say about this backend.

use std::path::PathBuf;
use std::time::Instant;

use super::NAME;
use super::key_source::{KeySource, NO_KEY};
use crate::config::{Settings, locations};
use crate::error::Result;
use crate::store::{self, Limits};

const PATH: &str = "encrypted.path";
const KEY: &str = "encrypted.key";
const KEY_FD: &str = "encrypted.key_fd";

/// SQLite's unix layer takes 512 bytes, its side files' suffixes and our temporary name's counted.
const LONGEST_PATH: usize = 490;

/// How this backend is opened.
#[derive(Debug)]
pub(in crate::backends) struct Config {
    /// The word of the backend.
    pub(super) name: &'static str,
    /// The store's file, from the root.
    pub(super) path: PathBuf,
    /// Whether a store that is not there is made.
    pub(super) create: bool,
    pub(super) source: KeySource,
    pub(super) limits: Limits,
}

impl Config {
    /// Reads the settings; nothing is opened but a descriptor, whose content can be read only once.
    pub(super) fn read(app: &str, settings: &Settings, deadline: Instant) -> Result<Self> {
        let source = match settings.exclusive(locations::KEY_SETTINGS)? {
            Some(KEY) => match (settings.secret(KEY), settings.provided(KEY)) {
                (Some(secret), _) => KeySource::of_secret(secret).ok_or_else(|| settings.error(KEY, NO_KEY))?,
                (None, Some(provided)) => KeySource::of_provider(provided.clone(), settings.error(KEY, NO_KEY)),
                (None, None) => return Err(settings.error(KEY, "was used already and is not kept")),
            },
            Some(KEY_FD) => {
                let descriptor = settings.integer(KEY_FD).and_then(|number| i32::try_from(number).ok());
                KeySource::of_descriptor(descriptor.unwrap_or(i32::MAX), deadline)?
                    .ok_or_else(|| settings.error(KEY_FD, NO_KEY))?
            }
            stated => {
                let path = store::create::absolute(&locations::key_file(app, settings)?)?;
                if stated.is_some() {
                    KeySource::file(path)
                } else {
                    KeySource::default_file(path)
                }
            }
        };
        Self::with(NAME, source, app, settings)
    }

    /// Reads the settings beside the key's.
    pub(in crate::backends) fn with(
        name: &'static str,
        source: KeySource,
        app: &str,
        settings: &Settings,
    ) -> Result<Self> {
        let path = store::create::absolute(&locations::store_file(app, settings)?)?;
        if path.as_os_str().len() > LONGEST_PATH {
            // Before a key or a folder is made for a store that cannot be.
            let reason = format!("leads to a path of more than {LONGEST_PATH} bytes, the most that SQLite takes");
            return Err(settings.error(PATH, &reason));
        }
        // The table has a default for each, so there is always a number.
        let number = |key: &str| settings.integer(key).unwrap_or(u64::MAX);
        Ok(Self {
            name,
            path,
            create: settings.text("encrypted.create") != Some("never"),
            source,
            limits: Limits {
                versions: usize::try_from(number("encrypted.versions")).unwrap_or(usize::MAX),
                journal: number("encrypted.journal_limit"),
            },
        })
    }
}
