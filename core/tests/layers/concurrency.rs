//! So many calls at once, the others in turn.

use std::thread;
use std::time::Duration;

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{CancellationToken, ErrorKind, Secret};

use super::{PATIENCE, await_event, executor, far, number};

#[test]
fn no_more_calls_than_the_setting_says_are_under_way() {
    let (fault, manager) = far(&[("concurrency", "3")]);
    fault.on(Operation::Get).then(Fault::Hang);
    thread::scope(|scope| {
        let reads: Vec<_> = (0..10)
            .map(|n| {
                let manager = &manager;
                scope.spawn(move || match n % 2 {
                    0 => manager.get(format!("k{n}").as_str()),
                    _ => executor::run(async { manager.to_async().get(format!("k{n}").as_str()).await }),
                })
            })
            .collect();
        await_event("the queue", || number(&manager, "concurrency.waiting") == 7);
        assert_eq!(number(&manager, "concurrency.running"), 3);
        assert_eq!(fault.counters().in_flight, 3);
        await_event("the end", || {
            assert!(fault.counters().in_flight <= 3);
            fault.wake();
            reads.iter().all(|read| read.is_finished())
        });
        for read in reads {
            assert!(read.join().unwrap().unwrap().is_none());
        }
    });
    assert_eq!(number(&manager, "concurrency.running"), 0);
    assert_eq!(number(&manager, "concurrency.waiting"), 0);
}

#[test]
fn a_call_that_waits_keeps_its_deadline_and_token_and_was_never_sent() {
    let (fault, manager) = far(&[("concurrency", "1")]);
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    let token = CancellationToken::new();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        fault.wait_for(PATIENCE, |now| now.waiting == 1).expect("it hangs");
        let calls = fault.counters().started;
        let hasty = manager.with_timeout(Duration::from_millis(30));
        let read = hasty.get("other").unwrap_err();
        assert_eq!(read.kind(), ErrorKind::Timeout);
        assert!(read.help().contains("concurrency"), "{}", read.help());
        // A write that was not sent has a certain outcome.
        assert_eq!(
            hasty.set("w", &Secret::new("v")).unwrap_err().kind(),
            ErrorKind::Timeout
        );
        let hasty = hasty.to_async();
        let write = executor::run(hasty.set("w", &Secret::new("v")));
        assert_eq!(write.unwrap_err().kind(), ErrorKind::Timeout);
        let cancelled = scope.spawn(|| manager.with_cancel(token.clone()).set("w", &Secret::new("v")));
        await_event("the wait", || number(&manager, "concurrency.waiting") == 1);
        token.cancel();
        assert_eq!(cancelled.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(fault.counters().started, calls);
        fault.wake();
        first.join().unwrap().unwrap();
    });
    assert!(manager.get("w").unwrap().is_none());
}

#[test]
fn whoever_came_first_goes_first() {
    let (fault, manager) = far(&[("concurrency", "1")]);
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    let order = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| manager.get("k"));
        fault.wait_for(PATIENCE, |now| now.waiting == 1).expect("it hangs");
        for n in 0..5u64 {
            let (manager, order) = (&manager, &order);
            scope.spawn(move || {
                let version = manager
                    .set("order", &Secret::new(n.to_string()))
                    .unwrap()
                    .version
                    .unwrap();
                order.lock().unwrap().push((version.number(), n));
            });
            await_event("the wait", || number(manager, "concurrency.waiting") == n + 1);
        }
        fault.wake();
    });
    let mut order = order.into_inner().unwrap();
    order.sort();
    assert_eq!(order.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn health_and_close_wait_for_nobody() {
    let (fault, manager) = far(&[("concurrency", "1")]);
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        fault.wait_for(PATIENCE, |now| now.waiting == 1).expect("it hangs");
        assert!(manager.health().unwrap().error.is_none());
        manager.lock().unwrap();
        manager.close().unwrap();
        fault.wake();
        drop(first.join().unwrap());
    });
}
