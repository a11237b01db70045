//! Randomness: getrandom(2) and its like. The library's own generator costs 37 ms at its first call in a process.

use crate::error::{Error, ErrorKind, Result};

/// Fills `bytes` with randomness.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where the system gives none.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| {
        let code = error.raw_os_error().unwrap_or_default();
        Error::new(ErrorKind::Unavailable, "the system gives no randomness").with_foreign_code(code)
    })
}

/// So many random bytes. For what is no key: a key is filled in place and wiped.
pub(crate) fn array<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}
