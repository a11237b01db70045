//! Configuration as people write it, good and bad. What stands in real variables is tested through the command, which
//! gets an environment of its own.

mod documents;
mod sources;
mod trust;

use std::fs;
use std::path::{Path, PathBuf};

use super::{ConfigFormat, ConfigRole, Inspection, Origin, SETTINGS, Setting, SettingKind, config_schema};
use crate::value::SecretValue;
use crate::{Builder, Error, ErrorKind, SecretManager};

/// What must never be shown.
const CANARY: &str = "c4nary-value";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A private file.
    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path
    }
}

fn mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

fn builder() -> Builder {
    SecretManager::builder().without_environment().app("sideseat")
}

fn inspect(format: ConfigFormat, text: &str) -> Inspection {
    builder().config_text(format, text).inspect()
}

fn toml(text: &str) -> Inspection {
    inspect(ConfigFormat::Toml, text)
}

fn json(text: &str) -> Inspection {
    inspect(ConfigFormat::Json, text)
}

/// The one problem, which shows nothing of a value.
#[track_caller]
fn problem(found: Inspection) -> Error {
    assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    let error = found.problems.into_iter().next().unwrap();
    for text in [error.to_string(), format!("{error:?}"), error.help().to_owned()] {
        assert!(!text.contains(CANARY), "{text}");
    }
    error
}

#[track_caller]
fn refused(found: Inspection, says: &[&str]) {
    let error = problem(found);
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    for word in says {
        assert!(error.to_string().contains(word), "{error}: {word}");
    }
}

/// A document that states one setting, in each format; the value as both formats write it.
fn documents(key: &str, value: &str) -> [(ConfigFormat, String); 2] {
    match key.split_once('.') {
        None => [
            (ConfigFormat::Toml, format!("[secrets]\n{key} = {value}\n")),
            (ConfigFormat::Json, format!("{{\"secrets\":{{\n\"{key}\": {value}}}}}")),
        ],
        Some((group, name)) => [
            (ConfigFormat::Toml, format!("[secrets.{group}]\n{name} = {value}\n")),
            (
                ConfigFormat::Json,
                format!("{{\"secrets\":{{\"{group}\":{{\n\"{name}\": {value}}}}}}}"),
            ),
        ],
    }
}

/// A value of a setting's kind, as a document writes it.
fn good(setting: &Setting) -> &'static str {
    match setting.kind {
        SettingKind::Text => "\"memory\"",
        SettingKind::Path => "\"/there/is/a/file\"",
        // `env` names a backend, a scheme and a key.
        SettingKind::List => "[\"env\", \"file\"]",
        SettingKind::Choice(words) if words.contains(&"on") => "true",
        SettingKind::Choice(words) => match words[0] {
            "auto" => "\"auto\"",
            "never" => "\"never\"",
            "plain" => "\"plain\"",
            "fresh" => "\"fresh\"",
            "strip" => "\"strip\"",
            "token" => "\"token\"",
            "document" => "\"document\"",
            word => panic!("no good value for {word}"),
        },
        SettingKind::Integer { max, .. } if max < 1000 => "7",
        SettingKind::Integer { .. } => "1000",
        SettingKind::Size { .. } => "4096",
        SettingKind::Duration => "\"5s\"",
    }
}
