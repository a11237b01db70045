//! A backend that is out of reach is left alone, and tried again by one call.

use std::thread;
use std::time::Duration;

use strongroom::backend::{HealthState, Operation};
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret};

use super::{PATIENCE, await_event, far, number};

const LONG: &[(&str, &str)] = &[("retries", "0"), ("breaker_failures", "3"), ("breaker_wait", "1h")];
const SHORT: &[(&str, &str)] = &[("retries", "0"), ("breaker_failures", "3"), ("breaker_wait", "50ms")];

#[test]
fn it_opens_after_failures_in_a_row_and_then_refuses_at_once() {
    let (fault, manager) = far(LONG);
    fault.on(Operation::Get).times(2).then(Fault::Unavailable);
    fault.on(Operation::Get).times(1).then(Fault::Pass);
    fault.on(Operation::Get).times(3).then(Fault::Unavailable);
    for _ in 0..6 {
        drop(manager.get("k"));
    }
    assert_eq!(fault.counters().started, 6);
    for _ in 0..4 {
        let read = manager.get("k").unwrap_err();
        assert_eq!((read.kind(), read.key()), (ErrorKind::Unavailable, Some("global/k")));
        let wait = read.retry_after().unwrap();
        assert!(
            wait > Duration::from_secs(3000) && wait <= Duration::from_secs(3600),
            "{wait:?}"
        );
        let write = manager.set("k", &Secret::new("v")).unwrap_err();
        assert_eq!(write.kind(), ErrorKind::Unavailable);
    }
    assert_eq!(fault.counters().started, 6);
    assert_eq!(number(&manager, "breaker.state"), 2);
    assert_eq!(number(&manager, "breaker.opened"), 1);
    assert_eq!(number(&manager, "breaker.refused"), 8);
}

#[test]
fn answers_that_are_errors_show_that_the_backend_lives() {
    let (fault, manager) = far(LONG);
    for kind in [
        ErrorKind::PermissionDenied,
        ErrorKind::RateLimited,
        ErrorKind::Unauthenticated,
    ] {
        fault.on(Operation::Get).times(4).then(Fault::Fail(kind));
        for _ in 0..4 {
            assert_eq!(manager.get("k").unwrap_err().kind(), kind);
        }
    }
    assert_eq!(fault.counters().started, 12);
}

#[test]
fn deadlines_that_are_too_short_say_nothing_about_the_backend() {
    let (fault, manager) = far(LONG);
    fault.on(Operation::Get).times(5).then(Fault::Hang);
    let hasty = manager.with_timeout(Duration::from_millis(20));
    for _ in 0..5 {
        assert_eq!(hasty.get("k").unwrap_err().kind(), ErrorKind::Timeout);
    }
    // A backend that looks at the deadline itself answers so, too.
    fault.on(Operation::Get).times(5).then(Fault::Fail(ErrorKind::Timeout));
    for _ in 0..5 {
        assert_eq!(hasty.get("k").unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert!(manager.get("k").unwrap().is_none());
    assert_eq!(number(&manager, "breaker.state"), 0);
}

#[test]
fn silence_counts_by_the_managers_own_deadline() {
    let settings = [
        ("deadline", "40ms"),
        ("retries", "0"),
        ("breaker_failures", "2"),
        ("breaker_wait", "1h"),
    ];
    let (fault, manager) = far(&settings);
    fault.on(Operation::Get).then(Fault::Hang);
    for _ in 0..2 {
        assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(number(&manager, "breaker.state"), 2);
}

#[test]
fn what_is_refused_without_asking_neither_opens_nor_closes_it() {
    let (fault, manager) = far(LONG);
    for kind in [ErrorKind::Unavailable, ErrorKind::TooLarge] {
        fault.on(Operation::Get).times(1).then(Fault::Fail(kind));
        fault
            .on(Operation::Get)
            .times(1)
            .then(Fault::Fail(ErrorKind::Unavailable));
    }
    for _ in 0..4 {
        manager.get("k").unwrap_err();
    }
    assert_eq!(number(&manager, "breaker.state"), 2);
}

#[test]
fn after_a_while_one_call_tries_it_and_its_answer_decides() {
    let (fault, manager) = far(SHORT);
    fault.on(Operation::Get).times(3).then(Fault::Unavailable);
    fault.on(Operation::Get).times(1).then(Fault::Unavailable);
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    for _ in 0..3 {
        manager.get("k").unwrap_err();
    }
    // The first probe fails and opens it again.
    await_event("the first probe", || {
        manager.get("k").unwrap_err();
        fault.counters().started == 4
    });
    assert_eq!(number(&manager, "breaker.opened"), 2);
    thread::scope(|scope| {
        let probe = scope.spawn(|| {
            loop {
                match manager.get("k") {
                    Err(error) => assert!(error.retry_after().is_some(), "{error}"),
                    found => return found,
                }
            }
        });
        fault
            .wait_for(PATIENCE, |now| now.waiting == 1)
            .expect("the second probe");
        assert_eq!(number(&manager, "breaker.state"), 1);
        let refused = manager.get("other").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert!(refused.retry_after().unwrap() <= Duration::from_secs(1));
        assert_eq!(fault.counters().started, 5);
        fault.wake();
        assert!(probe.join().unwrap().unwrap().is_none());
    });
    assert_eq!(number(&manager, "breaker.state"), 0);
    assert!(manager.get("other").unwrap().is_none());
}

#[test]
fn health_goes_through_tells_of_it_and_closes_it() {
    let (fault, manager) = far(LONG);
    fault.on(Operation::Get).times(3).then(Fault::Unavailable);
    fault.on(Operation::Health).times(1).then(Fault::Unavailable);
    for _ in 0..3 {
        manager.get("k").unwrap_err();
    }
    assert_eq!(manager.health().unwrap().state, HealthState::Unavailable);
    assert_eq!(number(&manager, "breaker.state"), 2);
    let health = manager.health().unwrap();
    assert_eq!(health.state, HealthState::Degraded);
    assert!(health.reason.unwrap().contains("refused until now"));
    assert_eq!(number(&manager, "breaker.state"), 0);
    assert!(manager.get("k").unwrap().is_none());
    assert_eq!(manager.health().unwrap().state, HealthState::Ok);
}

#[test]
fn a_breaker_that_opens_ends_the_retries() {
    let (fault, manager) = far(&[("retries", "20"), ("breaker_failures", "2"), ("breaker_wait", "1s")]);
    fault.on(Operation::Get).then(Fault::Unavailable);
    let error = manager.get("k").unwrap_err();
    // The backend's own answer, not the refusal.
    assert!(error.message().contains("script"), "{error}");
    assert_eq!(fault.counters().started, 2);
}

#[test]
fn batches_of_which_nothing_comes_count_too() {
    let (fault, manager) = far(LONG);
    fault.on(Operation::GetMany).then(Fault::Unavailable);
    for _ in 0..3 {
        let answer = manager.get_many(&["a", "b"]);
        assert!(answer.is_err_and(|error| error.kind() == ErrorKind::Unavailable));
    }
    assert_eq!(number(&manager, "breaker.state"), 2);
}
