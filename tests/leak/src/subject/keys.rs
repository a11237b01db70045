//! The store's own key as the canary, by every way in which a raw key comes.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, Result, Secret, SecretValue};

use super::{Expect, KEY, OTHER, churn, stage};
use crate::canary::{unmasked, unmasked_vec};

fn failed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the subject's own file: {error}"))
}

/// `way` is `raw` (bytes as an option), `text` (hexadecimal as an option), `file` or `fd`.
pub(super) fn run(way: &str, masked: &str) -> Result<()> {
    // The control: the scan finds the key where it lies openly.
    let mut key = unmasked_vec(masked);
    stage("held by the subject", Expect::Found);
    key.fill(0);
    std::hint::black_box(&key);
    drop(key);
    let builder = SecretManager::builder().app("rig");
    let builder = match way {
        "raw" => builder.secret_option("encrypted.key", SecretValue::from(unmasked_vec(masked))),
        "text" => {
            let mut text = Vec::with_capacity(masked.len());
            for byte in unmasked(masked) {
                text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
            builder.secret_option("encrypted.key", SecretValue::from(text))
        }
        "file" => {
            #[expect(clippy::disallowed_methods, reason = "where the rig told the subject to write")]
            let path = std::env::var_os("RIG_HOME")
                .map(PathBuf::from)
                .unwrap_or_default()
                .join("raw.key");
            let mut key = unmasked_vec(masked);
            let written =
                fs::write(&path, &key).and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)));
            key.fill(0);
            std::hint::black_box(&key);
            written.map_err(|error| failed(&error))?;
            builder.option("encrypted.key_file", path.display().to_string())
        }
        _ => {
            let (reader, mut writer) = std::io::pipe().map_err(|error| failed(&error))?;
            let mut key = unmasked_vec(masked);
            let written = writer.write_all(&key);
            key.fill(0);
            std::hint::black_box(&key);
            written.map_err(|error| failed(&error))?;
            drop(writer);
            let builder = builder.option("encrypted.key_fd", reader.as_raw_fd().to_string());
            // The library reads it once; who closes it is the library's affair from here on.
            std::mem::forget(reader);
            builder
        }
    };
    let manager = builder.open_blocking()?;
    manager.set(KEY, &Secret::new(OTHER))?;
    // The key may be held to unlock again, in memory of its own that no other process reads, where there is such.
    let held = if strongroom::hardening().secret_memory {
        Expect::Nothing
    } else {
        Expect::Any
    };
    stage("live", held);
    manager.lock()?;
    stage(
        "locked",
        if matches!(way, "raw" | "text") {
            held
        } else {
            Expect::Nothing
        },
    );
    match manager.get(KEY) {
        Err(error) if way == "fd" && error.kind() == ErrorKind::Locked => {}
        Err(error) => return Err(error),
        Ok(secret) => drop(secret),
    }
    stage("unlocked again", held);
    manager.close()?;
    drop(manager);
    stage("closed", Expect::Nothing);
    churn();
    stage("churned", Expect::Nothing);
    Ok(())
}
