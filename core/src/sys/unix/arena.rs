//! Cells of 32 bytes in guarded pages.
//!
//! Everything is a list of chunks that only grows, with one bit a cell, all atomics: there is no lock that a fork could
//! find held. Pages of `memfd_secret` can only be shared between parent and child, which would let the parent wipe or
//! reuse what the child still needs; so at a fork the forking thread makes a second set of pages that the child puts
//! in the place of the first.

use std::cell::Cell as ThreadCell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use zeroize::Zeroize;

use super::pages::{self, Guard, Pages};
use crate::sys::arena::Hardening;

/// The bytes of a cell.
const CELL: usize = 32;
/// The most pages of one chunk.
const MOST_PAGES: usize = 64;

static CHUNKS: AtomicPtr<Chunk> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// The copies that this thread made for the child it is about to fork. Needs neither making nor dropping.
    static COPIES: ThreadCell<*mut Copy> = const { ThreadCell::new(ptr::null_mut()) };
}

/// Pages and the bits of their cells. Never freed.
struct Chunk {
    pages: Pages,
    secret: AtomicBool,
    locked: AtomicBool,
    undumped: bool,
    /// The process that may write here. In any other one (a child that was made without the handlers) the cells are
    /// someone else's: they are read, and neither wiped nor given out.
    owner: AtomicU32,
    /// A child shares these pages because no copy could be made for it: what it may still read is never changed again.
    frozen: AtomicBool,
    used: Box<[AtomicU64]>,
    next: *mut Chunk,
}

/// The pages that a child will use instead of a chunk's.
struct Copy {
    chunk: *const Chunk,
    pages: Pages,
    secret: bool,
    next: *mut Copy,
}

/// A claimed cell.
pub(crate) struct Cell {
    chunk: &'static Chunk,
    index: usize,
}

impl Cell {
    /// Where its key lies.
    pub(crate) fn key(&self) -> NonNull<[u8; CELL]> {
        // SAFETY: `index` is below the number of cells that fit in the pages, which are never unmapped.
        unsafe { NonNull::new_unchecked(self.chunk.pages.start().add(self.index * CELL).cast()) }
    }

    /// Wipes the cell and lets others claim it.
    pub(crate) fn give_back(&self) {
        if !self.chunk.is_writable() {
            return;
        }
        // SAFETY: the cell was claimed, so nobody else refers to it, and the pages belong to this process alone.
        unsafe { self.key().as_mut() }.zeroize();
        self.chunk.used[self.index / 64].fetch_and(!(1 << (self.index % 64)), Ordering::Release);
    }
}

impl Chunk {
    fn is_writable(&self) -> bool {
        self.owner.load(Ordering::Acquire) == std::process::id() && !self.frozen.load(Ordering::Acquire)
    }

    fn claim(&'static self) -> Option<Cell> {
        if !self.is_writable() {
            return None;
        }
        for (word, bits) in self.used.iter().enumerate() {
            let mut seen = bits.load(Ordering::Relaxed);
            while seen != u64::MAX {
                let bit = (!seen).trailing_zeros() as usize;
                // Acquire: the wiping of the former owner comes before what the new one writes.
                match bits.compare_exchange_weak(seen, seen | 1 << bit, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        return Some(Cell {
                            chunk: self,
                            index: word * 64 + bit,
                        });
                    }
                    Err(now) => seen = now,
                }
            }
        }
        None
    }

    fn count(&self) -> usize {
        self.used
            .iter()
            .map(|bits| bits.load(Ordering::Relaxed).count_ones() as usize)
            .sum()
    }
}

fn chunks() -> impl Iterator<Item = &'static Chunk> {
    let mut at = CHUNKS.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: chunks are published whole and never freed.
        let chunk = unsafe { at.as_ref() }?;
        at = chunk.next;
        Some(chunk)
    })
}

/// A cell, or `None` where the system gives no memory of its own.
pub(crate) fn claim() -> Option<Cell> {
    if let Some(cell) = chunks().find_map(Chunk::claim) {
        return Some(cell);
    }
    // Twice as large as the largest so far, so that many keys need few chunks; the first is one page.
    let most = chunks().map(|chunk| chunk.pages.bytes()).max().unwrap_or(0) / pages::size();
    add((most * 2).clamp(1, MOST_PAGES))?.claim()
}

/// A further chunk, as well guarded as the system allows: a small one that is locked before a large one that is not.
fn add(count: usize) -> Option<&'static Chunk> {
    let (pages, guard) = [(count, true), (1, true), (count, false), (1, false)]
        .into_iter()
        .find_map(|(count, must_lock)| {
            pages::map(count)
                .map(|(p, g)| (p, g, must_lock))
                .and_then(|(p, g, must)| {
                    if must && !g.locked {
                        p.unmap();
                        return None;
                    }
                    Some((p, g))
                })
        })?;
    let Guard {
        secret,
        locked,
        undumped,
    } = guard;
    let words = pages.bytes() / CELL / 64;
    let chunk = Box::leak(Box::new(Chunk {
        pages,
        secret: AtomicBool::new(secret),
        locked: AtomicBool::new(locked),
        undumped,
        owner: AtomicU32::new(std::process::id()),
        frozen: AtomicBool::new(false),
        used: (0..words).map(|_| AtomicU64::new(0)).collect(),
        next: ptr::null_mut(),
    }));
    let raw: *mut Chunk = chunk;
    let mut head = CHUNKS.load(Ordering::Relaxed);
    loop {
        // SAFETY: not published yet, so this thread has it alone.
        unsafe { (*raw).next = head };
        match CHUNKS.compare_exchange_weak(head, raw, Ordering::Release, Ordering::Relaxed) {
            // SAFETY: leaked above; from here on it is only shared.
            Ok(_) => return Some(unsafe { &*raw }),
            Err(now) => head = now,
        }
    }
}

/// What the chunks are like; makes the first one where there is none.
pub(crate) fn survey() -> Hardening {
    let _gate = crate::sys::fork::enter();
    let own = || chunks().filter(|chunk| chunk.is_writable());
    if own().next().is_none() {
        let _ = add(1);
    }
    let all = |property: fn(&Chunk) -> bool| own().next().is_some() && chunks().all(property);
    Hardening {
        secret_memory: all(|chunk| chunk.secret.load(Ordering::Relaxed)),
        locked: all(|chunk| chunk.locked.load(Ordering::Relaxed)),
        excluded_from_dumps: all(|chunk| chunk.undumped),
        unprotected_keys: chunks()
            .filter(|chunk| !chunk.locked.load(Ordering::Relaxed))
            .map(Chunk::count)
            .sum(),
    }
}

/// Before a fork, in the forking thread, when nobody is inside the gate: copies the pages that the child could only
/// share.
pub(crate) fn before_fork() {
    for chunk in chunks().filter(|chunk| chunk.is_writable() && chunk.secret.load(Ordering::Relaxed)) {
        let count = chunk.pages.bytes() / pages::size();
        let Some((copy, guard)) = pages::map(count) else {
            // Better a key that is never wiped than a child that seals with another key than it believes.
            chunk.frozen.store(true, Ordering::Release);
            continue;
        };
        // SAFETY: both are mapped, of the same size, apart, and nobody writes to either: the cells are behind the gate.
        unsafe { ptr::copy_nonoverlapping(chunk.pages.start(), copy.start(), chunk.pages.bytes()) };
        let next = COPIES.get();
        COPIES.set(Box::into_raw(Box::new(Copy {
            chunk,
            pages: copy,
            secret: guard.secret,
            next,
        })));
    }
}

/// After a fork, in the parent: gives the copies away. Not wiped here, because where they are shared the child needs
/// them; the kernel clears the pages when the last process gives them up.
pub(crate) fn after_fork() {
    let mut at = COPIES.replace(ptr::null_mut());
    while !at.is_null() {
        // SAFETY: made by `Box::into_raw` in `before_fork`, on this thread.
        let copy = unsafe { Box::from_raw(at) };
        at = copy.next;
        if !copy.secret {
            // A private copy is the parent's own by now.
            // SAFETY: mapped, and nobody refers to it.
            unsafe { ptr::write_bytes(copy.pages.start(), 0, copy.pages.bytes()) };
            super::process::keep_writes(copy.pages.start());
        }
        copy.pages.unmap();
    }
}

/// After a fork, in the child: puts the copies in the place of the pages that the parent goes on using.
///
/// Async-signal-safe: system calls, copying, atomics. The boxes are leaked, because freeing is neither.
pub(crate) fn in_child() {
    // SAFETY: `getpid` has no condition.
    let me = unsafe { libc::getpid() } as u32;
    let mut at = COPIES.replace(ptr::null_mut());
    // SAFETY: made in `before_fork` on this thread, and never freed in the child; chunks are never freed at all.
    while let Some(copy) = unsafe { at.as_ref() } {
        at = copy.next;
        // SAFETY: as above.
        let chunk = unsafe { &*copy.chunk };
        // SAFETY: the child has one thread, and it holds no reference into the pages now.
        let (moved, secret) = unsafe { copy.pages.replace(&chunk.pages, copy.secret) };
        if moved {
            chunk.secret.store(secret, Ordering::Release);
            chunk.owner.store(me, Ordering::Release);
        }
    }
    for chunk in chunks() {
        if !chunk.secret.load(Ordering::Acquire) {
            // Private pages are copied by the kernel when written, and a child does not inherit their locking.
            chunk.locked.store(chunk.pages.lock(), Ordering::Release);
            chunk.owner.store(me, Ordering::Release);
        }
    }
}
