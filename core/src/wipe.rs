//! Overwriting bytes: the one helper for whatever held a secret on a hot path.

#[cfg(feature = "encrypted")]
use std::ops::{Deref, DerefMut};

/// Overwrites `bytes` with zeroes. One `memset`, which the compiler may not drop because the barrier could read it:
/// `zeroize` writes byte by byte, which costs a cached read as much as everything else together.
#[inline]
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// Bytes of a fixed size that are wiped when dropped.
#[cfg(feature = "encrypted")]
pub(crate) struct Wiped<const N: usize>(pub(crate) [u8; N]);

#[cfg(feature = "encrypted")]
impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

#[cfg(feature = "encrypted")]
impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

#[cfg(feature = "encrypted")]
impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}
