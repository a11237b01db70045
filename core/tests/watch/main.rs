//! What a program is told: changes, what references lead to, what was counted.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

#[path = "../executor/mod.rs"]
mod executor;

mod changes;
mod metrics;
mod references;

use std::path::Path;
use std::time::Duration;

use strongroom::{Builder, Error, ErrorKind, Result, SecretManager};

/// How long an event may take before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(30);

fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
    outcome.as_ref().err().map(Error::kind)
}

fn builder() -> Builder {
    SecretManager::builder().without_environment()
}

fn encrypted(dir: &Path) -> strongroom::blocking::SecretManager {
    let path = dir.join("s.strongroom");
    let builder = builder()
        .backend("encrypted")
        .option("encrypted.path", path.to_str().unwrap());
    builder
        .secret_option("encrypted.key", [7; 32].to_vec())
        .open_blocking()
        .unwrap()
}
