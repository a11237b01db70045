//! The backend through the manager, over files written by hand from the recorded format.

mod corrupt;
mod format;
mod migration;
mod paths;
mod sharing;
mod waiting;

use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tracing::field::{Field, Visit};

use crate::blocking::SecretManager;
use crate::error::{Error, Result};

/// As SideSeat writes it, with fields that it does not know.
const V2: &str = r#"{
  "version": 2,
  "secrets": {
    "global/jwt_signing_key": {
      "value": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      "metadata": {
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-02T03:04:05.123456789Z"
      }
    },
    "org/acme/openai_api_key": {
      "value": "sk-\u00e9\"\\\n\u0000\ud83d\ude00",
      "note": [1, 2,   3],
      "metadata": {
        "created_at": "2024-01-01T00:00:00.000000001Z",
        "rotated_by": "someone",
        "updated_at": "2024-01-01T02:00:00+02:00"
      }
    }
  },
  "comment": {"kept":  true}
}"#;

/// As SideSeat's first version wrote it.
const V1: &str = r#"{
  "secrets": {
    "jwt_signing_key": {
      "value": "one",
      "metadata": {
        "provider": "sideseat",
        "created_at": "2023-05-06T07:08:09Z",
        "updated_at": "2023-05-06T07:08:09Z"
      }
    },
    "api_key_secret": {
      "value": "two",
      "metadata": {
        "created_at": "2023-05-06T07:08:09Z",
        "updated_at": "2023-05-06T07:08:09Z"
      }
    },
    "org/acme/token": {"value": "three", "metadata": {"created_at": "2023-05-06T07:08:09Z", "updated_at": "2023-05-06T07:08:09Z"}}
  }
}"#;

/// A folder with a secrets file in it, or none.
struct Vault {
    dir: TempDir,
}

impl Vault {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let vault = Self::new();
        vault.plant(text);
        vault
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("secrets.json")
    }

    /// Puts a file there that nobody is writing any more: its time lies an hour back.
    fn plant(&self, text: impl AsRef<[u8]>) {
        plant(&self.path(), text.as_ref());
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn open(&self) -> SecretManager {
        self.try_open(&[]).unwrap()
    }

    fn try_open(&self, options: &[(&str, &str)]) -> Result<SecretManager> {
        open_at(&self.path(), options)
    }

    fn refused(&self) -> Error {
        self.try_open(&[]).unwrap_err()
    }

    /// The names beside the file that begin with its name and this.
    fn kept(&self, what: &str) -> Vec<PathBuf> {
        let begin = format!("secrets.json.{what}.");
        let names = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut kept: Vec<_> = names
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&begin))
            .collect();
        kept.sort();
        kept
    }
}

fn plant(path: &Path, text: &[u8]) {
    // A new file each time, as by a program that writes by renaming.
    let _ = fs::remove_file(path);
    let mut open = File::options();
    let file = open.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut &file, text).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .unwrap();
}

fn open_at(path: &Path, options: &[(&str, &str)]) -> Result<SecretManager> {
    let mut builder = SecretManager::builder()
        .app("test")
        .without_environment()
        .backend("file")
        .option("file.path", path.to_str().unwrap());
    for (key, value) in [("cache", "off")].iter().chain(options) {
        builder = builder.option(key, *value);
    }
    builder.open_blocking()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Runs `run` and answers, besides its answer, the events of this thread: level and fields.
fn events<T>(run: impl FnOnce() -> T) -> (T, Vec<(tracing::Level, String)>) {
    struct Collector(Arc<Mutex<Vec<(tracing::Level, String)>>>);
    struct Text<'a>(&'a mut String);
    impl Visit for Text<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0.push_str(&format!("{}={value:?} ", field.name()));
        }
    }
    impl tracing::Subscriber for Collector {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            let mut text = String::new();
            event.record(&mut Text(&mut text));
            self.0.lock().unwrap().push((*event.metadata().level(), text));
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let collected = Arc::new(Mutex::new(Vec::new()));
    let answer = tracing::subscriber::with_default(Collector(Arc::clone(&collected)), run);
    let collected = std::mem::take(&mut *collected.lock().unwrap());
    (answer, collected)
}
