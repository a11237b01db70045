//! A chain's members on other machines have each their own layers; the chain has single flight for all.

use std::sync::Arc;
use std::thread;

use strongroom::ErrorKind;
use strongroom::blocking::SecretManager;
use strongroom::testing::FaultBackend;

use super::{PATIENCE, await_event, number};

/// Opens `fault` by its word, alone or in a chain, and finds the instance.
fn opened(backend: &str, settings: &[(&str, &str)]) -> (Arc<FaultBackend>, SecretManager) {
    // The one that was opened last is ours: nobody else in this program opens one by its word.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let builder = SecretManager::builder().without_environment().backend(backend);
    let builder = builder.option("cache", "off").option("fault.remote", "on");
    let builder = settings
        .iter()
        .fold(builder, |builder, (key, value)| builder.option(key, *value));
    let manager = builder.open_blocking().unwrap();
    (strongroom::testing::faults().pop().unwrap(), manager)
}

const CHAIN: (&str, &str) = ("chain.members", "fault,memory");

#[test]
fn fault_says_that_it_is_remote_where_the_setting_says_so() {
    let (fault, manager) = opened("fault", &[("fault.script", "get*2:unavailable")]);
    assert_eq!(
        manager.backend().persistence(),
        strongroom::backend::Persistence::Remote
    );
    assert!(manager.get("k").unwrap().is_none());
    assert_eq!(fault.counters().started, 3);
}

#[test]
fn a_member_is_asked_again_and_left_alone_by_its_own_settings() {
    let settings = [
        CHAIN,
        ("retries", "1"),
        ("breaker_failures", "4"),
        ("breaker_wait", "1h"),
        ("chain.allow_unavailable", "on"),
        ("chain.writer", "memory"),
    ];
    let (fault, manager) = opened("chain", &settings);
    fault.set_script("get*1:unavailable".parse().unwrap());
    assert!(manager.get("k").unwrap().is_none());
    assert_eq!((fault.counters().started, number(&manager, "retries")), (2, 1));
    fault.set_script("get:unavailable".parse().unwrap());
    for _ in 0..3 {
        assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::Unavailable);
    }
    // Four failures in a row, and the breaker of this member refuses; the other one answers all the same.
    assert_eq!(fault.counters().started, 6);
    assert_eq!(number(&manager, "breaker.state"), 2);
    assert!(number(&manager, "breaker.refused") > 0);
    // Calls of the chain are counted once, whoever is asked.
    assert_eq!(number(&manager, "calls.get"), 4);
}

#[test]
fn a_chain_with_a_remote_member_shares_fetches() {
    let (fault, manager) = opened("chain", &[CHAIN, ("chain.writer", "memory")]);
    fault.set_script("get:hang".parse().unwrap());
    thread::scope(|scope| {
        let reads: Vec<_> = (0..3).map(|_| scope.spawn(|| manager.get("k"))).collect();
        await_event("the joins", || number(&manager, "single_flight.joined") == 2);
        fault.wait_for(PATIENCE, |now| now.waiting == 1).expect("the fetch");
        fault.wake();
        reads.into_iter().for_each(|read| drop(read.join().unwrap().unwrap()));
    });
    assert_eq!(fault.counters().started, 1);
}

#[test]
fn a_chain_of_local_members_shares_nothing_and_asks_nobody_twice() {
    let (fault, manager) = opened("chain", &[CHAIN, ("chain.writer", "memory"), ("fault.remote", "off")]);
    fault.set_script("get*1:unavailable; get:hang".parse().unwrap());
    assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::Unavailable);
    thread::scope(|scope| {
        let reads: Vec<_> = (0..2).map(|_| scope.spawn(|| manager.get("k"))).collect();
        fault.wait_for(PATIENCE, |now| now.waiting == 2).expect("two fetches");
        fault.wake();
        reads.into_iter().for_each(|read| drop(read.join().unwrap().unwrap()));
    });
    assert_eq!(fault.counters().started, 3);
}
