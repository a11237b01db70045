//! One slot of a table, and the count of those who use what is in it.
//!
//! Each counter is one word: the generation, whether the object is alive, and how many use it. Entering and freeing
//! change that word as a whole, so nobody enters after the object was freed and nobody waits for anybody. The counters
//! of an object that many threads use are spread, so that the threads do not fight for one cache line.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

const ALIVE: u64 = 1 << 31;
const USERS: u64 = ALIVE - 1;
const GENERATION_SHIFT: u32 = 32;

/// A counter on a cache line of its own.
#[repr(align(64))]
struct Counter(AtomicU64);

pub(super) struct Slot<T> {
    /// Decides whether the object is alive, and counts its users where there are no counters to spread them over.
    first: AtomicU64,
    spread: Box<[Counter]>,
    /// Users that were inside when the object was freed and have not left, once the one who freed it has counted them.
    /// Below zero while they leave faster than they are counted.
    staying: AtomicIsize,
    object: AtomicPtr<T>,
    /// The slot after this one in the list of free slots.
    pub(super) next_free: AtomicU32,
    pub(super) index: u32,
}

impl<T> Slot<T> {
    pub(super) fn new(index: u32, stripes: usize, generation: u32) -> Self {
        debug_assert!(stripes.is_power_of_two());
        let word = u64::from(generation) << GENERATION_SHIFT;
        let spread = if stripes == 1 { 0 } else { stripes };
        Self {
            first: AtomicU64::new(word),
            spread: (0..spread).map(|_| Counter(AtomicU64::new(word))).collect(),
            staying: AtomicIsize::new(0),
            object: AtomicPtr::new(std::ptr::null_mut()),
            next_free: AtomicU32::new(0),
            index,
        }
    }

    /// Puts an object into a free slot of which the caller is the only owner; its generation.
    pub(super) fn fill(&self, object: Box<T>) -> u32 {
        self.object.store(Box::into_raw(object), Ordering::Relaxed);
        self.staying.store(0, Ordering::Relaxed);
        let generation = self.generation();
        let word = u64::from(generation) << GENERATION_SHIFT | ALIVE;
        for counter in self.counters() {
            // Publishes the object to whoever enters through this counter.
            counter.store(word, Ordering::Release);
        }
        generation
    }

    /// Enters, where the object of this generation is alive.
    #[inline]
    pub(super) fn enter(&'static self, generation: u32) -> Option<Pinned<T>>
    where
        T: super::Object,
    {
        let counter = if self.spread.is_empty() {
            &self.first
        } else {
            // Their number is a power of two.
            &self.spread[stripe() & (self.spread.len() - 1)].0
        };
        let mut word = counter.load(Ordering::Acquire);
        loop {
            if generation_of(word) != generation || word & ALIVE == 0 || word & USERS == USERS {
                return None;
            }
            match counter.compare_exchange_weak(word, word + 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(Pinned { slot: self, counter }),
                Err(seen) => word = seen,
            }
        }
    }

    /// Ends the life of the object of this generation; `false` where that has happened before. Whoever leaves last
    /// drops it.
    pub(super) fn end(&'static self, generation: u32) -> bool
    where
        T: super::Object,
    {
        // The first counter decides who of two that free the same handle was first.
        let Some(first) = close(&self.first, generation) else {
            return false;
        };
        let others = self.spread.iter().filter_map(|counter| close(&counter.0, generation));
        let inside = first + others.sum::<isize>();
        if self.staying.fetch_add(inside, Ordering::AcqRel) + inside == 0 {
            self.recycle();
        }
        true
    }

    /// Drops the object and gives the slot a new generation. Nobody is inside, and nobody can enter.
    #[inline(never)]
    fn recycle(&'static self)
    where
        T: super::Object,
    {
        let object = self.object.swap(std::ptr::null_mut(), Ordering::Acquire);
        let word = u64::from(self.generation().wrapping_add(1)) << GENERATION_SHIFT;
        for counter in self.counters() {
            counter.store(word, Ordering::Release);
        }
        T::table().give_back(self);
        // SAFETY: `fill` made it from a box, and the swap gave it to us alone.
        drop(unsafe { Box::from_raw(object) });
    }

    pub(super) fn is_alive(&self) -> bool {
        self.first.load(Ordering::Acquire) & ALIVE != 0
    }

    pub(super) fn generation(&self) -> u32 {
        generation_of(self.first.load(Ordering::Acquire))
    }

    fn counters(&self) -> impl Iterator<Item = &AtomicU64> {
        std::iter::once(&self.first).chain(self.spread.iter().map(|counter| &counter.0))
    }
}

/// Closes one counter; how many are inside by it.
fn close(counter: &AtomicU64, generation: u32) -> Option<isize> {
    let mut word = counter.load(Ordering::Acquire);
    loop {
        if generation_of(word) != generation || word & ALIVE == 0 {
            return None;
        }
        match counter.compare_exchange_weak(word, word & !ALIVE, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Some((word & USERS) as isize),
            Err(seen) => word = seen,
        }
    }
}

fn generation_of(word: u64) -> u32 {
    (word >> GENERATION_SHIFT) as u32
}

/// A number that spreads threads over counters.
#[inline]
pub(crate) fn stripe() -> usize {
    thread_local! {
        static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mine = STRIPE.get();
    if mine != usize::MAX {
        return mine;
    }
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) % 1024;
    STRIPE.set(mine);
    mine
}

/// An object that someone uses.
pub(super) struct Pinned<T: super::Object> {
    slot: &'static Slot<T>,
    counter: &'static AtomicU64,
}

impl<T: super::Object> Pinned<T> {
    #[inline]
    pub(super) fn object(&self) -> &T {
        // SAFETY: the slot holds an object while anyone is inside, and nobody changes it.
        unsafe { &*self.slot.object.load(Ordering::Relaxed) }
    }
}

impl<T: super::Object> Drop for Pinned<T> {
    #[inline]
    fn drop(&mut self) {
        let before = self.counter.fetch_sub(1, Ordering::AcqRel);
        if before & ALIVE == 0 && self.slot.staying.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.slot.recycle();
        }
    }
}
