//! Cancellation: by dropping a future, and by a token.

use std::future::Future;
use std::time::Duration;

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{CancellationToken, ErrorKind, Secret};

use super::client::Client;
use super::harness::{SLACK, block_on, ends_by, fails, poll_once};

tests! { "cancel";
    fn dropped_reads_are_cancelled_in_the_backend(env) [scripted] needs [] {
        let Client::Async(manager) = &env.client else { return };
        env.fault().on(Operation::Get).then(Fault::Hang);
        let mut reads: Vec<_> = (0..500)
            .map(|at| {
                let key = env.key(&format!("K{at}"));
                Box::pin(async move { manager.get(&key).await })
            })
            .collect();
        for read in &mut reads {
            assert!(poll_once(read.as_mut()).is_pending());
        }
        let counters = env.fault().counters();
        assert_eq!(
            (counters.started, counters.in_flight, counters.cancelled),
            (500, 500, 0)
        );
        drop(reads);
        let counters = env.fault().counters();
        assert_eq!(
            (counters.in_flight, counters.cancelled, counters.finished),
            (0, 500, 0),
            "at once, on no executor"
        );
        env.fault().set_script(strongroom::testing::Script::new());
        assert!(block_on(manager.get(env.key("K0"))).unwrap().is_none());
    }

    fn dropping_works_on_an_executor_too(env) [scripted] needs [] {
        let Client::Async(manager) = &env.client else { return };
        env.fault().on(Operation::Get).then(Fault::Hang);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let key = env.key("A");
        runtime.block_on(async {
            let outcome = tokio::time::timeout(Duration::from_millis(20), manager.get(&key)).await;
            assert!(outcome.is_err(), "the executor's own timeout dropped it");
        });
        assert_eq!(env.fault().counters().cancelled, 1);
    }

    fn a_future_that_was_never_polled_did_nothing(env) [scripted] needs [write] {
        let Client::Async(manager) = &env.client else { return };
        let (key, secret) = (env.key("A"), Secret::new("v"));
        drop(manager.set(&key, &secret));
        assert_eq!(env.fault().counters().started, 0);
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn a_token_ends_a_hanging_read(env) [scripted] needs [] {
        env.fault().on(Operation::Get).then(Fault::Hang);
        let token = CancellationToken::new();
        let client = env.client.with_cancel(token.clone());
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| ends_by(Duration::ZERO, || client.get(env.key("A"))));
            env.fault().wait_for(SLACK, |counters| counters.waiting == 1).unwrap();
            token.cancel();
            fails(reader.join().unwrap(), ErrorKind::Cancelled);
        });
        let counters = env.fault().counters();
        assert_eq!((counters.cancelled, counters.in_flight), (1, 0));
    }

    fn a_token_on_a_hanging_write_is_outcome_unknown(env) [scripted] needs [write] {
        env.fault().on(Operation::Set).then(Fault::Hang);
        let token = CancellationToken::new();
        let client = env.client.with_cancel(token.clone());
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| client.set(env.key("A"), &Secret::new("v")));
            env.fault().wait_for(SLACK, |counters| counters.waiting == 1).unwrap();
            token.cancel();
            fails(writer.join().unwrap(), ErrorKind::OutcomeUnknown);
        });
    }

    fn a_cancelled_token_ends_a_call_before_it_begins(env) [scripted] needs [write] {
        let token = CancellationToken::new();
        token.cancel();
        let client = env.client.with_cancel(token);
        fails(client.get(env.key("A")), ErrorKind::Cancelled);
        fails(client.set(env.key("A"), &Secret::new("v")), ErrorKind::Cancelled);
        fails(client.list(strongroom::ListOptions::new()), ErrorKind::Cancelled);
        assert_eq!(env.fault().counters().started, 0);
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
    }

    fn each_caller_has_a_deadline_of_its_own(env) [scripted] needs [] {
        let Client::Async(manager) = &env.client else { return };
        env.fault().on(Operation::Get).then(Fault::Hang);
        let (short, long) = (manager.with_timeout(Duration::from_millis(50)), manager.clone());
        let key = env.key("A");
        let mut patient = Box::pin(long.get(&key));
        assert!(poll_once(patient.as_mut()).is_pending());
        fails(
            ends_by(Duration::from_millis(50), || block_on(short.get(&key))),
            ErrorKind::Timeout,
        );
        assert!(poll_once(patient.as_mut()).is_pending(), "the other one goes on");
        env.fault().wake();
        assert!(block_on(patient).unwrap().is_none());
    }

    fn futures_may_be_sent_between_threads_while_pending(env) [scripted] needs [] {
        fn send<F: Future + Send>(future: F) -> F {
            future
        }
        let Client::Async(manager) = &env.client else { return };
        env.fault().on(Operation::Get).times(1).then(Fault::Hang);
        let key = env.key("A");
        let mut call = Box::pin(send(manager.get(&key)));
        assert!(poll_once(call.as_mut()).is_pending());
        env.fault().wake();
        let read = std::thread::scope(|scope| scope.spawn(move || block_on(call)).join().unwrap());
        assert!(read.unwrap().is_none());
    }
}
