//! A migration between two places of the home, whose source is emptied at the end.

use std::path::Path;

use strongroom::blocking::SecretManager;
use strongroom::transfer::{CopyOptions, CopyReport};
use strongroom::{Result, Secret, SetOptions};
use time::OffsetDateTime;

use super::complain;

/// What no file in clear may have.
pub const CANARY: &str = "canary-8c07";
/// The keys that are migrated.
pub const KEYS: [&str; 2] = ["org/acme/token", "plain"];

/// The secrets of [`KEYS`], each with its creation time.
pub fn secrets() -> [(&'static str, Secret, OffsetDateTime); 2] {
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let token = Secret::with_provider(format!("{CANARY}-token"), "acme").with_label("team", "core");
    [
        (KEYS[0], token, at(1_600_000_000)),
        (KEYS[1], Secret::new(format!("{CANARY}-plain")), at(1_700_000_000)),
    ]
}

/// Opens one end: `source`, or a kind of target: `encrypted`, `lacking` (the same without conditions of writes), `file`.
///
/// # Errors
/// Those of opening.
pub fn open(home: &Path, kind: &str, create: &str) -> Result<SecretManager> {
    let at = |name: &str| home.join(name).to_string_lossy().into_owned();
    let builder = SecretManager::builder()
        .without_environment()
        .app("rig")
        .option("cache", "off")
        .option("deadline", "60s")
        .option("encrypted.create", create)
        .secret_option("encrypted.key", "07".repeat(32));
    let builder = match kind {
        "source" => builder
            .backend("encrypted")
            .option("encrypted.path", at("a.strongroom")),
        "lacking" => builder
            .backend("fault")
            .option("fault.inner", "encrypted")
            .option("fault.lacks", "cas")
            .option("encrypted.path", at("b.strongroom")),
        "file" => builder.backend("file").option("file.path", at("b.json")),
        _ => builder
            .backend("encrypted")
            .option("encrypted.path", at("b.strongroom")),
    };
    builder.open_blocking()
}

/// Makes the source.
///
/// # Errors
/// Those of writing.
pub fn fill(home: &Path) -> Result<()> {
    let source = open(home, "source", "auto")?;
    for (key, secret, created_at) in secrets() {
        source.set_with(key, &secret, SetOptions::new().created_at(created_at))?;
    }
    source.close()
}

/// Migrates.
///
/// # Errors
/// Those of the migration.
pub fn migrate(home: &Path, kind: &str) -> Result<CopyReport> {
    let (source, target) = (open(home, "source", "never")?, open(home, kind, "auto")?);
    let options = CopyOptions::new().delete_source().journal(home.join("journal/j.jsonl"));
    let report = source.copy_to(&target, options)?;
    source.close()?;
    target.close()?;
    Ok(report)
}

/// The mode of the subject.
pub(super) fn run(home: &Path, kind: &str) -> bool {
    migrate(home, kind)
        .inspect_err(|error| complain("migrate", error))
        .is_ok()
}
