//! An allocator that wipes what is freed, and settings of the process that keep its memory to itself.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, which wipes every block before it is freed.
///
/// Types that wipe themselves do not reach what others copied: a buffer that grew, a parser's scratch space, a string
/// that was formatted. With this allocator a block that held such a copy is empty when it goes back. It reaches
/// neither the stack nor the heap of C libraries.
///
/// A program opts in:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WipingAllocator;

/// What [`harden_process`] achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessHardening {
    /// Other processes of the same user can neither trace this one nor read its memory (Linux only). Root can.
    pub not_dumpable: bool,
    /// A crash writes no core dump.
    pub no_core_dumps: bool,
}

/// Switches off core dumps and, on Linux, reading of this process's memory by others of the same user.
///
/// This changes the whole process: debuggers can no longer attach, and `/proc/self` belongs to root. So the library
/// never does it by itself; a program that owns its process calls it at the start of `main`. Where the system has no
/// such switch nothing happens, and the answer says so.
pub fn harden_process() -> ProcessHardening {
    #[cfg(unix)]
    return super::unix::process::harden();
    #[cfg(not(unix))]
    ProcessHardening {
        not_dumpable: false,
        no_core_dumps: false,
    }
}

// SAFETY: hands every call to the system's allocator with the same arguments; a block is only written to while the
// caller still owns it.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        unsafe { Wiping(System).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        unsafe { Wiping(System).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, handed on.
        unsafe { Wiping(System).dealloc(block, layout) }
    }

    // `realloc` is left as it is by default, allocate, copy, free: then the old block is wiped as well. The system's
    // own could move the block and leave the old one full.
}

/// Wipes on behalf of an inner allocator.
pub(super) struct Wiping<A>(pub(super) A);

// SAFETY: as for `WipingAllocator`.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is `layout.size()` bytes long and the caller's until the inner call.
        unsafe {
            std::ptr::write_bytes(block, 0, layout.size());
            keep_writes(block);
            self.0.dealloc(block, layout);
        }
    }
}

/// Makes the writes before it count as read, so that they are not left out although the memory is given up next. Costs
/// no instruction on the usual processors.
#[inline]
pub(crate) fn keep_writes(at: *mut u8) {
    #[cfg(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64"
    ))]
    // SAFETY: an empty instruction, which the compiler must take for one that reads all memory reachable from `at`.
    unsafe {
        std::arch::asm!("/* {0} */", in(reg) at, options(nostack, preserves_flags));
    }
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64"
    )))]
    std::hint::black_box(at);
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}
