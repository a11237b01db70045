//! The examples of the requirements for SideSeat's first users, whose programs are on tokio and chrono: opening,
//! storing, reading, updating, deleting, keys with a target, expiry, errors. Where this library does something else on
//! purpose, the test shows what it does and says so.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod errors;
mod opening;
mod secrets;

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use strongroom::{Builder, Result, SecretManager};
use tempfile::TempDir;

/// What must never be shown.
pub(crate) const CANARY: &str = "c4nary-value";

/// `Utc::now()` of a program that has chrono's clock.
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

pub(crate) fn run<T>(example: impl Future<Output = Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(example).unwrap()
}

/// The store of an application, in a folder that goes with it.
pub(crate) fn encrypted(dir: &TempDir) -> Builder {
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    SecretManager::builder()
        .app("sideseat")
        .without_environment()
        .backend("encrypted")
        .option("encrypted.path", path("data/secrets.strongroom"))
        .secret_option("encrypted.key", "42".repeat(32))
}

/// Over every backend that writes.
pub(crate) async fn each(example: impl AsyncFn(SecretManager) -> Result<()>) -> Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let plain = SecretManager::builder().without_environment();
    let memory = plain.backend("memory");
    let plain = SecretManager::builder().without_environment().backend("file");
    for builder in [
        encrypted(&dir),
        plain.option("file.path", file.to_str().unwrap()),
        memory,
    ] {
        example(builder.open().await?).await?;
    }
    Ok(())
}
