//! The mappings that a forked child must not keep: each one holds its open file, and with it the file's locks, alive.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

const SLOTS: usize = 64;
/// A slot that is being filled. No mapping begins there.
const FILLING: usize = 1;

/// Some slots. Never freed; more are added when all are taken.
struct Block {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Block>,
}

struct Slot {
    start: AtomicUsize,
    bytes: AtomicUsize,
}

impl Block {
    const fn empty() -> Self {
        Self {
            slots: [const { Slot { start: AtomicUsize::new(0), bytes: AtomicUsize::new(0) } }; SLOTS],
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

static FIRST: Block = Block::empty();

fn blocks() -> impl Iterator<Item = &'static Block> {
    let mut at: Option<&'static Block> = Some(&FIRST);
    std::iter::from_fn(move || {
        let block = at?;
        // SAFETY: blocks are published whole and never freed.
        at = unsafe { block.next.load(Ordering::Acquire).as_ref() };
        Some(block)
    })
}

/// Remembers a mapping, after it was made.
pub(crate) fn insert(start: usize, bytes: usize) {
    loop {
        for slot in blocks().flat_map(|block| &block.slots) {
            if slot.start.load(Ordering::Relaxed) == 0
                && slot.start.compare_exchange(0, FILLING, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                slot.bytes.store(bytes, Ordering::Relaxed);
                slot.start.store(start, Ordering::Release);
                return;
            }
        }
        let new = Box::into_raw(Box::new(Block::empty()));
        // Whoever is faster: at the end of the chain there is room in either case.
        let Some(last) = blocks().last() else { return };
        if last.next.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: made above and not published.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

/// Forgets a mapping, before it is given back.
pub(crate) fn remove(start: usize) {
    for slot in blocks().flat_map(|block| &block.slots) {
        if slot.start.load(Ordering::Relaxed) == start
            && slot.start.compare_exchange(start, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            return;
        }
    }
}

/// In a forked child: puts empty memory of the child's own in the place of every mapping. The addresses stay taken, so
/// that a leaked connection cannot reach what is someone else's.
///
/// Async-signal-safe: atomics and system calls only.
pub(crate) fn neutralise() {
    for slot in blocks().flat_map(|block| &block.slots) {
        let start = slot.start.swap(0, Ordering::AcqRel);
        if start <= FILLING {
            continue;
        }
        // SAFETY: the mapping was made by SQLite for a file of ours and not given back; in this process nobody uses it
        // any more. Whoever does against all rules finds zeroes.
        unsafe {
            libc::mmap(
                start as *mut libc::c_void,
                slot.bytes.load(Ordering::Acquire),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            );
        }
    }
}
