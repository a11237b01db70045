//! Who runs the futures: any executor, none, or someone else's runtime; and when our own runtime is built. One test,
//! because the runtime is one a process.

mod executor;

use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use executor::run;
use strongroom::backend::Operation;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{ErrorKind, Secret, SecretManager, blocking};

#[test]
fn futures_run_anywhere_and_local_calls_start_no_runtime() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let open = || {
        SecretManager::builder()
            .without_environment()
            .backend_instance(fault.clone())
    };
    let manager = run(open().open()).unwrap();
    let waiting = blocking::SecretManager::from(manager.clone());

    run(manager.set("k", &Secret::new("v"))).unwrap();
    waiting.set("k2", &Secret::new("v2")).unwrap();
    assert_eq!(run(manager.get_value("k")).unwrap().as_deref(), Some("v"));
    waiting.lock().unwrap();
    fault.on(Operation::Get).times(1).then(Fault::Yield(3));
    assert_eq!(waiting.get_value("k2").unwrap().as_deref(), Some("v2"));
    assert!(
        !strongroom::testing::runtime_is_built(),
        "a local backend needs no runtime"
    );

    // A latency needs a timer: the runtime is built, whoever polls.
    waiting.lock().unwrap();
    let slow = FaultBackend::new(strongroom::testing::memory());
    slow.on(Operation::Get).then(Fault::Latency(Duration::from_millis(5)));
    let slow_manager = run(SecretManager::builder()
        .without_environment()
        .option("cache", "off")
        .backend_instance(slow)
        .open())
    .unwrap();
    run(slow_manager.set("k", &Secret::new("v"))).unwrap();
    assert_eq!(run(slow_manager.get_value("k")).unwrap().as_deref(), Some("v"));
    assert!(strongroom::testing::runtime_is_built());
    let slow_waiting = blocking::SecretManager::from(slow_manager.clone());
    assert_eq!(slow_waiting.get_value("k").unwrap().as_deref(), Some("v"));

    // Inside the host's runtime, both faces.
    let host = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    host.block_on(async {
        assert_eq!(slow_manager.get_value("k").await.unwrap().as_deref(), Some("v"));
        assert_eq!(slow_waiting.get_value("k").unwrap().as_deref(), Some("v"));
    });

    // A deadline fires without the executor's help.
    fault.on(Operation::Get).then(Fault::Hang);
    waiting.lock().unwrap();
    let begun = Instant::now();
    let late = run(manager.with_timeout(Duration::from_millis(50)).get("k")).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    let late = waiting.with_timeout(Duration::from_millis(50)).get("k").unwrap_err();
    assert_eq!(
        (late.kind(), late.operation()),
        (ErrorKind::Timeout, Some(Operation::Get))
    );
    assert!(begun.elapsed() < Duration::from_secs(6));

    // Dropping a pending read cancels it at once.
    let cancelled = fault.counters().cancelled;
    let mut pending = Box::pin(manager.get("k"));
    let waker = Waker::noop();
    assert!(pending.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    drop(pending);
    assert_eq!(fault.counters().cancelled, cancelled + 1);
}
