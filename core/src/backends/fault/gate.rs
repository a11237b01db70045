//! Where hanging calls wait until a test wakes them.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::sync::{Notify, futures as notify};

use super::counters::Live;

/// Two waiting rooms with one door: futures in one, threads in the other.
#[derive(Debug)]
pub(super) struct Gate {
    live: Arc<Live>,
    futures: Notify,
    /// How often the gate was opened; a thread waits for the next time.
    opened: Mutex<u64>,
    threads: Condvar,
}

impl Gate {
    pub(super) fn new(live: Arc<Live>) -> Self {
        Self {
            live,
            futures: Notify::new(),
            opened: Mutex::default(),
            threads: Condvar::new(),
        }
    }

    /// Releases whoever waits now; who comes later waits for the next time.
    pub(super) fn open(&self) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.threads.notify_all();
        self.futures.notify_waiters();
    }

    pub(super) async fn wait(&self) {
        // From here on, `open` reaches it; only then may it be seen as waiting.
        let notified = Notified {
            live: &self.live,
            inner: Some(Box::pin(self.futures.notified())),
        };
        let _waiting = self.live.waiting();
        notified.await;
    }

    pub(super) fn block(&self) {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = *opened;
        // Under the lock: whoever sees it waiting and opens the gate releases it.
        let _waiting = self.live.waiting();
        drop(self.threads.wait_while(opened, |opened| *opened == seen));
    }
}

/// A wait for the next opening. In a forked child it is never over and leaves the parent's lock alone.
struct Notified<'a> {
    live: &'a Live,
    inner: Option<Pin<Box<notify::Notified<'a>>>>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let is_inherited = self.live.is_inherited();
        match &mut self.inner {
            Some(inner) if !is_inherited => inner.as_mut().poll(task),
            _ => Poll::Pending,
        }
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        if self.live.is_inherited() {
            std::mem::forget(self.inner.take());
        }
    }
}

/// Pending for so many polls; asks each time to be polled again.
pub(super) async fn yield_for(polls: u32) {
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Ends a future of the inner backend on the worker's own thread.
pub(super) fn finish<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut cx) {
            return outcome;
        }
        std::thread::park_timeout(Duration::from_secs(1));
    }
}
