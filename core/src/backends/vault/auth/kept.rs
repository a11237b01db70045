//! Secrets that a login needs for as long as the backend is open.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::value::SecretValue;
use crate::wipe::wipe;

/// A secret that can be wiped while others hold it. Without a lock, so that a forked child can always read it, whatever
/// its parent was doing.
pub(super) struct Kept {
    bytes: Box<[AtomicU8]>,
    is_wiped: AtomicBool,
}

impl Kept {
    pub(super) fn copy_of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.iter().copied().map(AtomicU8::new).collect(),
            is_wiped: AtomicBool::new(false),
        }
    }

    /// A copy; `None` once it was wiped.
    pub(super) fn read(&self) -> Option<SecretValue> {
        let mut copy: Box<[u8]> = vec![0; self.bytes.len()].into();
        for (to, from) in copy.iter_mut().zip(&self.bytes) {
            *to = from.load(Ordering::Relaxed);
        }
        let copy = SecretValue::from(copy);
        // Looked at last: a copy that a wiping cut through is none.
        (!self.is_wiped.load(Ordering::SeqCst)).then_some(copy)
    }

    pub(super) fn wipe(&self) {
        self.is_wiped.store(true, Ordering::SeqCst);
        for byte in &self.bytes {
            byte.store(0, Ordering::SeqCst);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for byte in &mut self.bytes {
            wipe(std::slice::from_mut(byte.get_mut()));
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wiped_is_not_read_any_more() {
        let kept = Kept::copy_of(b"s.token");
        assert_eq!(kept.read().unwrap().expose(), b"s.token");
        kept.wipe();
        assert!(kept.read().is_none());
        assert!(kept.bytes.iter().all(|byte| byte.load(Ordering::SeqCst) == 0));
    }
}
