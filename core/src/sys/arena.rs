//! Memory for keys.
//!
//! On Linux the pages come from `memfd_secret` where the kernel has it: no other process, not even root's, can read
//! them, and neither can the kernel's own copies. Elsewhere they are locked against swapping and left out of core
//! dumps. Pages that nothing may touch stand on both sides. Where none of this can be had, a key lives in a plain
//! block that is wiped; [`hardening`] tells.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::{Zeroize, Zeroizing};

#[cfg(unix)]
use super::unix::arena as cells;

static IN_PLAIN_BLOCKS: AtomicUsize = AtomicUsize::new(0);

/// How well the keys of this process are guarded, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(unreachable_pub, reason = "part of a public report, which re-exports it")]
pub struct Hardening {
    /// Keys lie in memory that no other process can read, not even one of root's (`memfd_secret`).
    pub secret_memory: bool,
    /// Keys are never written to swap.
    pub locked: bool,
    /// Keys are left out of core dumps.
    pub excluded_from_dumps: bool,
    /// How many keys lie in memory that may be swapped out, because the system gave no other.
    pub unprotected_keys: usize,
}

/// How well the keys of this process are guarded, now. Where there is no key yet, the memory for the first one is made
/// to find out.
pub fn hardening() -> Hardening {
    let plain = IN_PLAIN_BLOCKS.load(Ordering::Relaxed);
    #[cfg(unix)]
    let found = cells::survey();
    #[cfg(not(unix))]
    let found = Hardening {
        secret_memory: false,
        locked: false,
        excluded_from_dumps: false,
        unprotected_keys: 0,
    };
    Hardening {
        secret_memory: found.secret_memory && plain == 0,
        locked: found.locked && plain == 0,
        excluded_from_dumps: found.excluded_from_dumps && plain == 0,
        unprotected_keys: found.unprotected_keys + plain,
    }
}

/// A 32-byte key in guarded memory. Wiped when dropped. Readable from every thread, and in a forked child for as long
/// as the child keeps it, whatever the parent does.
pub(crate) struct GuardedKey {
    key: NonNull<[u8; 32]>,
    home: Home,
}

enum Home {
    #[cfg(unix)]
    Cell(cells::Cell),
    Block,
}

impl GuardedKey {
    /// Copies the key into guarded memory and wipes the source.
    pub(crate) fn take(source: &mut [u8; 32]) -> Self {
        // A cell that is half made or half wiped must not be copied into a child.
        let _gate = super::fork::enter();
        let (mut key, home) = place();
        // SAFETY: `place` hands out memory for one key that nobody else refers to.
        unsafe { key.as_mut() }.copy_from_slice(source);
        source.zeroize();
        Self { key, home }
    }

    /// The bytes. Never pass this slice to a system call: secret memory refuses that.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        // SAFETY: the memory is ours until `drop`, and nobody writes to it before.
        unsafe { self.key.as_ref() }
    }
}

fn place() -> (NonNull<[u8; 32]>, Home) {
    #[cfg(unix)]
    if let Some(cell) = cells::claim() {
        return (cell.key(), Home::Cell(cell));
    }
    IN_PLAIN_BLOCKS.fetch_add(1, Ordering::Relaxed);
    let block = Box::into_raw(Box::new(Zeroizing::new([0_u8; 32])));
    // SAFETY: a box is never null. `Zeroizing` is a transparent cover in all that matters here: its only field is the
    // array, and the pointer goes back to the same type in `drop`.
    (unsafe { NonNull::new_unchecked(block.cast()) }, Home::Block)
}

impl Drop for GuardedKey {
    fn drop(&mut self) {
        let _gate = super::fork::enter();
        match &self.home {
            #[cfg(unix)]
            Home::Cell(cell) => cell.give_back(),
            Home::Block => {
                IN_PLAIN_BLOCKS.fetch_sub(1, Ordering::Relaxed);
                // SAFETY: made by `Box::into_raw` of this very type in `place`, and dropped once.
                drop(unsafe { Box::from_raw(self.key.as_ptr().cast::<Zeroizing<[u8; 32]>>()) });
            }
        }
    }
}

impl std::fmt::Debug for GuardedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuardedKey([redacted])")
    }
}

// SAFETY: the memory has no owner but the key, which is written before it is shared and wiped when nobody shares it.
unsafe impl Send for GuardedKey {}
// SAFETY: as above; `expose` only reads.
unsafe impl Sync for GuardedKey {}
