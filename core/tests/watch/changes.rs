//! Subscriptions.

use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use strongroom::backend::{Backend, BoxFuture, Operation, Persistence, SetRequest};
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend, LimitedBackend, memory};
use strongroom::{
    CallContext, Change, ChangeKind, ErrorKind, Face, Secret, SecretKey, SubscribeOptions, Subscription, Version,
};

use super::executor::run;
use super::{PATIENCE, builder, encrypted, kind};

fn often() -> SubscribeOptions {
    SubscribeOptions::new().every(Duration::from_millis(10))
}

fn key(name: &str) -> SecretKey {
    SecretKey::new(name)
}

/// The next change, which must come in time.
#[track_caller]
fn next(subscription: &mut Subscription) -> Change {
    let change = subscription.next_within(PATIENCE).expect("a change comes in time");
    change.expect("the subscription goes on")
}

fn told(change: &Change) -> (ChangeKind, Option<&str>, Option<&str>) {
    let (key, version) = (change.key.as_ref(), change.version.as_ref());
    (change.kind, key.map(SecretKey::name), version.map(Version::as_str))
}

fn over(backend: Arc<dyn Backend>) -> SecretManager {
    builder().backend_instance(backend).open_blocking().unwrap()
}

#[test]
fn what_others_change_in_a_local_store_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (encrypted(dir.path()), encrypted(dir.path()));
    let mut all = ours.subscribe(often()).unwrap();
    let mut named = ours.subscribe(often().key(key("NAMED"))).unwrap();
    for number in 0..50 {
        ours.set("OURS", &Secret::new(number.to_string())).unwrap();
    }
    theirs.set("OTHER", &Secret::new("v")).unwrap();
    let mut unknown = 0;
    while unknown == 0 {
        unknown += u32::from(next(&mut all).kind == ChangeKind::Unknown);
    }
    ours.set("END", &Secret::new("v")).unwrap();
    loop {
        let change = next(&mut all);
        if change.key == Some(key("END")) {
            break;
        }
        unknown += u32::from(change.kind == ChangeKind::Unknown);
    }
    assert_eq!(unknown, 1, "what we write ourselves is nobody else's");

    let version = theirs.set("NAMED", &Secret::new("1")).unwrap().version.unwrap();
    assert_eq!(
        told(&next(&mut named)),
        (ChangeKind::Set, Some("NAMED"), Some(version.as_str()))
    );
    theirs.delete("NAMED").unwrap();
    assert_eq!(told(&next(&mut named)), (ChangeKind::Deleted, Some("NAMED"), None));
    let version = ours.set("NAMED", &Secret::new("2")).unwrap().version.unwrap();
    assert_eq!(
        told(&next(&mut named)),
        (ChangeKind::Set, Some("NAMED"), Some(version.as_str()))
    );
    let version = theirs.set("NAMED", &Secret::new("3")).unwrap().version.unwrap();
    assert_eq!(
        told(&next(&mut named)),
        (ChangeKind::Set, Some("NAMED"), Some(version.as_str()))
    );
    assert_eq!(
        ours.get_value("NAMED").unwrap().as_deref(),
        Some("3"),
        "what is told can be read"
    );
}

#[test]
fn what_others_change_on_a_server_is_told_where_it_is_named() {
    let server = memory();
    let remote = LimitedBackend::without(Arc::clone(&server), |can| can.persistence = Persistence::Remote);
    let manager = over(remote);
    let write = |name: &str, value: &str| {
        let cx = CallContext::new(Face::Blocking, PATIENCE);
        run(server.set(&cx, SetRequest::new(&key(name), &Secret::new(value)))).unwrap()
    };
    write("K", "1");
    let mut named = manager.subscribe(often().key(key("K")).key(key("NONE"))).unwrap();
    write("OTHER", "1");
    let version = write("K", "2").version.unwrap();
    assert_eq!(
        told(&next(&mut named)),
        (ChangeKind::Set, Some("K"), Some(version.as_str()))
    );
    write("NONE", "1");
    assert_eq!(told(&next(&mut named)).1, Some("NONE"));
}

#[test]
fn what_could_not_be_looked_at_is_told_once_it_can() {
    let server = memory();
    let fault = FaultBackend::new(Arc::clone(&server));
    let (ours, theirs) = (over(fault.clone()), over(server));
    let mut named = ours.subscribe(often().key(key("A")).key(key("B"))).unwrap();
    fault.on(Operation::Describe).times(3).then(Fault::Unavailable);
    let version = theirs.set("B", &Secret::new("1")).unwrap().version.unwrap();
    assert_eq!(
        told(&next(&mut named)),
        (ChangeKind::Set, Some("B"), Some(version.as_str()))
    );
    // One that cannot be read keeps nobody from the others.
    fault.on(Operation::Describe).times(1).then(Fault::Corrupt);
    theirs.delete("B").unwrap();
    assert_eq!(told(&next(&mut named)), (ChangeKind::Deleted, Some("B"), None));
    theirs.set("A", &Secret::new("1")).unwrap();
    assert_eq!(told(&next(&mut named)).1, Some("A"), "and each is told once");
}

#[test]
fn thousands_of_subscribers_are_served() {
    let (server, begun) = (memory(), std::time::Instant::now());
    let (ours, theirs) = (over(Arc::clone(&server)), over(server));
    let name = |number: usize| format!("K{number}");
    let subscribe = |number| ours.subscribe(often().key(key(&name(number)))).unwrap();
    let mut subscriptions: Vec<_> = (0..3000).map(subscribe).collect();
    theirs.set(name(1500), &Secret::new("v")).unwrap();
    ours.set(name(2999), &Secret::new("v")).unwrap();
    for number in [1500, 2999] {
        assert_eq!(told(&next(&mut subscriptions[number])).1, Some(name(number).as_str()));
    }
    drop(subscriptions);
    assert!(begun.elapsed() < PATIENCE, "they are in each other's way");
}

#[test]
fn a_thread_that_waits_is_woken_and_ends_with_the_manager() {
    let manager = over(memory());
    let mut subscription = manager.subscribe(SubscribeOptions::new()).unwrap();
    let thread = std::thread::spawn(move || {
        let first = subscription.next_blocking().map(|change| change.kind);
        (first, subscription.next_blocking().is_none())
    });
    manager.set("K", &Secret::new("v")).unwrap();
    manager.close().unwrap();
    assert_eq!(thread.join().unwrap(), (Some(ChangeKind::Set), true));
    assert_eq!(
        kind(manager.subscribe(SubscribeOptions::new())),
        Some(ErrorKind::Closed)
    );

    // Without a close, too, and on any executor.
    let manager = over(memory());
    let mut subscription = manager.subscribe(often()).unwrap();
    let thread = std::thread::spawn(move || run(subscription.next()).is_none());
    drop(manager);
    assert!(thread.join().unwrap());
}

#[test]
fn who_is_slow_learns_that_something_was_left_out() {
    let manager = over(memory());
    let mut slow = manager.subscribe(SubscribeOptions::new()).unwrap();
    for number in 0..2000 {
        manager.set(format!("K{number}"), &Secret::new("v")).unwrap();
    }
    assert_eq!(next(&mut slow).kind, ChangeKind::Missed);
    let mut last = next(&mut slow);
    while let Some(change) = slow.next_waiting() {
        last = change;
    }
    assert_eq!(told(&last).1, Some("K1999"), "the newest are kept");
    assert_eq!(kind(slow.next_within(Duration::ZERO)), Some(ErrorKind::Timeout));
    manager.delete("K0").unwrap();
    assert_eq!(told(&next(&mut slow)), (ChangeKind::Deleted, Some("K0"), None));
}

#[test]
fn a_write_of_which_nobody_knows_may_have_changed_its_secret() {
    let fault = FaultBackend::new(memory());
    let manager = over(fault.clone());
    let mut all = manager.subscribe(SubscribeOptions::new().prefix("K")).unwrap();
    fault.on(Operation::Set).times(1).then(Fault::OutcomeUnknown);
    assert_eq!(
        kind(manager.set("K", &Secret::new("v"))),
        Some(ErrorKind::OutcomeUnknown)
    );
    assert_eq!(told(&next(&mut all)), (ChangeKind::Unknown, Some("K"), None));

    // Whoever leaves a write does not know either.
    let left = builder().backend_instance(fault.clone());
    let left = run(left.open()).unwrap();
    let mut all = run(left.subscribe(SubscribeOptions::new())).unwrap();
    fault.on_any().times(2).then(Fault::Hang);
    let both = [(key("K"), Secret::new("1")), (key("L"), Secret::new("2"))];
    for write in [
        Box::pin(async { left.set("K", &both[0].1).await.map(drop) }) as BoxFuture<'_, strongroom::Result<()>>,
        Box::pin(async { left.set_many(&both).await.map(drop) }),
    ] {
        let mut write = write;
        let poll = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
    }
    let told_of: Vec<_> = (0..3).map(|_| next(&mut all)).collect();
    let told_of: Vec<_> = told_of.iter().map(told).collect();
    let unknown = |name| (ChangeKind::Unknown, Some(name), None);
    assert_eq!(told_of, [unknown("K"), unknown("K"), unknown("L")]);
}

#[test]
fn a_copy_tells_the_subscribers_of_both_sides() {
    let (source, target) = (over(memory()), over(memory()));
    source.set("K", &Secret::new("v")).unwrap();
    let mut from = source.subscribe(SubscribeOptions::new()).unwrap();
    let mut to = target.subscribe(SubscribeOptions::new()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let options = strongroom::transfer::CopyOptions::new().key(key("K")).delete_source();
    let options = options.journal(dir.path().join("journal"));
    source.copy_to(&target, options).unwrap();
    assert_eq!(told(&next(&mut to)).1, Some("K"));
    assert_eq!(told(&next(&mut from)), (ChangeKind::Deleted, Some("K"), None));
}
