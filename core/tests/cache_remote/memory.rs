//! What is trusted for how long, what is read ahead, and what is known to be absent.

use std::collections::BTreeSet;
use std::sync::Arc;

use strongroom::backend::Operation;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{Change, ChangeKind, ErrorKind, Face, SubscribeOptions, blocking};

use super::executor::run;
use super::remote::{FACES, Remote, await_event, builder};

#[test]
fn a_value_is_trusted_for_its_time_and_a_rotation_is_seen_then() {
    for face in FACES {
        let remote = Remote::open(face, &[("cache_ttl", "100s"), ("cache_refresh_ahead", "off")]);
        remote.set("k", "old");
        assert_eq!(remote.value("k").as_deref(), Some("old"));
        remote.set_elsewhere("k", "new");
        let calls = remote.calls();
        remote.age(85);
        assert_eq!(remote.value("k").as_deref(), Some("old"));
        assert_eq!(remote.calls(), calls, "within its time nobody asks");
        remote.age(15);
        assert_eq!(remote.value("k").as_deref(), Some("new"));
        assert_eq!(remote.number("cache.refreshes"), 0);
    }
}

#[test]
fn values_that_were_read_together_do_not_end_together() {
    let remote = Remote::open(
        Face::Blocking,
        &[("cache_ttl", "1000s"), ("cache_refresh_ahead", "off")],
    );
    let keys: Vec<String> = (0..500).map(|n| format!("k{n}")).collect();
    keys.iter().for_each(|key| remote.set(key, "v"));
    let found = run(remote.manager.get_many(&keys)).unwrap();
    assert_eq!(found.secrets.len(), 500);
    let mut left = Vec::new();
    remote.age(899);
    for _ in 0..12 {
        left.push(keys.iter().filter(|key| remote.is_hit(key)).count());
        remote.age(10);
    }
    assert_eq!((left[0], left[11]), (500, 0), "{left:?}");
    let steps: BTreeSet<_> = left.iter().collect();
    assert!(
        steps.len() > 8,
        "a tenth of them or so ends in each hundredth: {left:?}"
    );
}

#[test]
fn a_late_hit_reads_ahead_once_and_the_caller_gets_the_old_value_at_once() {
    for face in FACES {
        let remote = Remote::open(face, &[("cache_ttl", "100s")]);
        remote.set("k", "old");
        assert_eq!(remote.value("k").as_deref(), Some("old"));
        remote.set_elsewhere("k", "new");
        let calls = remote.calls();
        // The read ahead hangs, and hits go on.
        remote.fault.on(Operation::Get).times(1).then(Fault::Hang);
        remote.age(89);
        for _ in 0..100 {
            assert_eq!(remote.value("k").as_deref(), Some("old"));
            assert!(remote.is_hit("k"));
        }
        await_event("the read ahead", || remote.fault.counters().waiting == 1);
        assert_eq!(remote.calls(), calls + 1, "one read for all the hits");
        remote.fault.wake();
        await_event("the new value", || remote.value("k").as_deref() == Some("new"));
        assert_eq!(remote.calls(), calls + 1);
        assert_eq!(remote.number("cache.refreshes"), 1);
        // The new value has all of its time.
        remote.age(70);
        assert!(remote.is_hit("k"));
        assert_eq!(remote.calls(), calls + 1);
    }
}

#[test]
fn what_is_read_ahead_does_not_undo_a_write_that_came_between() {
    let remote = Remote::open(Face::Blocking, &[("cache_ttl", "100s")]);
    remote.set("k", "old");
    assert!(remote.value("k").is_some());
    remote.fault.on(Operation::Get).times(1).then(Fault::Hang);
    remote.age(89);
    assert!(remote.is_hit("k"));
    await_event("the read ahead", || remote.fault.counters().waiting == 1);
    remote.set("k", "written");
    let finished = remote.fault.counters().finished;
    remote.fault.wake();
    await_event("its end", || remote.fault.counters().finished > finished);
    assert!(!remote.is_hit("k"), "its answer is not kept");
    assert_eq!(remote.value("k").as_deref(), Some("written"));
}

#[test]
fn a_failed_read_ahead_leaves_the_value_until_its_time_ends_and_is_not_repeated() {
    let remote = Remote::open(Face::Blocking, &[("cache_ttl", "100s")]);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    let calls = remote.calls();
    remote.fail_reads(&Fault::Fail(ErrorKind::Internal));
    remote.age(89);
    assert!(remote.is_hit("k"));
    await_event("the read ahead", || remote.number("cache.refreshes") == 1);
    await_event("its end", || {
        remote.fault.counters().in_flight == 0 && remote.calls() > calls
    });
    for _ in 0..100 {
        assert!(remote.is_hit("k"));
    }
    assert_eq!(remote.number("cache.refreshes"), 1);
    remote.age(12);
    assert_eq!(remote.get("k").unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn an_absent_secret_is_remembered_for_a_while_and_forgotten_at_once_where_it_may_be_there() {
    for face in FACES {
        let remote = Remote::open(face, &[("cache_negative_ttl", "10s")]);
        let read = |what: &str, is_asked: bool| {
            let calls = remote.calls();
            let value = remote.value("k");
            assert_eq!(remote.calls() - calls, u64::from(is_asked), "{what}");
            value
        };
        assert_eq!(read("the first read", true), None);
        assert_eq!(read("the second", false), None);
        assert_eq!(remote.number("cache.negative_hits"), 1);
        assert!(run(remote.manager.get_many(&["k"])).unwrap().secrets.is_empty());
        assert_eq!(remote.number("cache.negative_hits"), 2);
        remote.age(10);
        assert_eq!(read("its time has ended", true), None);
        remote.set("k", "v");
        assert_eq!(read("our own write", true).as_deref(), Some("v"));
        remote.delete("k");
        assert_eq!(read("our own removal", true), None);
        remote.set_elsewhere("k", "w");
        assert_eq!(read("nobody told", false), None);
        remote.refresh();
        assert_eq!(read("after a refresh", true).as_deref(), Some("w"));
        remote.delete_elsewhere("k");
        remote.age(300);
        assert_eq!(read("gone", true), None);
        remote.set_elsewhere("k", "x");
        assert_eq!(remote.fresh("k").unwrap().unwrap().value.expose(), b"x");
        assert_eq!(read("what a fresh read found", false).as_deref(), Some("x"));
    }
}

#[test]
fn a_local_backend_has_no_absent_entries_and_is_not_read_ahead() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let manager = builder(&fault).option("cache_ttl", "1s").open_blocking().unwrap();
    for asked in 1..=3 {
        assert_eq!(manager.get_value("k").unwrap(), None);
        assert_eq!(fault.counters().started, asked);
    }
    assert_eq!(manager.metrics().get("cache.negative_hits"), Some(0));
}

#[test]
fn a_refresh_ends_the_trust_in_every_value() {
    let stale: &[(&str, &str)] = &[("cache_max_stale", "1000s")];
    for options in [&[], stale] {
        let remote = Remote::open(Face::Blocking, options);
        remote.set("k", "old");
        assert!(remote.value("k").is_some());
        remote.set_elsewhere("k", "new");
        assert_eq!(remote.value("k").as_deref(), Some("old"));
        remote.refresh();
        assert!(!remote.is_hit("k"));
        remote.fail_reads(&Fault::Unavailable);
        // What may be answered beyond its time is kept for an outage.
        assert_eq!(remote.get("k").is_ok(), !options.is_empty());
        remote.heal();
        assert_eq!(remote.value("k").as_deref(), Some("new"));
        assert!(remote.is_hit("k"));
    }
}

#[test]
fn a_change_by_others_is_told_when_it_is_seen() {
    let remote = Remote::open(Face::Blocking, &[("cache_ttl", "100s"), ("cache_refresh_ahead", "off")]);
    let manager = blocking::SecretManager::from(remote.manager.clone());
    remote.set("k", "1");
    remote.set("same", "1");
    assert!(remote.value("k").is_some() && remote.value("same").is_some());
    let mut changes = manager.subscribe(SubscribeOptions::new()).unwrap();
    let mut next = || -> Option<(ChangeKind, String)> {
        let change: Change = changes.next_waiting()?;
        Some((change.kind, change.key?.to_string()))
    };
    remote.set_elsewhere("k", "2");
    remote.age(101);
    assert!(remote.value("k").is_some() && remote.value("same").is_some());
    assert_eq!(next(), Some((ChangeKind::Set, "global/k".to_owned())));
    assert_eq!(next(), None, "what is the same is no change");
    remote.delete_elsewhere("k");
    remote.age(101);
    assert_eq!(remote.value("k"), None);
    assert_eq!(next(), Some((ChangeKind::Deleted, "global/k".to_owned())));
}

#[test]
fn counters_tell_hits_misses_and_size() {
    let remote = Remote::open(Face::Blocking, &[]);
    remote.set("k", "value");
    assert!(remote.value("k").is_some() && remote.value("k").is_some() && remote.is_hit("k"));
    assert_eq!((remote.number("cache.hits"), remote.number("cache.misses")), (2, 1));
    assert_eq!(remote.number("cache.entries"), 1);
    assert!(remote.number("cache.bytes") > 6);
    remote.lock();
    assert_eq!((remote.number("cache.entries"), remote.number("cache.bytes")), (0, 0));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let manager = remote.manager.clone();
            std::thread::spawn(move || (0..100).filter(|_| run(manager.get("k")).unwrap().is_some()).count())
        })
        .collect();
    let found: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(found, 1600);
    let (hits, misses) = (remote.number("cache.hits"), remote.number("cache.misses"));
    assert_eq!(hits + misses, 2 + 1 + 1600);
}

#[test]
fn a_manager_that_is_dropped_or_closed_reads_nothing_ahead() {
    let remote = Remote::open(Face::Blocking, &[("cache_ttl", "100s")]);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    remote.age(89);
    remote.close();
    assert!(!remote.is_hit("k"));
    let Remote { fault, manager, .. } = remote;
    drop(manager);
    // Only the reader could hold it now.
    await_event("the end of the reader", || Arc::strong_count(&fault) == 1);
}

#[test]
fn what_is_too_old_for_any_answer_does_not_stay_in_memory() {
    let options = [
        ("cache_ttl", "100s"),
        ("cache_max_stale", "100s"),
        ("cache_refresh_ahead", "off"),
    ];
    let remote = Remote::open(Face::Blocking, &options);
    for key in ["a", "b", "c"] {
        remote.set(key, "v");
    }
    assert!(remote.value("a").is_some() && remote.value("b").is_some());
    remote.age(150);
    assert!(remote.value("c").is_some());
    assert_eq!(remote.number("cache.entries"), 3, "for an outage");
    remote.age(101);
    assert!(remote.value("c").is_some());
    assert_eq!(remote.number("cache.entries"), 1);
}
