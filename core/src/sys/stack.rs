//! Values on the stack: a copy that is wiped when it goes, and a broom for what others left there.

use std::mem::MaybeUninit;

use crate::wipe::wipe;

/// Room for up to `N` bytes, of which only the ones in use are ever touched.
pub(crate) struct StackCopy<const N: usize> {
    room: [MaybeUninit<u8>; N],
    len: usize,
}

impl<const N: usize> StackCopy<N> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            room: [MaybeUninit::uninit(); N],
            len: 0,
        }
    }

    /// Copies `bytes` where they fit, and says whether they did.
    #[inline]
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() > N {
            return false;
        }
        // SAFETY: source and target are valid for `bytes.len()` bytes, which the check above bounds by `N`, and the
        // target is ours alone.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.room.as_mut_ptr().cast::<u8>(), bytes.len()) };
        self.len = bytes.len();
        true
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `fill` has initialised the first `len` bytes.
        unsafe { std::slice::from_raw_parts(self.room.as_ptr().cast::<u8>(), self.len) }
    }
}

impl<const N: usize> Drop for StackCopy<N> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `fill` has initialised the first `len` bytes, which are ours alone.
        wipe(unsafe { std::slice::from_raw_parts_mut(self.room.as_mut_ptr().cast::<u8>(), self.len) });
    }
}

/// How far below its caller [`sweep`] reaches: more than our deepest call of the crypto library.
#[cfg(feature = "encrypted")]
const SWEPT: usize = 16 * 1024;

/// Overwrites the stack below the caller, where functions that have returned left what they worked with: parts of keys
/// in the frames of the crypto library, for one. Takes some 200 ns.
#[cfg(feature = "encrypted")]
#[inline(never)]
pub(crate) fn sweep() {
    let mut below = [MaybeUninit::<u8>::uninit(); SWEPT];
    below.fill(MaybeUninit::new(0));
    zeroize::optimization_barrier(&below[..]);
}
