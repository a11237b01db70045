//! Equal reads share one fetch, and nobody is held up or misled by that.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use strongroom::backend::Operation;
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{CancellationToken, ErrorKind, GetOptions, Secret};

use super::{PATIENCE, executor, far, number};

/// A manager with `k` = `v`, whose next `get` hangs.
fn hanging() -> (Arc<FaultBackend>, SecretManager, u64) {
    let (fault, manager) = far(&[]);
    manager.set("k", &Secret::new("v")).unwrap();
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    let calls = fault.counters().started;
    (fault, manager, calls)
}

fn joined(manager: &SecretManager, count: u64) {
    super::await_event("the join", || number(manager, "single_flight.joined") == count);
}

fn hangs(fault: &FaultBackend) {
    fault
        .wait_for(PATIENCE, |now| now.waiting == 1)
        .expect("the fetch hangs");
}

#[test]
fn equal_reads_of_both_faces_share_one_fetch_and_each_gets_a_secret_of_its_own() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        hangs(&fault);
        let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| manager.get_value("k"))).collect();
        let asynchronous: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| executor::run(async { manager.to_async().get_value("k").await })))
            .collect();
        joined(&manager, 8);
        fault.wake();
        assert_eq!(first.join().unwrap().unwrap().unwrap().value.expose(), b"v");
        for read in waiting.into_iter().chain(asynchronous) {
            assert_eq!(read.join().unwrap().unwrap().as_deref(), Some("v"));
        }
    });
    assert_eq!(fault.counters().started, calls + 1);
    // The flight has ended: who comes later asks the backend.
    manager.get("k").unwrap();
    assert_eq!(fault.counters().started, calls + 2);
}

#[test]
fn other_keys_versions_and_verbs_are_other_flights() {
    let (fault, manager, calls) = hanging();
    let version = manager.describe("k").unwrap().unwrap().metadata.version.unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        hangs(&fault);
        assert_eq!(manager.get("other").unwrap().map(drop), None);
        assert!(manager.get_version("k", &version).unwrap().is_some());
        assert!(manager.exists("k").unwrap());
        fault.wake();
        first.join().unwrap().unwrap();
    });
    assert_eq!(fault.counters().started, calls + 5);
    assert_eq!(number(&manager, "single_flight.joined"), 0);
}

#[test]
fn an_error_is_everybodys() {
    let failing = FaultBackend::new(super::far_memory());
    failing.on(Operation::Describe).then(Fault::Corrupt);
    let fault = FaultBackend::new(failing.clone());
    let manager = super::over(fault.clone(), &[]);
    fault.on(Operation::Describe).times(1).then(Fault::Hang);
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.describe("k"));
        hangs(&fault);
        let second = scope.spawn(|| manager.describe("k"));
        joined(&manager, 1);
        fault.wake();
        for read in [first, second] {
            let error = read.join().unwrap().unwrap_err();
            assert_eq!((error.kind(), error.key()), (ErrorKind::Integrity, Some("global/k")));
        }
    });
    assert_eq!(failing.counters().started, 1);
}

#[test]
fn a_caller_keeps_its_own_deadline_and_token_and_the_others_go_on() {
    let (fault, manager, calls) = hanging();
    let token = CancellationToken::new();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get_value("k"));
        hangs(&fault);
        let hasty = manager.with_timeout(Duration::from_millis(30));
        assert_eq!(hasty.get("k").unwrap_err().kind(), ErrorKind::Timeout);
        let cancelled = scope.spawn(|| manager.with_cancel(token.clone()).get("k"));
        joined(&manager, 2);
        token.cancel();
        assert_eq!(cancelled.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        fault.wake();
        assert_eq!(first.join().unwrap().unwrap().as_deref(), Some("v"));
    });
    assert_eq!(fault.counters().started, calls + 1);
}

#[test]
fn when_the_first_caller_leaves_another_one_takes_over() {
    for is_async in [false, true] {
        let (fault, manager, calls) = hanging();
        let token = CancellationToken::new();
        thread::scope(|scope| {
            let first = scope.spawn(|| manager.with_cancel(token.clone()).get("k"));
            hangs(&fault);
            let second = scope.spawn(|| match is_async {
                true => executor::run(async { manager.to_async().get_value("k").await }),
                false => manager.get_value("k"),
            });
            joined(&manager, 1);
            token.cancel();
            assert_eq!(first.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
            fault.wake();
            let begun = Instant::now();
            assert_eq!(second.join().unwrap().unwrap().as_deref(), Some("v"));
            // Woken, and not only looking once more at its own deadline of ten seconds.
            assert!(begun.elapsed() < Duration::from_secs(5));
        });
        let after = fault.counters();
        assert_eq!((after.started, after.cancelled), (calls + 1, 0));
    }
}

#[test]
fn the_fetch_ends_with_the_last_of_its_callers() {
    let (fault, manager, calls) = hanging();
    let token = CancellationToken::new();
    let leaving = manager.with_cancel(token.clone());
    thread::scope(|scope| {
        let reads: Vec<_> = (0..3).map(|_| scope.spawn(|| leaving.get("k"))).collect();
        joined(&manager, 2);
        hangs(&fault);
        token.cancel();
        for read in reads {
            assert_eq!(read.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        }
    });
    let after = fault.counters();
    assert_eq!((after.started, after.cancelled, after.in_flight), (calls + 1, 1, 0));
    assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));
}

#[test]
fn a_caller_with_more_time_than_the_fetch_it_joined_fetches_again() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let hasty = manager.with_timeout(Duration::from_secs(2));
        let first = scope.spawn(move || hasty.get("k"));
        hangs(&fault);
        let patient = manager.with_timeout(Duration::from_secs(3));
        let second = scope.spawn(move || patient.get_value("k"));
        joined(&manager, 1);
        assert_eq!(first.join().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(second.join().unwrap().unwrap().as_deref(), Some("v"));
    });
    assert_eq!(fault.counters().started, calls + 2);
}

#[test]
fn a_caller_with_far_more_time_waits_for_no_hasty_ones_fetch_and_others_join_his() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let hasty = manager.with_timeout(Duration::from_secs(3));
        let first = scope.spawn(move || hasty.get_value("k"));
        hangs(&fault);
        fault.on(Operation::Get).times(1).then(Fault::Hang);
        let second = scope.spawn(|| manager.get_value("k"));
        fault
            .wait_for(PATIENCE, |now| now.waiting == 2)
            .expect("a fetch of its own");
        assert_eq!(number(&manager, "single_flight.joined"), 0);
        let third = scope.spawn(|| manager.with_timeout(Duration::from_secs(4)).get_value("k"));
        joined(&manager, 1);
        fault.wake();
        for read in [first, second, third] {
            assert_eq!(read.join().unwrap().unwrap().as_deref(), Some("v"));
        }
    });
    assert_eq!(fault.counters().started, calls + 2);
}

#[test]
fn a_read_after_a_write_never_joins_what_began_before_it() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let before = scope.spawn(|| manager.get_value("k"));
        hangs(&fault);
        manager.set("k", &Secret::new("new")).unwrap();
        assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("new"));
        assert_eq!(number(&manager, "single_flight.joined"), 0);
        fault.wake();
        before.join().unwrap().unwrap();
    });
    assert_eq!(fault.counters().started, calls + 3);
}

#[test]
fn writes_of_other_keys_part_nobody_and_refresh_parts_all() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        hangs(&fault);
        manager.set("other", &Secret::new("v")).unwrap();
        let second = scope.spawn(|| manager.get("k"));
        joined(&manager, 1);
        manager.refresh().unwrap();
        assert!(manager.get("k").unwrap().is_some());
        fault.wake();
        first.join().unwrap().unwrap();
        second.join().unwrap().unwrap();
    });
    assert_eq!(number(&manager, "single_flight.joined"), 1);
    assert!(fault.counters().started >= calls + 3);
}

#[test]
fn a_fresh_read_joins_nobody_and_may_be_joined() {
    let (fault, manager, calls) = hanging();
    thread::scope(|scope| {
        let first = scope.spawn(|| manager.get("k"));
        hangs(&fault);
        fault.on(Operation::Get).times(1).then(Fault::Hang);
        let fresh = scope.spawn(|| manager.get_with("k", GetOptions::new().fresh()));
        fault
            .wait_for(PATIENCE, |now| now.waiting == 2)
            .expect("a fetch of its own");
        let third = scope.spawn(|| manager.get("k"));
        joined(&manager, 1);
        fault.wake();
        for read in [first, fresh, third] {
            assert!(read.join().unwrap().unwrap().is_some());
        }
    });
    assert_eq!(fault.counters().started, calls + 2);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_caller_whose_future_is_held_and_not_polled_holds_up_nobody() {
    let (fault, manager, calls) = hanging();
    let held = manager.to_async();
    let mut first = pin!(held.get("k"));
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let begun = Instant::now();
    thread::scope(|scope| {
        let second = scope.spawn(|| manager.get_value("k"));
        joined(&manager, 1);
        super::await_event("the end", || {
            // Whether the second one has boarded and sleeps is not seen from here.
            fault.wake();
            second.is_finished()
        });
        assert_eq!(second.join().unwrap().unwrap().as_deref(), Some("v"));
    });
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(count.0.load(Ordering::SeqCst) > 0);
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(fault.counters().started, calls + 1);
}

#[test]
fn who_was_woken_for_the_fetch_and_leaves_wakes_another() {
    let (fault, manager, _) = hanging();
    let manager = manager.to_async();
    let counts: Vec<_> = (0..3).map(|_| Arc::new(Count::default())).collect();
    let woken = |at: usize| counts[at].0.load(Ordering::SeqCst) > 0;
    let mut reads: Vec<Option<Reader<'_>>> = (0..3).map(|_| Some(Box::pin(manager.get_value("k")) as _)).collect();
    for (read, count) in reads.iter_mut().zip(&counts) {
        let waker = Waker::from(Arc::clone(count));
        let read = read.as_mut().unwrap().as_mut();
        assert!(Future::poll(read, &mut Context::from_waker(&waker)).is_pending());
    }
    fault.wake();
    // The first, which polled the fetch last, is held and never polled again; of the others one was woken, and leaves.
    let leaving = (1..3).find(|at| woken(*at)).unwrap();
    let staying = 3 - leaving;
    assert!(!woken(staying));
    reads[leaving] = None;
    assert!(woken(staying));
    let waker = Waker::from(Arc::clone(&counts[staying]));
    let read = reads[staying].as_mut().unwrap().as_mut();
    assert!(Future::poll(read, &mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn local_backends_share_nothing() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let manager = super::over(fault.clone(), &[]);
    fault.on(Operation::Get).then(Fault::Hang);
    thread::scope(|scope| {
        let reads: Vec<_> = (0..2).map(|_| scope.spawn(|| manager.get("k"))).collect();
        fault.wait_for(PATIENCE, |now| now.waiting == 2).expect("two fetches");
        fault.wake();
        reads.into_iter().for_each(|read| drop(read.join().unwrap().unwrap()));
    });
}

/// A step of the one thread that plays all callers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Read,
    Leave(usize),
    Write,
    Wake,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Read),
        2 => (0usize..8).prop_map(Step::Leave),
        1 => Just(Step::Write),
        1 => Just(Step::Wake),
    ];
    prop::collection::vec(step, 1..40)
}

type Reader<'a> = Pin<Box<dyn Future<Output = strongroom::Result<Option<String>>> + 'a>>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The model: a read joins the newest fetch unless that has ended, lost all its callers, or a write has ended since;
    /// what a reader gets is at least as new as the last write before it began.
    #[test]
    fn any_order_of_reads_writes_and_leavings_keeps_the_rules(steps in steps()) {
        let (fault, manager) = far(&[]);
        let manager = manager.to_async();
        let mut written = 0u32;
        executor::run(manager.set("k", &Secret::new("0"))).unwrap();
        fault.on(Operation::Get).then(Fault::Hang);
        let before = fault.counters().started;
        let mut task = Context::from_waker(Waker::noop());
        // Of each reader: its future, its fetch, and what was written when it began.
        let mut readers: Vec<(Reader<'_>, u64, u32)> = Vec::new();
        let (mut fetches, mut writes, mut open) = (0u64, 0u64, None::<u64>);
        for step in steps {
            match step {
                Step::Read => {
                    let mut read: Reader<'_> = Box::pin(manager.get_value("k"));
                    prop_assert!(Future::poll(read.as_mut(), &mut task).is_pending());
                    let fetch = *open.get_or_insert_with(|| { fetches += 1; fetches });
                    readers.push((read, fetch, written));
                }
                Step::Leave(at) if !readers.is_empty() => {
                    let (_, fetch, _) = readers.swap_remove(at % readers.len());
                    if open == Some(fetch) && readers.iter().all(|(_, other, _)| *other != fetch) {
                        open = None;
                    }
                }
                Step::Leave(_) => {}
                Step::Write => {
                    written += 1;
                    writes += 1;
                    executor::run(manager.set("k", &Secret::new(written.to_string()))).unwrap();
                    open = None;
                }
                Step::Wake => {
                    fault.wake();
                    for (mut read, _, least) in readers.drain(..) {
                        let Poll::Ready(got) = Future::poll(read.as_mut(), &mut task) else {
                            // Its fetch waits for another reader of it to poll: it has polled before, so it has landed.
                            return Err(TestCaseError::fail("a reader of a fetch that was released waits"));
                        };
                        let got: u32 = got.unwrap().unwrap().parse().unwrap();
                        prop_assert!(got >= least, "{} is older than {}", got, least);
                    }
                    open = None;
                }
            }
            prop_assert_eq!(fault.counters().started, before + fetches + writes);
        }
    }
}
