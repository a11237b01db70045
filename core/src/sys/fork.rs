//! Forks: a generation that everything bound to threads, connections or locks is tagged with, and a gate that lets a
//! fork wait until no thread is inside SQLite.
//!
//! In the child only the forking thread exists; locks that others held stay held for ever, and pools, workers and
//! connections belong to the parent. So nothing of theirs is reused: a [`ForkCell`] makes its content anew in the
//! child and leaves the parent's alone.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a fork waits in all for the threads inside the gate.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a waiting thread sleeps between two looks.
const STEP: Duration = Duration::from_micros(50);

static GENERATION: AtomicU64 = AtomicU64::new(1);
static CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static STRANDED: AtomicBool = AtomicBool::new(false);

/// The number of forks between this process and the one that loaded the library, plus one.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Whether a fork cut through a call that was inside the gate: then SQLite's own locks may be held for ever in this
/// process, and nothing of it may be touched.
pub(crate) fn is_stranded() -> bool {
    STRANDED.load(Ordering::Acquire)
}

/// Held while a thread is inside SQLite.
pub(crate) struct Inside(());

/// Enters the gate; waits while a fork is under way, which is at most about [`PATIENCE`].
pub(crate) fn enter() -> Inside {
    arm();
    loop {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        if !CLOSED.load(Ordering::SeqCst) {
            return Inside(());
        }
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        while CLOSED.load(Ordering::SeqCst) {
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Registers the at-fork handlers, once a process.
pub(crate) fn arm() {
    #[cfg(unix)]
    {
        static ARMED: AtomicBool = AtomicBool::new(false);
        if !ARMED.load(Ordering::Acquire) && !ARMED.swap(true, Ordering::AcqRel) {
            // SAFETY: the handlers are functions of this library, which is never unloaded while they are registered
            // (glibc removes the handlers of a library that is), and touch only atomics and system calls.
            unsafe {
                libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
            }
        }
    }
}

#[cfg(unix)]
extern "C" fn before() {
    CLOSED.store(true, Ordering::SeqCst);
    let end = Instant::now() + PATIENCE;
    while INSIDE.load(Ordering::SeqCst) != 0 && Instant::now() < end {
        std::thread::sleep(STEP);
    }
}

#[cfg(unix)]
extern "C" fn in_parent() {
    CLOSED.store(false, Ordering::SeqCst);
}

#[cfg(unix)]
extern "C" fn in_child() {
    if INSIDE.swap(0, Ordering::SeqCst) != 0 {
        STRANDED.store(true, Ordering::SeqCst);
    }
    GENERATION.fetch_add(1, Ordering::SeqCst);
    CLOSED.store(false, Ordering::SeqCst);
}

/// A value that a forked child makes anew at its first use. The parent's value is left alone in the child: it is
/// neither used nor dropped, because its locks and connections are not the child's.
pub(crate) struct ForkCell<T> {
    slot: AtomicPtr<Slot<T>>,
    make: Box<dyn Fn() -> T + Send + Sync>,
}

struct Slot<T> {
    generation: u64,
    value: T,
}

impl<T: Send + Sync> ForkCell<T> {
    /// A cell whose value `make` makes at the first use in each process. `make` must have no effect that matters when
    /// its result is dropped unused: two threads may make one at the same time.
    pub(crate) fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        arm();
        Self {
            slot: AtomicPtr::new(std::ptr::null_mut()),
            make: Box::new(make),
        }
    }

    /// This process's value.
    pub(crate) fn get(&self) -> &T {
        let slot = self.slot.load(Ordering::Acquire);
        // SAFETY: a slot that was published is freed only by `drop`, which has the cell to itself.
        match unsafe { slot.as_ref() } {
            Some(slot) if slot.generation == generation() => &slot.value,
            _ => self.make_anew(slot),
        }
    }

    /// This process's value where it has been made.
    pub(crate) fn get_if_made(&self) -> Option<&T> {
        // SAFETY: as in `get`.
        let slot = unsafe { self.slot.load(Ordering::Acquire).as_ref() }?;
        (slot.generation == generation()).then_some(&slot.value)
    }

    #[cold]
    fn make_anew(&self, seen: *mut Slot<T>) -> &T {
        let new = Box::into_raw(Box::new(Slot {
            generation: generation(),
            value: (self.make)(),
        }));
        match self
            .slot
            .compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire)
        {
            // SAFETY: just published by us. What it replaced is the parent's, or null, and is leaked on purpose.
            Ok(_) => unsafe { &(*new).value },
            Err(winner) => {
                // SAFETY: `new` was never published; `winner` was, in this process, by the thread that was faster.
                unsafe {
                    drop(Box::from_raw(new));
                    &(*winner).value
                }
            }
        }
    }
}

impl<T> Drop for ForkCell<T> {
    fn drop(&mut self) {
        let slot = *self.slot.get_mut();
        // SAFETY: the cell is ours alone, and a slot of this process has no other owner. The parent's is left alone.
        unsafe {
            if slot.as_ref().is_some_and(|slot| slot.generation == generation()) {
                drop(Box::from_raw(slot));
            }
        }
    }
}

// SAFETY: the cell hands out `&T` to any thread and drops `T` on any thread, which `Send + Sync` of `T` allow.
unsafe impl<T: Send + Sync> Send for ForkCell<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for ForkCell<T> {}
