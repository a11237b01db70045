//! The one runtime of this copy of the library: built at the first need, a new one in a forked child and after a
//! shutdown.
//!
//! Timers and sockets of a runtime that has ended panic when they are polled. So whatever of it is polled, is polled
//! [inside](Live::enter), and a shutdown waits until nobody is; who comes later gets an error.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

use crate::context::MAX_DEADLINE;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork::{self, ForkCell};

const WORKERS: usize = 2;
/// The bit of [`Live::gate`] that says that nobody may enter any more; below it the threads inside are counted.
const SHUT: usize = 1 << (usize::BITS - 1);

/// The runtimes of this process. In a child the parent's are left alone: their threads do not exist there, and
/// dropping one would wait for them.
static RUNTIMES: ForkCell<Mutex<Runtimes>, fn() -> Mutex<Runtimes>> = ForkCell::with(Mutex::default);

thread_local! {
    /// The generation of the process in which this thread was started as one of a runtime.
    static OURS: Cell<Option<u64>> = const { Cell::new(None) };
    /// How many times this thread is inside.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

#[derive(Default)]
struct Runtimes {
    current: Option<Arc<Live>>,
    /// Those of runtimes that were shut down and whose threads had not all ended when someone looked last.
    ending: Vec<Arc<Threads>>,
}

/// A runtime, until it is shut down, and what is left of it while someone refers to it.
pub(crate) struct Live {
    generation: u64,
    handle: Handle,
    gate: AtomicUsize,
    held: Mutex<Held>,
    left: Condvar,
    threads: Arc<Threads>,
}

struct Held {
    runtime: Option<Runtime>,
    /// Nobody waits for those inside any more: the last one ends the runtime.
    is_orphan: bool,
}

/// How many of a runtime's threads began and ended.
#[derive(Default)]
struct Threads {
    counts: Mutex<(usize, usize)>,
    ended: Condvar,
}

/// While it lives, this thread is inside a runtime.
pub(crate) struct Entered<'a> {
    // Dropped in this order: whoever waits for us finds the context left.
    _context: EnterGuard<'a>,
    _inside: Inside<'a>,
}

struct Inside<'a>(&'a Live);

/// The runtime, which is built when there is none.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where the system gives no threads or descriptors, or the thread's storage, which building
/// needs, has been destroyed.
pub(crate) fn current() -> Result<Arc<Live>> {
    let mut runtimes = unpoisoned(RUNTIMES.get().lock());
    if let Some(live) = &runtimes.current {
        return Ok(Arc::clone(live));
    }
    check_storage()?;
    let live = Arc::new(Live::build()?);
    runtimes.current = Some(Arc::clone(&live));
    Ok(live)
}

/// Runs a future on the runtime's threads.
///
/// # Errors
/// As [`current`].
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    loop {
        let live = current()?;
        // Where a shutdown came between there is a new one. Without the context, which a thread that ends does not have.
        if let Ok(_inside) = live.go_in() {
            live.handle.spawn(future);
            return Ok(());
        }
    }
}

/// Refuses what needs tokio's context on a thread whose storage has been destroyed (in handlers of `atexit`, static
/// destructors): tokio panics there.
fn check_storage() -> Result<()> {
    match Handle::try_current() {
        Err(error) if error.is_thread_local_destroyed() => Err(Error::new(
            ErrorKind::Unavailable,
            "the call needs the library's runtime, and its thread is ending",
        )),
        _ => Ok(()),
    }
}

/// Ends the runtime and waits until its threads have ended.
///
/// # Errors
/// [`ErrorKind::Timeout`]; [`ErrorKind::ReentrantCall`] on one of those threads, or inside.
pub(crate) fn shutdown(timeout: Duration) -> Result<()> {
    if DEPTH.get() > 0 || OURS.get() == Some(fork::generation()) {
        return Err(Error::new(
            ErrorKind::ReentrantCall,
            "a shutdown waits for the thread that calls it",
        ));
    }
    let Some(runtimes) = RUNTIMES.get_if_made() else {
        return Ok(());
    };
    let end = Instant::now() + timeout.min(MAX_DEADLINE);
    let (live, ending) = {
        let mut runtimes = unpoisoned(runtimes.lock());
        let live = runtimes.current.take();
        runtimes
            .ending
            .extend(live.as_ref().map(|live| Arc::clone(&live.threads)));
        (live, runtimes.ending.clone())
    };
    if let Some(live) = live {
        live.end(end);
    }
    let have_ended = ending.iter().all(|threads| threads.wait(end));
    unpoisoned(runtimes.lock())
        .ending
        .retain(|threads| !threads.have_ended());
    if have_ended {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Timeout,
        "a thread of the runtime did not end in time",
    ))
}

/// A value whose sockets, timers or tasks belong to a runtime, such as a pool of connections: made at the first use in
/// each runtime. That of a runtime that was shut down is dropped; a forked child leaves the parent's alone.
pub(crate) struct Bound<T> {
    held: ForkCell<BoundTo<T>, fn() -> BoundTo<T>>,
}

/// A value and the runtime that it belongs to.
type BoundTo<T> = Mutex<Option<(Weak<Live>, Arc<T>)>>;

impl<T: Send + Sync> Bound<T> {
    pub(crate) fn new() -> Self {
        Self {
            held: ForkCell::with(Mutex::default),
        }
    }

    /// The value of the present runtime; `make` makes it inside that one where there is none. Two threads may make one
    /// at the same time; one of the two is then dropped unused.
    ///
    /// # Errors
    /// As [`current`], [`Live::enter`]; that of `make`.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let live = current()?;
        let is_of = |held: &Weak<Live>| std::ptr::eq(held.as_ptr(), Arc::as_ptr(&live));
        let cell = self.held.get();
        if let Some((of, value)) = &*unpoisoned(cell.lock())
            && is_of(of)
        {
            return Ok(Arc::clone(value));
        }
        let entered = live.enter()?;
        let made = Arc::new(make()?);
        let mut held = unpoisoned(cell.lock());
        let former = match &*held {
            Some((of, value)) if is_of(of) => return Ok(Arc::clone(value)),
            _ => held.replace((Arc::downgrade(&live), Arc::clone(&made))),
        };
        drop(held);
        drop(former);
        drop(entered);
        Ok(made)
    }

    /// Drops what this process holds; the next use makes it anew.
    #[cfg_attr(
        not(any(feature = "aws", feature = "vault")),
        allow(dead_code, reason = "only clients of servers are forgotten")
    )]
    pub(crate) fn clear(&self) {
        let former = self.held.get_if_made().and_then(|cell| unpoisoned(cell.lock()).take());
        drop(former);
    }
}

impl<T> std::fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}

/// Whether there is a runtime in this process.
#[cfg(feature = "testing")]
pub(crate) fn is_built() -> bool {
    RUNTIMES
        .get_if_made()
        .is_some_and(|runtimes| unpoisoned(runtimes.lock()).current.is_some())
}

/// No code of others runs under these locks, so a poisoned one only means that a thread died between two statements.
fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    #[cold]
    fn build() -> Result<Self> {
        fork::arm();
        let threads = Arc::<Threads>::default();
        let generation = fork::generation();
        let (begins, ends) = (Arc::clone(&threads), Arc::clone(&threads));
        #[expect(clippy::disallowed_methods, reason = "the one place that builds the runtime")]
        let build = || {
            Builder::new_multi_thread()
                .worker_threads(WORKERS)
                .thread_name("sr-runtime")
                .on_thread_start(move || {
                    crate::sys::signals::block_in_this_thread();
                    OURS.set(Some(generation));
                    begins.begin();
                })
                .on_thread_stop(move || ends.end())
                .enable_all()
                .build()
        };
        // Where the system gives no thread, tokio panics instead of answering.
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(build));
        let built = built.unwrap_or_else(|_| Err(std::io::ErrorKind::WouldBlock.into()));
        let runtime = built.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the system gives no thread for the runtime")
                .with_foreign_code(error.raw_os_error().unwrap_or_default())
        })?;
        Ok(Self {
            generation,
            handle: runtime.handle().clone(),
            gate: AtomicUsize::new(0),
            held: Mutex::new(Held {
                runtime: Some(runtime),
                is_orphan: false,
            }),
            left: Condvar::new(),
            threads,
        })
    }

    /// Enters the runtime: timers and sockets may be made and polled on this thread until the answer is dropped. Not to
    /// be held across an `await`: a shutdown waits for it.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after a shutdown, and in a child that has inherited this runtime;
    /// [`ErrorKind::Unavailable`] on a thread whose storage has been destroyed.
    pub(crate) fn enter(&self) -> Result<Entered<'_>> {
        let inside = self.go_in()?;
        check_storage()?;
        Ok(Entered {
            _context: self.handle.enter(),
            _inside: inside,
        })
    }

    /// Keeps the runtime from ending until the answer is dropped.
    fn go_in(&self) -> Result<Inside<'_>> {
        if !self.is_inherited() {
            let before = self.gate.fetch_add(1, Ordering::SeqCst);
            DEPTH.set(DEPTH.get() + 1);
            let inside = Inside(self);
            if before & SHUT == 0 {
                return Ok(inside);
            }
        }
        Err(Error::new(
            ErrorKind::Closed,
            "the library was shut down during the call",
        ))
    }

    /// Whether it is the parent's.
    pub(crate) fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    fn count(&self) -> usize {
        self.gate.load(Ordering::SeqCst) & !SHUT
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        unpoisoned(self.held.lock())
    }

    /// Lets nobody in any more, waits for those inside, and ends the runtime; where one of them stays too long, he ends
    /// it when he leaves.
    fn end(&self, end: Instant) {
        self.gate.fetch_or(SHUT, Ordering::SeqCst);
        let left = end.saturating_duration_since(Instant::now());
        let waited = self.left.wait_timeout_while(self.held(), left, |_| self.count() > 0);
        let (mut held, _) = unpoisoned(waited);
        held.is_orphan = self.count() > 0;
        let runtime = if held.is_orphan { None } else { held.runtime.take() };
        drop(held);
        let Some(runtime) = runtime else { return };
        if Handle::try_current().is_ok() {
            // Within an executor of tokio's, waiting for a runtime's threads panics.
            runtime.shutdown_background();
        } else {
            runtime.shutdown_timeout(end.saturating_duration_since(Instant::now()));
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let live = self.0;
        DEPTH.set(DEPTH.get() - 1);
        let before = live.gate.fetch_sub(1, Ordering::SeqCst);
        // In a child that began inside nobody waits, and the lock is not the child's.
        if before == SHUT + 1 && !live.is_inherited() {
            let mut held = live.held();
            let orphan = if held.is_orphan { held.runtime.take() } else { None };
            drop(held);
            live.left.notify_all();
            if let Some(runtime) = orphan {
                runtime.shutdown_background();
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(runtime) = unpoisoned(self.held.get_mut()).runtime.take() {
            if self.is_inherited() {
                std::mem::forget(runtime);
            } else {
                runtime.shutdown_background();
            }
        }
    }
}

impl Threads {
    fn begin(&self) {
        unpoisoned(self.counts.lock()).0 += 1;
    }

    fn end(&self) {
        unpoisoned(self.counts.lock()).1 += 1;
        self.ended.notify_all();
    }

    fn have_ended(&self) -> bool {
        Self::are_gone(*unpoisoned(self.counts.lock()))
    }

    /// A worker may be so young that it has not begun.
    fn are_gone((begun, ended): (usize, usize)) -> bool {
        ended >= begun.max(WORKERS)
    }

    /// Waits until all have ended; `false` where they have not at `end`.
    fn wait(&self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        let counts = unpoisoned(self.counts.lock());
        let (counts, _) = unpoisoned(
            self.ended
                .wait_timeout_while(counts, left, |counts| !Self::are_gone(*counts)),
        );
        Self::are_gone(*counts)
    }
}
