//! What is answered while the backend is out of reach, and what is not.

use std::time::Duration;

use strongroom::backend::{HealthState, Operation};
use strongroom::testing::{Fault, FaultBackend, LimitedBackend};
use strongroom::{ErrorKind, Face, Secret, SecretKey, SecretManager, blocking};

use super::events::warnings_of;
use super::executor::run;
use super::remote::{FACES, Remote, builder, remote_of};

const STALE: &[(&str, &str)] = &[
    ("cache_ttl", "100s"),
    ("cache_max_stale", "50s"),
    ("cache_refresh_ahead", "off"),
];

#[test]
fn a_value_is_answered_beyond_its_time_only_while_the_backend_is_out_of_reach() {
    let out_of_reach = [
        Fault::Unavailable,
        Fault::Throttled { retry_after: None },
        Fault::Fail(ErrorKind::Timeout),
    ];
    for face in FACES {
        for fault in &out_of_reach {
            let remote = Remote::open(face, STALE);
            remote.set("k", "v");
            assert_eq!(remote.get("k").unwrap().unwrap().metadata.stale_for, None);
            remote.age(100);
            remote.fail_reads(fault);
            let secret = remote.get("k").unwrap().unwrap();
            assert_eq!(secret.value.expose(), b"v");
            let age = secret.metadata.stale_for.unwrap();
            assert!(
                (Duration::from_secs(100)..Duration::from_secs(130)).contains(&age),
                "{age:?}"
            );
            let batch = run(remote.manager.get_many(&["k", "other"])).unwrap();
            assert_eq!((batch.secrets.len(), batch.failures.len()), (1, 1));
            assert_eq!(remote.number("cache.stale"), 2);
            assert!(remote.fresh("k").is_err(), "whoever wants a fresh value gets no other");
            assert!(!remote.is_hit("k"), "the fast path serves what is trusted");
            remote.age(51);
            assert!(remote.get("k").is_err(), "nothing is served for ever");
            remote.heal();
            assert_eq!(remote.get("k").unwrap().unwrap().metadata.stale_for, None);
        }
    }
}

#[test]
fn every_other_failure_is_the_answer() {
    let others = [Fault::Locked, Fault::Corrupt, Fault::Fail(ErrorKind::Internal)];
    for fault in others {
        let remote = Remote::open(Face::Blocking, STALE);
        remote.set("k", "v");
        assert!(remote.value("k").is_some());
        remote.age(101);
        remote.fail_reads(&fault);
        assert!(remote.get("k").is_err(), "{fault:?}");
        assert_eq!(remote.number("cache.stale"), 0);
    }
    let remote = Remote::open(Face::Blocking, &[("cache_ttl", "100s")]);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    remote.age(101);
    remote.fail_reads(&Fault::Unavailable);
    assert_eq!(
        remote.get("k").unwrap_err().kind(),
        ErrorKind::Unavailable,
        "by default"
    );
}

#[test]
fn a_denial_takes_the_value_away_at_once() {
    for kind in [
        ErrorKind::PermissionDenied,
        ErrorKind::Unauthenticated,
        ErrorKind::NotFound,
    ] {
        for as_batch in [false, true] {
            let remote = Remote::open(Face::Blocking, STALE);
            remote.set("k", "v");
            assert!(remote.value("k").is_some());
            remote.age(101);
            remote.fail_reads(&Fault::Fail(kind));
            if as_batch {
                assert!(run(remote.manager.get_many(&["k"])).is_err());
            } else {
                assert_eq!(remote.get("k").unwrap_err().kind(), kind);
            }
            assert_eq!(remote.number("cache.entries"), 0, "no value stays in memory");
            remote.fail_reads(&Fault::Unavailable);
            assert_eq!(remote.get("k").unwrap_err().kind(), ErrorKind::Unavailable);
        }
    }
    let remote = Remote::open(Face::Blocking, STALE);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    remote.delete_elsewhere("k");
    remote.age(101);
    assert_eq!(remote.value("k"), None);
    remote.age(101);
    remote.fail_reads(&Fault::Unavailable);
    assert!(remote.get("k").is_err(), "what was gone does not come back");
}

#[test]
fn a_secret_that_has_expired_is_never_answered_as_valid() {
    let remote = Remote::open(Face::Blocking, STALE);
    let past = std::time::SystemTime::now() - Duration::from_secs(1);
    let manager = blocking::SecretManager::from(remote.manager.clone());
    manager.set("k", &Secret::new("v").with_expiry(past)).unwrap();
    assert_eq!(remote.get("k").unwrap_err().kind(), ErrorKind::Expired);
    remote.fail_reads(&Fault::Unavailable);
    remote.age(101);
    let kind = remote.get("k").unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::Expired | ErrorKind::Unavailable), "{kind}");
}

#[test]
fn a_write_that_changed_nothing_leaves_what_is_known_and_another_takes_it() {
    let remote = Remote::open(Face::Blocking, STALE);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    remote.fail(Fault::Unavailable);
    assert!(run(remote.manager.set("k", &Secret::new("w"))).is_err());
    remote.age(101);
    assert_eq!(remote.value("k").as_deref(), Some("v"));
    remote.heal();
    remote.fault.on(Operation::Set).then(Fault::OutcomeUnknown);
    let error = run(remote.manager.set("k", &Secret::new("w"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    remote.fail(Fault::Unavailable);
    assert!(remote.get("k").is_err(), "nobody knows which value is there");
}

#[test]
fn what_is_read_after_a_lost_write_of_a_batch_is_not_trusted_for_long() {
    let lost = FaultBackend::new(strongroom::testing::memory());
    let apart = LimitedBackend::without(lost.clone(), |can| can.atomic_batch = false);
    let remote = Remote::over(Face::Blocking, remote_of(apart), &[]);
    lost.on(Operation::Set).times(1).then(Fault::OutcomeUnknown);
    let entries = ["a", "b"].map(|key| (SecretKey::new(key), Secret::new("v")));
    let outcomes = run(remote.manager.set_many(&entries)).unwrap().outcomes;
    assert_eq!(outcomes[0].as_ref().unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert!(outcomes[1].is_ok());
    assert!(remote.value("a").is_some() && remote.is_hit("a"));
    remote.age(1);
    assert!(!remote.is_hit("a"), "the lost write may have landed meanwhile");
}

#[test]
fn offline_the_backend_is_never_asked() {
    let fault = remote_of(strongroom::testing::memory());
    let manager: SecretManager = run(builder(&fault).option("offline", "on").open()).unwrap();
    let refused = [
        run(manager.get("k")).map(drop),
        run(manager.set("k", &Secret::new("v"))).map(drop),
        run(manager.delete("k")),
        run(manager.describe("k")).map(drop),
        run(manager.list(strongroom::ListOptions::new())).map(drop),
        run(manager.versions("k")).map(drop),
        run(manager.verify()).map(drop),
        run(manager.get_many(&["k"])).map(drop),
    ];
    for error in refused {
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unavailable, Some("offline"))
        );
        assert!(error.to_string().contains("offline"), "{error}");
    }
    run(manager.refresh()).unwrap();
    let health = run(manager.health()).unwrap();
    assert_eq!(health.state, HealthState::Unavailable);
    assert!(health.reason.unwrap().contains("offline"));
    assert_eq!(
        fault.counters().started,
        u64::from(fault.counters().started > 0),
        "only `refresh` may"
    );

    let error = run(builder(&fault).option("offline", "on").option("cache", "off").open()).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("offline"))
    );
    // A local backend is not far away.
    let local = SecretManager::builder()
        .without_environment()
        .backend("memory")
        .option("offline", "on");
    run(run(local.open()).unwrap().set("k", &Secret::new("v"))).unwrap();
}

#[test]
fn a_stale_answer_is_told_once_a_key_and_outage() {
    for (names, is_named) in [("on", true), ("off", false)] {
        let fault = remote_of(strongroom::testing::memory());
        let opened = STALE
            .iter()
            .fold(builder(&fault), |builder, (key, value)| builder.option(key, *value))
            .option("telemetry_names", names);
        let remote = Remote::of(Face::Blocking, fault, opened).unwrap();
        remote.set("k1", "precious");
        remote.set("k2", "precious");
        assert!(remote.value("k1").is_some() && remote.value("k2").is_some());
        let outage = || {
            remote.age(101);
            remote.fail_reads(&Fault::Unavailable);
            let told = warnings_of(|| {
                for _ in 0..3 {
                    assert!(remote.value("k1").is_some() && remote.value("k2").is_some());
                }
            });
            remote.heal();
            assert!(remote.value("k1").is_some() && remote.value("k2").is_some());
            told
        };
        for told in [outage(), outage()] {
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(
                told.iter()
                    .all(|text| text.contains("out of reach") && text.contains("age=10")),
                "{told:?}"
            );
            assert_eq!(told[0].contains("k1") && told[1].contains("k2"), is_named, "{told:?}");
            assert!(!told.concat().contains("precious"), "{told:?}");
        }
        assert_eq!(remote.number("cache.stale"), 12);
    }
}

#[test]
fn offline_a_chain_asks_its_local_members() {
    let manager = SecretManager::builder()
        .without_environment()
        .backend("chain")
        .option("chain.members", "memory,fault")
        .option("fault.remote", "on")
        .option("offline", "on");
    let manager = run(manager.open()).unwrap();
    assert_eq!(run(manager.get("k")).unwrap_err().kind(), ErrorKind::Unavailable);
    let calls: u64 = strongroom::testing::faults()
        .iter()
        .map(|fault| fault.counters().started)
        .sum();
    assert_eq!(calls, 0, "the remote member is not asked");
}
