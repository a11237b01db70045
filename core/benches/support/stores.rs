//! Stores on the disk to measure at: made in `target/tmp`, because a folder for temporary files may lie in memory,
//! where a sync costs nothing.

use std::path::{Path, PathBuf};

use strongroom::blocking::SecretManager;
use strongroom::{Secret, SecretKey, SecretMetadata};

/// The key of every store of the benchmarks: they hold nothing worth keeping.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The key as bytes.
pub const KEY_BYTES: [u8; 32] = {
    let mut key = [0; 32];
    let mut at = 0;
    while at < 32 {
        key[at] = at as u8;
        at += 1;
    }
    key
};
/// A value as long as most API keys.
pub const VALUE: &str = "sk-0123456789abcdef0123456789abcdef01234567";

/// A new empty folder on the disk of the build.
pub fn folder() -> tempfile::TempDir {
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&parent).unwrap();
    tempfile::TempDir::with_prefix_in("bench-", parent).unwrap()
}

/// The store's file in a folder.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("secrets.strongroom")
}

/// Opens the store in a folder, and makes it where there is none.
pub fn open(folder: &Path, cache: bool) -> SecretManager {
    SecretManager::builder()
        .app("bench")
        .without_environment()
        .backend("encrypted")
        .option("encrypted.path", path(folder).to_str().unwrap())
        .secret_option("encrypted.key", KEY)
        .option("cache", if cache { "on" } else { "off" })
        .option("deadline", "60s")
        .open_blocking()
        .unwrap()
}

/// The name of the n-th secret.
pub fn name(n: usize) -> String {
    format!("org/acme/service_{}.api_key_{n}", n % 97)
}

/// A secret as people keep them: a value and who issued it.
pub fn secret() -> Secret {
    Secret::new(VALUE).with_metadata(SecretMetadata::new().with_provider("openai"))
}

/// Puts `from..to` into a store, a thousand a commit.
pub fn seed(manager: &SecretManager, from: usize, to: usize) {
    for begin in (from..to).step_by(1000) {
        let entries: Vec<(SecretKey, Secret)> = (begin..to.min(begin + 1000))
            .map(|n| (SecretKey::parse(&name(n)).unwrap(), secret()))
            .collect();
        manager.set_many(&entries).unwrap();
    }
}
