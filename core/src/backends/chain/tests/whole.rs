//! What concerns the chain as a whole: capabilities, health, verify, lock, close.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Chain, Three, fails};
use crate::backend::{Backend, Capabilities, HealthState, Operation, Persistence};
use crate::backends::fault::{Fault, FaultBackend, LimitedBackend, Script};
use crate::backends::memory::MemoryBackend;
use crate::error::ErrorKind;
use crate::secret::Secret;

fn memory() -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::new())
}

fn limited(change: impl FnOnce(&mut Capabilities)) -> Arc<dyn Backend> {
    LimitedBackend::without(memory(), change)
}

#[test]
fn what_is_written_is_the_writers_and_what_is_read_is_everyones() {
    let weak = || {
        limited(|can| {
            *can = Capabilities::minimal(Persistence::Session, 7);
            can.empty_value = false;
            can.max_key = 20;
        })
    };
    let chain = Chain::new(vec![weak(), memory()], Some(1), false);
    let mut expected = Capabilities::complete(Persistence::Process, 8 << 20);
    expected.list = false;
    assert_eq!(chain.capabilities, expected);
    let chain = Chain::new(vec![memory(), weak()], None, false);
    let mut expected = Capabilities::minimal(Persistence::Process, 7);
    expected.empty_value = false;
    expected.verify = true;
    assert_eq!(chain.capabilities, expected);
    let stays = limited(|can| can.persistence = Persistence::Disk);
    let chain = Chain::new(vec![memory(), stays.clone()], Some(1), false);
    assert_eq!(chain.capabilities.persistence, Persistence::Disk);
    let chain = Chain::new(vec![stays, memory()], None, false);
    assert_eq!(chain.capabilities.persistence, Persistence::Process);
}

#[test]
fn it_needs_the_runtime_where_a_member_does() {
    let slow = Script::parse("get:latency(1ms)").unwrap();
    let slow: Arc<dyn Backend> = FaultBackend::with_script(memory(), slow);
    assert!(Chain::new(vec![memory(), slow.clone()], None, false).needs_runtime());
    assert!(!Chain::new(vec![memory(), memory()], None, false).needs_runtime());
    let builder = crate::SecretManager::builder().without_environment();
    let chain = Arc::new(Chain::new(vec![memory(), slow], Some(0), false));
    let manager = builder.backend_instance(chain).open_blocking().unwrap();
    assert!(manager.get("K").unwrap().is_none());
}

#[test]
fn health_is_the_worst_and_names_every_member_with_a_reason() {
    let three = Three::new(Some(0), false);
    let health = three.manager().health().unwrap();
    assert_eq!((health.state, health.reason), (HealthState::Ok, None));
    three.fail(1, Operation::Health, ErrorKind::Locked);
    three.fail(2, Operation::Health, ErrorKind::Unavailable);
    let health = three.manager().health().unwrap();
    assert_eq!(health.state, HealthState::Unavailable);
    assert_eq!(health.error.unwrap().kind(), ErrorKind::Locked);
    let reason = health.reason.unwrap();
    assert_eq!(reason.matches("fault: ").count(), 2, "{reason}");
    assert!(reason.contains("locked") && reason.contains("unavailable"), "{reason}");
}

#[test]
fn health_of_a_member_that_hangs_keeps_nobody_from_being_told() {
    let three = Three::new(Some(0), false);
    three.members[0].on(Operation::Health).then(Fault::Hang);
    three.fail(2, Operation::Health, ErrorKind::Locked);
    let manager = three.manager().with_timeout(Duration::from_millis(300));
    let begun = Instant::now();
    let health = manager.health().unwrap();
    assert!(begun.elapsed() < Duration::from_millis(300) + Duration::from_secs(5));
    let reason = health.reason.unwrap();
    assert!(reason.contains("timeout") && reason.contains("locked"), "{reason}");
}

#[test]
fn verify_checks_every_member_that_can_be_checked() {
    let [first, last] = [memory(), memory()];
    for (member, key) in [(&first, "A"), (&last, "A"), (&last, "B")] {
        super::put(&**member, key, &Secret::new("v"));
    }
    let between = limited(|can| can.verify = false);
    let manager = |members: Vec<Arc<dyn Backend>>| {
        let chain = Arc::new(Chain::new(members, Some(0), false));
        let builder = crate::SecretManager::builder().without_environment();
        builder.backend_instance(chain).open_blocking().unwrap()
    };
    let report = manager(vec![first, between.clone(), last]).verify().unwrap();
    assert_eq!((report.secrets, report.versions, report.sequence), (3, 3, 1));
    fails(manager(vec![between]).verify(), ErrorKind::Unsupported);
    let three = Three::new(Some(0), false);
    three.fail(2, Operation::Verify, ErrorKind::Integrity);
    fails(three.manager().verify(), ErrorKind::Integrity);
}

#[test]
fn lock_and_close_reach_every_member_also_behind_one_that_fails_or_hangs() {
    for operation in [Operation::Lock, Operation::Close] {
        let three = Three::new(Some(0), false);
        three.fail(0, operation, ErrorKind::Internal);
        three.members[1].on(operation).then(Fault::Hang);
        let manager = three.manager().with_timeout(Duration::from_millis(300));
        let before = three.calls();
        let outcome = match operation {
            Operation::Lock => manager.lock(),
            _ => manager.close(),
        };
        fails(outcome, ErrorKind::Internal);
        assert_eq!(three.calls(), before.map(|calls| calls + 1), "{operation}");
        if operation == Operation::Close {
            let key = crate::SecretKey::new("K");
            let cx = super::cx();
            let read = crate::park::block_on(three.members[2].get(&cx, crate::backend::GetRequest::new(&key)));
            fails(read, ErrorKind::Closed);
        }
    }
}
