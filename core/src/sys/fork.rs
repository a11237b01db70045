//! Forks: a generation that everything bound to threads, connections or locks is tagged with, and a gate that lets a
//! fork wait until no thread is inside SQLite.
//!
//! In the child only the forking thread exists; locks that others held stay held for ever, and pools, workers and
//! connections belong to the parent. So nothing of theirs is reused: a [`ForkCell`] makes its content anew in the
//! child and leaves the parent's alone.
//!
//! The gate is one word, so that what the child sees in it is exact: a count of the forks under way above, a count of
//! the threads inside below. Two words would let a thread that only looks in be counted at the instant of the fork.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::time::Duration;

/// How long a fork waits in all for the threads inside the gate.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a waiting thread sleeps between two looks.
const STEP: Duration = Duration::from_micros(50);
/// One fork under way.
const FORK: u64 = 1 << 32;
/// The part of the gate that counts threads.
#[cfg(unix)]
const THREADS: u64 = FORK - 1;

static GENERATION: AtomicU64 = AtomicU64::new(1);
static GATE: AtomicU64 = AtomicU64::new(0);
static STRANDED: AtomicBool = AtomicBool::new(false);

thread_local! {
    // Neither needs making or dropping, so both can be read at any time in a thread's life, also in a handler.
    /// How many times this thread is inside.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Whether this thread is between the two handlers of a fork of its own.
    static FORKING: Cell<bool> = const { Cell::new(false) };
    /// How many of this thread's forks went on although a thread was inside, so that tests need no clock.
    #[cfg(test)]
    pub(super) static GIVEN_UP: Cell<u32> = const { Cell::new(0) };
}

/// The number of forks between this process and the one that loaded the library, plus one.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Whether a fork cut through a call that was inside the gate: then SQLite's own locks may be held for ever in this
/// process, and nothing of it may be touched. Stays so in the children of this process.
pub(crate) fn is_stranded() -> bool {
    STRANDED.load(Ordering::Acquire)
}

/// Held while a thread is inside SQLite. Bound to its thread, so it cannot be held across an `await` of a future that
/// may move.
pub(crate) struct Inside {
    generation: u64,
    bound: PhantomData<*const ()>,
}

/// Enters the gate; waits while a fork is under way, which is at most about 100 ms. A thread that is inside already
/// may enter again and never waits then: the fork waits for it.
pub(crate) fn enter() -> Inside {
    arm();
    let depth = DEPTH.get();
    if depth == 0 {
        let mut gate = GATE.load(Ordering::SeqCst);
        loop {
            // A thread whose own fork has closed the gate (another library's handler calls us) would wait for itself.
            if gate >= FORK && !FORKING.get() {
                std::thread::sleep(STEP);
                gate = GATE.load(Ordering::SeqCst);
                continue;
            }
            match GATE.compare_exchange_weak(gate, gate + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => break,
                Err(seen) => gate = seen,
            }
        }
    }
    DEPTH.set(depth + 1);
    Inside {
        generation: generation(),
        bound: PhantomData,
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // A guard that its thread carried through a fork is not counted in the child, which began at zero.
        if self.generation != generation() {
            return;
        }
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 {
            GATE.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Registers the at-fork handlers, once a process.
pub(crate) fn arm() {
    #[cfg(unix)]
    {
        // Set after the registration, so that nobody enters before it stands. Two threads may register at the same
        // time; handlers that run twice do no harm: the gate counts, and a generation may be skipped.
        static ARMED: AtomicBool = AtomicBool::new(false);
        if !ARMED.load(Ordering::Acquire) {
            // SAFETY: the handlers are functions of this library, which is never unloaded while they are registered
            // (glibc removes the handlers of a library that is), and the child's touches only atomics, plain
            // thread-local cells and system calls.
            let failed = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
            // Without memory for the registration the next call tries again.
            ARMED.store(failed == 0, Ordering::Release);
        }
    }
}

#[cfg(unix)]
extern "C" fn before() {
    GATE.fetch_add(FORK, Ordering::SeqCst);
    FORKING.set(true);
    // What this thread itself is inside of will not end by waiting.
    let own = u64::from(DEPTH.get() > 0);
    let end = std::time::Instant::now() + PATIENCE;
    while GATE.load(Ordering::SeqCst) & THREADS > own && std::time::Instant::now() < end {
        std::thread::sleep(STEP);
    }
    #[cfg(test)]
    GIVEN_UP.set(GIVEN_UP.get() + u32::from(GATE.load(Ordering::SeqCst) & THREADS > own));
    super::unix::arena::before_fork();
}

#[cfg(unix)]
extern "C" fn in_parent() {
    super::unix::arena::after_fork();
    FORKING.set(false);
    GATE.fetch_sub(FORK, Ordering::SeqCst);
}

#[cfg(unix)]
extern "C" fn in_child() {
    // Exact: nobody enters while a fork is under way, so what is counted now was inside when the fork cut. The
    // forking thread counts too: SQLite's recursive locks do not open for a thread whose number has changed.
    if GATE.load(Ordering::SeqCst) & THREADS != 0 {
        STRANDED.store(true, Ordering::SeqCst);
    }
    #[cfg(feature = "encrypted")]
    super::sqlite::in_child();
    super::unix::descriptors::neutralise();
    super::unix::arena::in_child();
    DEPTH.set(0);
    FORKING.set(false);
    GENERATION.fetch_add(1, Ordering::SeqCst);
    GATE.store(0, Ordering::SeqCst);
}

/// A value that a forked child makes anew at its first use. The parent's value is left alone in the child: it is
/// neither used nor dropped, because its locks and connections are not the child's.
pub(crate) struct ForkCell<T, M = Box<dyn Fn() -> T + Send + Sync>> {
    slot: AtomicPtr<Slot<T>>,
    make: M,
}

struct Slot<T> {
    generation: u64,
    value: T,
}

impl<T: Send + Sync> ForkCell<T> {
    /// A cell whose value `make` makes at the first use in each process. `make` must have no effect that matters when
    /// its result is dropped unused: two threads may make one at the same time.
    pub(crate) fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::with(Box::new(make))
    }
}

impl<T, M> ForkCell<T, M> {
    /// The same for a static.
    pub(crate) const fn with(make: M) -> Self {
        Self {
            slot: AtomicPtr::new(std::ptr::null_mut()),
            make,
        }
    }
}

impl<T: Send + Sync, M: Fn() -> T> ForkCell<T, M> {
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
        // From here on a fork is counted, and what is made now is known as the parent's.
        arm();
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

impl<T, M> Drop for ForkCell<T, M> {
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

// SAFETY: the cell hands out `&T` to any thread and drops `T` on any thread, which `Send + Sync` of `T` allow; `make` is
// called by any thread and moves with the cell.
unsafe impl<T: Send + Sync, M: Send> Send for ForkCell<T, M> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, M: Sync> Sync for ForkCell<T, M> {}
