//! Failures on demand: what each one becomes, that nothing outlasts its deadline, and that all works again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::backend::{Backend, Operation};
use strongroom::testing::{self, Fault, FaultBackend, Script};
use strongroom::{ErrorKind, Secret, SecretManager};

use super::backends::try_open;
use super::client::Client;
use super::harness::{SLACK, block_on, ends_by, eventually, fails};

/// Long enough to see a difference, short enough to wait for.
const DEADLINE: Duration = Duration::from_millis(150);

tests! { "faults";
    fn each_fault_gives_its_kind(env) [scripted] needs [write] {
        for (fault, kind) in [
            (Fault::Locked, ErrorKind::Locked),
            (Fault::Denied, ErrorKind::PermissionDenied),
            (Fault::Throttled { retry_after: None }, ErrorKind::RateLimited),
            (Fault::Unavailable, ErrorKind::Unavailable),
            (Fault::Corrupt, ErrorKind::Integrity),
            (Fault::OutcomeUnknown, ErrorKind::OutcomeUnknown),
            (Fault::Fail(ErrorKind::StorageFull), ErrorKind::StorageFull),
        ] {
            env.fault().set_script(Script::new());
            env.fault().on_any().then(fault);
            fails(env.client.get(env.key("A")), kind);
            fails(env.client.get_many(&[env.key("A")]), kind);
            fails(env.client.exists(env.key("A")), kind);
            fails(env.client.set(env.key("B"), &Secret::new("v")), kind);
            fails(env.client.delete(env.key("C")), kind);
        }
    }

    fn a_throttled_call_says_how_long_to_wait(env) [scripted] needs [] {
        env.fault().on(Operation::Get).then(Fault::Throttled {
            retry_after: Some(Duration::from_millis(250)),
        });
        let error = fails(env.client.get(env.key("A")), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(250)));
        assert!(error.is_retryable());
    }

    fn a_lost_connection_stays_lost_until_it_is_back(env) [scripted] needs [write] {
        env.fault().on(Operation::Get).times(1).then(Fault::Disconnect);
        for _ in 0..3 {
            fails(env.client.get(env.key("A")), ErrorKind::Unavailable);
            fails(env.client.set(env.key("A"), &Secret::new("v")), ErrorKind::Unavailable);
        }
        env.fault().reconnect();
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(env.key("A")), b"v");
    }

    fn an_error_is_not_remembered(env) [scripted] needs [write] {
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        env.fault().on(Operation::Get).times(1).then(Fault::Unavailable);
        fails(env.client.get(env.key("A")), ErrorKind::Unavailable);
        assert_eq!(env.client.value(env.key("A")), b"v");
    }

    fn a_write_with_a_lost_answer_may_have_happened(env) [scripted] needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("old")).unwrap();
        assert_eq!(env.client.value(&key), b"old");
        env.fault().on(Operation::Set).times(1).then(Fault::OutcomeUnknown);
        fails(env.client.set(&key, &Secret::new("new")), ErrorKind::OutcomeUnknown);
        assert_eq!(env.client.value(&key), b"new", "the cache must not give the old value");
    }

    fn a_call_that_answers_after_some_polls_answers(env) [scripted] needs [write] {
        env.fault().on_any().then(Fault::Yield(7));
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(env.key("A")), b"v");
    }

    fn a_slow_call_answers_within_its_deadline(env) [scripted] needs [write] {
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        env.fault()
            .on(Operation::Get)
            .then(Fault::Latency(Duration::from_millis(20)));
        let start = Instant::now();
        assert_eq!(env.client.value(env.key("A")), b"v");
        assert!(start.elapsed() >= Duration::from_millis(20));
    }

    fn a_call_slower_than_its_deadline_is_a_timeout(env) [scripted] needs [] {
        env.fault()
            .on(Operation::Get)
            .then(Fault::Latency(Duration::from_secs(3600)));
        let client = env.client.with_timeout(DEADLINE);
        ends_by(DEADLINE, || fails(client.get(env.key("A")), ErrorKind::Timeout));
    }

    fn a_hanging_read_ends_at_its_deadline(env) [scripted] needs [] {
        env.fault().on_any().then(Fault::Hang);
        let client = env.client.with_timeout(DEADLINE);
        let key = env.key("A");
        type Call<'a> = (&'a str, Box<dyn Fn() -> strongroom::Result<()> + 'a>);
        let calls: [Call<'_>; 6] = [
            ("get", Box::new(|| client.get(&key).map(drop))),
            ("get_many", Box::new(|| client.get_many(&[&key]).map(drop))),
            ("describe", Box::new(|| client.describe(&key).map(drop))),
            (
                "list",
                Box::new(|| client.list(strongroom::ListOptions::new()).map(drop)),
            ),
            ("versions", Box::new(|| client.versions(&key).map(drop))),
            ("verify", Box::new(|| client.verify().map(drop))),
        ];
        for (verb, call) in &calls {
            let start = Instant::now();
            let error = ends_by(DEADLINE, || fails(call(), ErrorKind::Timeout));
            assert!(start.elapsed() >= DEADLINE, "{verb} gave up early");
            assert!(error.is_retryable(), "{verb}");
        }
        let counters = env.fault().counters();
        assert_eq!(
            (counters.started, counters.cancelled, counters.in_flight),
            (6, 6, 0),
            "the calls are cancelled"
        );
    }

    fn a_hanging_write_is_outcome_unknown(env) [scripted] needs [write versions] {
        env.client.set(env.key("OLD"), &Secret::new("v")).unwrap();
        let version = env
            .client
            .set(env.key("OLD"), &Secret::new("w"))
            .unwrap()
            .version
            .unwrap();
        for operation in [
            Operation::Set,
            Operation::SetMany,
            Operation::UpdateMetadata,
            Operation::Delete,
            Operation::Rollback,
        ] {
            env.fault().on(operation).then(Fault::Hang);
        }
        let client = env.client.with_timeout(DEADLINE);
        let key = env.key("OLD");
        let update = strongroom::backend::MetadataUpdate::new().provider("p");
        ends_by(DEADLINE, || {
            fails(client.set(&key, &Secret::new("x")), ErrorKind::OutcomeUnknown)
        });
        ends_by(DEADLINE, || {
            fails(
                client.set_many(&[(key.clone(), Secret::new("x"))]),
                ErrorKind::OutcomeUnknown,
            )
        });
        ends_by(DEADLINE, || {
            fails(client.update_metadata(&key, &update), ErrorKind::OutcomeUnknown)
        });
        ends_by(DEADLINE, || fails(client.delete(&key), ErrorKind::OutcomeUnknown));
        ends_by(DEADLINE, || {
            fails(client.rollback(&key, &version), ErrorKind::OutcomeUnknown)
        });
        ends_by(DEADLINE, || {
            fails(client.update_value(&key, "x"), ErrorKind::OutcomeUnknown)
        });
        let error = ends_by(DEADLINE, || fails(client.rotate(&key, "x"), ErrorKind::OutcomeUnknown));
        assert!(!error.is_retryable());
    }

    fn a_call_that_ran_out_of_time_names_its_key(env) [scripted] needs [write] {
        env.fault().on_any().then(Fault::Hang);
        let (client, key) = (env.client.with_timeout(DEADLINE), env.key("A"));
        for error in [
            client.get(&key).unwrap_err(),
            client.set(&key, &Secret::new("v")).unwrap_err(),
            env.client.with_timeout(Duration::ZERO).get(&key).unwrap_err(),
        ] {
            assert_eq!(error.key(), Some(key.as_str()), "{error}");
            assert!(error.operation().is_some() && error.backend() == Some("fault"), "{error}");
        }
    }

    fn a_write_that_comes_too_late_was_not_sent(env) [scripted] needs [write] {
        let client = env.client.with_timeout(Duration::ZERO);
        fails(client.set(env.key("A"), &Secret::new("v")), ErrorKind::Timeout);
        assert_eq!(env.fault().counters().started, 0);
        assert!(env.client.get(env.key("A")).unwrap().is_none());
    }

    fn a_call_that_wakes_in_time_answers(env) [scripted] needs [write] {
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        env.fault().on(Operation::Get).times(1).then(Fault::Hang);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| env.client.value(env.key("A")));
            env.fault().wait_for(SLACK, |counters| counters.waiting == 1).unwrap();
            env.fault().wake();
            assert_eq!(reader.join().unwrap(), b"v");
        });
    }

    fn close_and_lock_end_on_a_hanging_backend(env) [scripted] needs [] {
        env.fault().on_any().then(Fault::Hang);
        let client = env.client.with_timeout(DEADLINE);
        ends_by(DEADLINE, || fails(client.lock(), ErrorKind::Timeout));
        ends_by(DEADLINE, || fails(client.close(), ErrorKind::Timeout));
        fails(client.get(env.key("A")), ErrorKind::Closed);
    }

    fn health_of_a_hanging_backend_is_unavailable(env) [scripted] needs [] {
        env.fault().on(Operation::Health).then(Fault::Hang);
        let client = env.client.with_timeout(DEADLINE);
        let health = ends_by(DEADLINE, || client.health().unwrap());
        assert_eq!(health.error.unwrap().kind(), ErrorKind::Timeout);
    }

    fn a_write_that_blocks_its_worker_finishes_there(env) [scripted] needs [write] {
        let key = env.key("A");
        env.fault().on(Operation::Set).times(1).then(Fault::Block);
        let client = env.client.with_timeout(DEADLINE);
        ends_by(DEADLINE, || {
            fails(client.set(&key, &Secret::new("v")), ErrorKind::OutcomeUnknown)
        });
        assert!(env.client.get(&key).unwrap().is_none(), "it has not happened yet");
        assert_eq!(env.fault().counters().waiting, 1, "nobody waits for it, and it goes on");
        env.fault().wake();
        eventually("the write arrives", || env.client.get(&key).unwrap());
        assert_eq!(env.client.value(&key), b"v");
    }

    fn a_write_that_waits_behind_a_blocked_one_is_withdrawn(env) [scripted] needs [write] {
        env.fault().on(Operation::Set).times(2).then(Fault::Block);
        std::thread::scope(|scope| {
            scope.spawn(|| env.client.set(env.key("FIRST"), &Secret::new("v")).unwrap());
            env.fault().wait_for(SLACK, |counters| counters.waiting == 1).unwrap();
            let late = env.client.with_timeout(DEADLINE);
            // It was never begun, so that nothing happened is certain.
            ends_by(DEADLINE, || {
                fails(late.set(env.key("SECOND"), &Secret::new("v")), ErrorKind::Timeout)
            });
            env.fault().wake();
        });
        assert_eq!(env.client.value(env.key("FIRST")), b"v");
        assert!(env.client.get(env.key("SECOND")).unwrap().is_none());
    }

    fn cached_values_are_read_while_the_backend_is_away(env) [scripted] needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.fault().on(Operation::Get).then(Fault::Unavailable);
        assert_eq!(env.client.value(&key), b"v");
        fails(env.client.get(env.key("B")), ErrorKind::Unavailable);
    }

    fn one_failure_in_a_batch_call_is_the_whole_batchs(env) [scripted] needs [write] {
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        env.fault().on(Operation::GetMany).times(1).then(Fault::Unavailable);
        fails(
            env.client.get_many(&[env.key("A"), env.key("B")]),
            ErrorKind::Unavailable,
        );
        assert_eq!(
            env.client
                .get_many(&[env.key("A"), env.key("B")])
                .unwrap()
                .secrets
                .len(),
            1
        );
    }

    fn an_empty_script_counts_and_changes_nothing(env) [scripted] needs [write] {
        env.client.set(env.key("A"), &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(env.key("A")), b"v");
        let counters = env.fault().counters();
        assert_eq!(
            (
                counters.started,
                counters.finished,
                counters.cancelled,
                counters.in_flight
            ),
            (2, 2, 0, 0)
        );
    }

    fn a_script_may_be_a_setting(env) [scripted] needs [] {
        let open = |script: &str| {
            let builder = SecretManager::builder().app("behavior").without_environment();
            try_open(builder.backend("fault").option("fault.script", script), env.face)
        };
        let client: Client = open("get*1:locked; set:throttled(250ms)").unwrap();
        fails(client.get("A"), ErrorKind::Locked);
        assert!(client.get("A").unwrap().is_none());
        let error = fails(client.set("A", &Secret::new("v")), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(250)));
        for (bad, at) in [
            ("get", "byte 0"),
            ("get:locked;set:explode", "byte 15"),
            ("get*0:locked", "byte 4"),
        ] {
            let error = fails(open(bad), ErrorKind::InvalidConfig);
            assert_eq!(error.setting(), Some("fault.script"));
            assert!(error.message().contains(at), "{error}");
        }
        let builder = SecretManager::builder()
            .app("behavior")
            .without_environment()
            .backend("fault");
        let error = fails(
            try_open(builder.option("fault.inner", "fault"), env.face),
            ErrorKind::InvalidConfig,
        );
        assert_eq!(error.setting(), Some("fault.inner"));
    }

    fn capabilities_may_be_taken_away_by_a_setting(env) [scripted] needs [] {
        let open = |lacks: &str| {
            let builder = SecretManager::builder().app("behavior").without_environment();
            try_open(builder.backend("fault").option("fault.lacks", lacks), env.face)
        };
        let client: Client = open("write, versions").unwrap();
        assert!(client.capabilities().read_only && !client.capabilities().versions);
        assert!(client.capabilities().list);
        fails(client.set("A", &Secret::new("v")), ErrorKind::ReadOnly);
        fails(client.versions("A"), ErrorKind::Unsupported);
        let error = fails(open("write,wings"), ErrorKind::InvalidConfig);
        assert_eq!(error.setting(), Some("fault.lacks"));
        assert!(error.message().contains("wings"), "{error}");
    }

    fn a_change_of_the_script_leaves_hanging_calls(env) [scripted] needs [] {
        let Client::Async(_) = &env.client else { return };
        let fault = FaultBackend::with_script(testing::memory(), "get:hang".parse().unwrap());
        let builder = SecretManager::builder().app("behavior").without_environment();
        let manager = block_on(builder.backend_instance(Arc::clone(&fault) as Arc<dyn Backend>).open()).unwrap();
        let mut call = std::pin::pin!(manager.get("A"));
        assert!(super::harness::poll_once(call.as_mut()).is_pending());
        fault.set_script(Script::new());
        assert!(super::harness::poll_once(call.as_mut()).is_pending());
        fault.wake();
        assert!(block_on(call).unwrap().is_none());
    }
}
