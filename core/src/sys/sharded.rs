//! A lock for what is read all the time and written now and then: readers take one shard, writers all of them. Each shard
//! counts what its readers tell it to, on the line that they have anyway.
//!
//! Unlike `crossbeam`'s it has no state outside itself but a counter: no process-wide lock that a fork could find held.

use std::cell::{Cell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[expect(
    clippy::disallowed_types,
    reason = "it stands in a ForkCell, with all that is locked by it"
)]
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crossbeam_utils::CachePadded;

const SHARDS: usize = 8;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The number of this thread, which no other one has or had. Threads are dealt to the shards in turn.
#[inline]
fn number() -> usize {
    let number = NUMBER.get();
    if number != usize::MAX {
        return number;
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    NUMBER.set(number);
    number
}

#[expect(clippy::disallowed_types, reason = "as above")]
#[derive(Default)]
struct Shard {
    lock: RwLock<()>,
    /// What the first thread of this shard has counted: it alone writes, so that it needs no atomic addition, which costs
    /// as much as taking the lock.
    of_first: AtomicU64,
    of_others: AtomicU64,
}

/// A value under such a lock. A thread that reads must not read again or write before it has let go.
pub(crate) struct Sharded<T> {
    shards: [CachePadded<Shard>; SHARDS],
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by `&T` from several threads only under a shard's read lock, and by `&mut T` only under
// the write locks of all shards, which exclude every reader.
unsafe impl<T: Send + Sync> Sync for Sharded<T> {}

impl<T> Sharded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            shards: std::array::from_fn(|_| CachePadded::default()),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    pub(crate) fn read(&self) -> Reading<'_, T> {
        // A panic under a lock leaves the shard's `()` as good as it was.
        let number = number();
        let shard = &self.shards[number % SHARDS];
        let guard = shard.lock.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: a writer would need this shard's lock too, and the guard is held for as long as the reference.
        let value = unsafe { &*self.value.get() };
        Reading {
            value,
            shard,
            is_first: number < SHARDS,
            _guard: guard,
        }
    }

    /// How often readers have [counted](Reading::count).
    pub(crate) fn counted(&self) -> u64 {
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.of_first.load(Ordering::Relaxed) + shard.of_others.load(Ordering::Relaxed))
            .sum()
    }

    pub(crate) fn write(&self) -> Writing<'_, T> {
        // Always in the same order, so that two writers never wait for each other.
        let guards = self
            .shards
            .each_ref()
            .map(|shard| shard.lock.write().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: every shard is locked for writing, so nobody else has a reference, and the guards are held for as
        // long as this one.
        let value = unsafe { &mut *self.value.get() };
        Writing { value, _guards: guards }
    }
}

/// Read access.
pub(crate) struct Reading<'a, T> {
    value: &'a T,
    shard: &'a Shard,
    is_first: bool,
    _guard: RwLockReadGuard<'a, ()>,
}

impl<T> Reading<'_, T> {
    /// Counts one.
    #[inline]
    pub(crate) fn count(&self) {
        if self.is_first {
            let counted = self.shard.of_first.load(Ordering::Relaxed);
            self.shard.of_first.store(counted + 1, Ordering::Relaxed);
        } else {
            self.shard.of_others.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

/// Write access.
pub(crate) struct Writing<'a, T> {
    value: &'a mut T,
    _guards: [RwLockWriteGuard<'a, ()>; SHARDS],
}

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_never_see_a_half_written_value() {
        let pair = Sharded::new((0_u64, 0_u64));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut last = 0;
                    while last < 2_000 {
                        let seen = *pair.read();
                        assert_eq!(seen.0, seen.1);
                        assert!(seen.0 >= last);
                        last = seen.0;
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let mut pair = pair.write();
                        pair.0 += 1;
                        std::hint::spin_loop();
                        pair.1 += 1;
                    }
                });
            }
        });
        assert_eq!(*pair.read(), (2_000, 2_000));
    }

    #[test]
    fn no_count_is_lost_however_many_threads_share_a_shard() {
        let value = Sharded::new(());
        std::thread::scope(|scope| {
            for _ in 0..3 * SHARDS {
                scope.spawn(|| (0..1_000).for_each(|_| value.read().count()));
            }
        });
        assert_eq!(value.counted(), 3_000 * SHARDS as u64);
    }
}
