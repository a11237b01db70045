//! Running a future on the caller's thread, which parks until it is woken or a deadline comes. Needs no runtime.
//!
//! Deadlines ring by themselves: whoever waits for one on a thread that is parked here sets an [`Alarm`], which wakes
//! its own task at that time. So any combination of futures keeps all of its deadlines without a timer.
//!
//! Works also where the thread's storage has been destroyed (`atexit`, static destructors): the alarms lie on the stack,
//! and the thread waits by a lock of its own instead of by its handle, which is gone by then.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::sys::fork;
use crate::sys::place::{self, Place};

thread_local! {
    /// The alarms of the innermost [`block_on`] of this thread.
    static ALARMS: Place<Alarms> = const { Place::new() };
}

/// The alarms of one [`block_on`].
#[derive(Default)]
struct Alarms(RefCell<Vec<Set>>);

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
        place::borrowed(&ALARMS, |alarms| {
            let Some(alarms) = alarms else { return false };
            let mut alarms = alarms.0.borrow_mut();
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
        })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // On another thread there is nothing to take back: there it rings once, in vain.
        let taken = place::borrowed(&ALARMS, |alarms| {
            let mut alarms = alarms?.0.borrow_mut();
            let at = alarms.iter().position(|set| set.alarm == self.0)?;
            Some(alarms.swap_remove(at))
        });
        // Outside the borrow: a waker of someone's executor may do anything when it is dropped.
        drop(taken);
    }
}

impl Alarms {
    /// When the first one rings.
    fn next(&self) -> Option<Instant> {
        self.0.borrow().iter().map(|set| set.at).min()
    }

    /// Wakes what is due.
    fn ring(&self, now: Instant) {
        let due: Vec<Set> = self.0.borrow_mut().extract_if(.., |set| set.at <= now).collect();
        for set in due {
            set.waker.wake();
        }
    }
}

/// Wakes the thread that waits in [`block_on`].
#[derive(Default)]
struct Signal {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    fn lock(&self) -> MutexGuard<'_, bool> {
        // No code of others runs under the lock.
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is woken, or until `end`; whether it was woken.
    fn wait(&self, end: Option<Instant>) -> bool {
        let mut woken = self.lock();
        while !*woken {
            let Some(end) = end else {
                woken = self.changed.wait(woken).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(woken, left);
            woken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut *woken)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever is woken finds the lock free.
        if !std::mem::replace(&mut *self.lock(), true) {
            self.changed.notify_one();
        }
    }
}

/// Runs a future on the caller's thread. It is polled once; only then a waker is made and the thread put to sleep. May
/// be called from within anyone's runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let done = block_on_watched(future, || Ok::<_, Infallible>(None));
    done.unwrap_or_else(|never| match never {})
}

/// Like [`block_on`], for a caller who has something to look after while the thread sleeps: `watch` is called before it
/// does, and then each time that the pause which it last asked for has passed. Its error drops the future and is the
/// answer; `None` asks for no further call.
pub(crate) fn block_on_watched<F: Future, E>(
    future: F,
    watch: impl FnMut() -> Result<Option<Duration>, E>,
) -> Result<F::Output, E> {
    let alarms = Alarms::default();
    // The future lives inside, so that what it drops at its end finds its own alarms.
    place::lend(&ALARMS, &alarms, || run(future, &alarms, watch))
}

fn run<F: Future, E>(
    future: F,
    alarms: &Alarms,
    mut watch: impl FnMut() -> Result<Option<Duration>, E>,
) -> Result<F::Output, E> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return Ok(output);
    }
    let mut look = watch()?.map(|pause| Instant::now() + pause);
    loop {
        let generation = fork::generation();
        let signal = Arc::<Signal>::default();
        let waker = Waker::from(Arc::clone(&signal));
        let mut task = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
                return Ok(output);
            }
            // Where the future forked, the child has another signal: a thread of the parent's may hold this one's lock.
            if generation != fork::generation() {
                break;
            }
            loop {
                let next = alarms.next().into_iter().chain(look).min();
                if signal.wait(next) {
                    break;
                }
                let now = Instant::now();
                if look.is_some_and(|at| at <= now) {
                    look = watch()?.map(|pause| Instant::now() + pause);
                }
                alarms.ring(now);
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
            let woken = Arc::<Signal>::default();
            *woken.lock() = true;
            let own = Waker::from(Arc::clone(&woken));
            let outer = Alarm::new();
            std::future::poll_fn(|task| {
                let is_woken = std::mem::take(&mut *woken.lock());
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
    fn whoever_watches_is_called_again_and_may_end_the_wait() {
        let mut pauses = [Some(1), Some(1), None].into_iter();
        let until_then = Instant::now() + Duration::from_millis(50);
        let watched = block_on_watched(until(until_then), || {
            Ok::<_, ()>(pauses.next().expect("asked for no more").map(Duration::from_millis))
        });
        assert_eq!((watched, pauses.next()), (Ok(()), None));
        let mut calls = 0;
        let ended = block_on_watched(std::future::pending::<()>(), || {
            calls += 1;
            if calls < 3 {
                Ok(Some(Duration::from_millis(1)))
            } else {
                Err("enough")
            }
        });
        assert_eq!(ended, Err("enough"));
    }

    #[test]
    fn an_alarm_goes_with_its_owner_and_none_is_set_outside() {
        let alarm = Alarm::new();
        assert!(!alarm.set(Instant::now(), Waker::noop()));
        block_on(async {
            assert!(alarm.set(Instant::now() + Duration::from_secs(60), Waker::noop()));
            let next = || place::borrowed(&ALARMS, |alarms| alarms.unwrap().next());
            assert!(next().is_some());
            drop(alarm);
            assert_eq!(next(), None);
        });
    }
}
