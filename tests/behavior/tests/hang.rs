//! What a hanging keystore costs: one thread, whatever the number of calls. In a process of its own, because it counts
//! the threads of the process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use strongroom::backend::{Backend, Operation};
use strongroom::testing::{self, Fault, FaultBackend};
use strongroom::{ErrorKind, Secret, SecretManager};

const CALLS: usize = 1000;
const DEADLINE: Duration = Duration::from_millis(100);

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

fn manager(fault: &Arc<FaultBackend>) -> SecretManager {
    let builder = SecretManager::builder().app("behavior").without_environment();
    let builder = builder.backend_instance(Arc::clone(fault) as Arc<dyn Backend>);
    let manager = builder.open_blocking().unwrap();
    manager.set("A", &Secret::new("v")).unwrap();
    // Through the blocking face this far, so that no runtime has been built.
    drop(manager);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let builder = SecretManager::builder().app("behavior").without_environment();
    runtime
        .block_on(builder.backend_instance(Arc::clone(fault) as Arc<dyn Backend>).open())
        .unwrap()
}

fn poll<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(outcome) => Some(outcome),
        std::task::Poll::Pending => None,
    }
}

/// Wakes until a read that goes through the worker works again.
fn works_again(fault: &FaultBackend, read: impl Fn() -> strongroom::Result<Option<Secret>> + Sync) {
    fault.set_script("get:block".parse().unwrap());
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let outcome = std::thread::scope(|scope| {
            let reader = scope.spawn(&read);
            while !reader.is_finished() {
                fault.wake();
                std::thread::yield_now();
            }
            reader.join().unwrap()
        });
        if let Ok(Some(secret)) = outcome {
            assert_eq!(secret.value.expose(), b"v");
            return;
        }
        assert!(Instant::now() < end, "the worker did not come back: {outcome:?}");
    }
}

// One test, so that no other one starts threads while it counts.
#[test]
fn a_thousand_calls_on_a_hanging_backend_cost_one_thread_and_all_works_when_it_wakes() {
    // Blocking: calls one after the other.
    let fault = FaultBackend::new(testing::memory());
    let builder = SecretManager::builder()
        .app("behavior")
        .without_environment()
        .option("cache", "off");
    let client = builder
        .backend_instance(Arc::clone(&fault) as Arc<dyn Backend>)
        .open_blocking()
        .unwrap();
    client.set("A", &Secret::new("v")).unwrap();
    let before = threads();
    fault.on(Operation::Get).then(Fault::Block);
    let start = Instant::now();
    let error = client.with_timeout(DEADLINE).get("A").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(start.elapsed() < DEADLINE + Duration::from_secs(5));
    // The hanging job may be waited for a little longer than its caller waited.
    let end = Instant::now() + Duration::from_secs(5);
    while client.with_timeout(DEADLINE).get("A").unwrap_err().kind() != ErrorKind::Unavailable {
        assert!(Instant::now() < end, "later calls are refused");
    }
    let start = Instant::now();
    for _ in 0..CALLS {
        let error = client.get("A").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    let took = start.elapsed();
    assert!(
        took < Duration::from_secs(1),
        "{CALLS} refused calls took {took:?}; they fail at once"
    );
    assert!(threads() <= before + 1, "{before} threads before, {} now", threads());
    works_again(&fault, || client.get("A"));
    assert!(
        threads() <= before + 1,
        "{before} threads before, {} after waking",
        threads()
    );

    // Async: all at the same time, on no executor.
    let fault = FaultBackend::new(testing::memory());
    let manager = manager(&fault);
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    let mut warm = Box::pin(async { manager.get("WARM").await });
    assert!(
        poll(&mut warm).is_none(),
        "this starts the runtime, whose timers wake async callers"
    );
    drop(warm);
    let before = threads();
    fault.set_script("get:block".parse().unwrap());
    let started = fault.counters().started;
    let keys: Vec<String> = (0..CALLS).map(|at| format!("K{at}")).collect();
    let start = Instant::now();
    let mut calls: Vec<_> = keys.iter().map(|key| Box::pin(manager.get(key))).collect();
    let mut refused = 0;
    let mut waiting = Vec::new();
    for mut call in calls.drain(..) {
        match poll(&mut call) {
            Some(outcome) => {
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unavailable);
                refused += 1;
            }
            None => waiting.push(call),
        }
    }
    let took = start.elapsed();
    assert!(
        took < Duration::from_secs(1),
        "{CALLS} polls took {took:?}; none may wait"
    );
    assert!(
        refused >= CALLS / 2,
        "the queue is bounded, yet only {refused} of {CALLS} were refused"
    );
    assert!(threads() <= before + 1, "{before} threads before, {} now", threads());
    assert_eq!(fault.counters().started - started, CALLS as u64);
    drop(waiting);
    assert_eq!(fault.counters().in_flight, 0);
    let blocking = strongroom::blocking::SecretManager::from(manager.clone());
    works_again(&fault, || blocking.get("A"));
    assert!(
        threads() <= before + 1,
        "{before} threads before, {} after waking",
        threads()
    );
}
