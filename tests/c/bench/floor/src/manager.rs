//! The Rust library, used as a Rust program uses it.

use std::ffi::c_char;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use strongroom::blocking::SecretManager;
use strongroom::{Secret, SecretKey, SecretMetadata};

/// The key of the store: it holds nothing worth keeping.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Opens a manager on a new store and puts its secrets into the cache.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_manager_new(
    path: *const c_char,
    keys: *const *const c_char,
    count: usize,
    value: *const c_char,
    expires_at: i64,
) -> *mut SecretManager {
    // SAFETY: what the header says.
    let (path, keys, value) = unsafe { (crate::text(path), crate::texts(keys, count), crate::text(value)) };
    let manager = SecretManager::builder()
        .app("bench")
        .without_environment()
        .backend("encrypted")
        .option("encrypted.path", path)
        .secret_option("encrypted.key", KEY)
        .option("deadline", "60s")
        .open_blocking()
        .unwrap();
    let mut metadata = SecretMetadata::new().with_provider("openai");
    if let Some(micros) = u64::try_from(expires_at).ok().filter(|&micros| micros != 0) {
        metadata = metadata.with_expiry(SystemTime::UNIX_EPOCH + Duration::from_micros(micros));
    }
    let entry = |key: &&str| {
        let secret = Secret::new(value).with_metadata(metadata.clone());
        (SecretKey::parse(key).unwrap(), secret)
    };
    manager.set_many(&keys.iter().map(entry).collect::<Vec<_>>()).unwrap();
    for key in keys {
        manager.get(key).unwrap().unwrap();
    }
    Box::into_raw(Box::new(manager))
}

/// Gets and drops a secret, so many times.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_manager_get(
    manager: *const SecretManager,
    key: *const c_char,
    key_length: usize,
    operations: u32,
) -> i32 {
    // SAFETY: what the header says.
    let (manager, key) = unsafe { (&*manager, crate::key(key, key_length)) };
    let key = std::str::from_utf8(key).unwrap();
    let mut missing = 0;
    for _ in 0..operations {
        let secret = black_box(manager.get(black_box(key)));
        missing |= i32::from(!matches!(secret, Ok(Some(_))));
    }
    missing
}
