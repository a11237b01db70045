//! The examples of the requirements for SideSeat's users, as a program sees them: backends, scopes, the fallback
//! chain, the file's migration and corruption, health, and what never shows a value. Where this library does something
//! else on purpose, the test shows what it does and says so.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod choice;
mod events;
mod scopes;
mod security;

use std::fs;
use std::path::{Path, PathBuf};

use strongroom::blocking::SecretManager;
use strongroom::{Builder, Result};
use tempfile::TempDir;

/// What must never be shown.
pub(crate) const CANARY: &str = "c4nary-value";

/// A folder of one application.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The plain file. Without a cache, so that each read looks at it.
    pub(crate) fn file(&self) -> Builder {
        sideseat().backend("file").option("file.path", text(&self.vault()))
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.path("secrets.json")
    }

    /// The encrypted store.
    pub(crate) fn encrypted(&self) -> Builder {
        sideseat()
            .option("encrypted.path", text(&self.path("data/secrets.strongroom")))
            .secret_option("encrypted.key", "42".repeat(32))
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files(self.0.path())
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

pub(crate) fn sideseat() -> Builder {
    SecretManager::builder()
        .app("sideseat")
        .without_environment()
        .option("cache", "off")
}

pub(crate) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// As a program on tokio calls it.
pub(crate) fn run<T>(example: impl Future<Output = Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(example).unwrap()
}
