use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with a data and a state folder in it, which stand for a person's.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    backend: &'static str,
}

impl Home {
    /// An empty home, whose subjects keep their secrets in the encrypted store.
    ///
    /// # Panics
    /// Where no folder can be made.
    pub fn new() -> Self {
        Self::of("encrypted")
    }

    /// An empty home, whose subjects keep their secrets in this backend.
    ///
    /// # Panics
    /// Where no folder can be made.
    pub fn of(backend: &'static str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("strongroom-crash-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder, backend }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The store's file, once there is one.
    pub fn store(&self) -> PathBuf {
        self.path().join("data/rig/secrets.strongroom")
    }

    /// The plain file, once there is one.
    pub fn plain_file(&self) -> PathBuf {
        self.path().join("data/rig/secrets.json")
    }

    /// Points `command` to this home and to nothing else of the machine's user.
    pub fn equip(&self, command: &mut Command) {
        command
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("RIG_SECRETS_BACKEND", self.backend)
            .env("RIG_HOME", self.path());
    }

    /// The names of all files, relative to the home, sorted.
    ///
    /// # Panics
    /// Where a folder cannot be read.
    pub fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().expect("a folder that can be read") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(self.path()) {
                    names.push(name.display().to_string());
                }
            }
        }
        names.sort();
        names
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
