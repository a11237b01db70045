//! Running a future on the caller's thread, which parks until it is woken or a deadline comes. Needs no runtime.
//!
//! Deadlines ring by themselves: whoever waits for one on a thread that is parked here sets an [`Alarm`], which wakes
//! its own task at that time. So any combination of futures keeps all of its deadlines without a timer.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

thread_local! {
    /// The alarms of the innermost [`block_on`] of this thread; `None` where there is none.
    static ALARMS: RefCell<Option<Vec<Set>>> = const { RefCell::new(None) };
}

struct Set {
    alarm: u64,
    at: Instant,
    waker: Waker,
}

/// Wakes a task at a time, where its thread is in [`block_on`]. Dropping it takes it back.
pub(crate) struct Alarm(u64);

impl Alarm {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Sets the alarm, or sets it anew; `false` where this thread will not wait for it.
    pub(crate) fn set(&self, at: Instant, waker: &Waker) -> bool {
        let outcome = ALARMS.try_with(|alarms| {
            let mut alarms = alarms.borrow_mut();
            let Some(alarms) = alarms.as_mut() else { return false };
            match alarms.iter_mut().find(|set| set.alarm == self.0) {
                Some(set) => {
                    set.at = at;
                    set.waker.clone_from(waker);
                }
                None => alarms.push(Set {
                    alarm: self.0,
                    at,
                    waker: waker.clone(),
                }),
            }
            true
        });
        outcome.unwrap_or(false)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // On another thread there is nothing to take back: there it rings once, in vain.
        let _ = ALARMS.try_with(|alarms| {
            let taken = alarms.borrow_mut().as_mut().and_then(|alarms| {
                let at = alarms.iter().position(|set| set.alarm == self.0)?;
                Some(alarms.swap_remove(at))
            });
            // Outside the borrow: a waker of someone's executor may do anything when it is dropped.
            drop(taken);
        });
    }
}

/// The alarms of one [`block_on`]; those of an outer one come back when it ends.
struct Alarms {
    outer: Option<Vec<Set>>,
}

impl Alarms {
    fn begin() -> Self {
        let outer = ALARMS.try_with(|alarms| alarms.borrow_mut().replace(Vec::new()));
        Self {
            outer: outer.unwrap_or_default(),
        }
    }

    /// When the first one rings.
    fn next() -> Option<Instant> {
        let first = |alarms: &RefCell<Option<Vec<Set>>>| alarms.borrow().as_ref()?.iter().map(|set| set.at).min();
        ALARMS.try_with(first).ok().flatten()
    }

    /// Wakes what is due.
    fn ring(now: Instant) {
        let due = ALARMS.try_with(|alarms| {
            let mut alarms = alarms.borrow_mut();
            let alarms = alarms.as_mut()?;
            Some(alarms.extract_if(.., |set| set.at <= now).collect::<Vec<_>>())
        });
        for set in due.ok().flatten().unwrap_or_default() {
            set.waker.wake();
        }
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        let ended = ALARMS.try_with(|alarms| alarms.replace(self.outer.take()));
        drop(ended);
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

/// Runs a future on the caller's thread. It is polled once; only then a waker is made and the thread parked. May be
/// called from within anyone's runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    // Before the future, so that what the future drops at its end finds its own alarms.
    let _alarms = Alarms::begin();
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
            let Some(at) = Alarms::next() else {
                std::thread::park();
                continue;
            };
            let now = Instant::now();
            if at <= now {
                Alarms::ring(now);
            } else {
                std::thread::park_timeout(at - now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Ready at a time, by an alarm alone.
    async fn until(at: Instant) {
        let alarm = Alarm::new();
        std::future::poll_fn(|task| {
            if at <= Instant::now() {
                return Poll::Ready(());
            }
            assert!(alarm.set(at, task.waker()), "this thread rings alarms");
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn every_deadline_of_a_combination_rings_also_in_an_executor_within() {
        let begun = Instant::now();
        let [short, long] = [20, 60].map(|millis| begun + Duration::from_millis(millis));
        block_on(async {
            // One after the other; then the same within a poll of this one.
            until(short).await;
            block_on(until(short + Duration::from_millis(10)));
            // A task that is polled only when its own waker is woken.
            let mut set = Box::pin(until(long));
            let woken = Arc::new(Unpark {
                thread: std::thread::current(),
                woken: AtomicBool::new(true),
            });
            let own = Waker::from(Arc::clone(&woken));
            let outer = Alarm::new();
            std::future::poll_fn(|task| {
                let is_woken = woken.woken.swap(false, Ordering::Acquire);
                if is_woken && set.as_mut().poll(&mut Context::from_waker(&own)).is_ready() {
                    return Poll::Ready(());
                }
                // Stands in for the inner executor, which wakes the outer task when a task of its own is woken.
                outer.set(long + Duration::from_millis(1), task.waker());
                Poll::Pending
            })
            .await;
        });
        assert!(begun.elapsed() >= Duration::from_millis(60));
        assert!(begun.elapsed() < Duration::from_secs(6));
    }

    #[test]
    fn an_alarm_goes_with_its_owner_and_none_is_set_outside() {
        let alarm = Alarm::new();
        assert!(!alarm.set(Instant::now(), Waker::noop()));
        block_on(async {
            assert!(alarm.set(Instant::now() + Duration::from_secs(60), Waker::noop()));
            assert!(Alarms::next().is_some());
            drop(alarm);
            assert_eq!(Alarms::next(), None);
        });
    }
}
