//! The library behind four C functions. A test copies the shared object to two names and loads both into one process,
//! as a wheel and a shared library of ours would be: two sets of statics, two SQLites, one store.
//!
//! Answers: 0 for success, the number of the error's kind where the library answered one, negative numbers for what
//! the test itself got wrong.

use std::sync::OnceLock;

use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, Result, Secret};

/// Nothing was opened before.
const NOT_OPEN: i32 = -1;
/// The value that was read is not the one that was written.
const WRONG: i32 = -2;

static MANAGER: OnceLock<(u32, SecretManager)> = OnceLock::new();

/// The key under which writer `id` keeps its value `n`. The same as in the rig.
fn key(id: u32, n: u64) -> String {
    format!("app/w{id}/n{n}")
}

/// The value that writer `id` writes as its `n`-th. The same as in the rig.
fn value(id: u32, n: u64) -> String {
    let filler = usize::try_from(n * 7 % 200).unwrap_or_default();
    format!("w{id}:{n}:{}", "x".repeat(filler))
}

fn number(outcome: Result<()>) -> i32 {
    match outcome {
        Ok(()) => 0,
        Err(error) => i32::try_from(error.kind().number()).unwrap_or(i32::MAX),
    }
}

/// Opens the store that the environment names; its writes are those of writer `id`.
// SAFETY: the name begins with the crate's and is exported by nothing else.
#[allow(unsafe_code, reason = "C functions have to be found by their names")]
#[unsafe(no_mangle)]
pub extern "C" fn copy_open(id: u32) -> i32 {
    number(SecretManager::builder().app("rig").open_blocking().and_then(|manager| {
        MANAGER
            .set((id, manager))
            .map_err(|_| Error::new(ErrorKind::InvalidArgument, "this copy is open already"))
    }))
}

/// Writes the `n`-th value.
// SAFETY: as above.
#[allow(unsafe_code, reason = "C functions have to be found by their names")]
#[unsafe(no_mangle)]
pub extern "C" fn copy_set(n: u64) -> i32 {
    let Some((id, manager)) = MANAGER.get() else {
        return NOT_OPEN;
    };
    number(manager.set(key(*id, n), &Secret::new(value(*id, n))).map(drop))
}

/// Reads the `n`-th value of writer `id` and compares it.
// SAFETY: as above.
#[allow(unsafe_code, reason = "C functions have to be found by their names")]
#[unsafe(no_mangle)]
pub extern "C" fn copy_get(id: u32, n: u64) -> i32 {
    let Some((_, manager)) = MANAGER.get() else {
        return NOT_OPEN;
    };
    match manager.get(key(id, n)) {
        Ok(Some(secret)) if secret.value.expose() == value(id, n).as_bytes() => 0,
        Ok(Some(_)) => WRONG,
        Ok(None) => number(Err(Error::new(ErrorKind::NotFound, "not there"))),
        Err(error) => number(Err(error)),
    }
}

/// Closes the store.
// SAFETY: as above.
#[allow(unsafe_code, reason = "C functions have to be found by their names")]
#[unsafe(no_mangle)]
pub extern "C" fn copy_close() -> i32 {
    MANAGER.get().map_or(NOT_OPEN, |(_, manager)| number(manager.close()))
}
