//! What a face runs on the library's runtime, and what a shutdown of it does. One test, because the runtime is one a
//! process.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod executor;

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use executor::run;
use strongroom::backend::Operation;
use strongroom::face::{self, ProcessLocal};
use strongroom::testing::{Fault, FaultBackend, runtime_is_built};
use strongroom::{Error, ErrorKind, Result, Secret, SecretManager};

/// How long an event may take before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(15);

fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
    outcome.as_ref().err().map(Error::kind)
}

fn manager(fault: &Arc<FaultBackend>) -> SecretManager {
    let builder = SecretManager::builder().without_environment().option("cache", "off");
    run(builder.backend_instance(fault.clone()).open()).unwrap()
}

fn faulty() -> (Arc<FaultBackend>, SecretManager) {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let manager = manager(&fault);
    (fault, manager)
}

/// Runs a future on the library's runtime and waits for it.
fn on_runtime<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    face::spawn(async move { send.send(future.await).unwrap() }).unwrap();
    receive.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn the_runtime_ends_and_begins_as_often_as_it_is_needed() {
    nothing_to_do();
    used_again();
    calls_under_way_are_answered();
    a_thread_that_stays_is_told_of();
    under_load();
    within_a_foreign_runtime();
}

fn nothing_to_do() {
    face::shutdown(Duration::ZERO).unwrap();
    assert!(!runtime_is_built(), "a shutdown builds nothing");
}

fn used_again() {
    struct Told(mpsc::Sender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let mut open_files = None;
    for _ in 0..3 {
        let (fault, manager) = faulty();
        fault.on(Operation::Get).then(Fault::Latency(Duration::from_millis(1)));
        assert!(on_runtime(async move { manager.get("k").await }).unwrap().is_none());
        let (tell, told) = mpsc::channel();
        let waits = Told(tell);
        face::spawn(async move {
            let _waits = waits;
            std::future::pending().await
        })
        .unwrap();
        assert_eq!(
            kind(on_runtime(async { face::shutdown(PATIENCE) })),
            Some(ErrorKind::ReentrantCall)
        );
        assert!(runtime_is_built());
        face::shutdown(PATIENCE).unwrap();
        assert!(!runtime_is_built());
        assert!(
            told.try_recv().is_ok(),
            "a future that waited was dropped before the shutdown ended"
        );
        assert_eq!(
            *open_files.get_or_insert_with(descriptors),
            descriptors(),
            "a runtime leaves nothing open"
        );
    }
}

/// How many descriptors this process has open, where the system tells.
fn descriptors() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

fn calls_under_way_are_answered() {
    let begun = Instant::now();
    // On an executor of its own: a local call with the timer of its deadline, one that needs the runtime, and a write.
    let (local, remote) = (faulty(), faulty());
    local.0.on_any().then(Fault::Hang);
    remote.0.on_any().then(Fault::Latency(Duration::from_secs(3600)));
    let secret = Secret::new("v");
    let mut task = Context::from_waker(Waker::noop());
    // Polled once, so that its timer is set.
    let mut hangs = Box::pin(local.1.get("k"));
    assert!(hangs.as_mut().poll(&mut task).is_pending());
    std::thread::scope(|scope| {
        let threads = [
            scope.spawn(|| kind(run(hangs))),
            scope.spawn(|| kind(run(remote.1.get("k")))),
            scope.spawn(|| kind(run(remote.1.set("k", &secret)))),
        ];
        remote.0.wait_for(PATIENCE, |counters| counters.in_flight == 2).unwrap();
        // Whoever is in this first poll is waited for, and then turned away.
        face::shutdown(PATIENCE).unwrap();
        let kinds = threads.map(|thread| thread.join().unwrap());
        let closed = Some(ErrorKind::Closed);
        assert_eq!(kinds, [closed, closed, Some(ErrorKind::OutcomeUnknown)]);
    });
    assert!(begun.elapsed() < Duration::from_secs(15), "an answer took its deadline");
    // A future that began before and is polled after.
    let mut late = pin!(remote.1.get("k"));
    assert!(late.as_mut().poll(&mut task).is_pending());
    face::shutdown(PATIENCE).unwrap();
    let Poll::Ready(outcome) = late.as_mut().poll(&mut task) else {
        panic!("it goes on")
    };
    assert_eq!(kind(outcome), Some(ErrorKind::Closed));
    // A new call has a new runtime.
    let hasty = remote.1.with_timeout(Duration::from_millis(20));
    assert_eq!(kind(run(hasty.get("k"))), Some(ErrorKind::Timeout));
}

fn a_thread_that_stays_is_told_of() {
    let (release, released) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    face::spawn(async move {
        tell.send(()).unwrap();
        let _ = released.recv();
    })
    .unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    let begun = Instant::now();
    for timeout in [0, 20] {
        let outcome = face::shutdown(Duration::from_millis(timeout));
        assert_eq!(kind(outcome), Some(ErrorKind::Timeout));
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(on_runtime(async { 1 }), 1, "a new one works beside the one that stays");
    release.send(()).unwrap();
    face::shutdown(PATIENCE).unwrap();

    // The same where it is not a thread of the runtime that stays, but one that polls inside it.
    let (release, released) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let (fault, manager) = faulty();
        fault
            .on(Operation::Get)
            .times(1)
            .then(Fault::Latency(Duration::from_secs(3600)));
        fault.on(Operation::Get).then(Fault::Yield(1));
        let mut call = pin!(manager.get("k"));
        let waker = Waker::from(Arc::new(Stays {
            told: tell,
            released: std::sync::Mutex::new(released),
        }));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let mut yields = pin!(manager.get("k"));
        // `yield` wakes its task while it is polled, and this waker does not come back.
        let _ = yields.as_mut().poll(&mut Context::from_waker(&waker));
    });
    told.recv_timeout(PATIENCE).unwrap();
    let outcome = face::shutdown(Duration::from_millis(20));
    assert_eq!(kind(outcome), Some(ErrorKind::Timeout));
    release.send(()).unwrap();
    face::shutdown(PATIENCE).unwrap();
    thread.join().unwrap();
}

struct Stays {
    told: mpsc::Sender<()>,
    released: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Wake for Stays {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let inside = face::shutdown(Duration::ZERO);
        assert_eq!(kind(inside), Some(ErrorKind::ReentrantCall));
        self.told.send(()).unwrap();
        let _ = self.released.lock().unwrap().recv_timeout(PATIENCE);
    }
}

fn under_load() {
    static CALLS: ProcessLocal<AtomicUsize> = ProcessLocal::new(|| AtomicUsize::new(0));
    let (fault, manager) = faulty();
    fault.on(Operation::Get).then(Fault::Latency(Duration::from_millis(1)));
    fault.on(Operation::Describe).then(Fault::Yield(3));
    let manager = manager.with_timeout(Duration::from_secs(5));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for at in 0..4 {
            let (manager, done) = (manager.clone(), &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let found = match at % 2 {
                        0 => kind(run(manager.get("k"))),
                        _ => kind(run(manager.describe("k"))),
                    };
                    assert!(
                        matches!(found, None | Some(ErrorKind::Closed | ErrorKind::Unavailable)),
                        "{found:?}"
                    );
                    CALLS.get().fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let end = Instant::now() + PATIENCE;
        for _ in 0..40 {
            let seen = CALLS.get().load(Ordering::Relaxed);
            while CALLS.get().load(Ordering::Relaxed) < seen + 8 {
                assert!(Instant::now() < end, "the calls hang");
                std::thread::yield_now();
            }
            // Two at once are as good as one.
            scope.spawn(|| face::shutdown(PATIENCE).unwrap());
            face::shutdown(PATIENCE).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    face::shutdown(PATIENCE).unwrap();
}

fn within_a_foreign_runtime() {
    let host = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    host.block_on(async {
        let (fault, manager) = faulty();
        fault.on(Operation::Get).then(Fault::Latency(Duration::from_millis(1)));
        manager.get("k").await.unwrap();
        // Tokio panics where one of its runtimes is waited for within another one.
        face::shutdown(PATIENCE).unwrap();
        assert!(!runtime_is_built());
        manager.get("k").await.unwrap();
    });
    face::shutdown(PATIENCE).unwrap();
}
