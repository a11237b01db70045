//! The one runtime of this copy of the library: built at the first need, never dropped, a new one in a forked child.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork;

const WORKERS: usize = 2;

struct Slot {
    generation: u64,
    runtime: Runtime,
}

/// The runtime of this process. What it replaces after a fork is the parent's and is leaked: its threads do not exist
/// here, and dropping it would wait for them.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());
/// The generation whose runtime is being built or has been. Claimed before building, because a runtime that lost a
/// race could not be dropped inside someone else's runtime.
static CLAIMED: AtomicU64 = AtomicU64::new(0);

/// A handle to the runtime, which is built when there is none yet.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where the system gives no threads or descriptors.
pub(crate) fn handle() -> Result<&'static Handle> {
    loop {
        if let Some(slot) = current() {
            return Ok(slot.runtime.handle());
        }
        let generation = fork::generation();
        let claimed = CLAIMED.load(Ordering::Acquire);
        if claimed != generation {
            if CLAIMED
                .compare_exchange(claimed, generation, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
            {
                return build(generation);
            }
        } else {
            // Another thread builds; that takes some tens of microseconds.
            std::thread::sleep(Duration::from_micros(20));
        }
    }
}

fn current() -> Option<&'static Slot> {
    crate::sys::leaked_ref(&SLOT).filter(|slot| slot.generation == fork::generation())
}

#[cold]
fn build(generation: u64) -> Result<&'static Handle> {
    fork::arm();
    #[expect(clippy::disallowed_methods, reason = "the one place that builds the runtime")]
    let build = || {
        Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("sr-runtime")
            .on_thread_start(crate::sys::signals::block_in_this_thread)
            .enable_all()
            .build()
    };
    // Where the system gives no thread, tokio panics instead of answering.
    let built = std::panic::catch_unwind(build).unwrap_or_else(|_| Err(std::io::ErrorKind::WouldBlock.into()));
    match built {
        Ok(runtime) => {
            let slot: &'static Slot = Box::leak(Box::new(Slot { generation, runtime }));
            SLOT.store(std::ptr::from_ref(slot).cast_mut(), Ordering::Release);
            Ok(slot.runtime.handle())
        }
        Err(error) => {
            CLAIMED.store(0, Ordering::Release);
            Err(
                Error::new(ErrorKind::Unavailable, "the system gives no thread for the runtime")
                    .with_foreign_code(error.raw_os_error().unwrap_or_default()),
            )
        }
    }
}

/// Whether the runtime has been built in this process.
#[cfg(feature = "testing")]
pub(crate) fn is_built() -> bool {
    current().is_some()
}

/// A future that is polled inside our runtime's context, on whatever executor polls it: timers and sockets in it work,
/// and dropping it cancels at once.
pub(crate) struct InContext<F> {
    handle: &'static Handle,
    future: F,
}

impl<F> InContext<F> {
    pub(crate) fn new(future: F) -> Result<Self> {
        Ok(Self {
            handle: handle()?,
            future,
        })
    }
}

impl<F: Future + Unpin> Future for InContext<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let _entered = self.handle.enter();
        Pin::new(&mut self.future).poll(task)
    }
}

/// Wakes the thread that is parked in [`block_on`].
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// Runs a future on the caller's thread. It is polled once; only then a waker is made and the thread parked, at most
/// until `deadline`, when the future is polled again to say what it makes of that. Needs no runtime by itself and may
/// be called from within anyone's.
pub(crate) fn block_on<F: Future>(future: F, deadline: Instant) -> F::Output {
    let mut future = pin!(future);
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return output;
    }
    let unpark = Arc::new(Unpark {
        thread: std::thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut task = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
        while !unpark.woken.swap(false, Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // The future's own deadline may lie a few microseconds behind ours.
                std::thread::park_timeout(Duration::from_micros(500));
                break;
            }
            std::thread::park_timeout(left);
        }
    }
}
