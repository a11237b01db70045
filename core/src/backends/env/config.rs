//! What the settings say about this backend.

use crate::config::{Settings, variables};
use crate::error::Result;
use crate::key::{SecretKey, VariableMapping};

const PREFIX: &str = "env.prefix";
const MAPPING: &str = "env.mapping";
const REQUIRED: &str = "env.required";
const KNOWN: &str = "env.known";
const FILES: &str = "env.files";

/// How this backend is opened.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) prefix: String,
    pub(super) mapping: VariableMapping,
    pub(super) required: Vec<SecretKey>,
    pub(super) known: Vec<SecretKey>,
    /// Whether variables may name files.
    pub(super) files: bool,
    /// The longest value in bytes.
    pub(super) limit: usize,
}

impl Config {
    pub(super) fn read(app: &str, settings: &Settings) -> Result<Self> {
        let prefix = variables::prefix(settings, app);
        let is_name = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || prefix.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(settings.error(
                PREFIX,
                "is no beginning of a variable's name: letters, digits and `_`, no digit first",
            ));
        }
        Ok(Self {
            prefix,
            mapping: match settings.text(MAPPING) {
                Some("escaped") => VariableMapping::Escaped,
                _ => VariableMapping::Plain,
            },
            required: keys(settings, REQUIRED)?,
            known: keys(settings, KNOWN)?,
            files: settings.is_on(FILES),
            limit: settings
                .integer("max_value")
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(usize::MAX),
        })
    }
}

fn keys(settings: &Settings, setting: &str) -> Result<Vec<SecretKey>> {
    let keys = settings.list(setting).into_iter().map(|text| {
        SecretKey::parse(text).map_err(|error| {
            let reason = format!("names what is no key: {}", error.message());
            settings.error(setting, &reason).with_key(text).with_source(error)
        })
    });
    keys.collect()
}
