//! All objects of one kind.

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use strongroom::face::ProcessLocal;

use super::slot::{Pinned, Slot};
use super::{INDEX_MASK, Object};

/// The first page has so many slots, each further one twice as many as the one before.
const FIRST_PAGE: u32 = 32;
/// So many pages hold every index that a handle has room for.
const PAGES: usize = 20;
/// The end of the list of free slots.
const NONE: u32 = u32::MAX;

/// Slots on pages that are made when needed and never given back, so that a slot can be looked at at any time.
pub(crate) struct Table<T: 'static> {
    pages: [AtomicPtr<Slot<T>>; PAGES],
    /// The first free slot below, a number that changes with every change above.
    free: AtomicU64,
    /// The first slot that was never used.
    fresh: AtomicU32,
    stripes: usize,
}

impl<T: Object> Table<T> {
    pub(crate) const fn new(stripes: usize) -> Self {
        Self {
            pages: [const { AtomicPtr::new(std::ptr::null_mut()) }; PAGES],
            free: AtomicU64::new(NONE as u64),
            fresh: AtomicU32::new(0),
            stripes,
        }
    }

    /// Stores an object; its place and generation, or `None` where every index is in use.
    pub(super) fn insert(&'static self, object: T) -> Option<(u32, u32)> {
        let object = Box::new(object);
        let slot = match self.pop_free() {
            Some(slot) => slot,
            None => self.fresh_slot()?,
        };
        Some((slot.index, slot.fill(object)))
    }

    #[inline]
    pub(super) fn pin(&'static self, index: u32, generation: u32) -> Option<Pinned<T>> {
        self.slot(index)?.enter(generation)
    }

    pub(super) fn remove(&'static self, index: u32, generation: u32) -> bool {
        self.slot(index).is_some_and(|slot| slot.end(generation))
    }

    /// Everything that is alive now.
    pub(crate) fn all(&'static self) -> impl Iterator<Item = super::Pin<T>> {
        (0..self.fresh.load(Ordering::Acquire))
            .filter_map(|index| self.slot(index))
            .filter(|slot| slot.is_alive())
            .filter_map(|slot| slot.enter(slot.generation()))
            .map(|pinned| super::Pin { pinned })
    }

    /// Takes back a slot that nobody uses.
    pub(super) fn give_back(&self, slot: &'static Slot<T>) {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            slot.next_free.store(head as u32, Ordering::Relaxed);
            let new = changed(head) | u64::from(slot.index);
            match self
                .free
                .compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    fn pop_free(&'static self) -> Option<&'static Slot<T>> {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            // The end of the list is no slot.
            let slot = self.slot(head as u32)?;
            let new = changed(head) | u64::from(slot.next_free.load(Ordering::Relaxed));
            match self
                .free
                .compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Some(slot),
                Err(seen) => head = seen,
            }
        }
    }

    fn fresh_slot(&'static self) -> Option<&'static Slot<T>> {
        let index = self
            .fresh
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |next| {
                ((next as usize) < INDEX_MASK).then_some(next + 1)
            })
            .ok()?;
        let (page, at) = place(index);
        let mut first = self.pages[page].load(Ordering::Acquire);
        if first.is_null() {
            let made = self.make_page(page);
            first = match self.pages[page].compare_exchange(first, made, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => made,
                Err(winner) => {
                    // SAFETY: made above from a box of this length, and published nowhere.
                    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(made, page_len(page))) });
                    winner
                }
            };
        }
        // SAFETY: a page is never given back, and `place` stays inside it.
        Some(unsafe { &*first.add(at) })
    }

    fn make_page(&self, page: usize) -> *mut Slot<T> {
        let begin = FIRST_PAGE * ((1 << page) - 1);
        let slots: Box<[Slot<T>]> = (0..page_len(page) as u32)
            .map(|at| Slot::new(begin + at, self.stripes, first_generation().wrapping_add(begin + at)))
            .collect();
        Box::into_raw(slots).cast()
    }

    /// The slot with this index, where it was ever used.
    #[inline]
    fn slot(&'static self, index: u32) -> Option<&'static Slot<T>> {
        if index as usize >= INDEX_MASK {
            return None;
        }
        let (page, at) = place(index);
        let first = self.pages.get(page)?.load(Ordering::Acquire);
        // SAFETY: as in `fresh_slot`.
        (!first.is_null()).then(|| unsafe { &*first.add(at) })
    }
}

/// Another number in the upper half, so that a head which came back is told from one that never left.
fn changed(head: u64) -> u64 {
    ((head >> 32).wrapping_add(1)) << 32
}

fn page_len(page: usize) -> usize {
    (FIRST_PAGE as usize) << page
}

/// The page of an index, and its place there.
#[inline]
fn place(index: u32) -> (usize, usize) {
    let shifted = index + FIRST_PAGE;
    let page = shifted.ilog2() - FIRST_PAGE.ilog2();
    (page as usize, (shifted - (FIRST_PAGE << page)) as usize)
}

/// Where generations begin: another number in every process and in every copy of the library, so that handles of one
/// copy are foreign to another.
fn first_generation() -> u32 {
    static FIRST: ProcessLocal<u32> = ProcessLocal::new(|| {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(std::process::id()) as u32
    });
    *FIRST.get()
}
