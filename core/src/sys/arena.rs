//! Memory for keys.

use zeroize::{Zeroize, Zeroizing};

/// A 32-byte key in guarded memory. Wiped when dropped. Readable from every thread.
pub(crate) struct GuardedKey(Box<Zeroizing<[u8; 32]>>);

impl GuardedKey {
    /// Copies the key into guarded memory and wipes the source.
    pub(crate) fn take(source: &mut [u8; 32]) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        key.copy_from_slice(source);
        source.zeroize();
        Self(key)
    }

    /// The bytes. Never pass this slice to a system call: secret memory refuses that.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}
