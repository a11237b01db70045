//! What is made again, what never is, and when nothing is tried any more.

use std::time::{Duration, Instant};

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{CancellationToken, ErrorKind, Secret};

use super::{PATIENCE, await_event, executor, far, number};

#[test]
fn a_read_that_failed_in_passing_is_made_again() {
    let (fault, manager) = far(&[]);
    manager.set("k", &Secret::new("v")).unwrap();
    let calls = fault.counters().started;
    for (round, kind) in [ErrorKind::Unavailable, ErrorKind::RateLimited].into_iter().enumerate() {
        fault.on(Operation::Get).times(2).then(Fault::Fail(kind));
        let read = match round {
            0 => manager.get_value("k"),
            _ => executor::run(async { manager.to_async().get_value("k").await }),
        };
        assert_eq!(read.unwrap().as_deref(), Some("v"));
    }
    assert_eq!(fault.counters().started, calls + 6);
    assert_eq!(number(&manager, "retries"), 4);
    assert_eq!(number(&manager, "calls.get"), 6);
    assert_eq!(number(&manager, "calls.get.errors"), 4);
}

#[test]
fn it_is_made_again_so_often_and_no_more() {
    for (retries, tries) in [("0", 1), ("1", 2), ("2", 3)] {
        let (fault, manager) = far(&[("retries", retries)]);
        fault.on(Operation::Describe).then(Fault::Unavailable);
        assert_eq!(manager.describe("k").unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(fault.counters().started, tries);
    }
}

#[test]
fn denials_and_whatever_else_does_not_pass_are_not_made_again() {
    for kind in [
        ErrorKind::Unauthenticated,
        ErrorKind::PermissionDenied,
        ErrorKind::NotFound,
        ErrorKind::Locked,
        ErrorKind::Timeout,
        ErrorKind::Integrity,
        ErrorKind::InvalidConfig,
        ErrorKind::Internal,
    ] {
        let (fault, manager) = far(&[]);
        fault.on_any().then(Fault::Fail(kind));
        assert_eq!(manager.get("k").unwrap_err().kind(), kind);
        assert_eq!(manager.set("k", &Secret::new("v")).unwrap_err().kind(), kind);
        assert_eq!(fault.counters().started, 2, "{kind:?}");
    }
}

#[test]
fn a_write_is_made_again_only_where_nothing_was_changed() {
    let (fault, manager) = far(&[]);
    fault.on(Operation::Set).times(1).then(Fault::OutcomeUnknown);
    let error = manager.set("k", &Secret::new("v")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(fault.counters().started, 1);
    // It happened once: the version says so.
    let version = manager.describe("k").unwrap().unwrap().metadata.version.unwrap();
    assert_eq!(version.number(), Some(1));
    fault.on(Operation::Set).times(1).then(Fault::Unavailable);
    fault
        .on(Operation::Set)
        .times(1)
        .then(Fault::Throttled { retry_after: None });
    let version = manager.set("k", &Secret::new("w")).unwrap().version.unwrap();
    assert_eq!(version.number(), Some(2));
}

#[test]
fn what_the_backend_says_about_waiting_is_kept() {
    let (fault, manager) = far(&[]);
    let wait = Duration::from_millis(300);
    fault.on(Operation::Get).times(1).then(Fault::Throttled {
        retry_after: Some(wait),
    });
    let begun = Instant::now();
    assert!(manager.get("k").unwrap().is_none());
    assert!(begun.elapsed() >= wait);
    assert_eq!(number(&manager, "retry_after_waits"), 1);
    // What does not fit into the deadline is answered at once, with what the backend said.
    let wait = Duration::from_secs(60);
    fault.on(Operation::Get).times(1).then(Fault::Throttled {
        retry_after: Some(wait),
    });
    let begun = Instant::now();
    let error = manager.get("k").unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(wait))
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(number(&manager, "retry_after_waits"), 1);
}

#[test]
fn a_pause_ends_with_the_callers_token() {
    for is_async in [false, true] {
        let (fault, manager) = far(&[]);
        let wait = Duration::from_secs(9);
        fault.on(Operation::Set).then(Fault::Throttled {
            retry_after: Some(wait),
        });
        let token = CancellationToken::new();
        let leaving = manager.with_cancel(token.clone());
        std::thread::scope(|scope| {
            let write = scope.spawn(|| match is_async {
                true => executor::run(async { leaving.to_async().set("k", &Secret::new("v")).await }),
                false => leaving.set("k", &Secret::new("v")),
            });
            await_event("the pause", || number(&manager, "retries") == 1);
            let begun = Instant::now();
            token.cancel();
            // The attempt changed nothing, so it is not `outcome_unknown`.
            assert_eq!(write.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
            assert!(begun.elapsed() < Duration::from_secs(5));
        });
        assert_eq!(fault.counters().started, 1);
    }
}

#[test]
fn of_a_batch_only_what_failed_in_passing_is_asked_for_again() {
    let (fault, manager) = far(&[]);
    for key in ["a", "b"] {
        manager.set(key, &Secret::new(key)).unwrap();
    }
    fault.on(Operation::GetMany).times(1).then(Fault::Unavailable);
    let found = manager.get_many(&["a", "b", "c"]).unwrap();
    assert_eq!((found.secrets.len(), found.failures.len()), (2, 0));
    assert_eq!(number(&manager, "retries"), 1);
}

#[test]
fn an_outage_does_not_multiply_the_load() {
    let (fault, manager) = far(&[("breaker_failures", "1000"), ("concurrency", "64")]);
    fault.on(Operation::Get).then(Fault::Unavailable);
    std::thread::scope(|scope| {
        for n in 0..60 {
            let manager = &manager;
            scope.spawn(move || manager.get(format!("k{n}").as_str()).unwrap_err());
        }
    });
    // Without a budget it were 180: each call three times. It may save up 20, and earns some meanwhile.
    let calls = fault.counters().started;
    assert!((61..=110).contains(&calls), "{calls} calls");
}

#[test]
fn health_is_told_at_once() {
    let (fault, manager) = far(&[]);
    fault.on(Operation::Health).then(Fault::Unavailable);
    assert!(manager.health().unwrap().error.is_some());
    assert_eq!(fault.counters().started, 1);
    assert!(fault.wait_for(PATIENCE, |now| now.in_flight == 0).is_some());
}
