//! How a remote backend in use is asked how it is. One test, because it shuts the library's only runtime down.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::sync::Arc;
use std::time::Duration;

use strongroom::backend::{HealthState, Operation, Persistence};
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend, LimitedBackend, memory, runtime_is_built};
use strongroom::{Change, ChangeKind, Secret, SubscribeOptions, face};

/// How long an event may take before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(30);

fn open(fault: &Arc<FaultBackend>) -> SecretManager {
    let builder = strongroom::SecretManager::builder().without_environment();
    let builder = builder
        .option("health_interval", "5ms")
        .option("deadline", "1h")
        .option("breaker_failures", "1000");
    builder.backend_instance(fault.clone()).open_blocking().unwrap()
}

fn remote() -> Arc<FaultBackend> {
    FaultBackend::new(LimitedBackend::without(memory(), |can| {
        can.persistence = Persistence::Remote
    }))
}

/// What becomes of the health next.
#[track_caller]
fn next(subscription: &mut strongroom::Subscription) -> Change {
    loop {
        let change = subscription
            .next_within(PATIENCE)
            .expect("a change comes in time")
            .unwrap();
        if change.kind == ChangeKind::Health {
            return change;
        }
    }
}

#[test]
fn a_remote_backend_in_use_is_asked_how_it_is() {
    nobody_asks_what_is_on_this_machine();
    it_begins_with_the_first_call_and_tells_what_is_new();
    it_goes_on_after_a_shutdown();
    it_keeps_no_manager_alive();
}

fn nobody_asks_what_is_on_this_machine() {
    let fault = FaultBackend::new(memory());
    let manager = open(&fault);
    manager.set("K", &Secret::new("v")).unwrap();
    manager.get("K").unwrap();
    assert!(!runtime_is_built(), "there is nothing that could ask");
}

fn it_begins_with_the_first_call_and_tells_what_is_new() {
    let fault = remote();
    let manager = open(&fault);
    assert!(
        !runtime_is_built() && fault.counters().started == 0,
        "opening asks nobody"
    );
    let mut health = manager.subscribe(SubscribeOptions::new()).unwrap();
    fault.on(Operation::Health).times(3).then(Fault::Unavailable);
    manager.set("K", &Secret::new("v")).unwrap();
    let change = next(&mut health);
    assert_eq!(change.health, Some(HealthState::Unavailable));
    assert!(change.reason.unwrap().contains("unavailable") && change.key.is_none());
    assert_eq!(
        next(&mut health).health,
        Some(HealthState::Ok),
        "three answers of one kind are told once"
    );
    fault.on(Operation::Health).times(1).then(Fault::Denied);
    assert_eq!(next(&mut health).health, Some(HealthState::Unavailable));
    // No call is any the worse for it.
    assert_eq!(manager.get_value("K").unwrap().as_deref(), Some("v"));
    manager.close().unwrap();
    while let Some(change) = health.next_within(PATIENCE).unwrap() {
        assert_eq!(change.kind, ChangeKind::Health);
    }
}

fn it_goes_on_after_a_shutdown() {
    let fault = remote();
    let manager = open(&fault);
    let mut health = manager.subscribe(SubscribeOptions::new()).unwrap();
    manager.exists("K").unwrap();
    face::shutdown(PATIENCE).unwrap();
    assert!(!runtime_is_built());
    fault.on(Operation::Health).times(1).then(Fault::Unavailable);
    manager.exists("K").unwrap();
    assert_eq!(next(&mut health).health, Some(HealthState::Unavailable));
    assert_eq!(next(&mut health).health, Some(HealthState::Ok));

    // So does whoever looks for changes by others.
    let server = memory();
    let hidden = LimitedBackend::without(Arc::clone(&server), |can| can.persistence = Persistence::Remote);
    let manager = open(&FaultBackend::new(hidden));
    let key = strongroom::SecretKey::new("K");
    let options = SubscribeOptions::new().key(key.clone()).every(Duration::from_millis(5));
    let mut changes = manager.subscribe(options).unwrap();
    face::shutdown(PATIENCE).unwrap();
    let theirs = strongroom::SecretManager::builder()
        .backend_instance(server)
        .open_blocking()
        .unwrap();
    theirs.set("K", &Secret::new("v")).unwrap();
    let change = changes.next_within(PATIENCE).unwrap().unwrap();
    assert_eq!((change.kind, change.key), (ChangeKind::Set, Some(key)));
}

fn it_keeps_no_manager_alive() {
    let fault = remote();
    let manager = open(&fault);
    let mut health = manager.subscribe(SubscribeOptions::new()).unwrap();
    fault.on(Operation::Health).times(1).then(Fault::Unavailable);
    fault.on(Operation::Health).times(1).then(Fault::Hang);
    manager.exists("K").unwrap();
    next(&mut health);
    // Nor while a server takes its time.
    fault.wait_for(PATIENCE, |counters| counters.waiting == 1).unwrap();
    drop(manager);
    while health.next_within(PATIENCE).unwrap().is_some() {}
    let weak = Arc::downgrade(&fault);
    drop(fault);
    let end = std::time::Instant::now() + PATIENCE;
    while weak.strong_count() > 0 {
        assert!(std::time::Instant::now() < end, "the backend is still held");
        std::thread::yield_now();
    }
}
