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

/// The bytes of a box's salt and nonce together.
const FRESH: usize = 32 + 12;
/// The boxes that most writes seal.
const AT_ONCE: usize = 4;

/// Randomness for one box, used once: whoever has it gives it away.
#[derive(Debug)]
pub(crate) struct Fresh(pub(super) [u8; FRESH]);

impl Fresh {
    pub(crate) fn new() -> Result<Self> {
        array().map(Self)
    }
}

/// Randomness for the boxes of one transaction, asked for once for several of them. It lives on the stack of the call
/// that seals them, so that no forked child can use what its parent uses too.
#[derive(Debug)]
pub(crate) struct Stock {
    bytes: [[u8; FRESH]; AT_ONCE],
    left: usize,
}

impl Default for Stock {
    fn default() -> Self {
        Self {
            bytes: [[0; FRESH]; AT_ONCE],
            left: 0,
        }
    }
}

impl Stock {
    pub(crate) fn next(&mut self) -> Result<Fresh> {
        if self.left == 0 {
            fill(self.bytes.as_flattened_mut())?;
            self.left = AT_ONCE;
        }
        self.left -= 1;
        Ok(Fresh(std::mem::replace(&mut self.bytes[self.left], [0; FRESH])))
    }
}
