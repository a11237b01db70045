//! The one runtime of this copy of the library: built at the first need, never dropped, a new one in a forked child.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

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
