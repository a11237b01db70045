//! What `explain` tells of a chain.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{OUT_OF_REACH, STOPS, Three, fails};
use crate::backend::{Explanation, Operation};
use crate::backends::fault::{Fault, LimitedBackend};
use crate::backends::memory::MemoryBackend;
use crate::context::{CallOptions, CancellationToken};
use crate::error::ErrorKind;
use crate::scope::SecretScope;
use crate::secret::Secret;
use crate::{AuditRecord, AuditSink, SecretManager};

fn words(told: &Explanation) -> Vec<&'static str> {
    told.steps.iter().map(|step| step.answer.word()).collect()
}

fn shadowed(told: &Explanation) -> Vec<bool> {
    told.steps.iter().map(|step| step.shadowed).collect()
}

#[test]
fn every_member_is_a_step_and_what_stands_behind_the_answer_is_shadowed() {
    let three = Three::new(Some(0), false);
    let told = three.manager().explain("K", &[]).unwrap();
    assert_eq!(words(&told), ["absent", "absent", "absent"]);
    assert!(told.answer.is_none() && told.error.is_none());
    three.put(1, "K", &Secret::with_provider("canary-1", "p"));
    three.put(2, "K", &Secret::new("canary-2"));
    let told = three.manager().explain("K", &[]).unwrap();
    assert_eq!(words(&told), ["absent", "found", "found"]);
    assert_eq!(shadowed(&told), [false, false, true]);
    assert_eq!((told.answer, told.error.is_none()), (Some(1), true));
    let metadata = told.steps[1].metadata.as_ref().unwrap();
    assert_eq!(metadata.provider.as_deref(), Some("p"));
    assert!(told.steps[0].metadata.is_none());
    assert!(!format!("{told:?}").contains("canary"));
}

#[test]
fn an_error_that_stops_is_the_answer_and_the_later_ones_are_asked_all_the_same() {
    let three = Three::new(None, true);
    three.put(2, "K", &Secret::new("v"));
    for kind in STOPS.into_iter().filter(|kind| *kind != ErrorKind::Cancelled) {
        three.fail(1, Operation::Explain, kind);
        let told = three.manager().explain("K", &[]).unwrap();
        assert_eq!(words(&told), ["absent", "failed", "found"], "{kind}");
        assert_eq!(shadowed(&told), [false, false, true]);
        assert_eq!((told.answer, told.error.unwrap().kind()), (None, kind));
        let error = told.steps[1].answer.error().unwrap();
        assert!(error.message().contains("through the chain"), "{error}");
    }
}

#[test]
fn what_is_passed_over_says_so_and_is_the_answer_where_nobody_else_has_it() {
    for allowed in [true, false] {
        let three = Three::new(None, allowed);
        three.put(2, "K", &Secret::new("v"));
        for kind in OUT_OF_REACH {
            three.fail(0, Operation::Explain, kind);
            let told = three.manager().explain("K", &[]).unwrap();
            assert_eq!(told.steps[0].passed_over, allowed);
            assert_eq!(told.answer, allowed.then_some(2));
            assert_eq!(told.error.is_none(), allowed);
            let told = three.manager().explain("MISSING", &[]).unwrap();
            assert_eq!(told.error.unwrap().kind(), kind);
        }
    }
}

#[test]
fn it_tells_what_a_read_does() {
    for allowed in [true, false] {
        for kind in STOPS.into_iter().chain(OUT_OF_REACH).chain([ErrorKind::InvalidKey]) {
            if kind == ErrorKind::Cancelled {
                continue;
            }
            for at in 0..3 {
                let three = Three::new(None, allowed);
                three.put(1, "K", &Secret::new("v"));
                three.members[at].on(Operation::Explain).then(Fault::Fail(kind));
                three.members[at].on(Operation::Get).then(Fault::Fail(kind));
                for key in ["K", "MISSING"] {
                    let told = three.manager().explain(key, &[]).unwrap();
                    let read = three.manager().get(key);
                    let told = (told.answer.is_some(), told.error.map(|error| error.kind()));
                    let expected = (matches!(read, Ok(Some(_))), read.as_ref().err().map(crate::Error::kind));
                    assert_eq!(told, expected, "{kind} in {at}, {key}, {allowed}");
                }
            }
        }
    }
}

#[test]
fn an_expired_secret_is_the_answer_and_an_error() {
    let three = Three::new(None, false);
    three.put(0, "K", &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH));
    three.put(1, "K", &Secret::new("new"));
    let told = three.manager().explain("K", &[]).unwrap();
    assert_eq!(words(&told), ["expired", "found", "absent"]);
    assert_eq!((told.answer, told.error.unwrap().kind()), (Some(0), ErrorKind::Expired));
}

#[test]
fn scopes_are_asked_in_order_over_all_members() {
    let three = Three::new(None, false);
    three.put(1, "org/acme/N", &Secret::new("org"));
    three.put(0, "global/N", &Secret::new("global"));
    let scopes = [
        SecretScope::user("ann"),
        SecretScope::org("acme"),
        SecretScope::global(),
    ];
    let told = three.manager().explain("N", &scopes).unwrap();
    let keys: Vec<_> = told.steps.iter().map(|step| step.key.as_str()).collect();
    assert_eq!(keys, [["user/ann/N"; 3], ["org/acme/N"; 3], ["global/N"; 3]].concat());
    assert_eq!(told.answer, Some(4));
    assert_eq!(told.steps[4].scope(), scopes[1]);
    assert_eq!(shadowed(&told), [[false; 3], [false; 3], [true, false, false]].concat());
    fails(three.manager().explain("org/acme/N", &scopes), ErrorKind::InvalidKey);
    fails(
        three.manager().explain("N", &[SecretScope::org("no id")]),
        ErrorKind::InvalidKey,
    );
    let view = three.manager().scoped("org/acme").unwrap();
    assert_eq!(view.explain("N", &[]).unwrap().answer, Some(1));
}

#[test]
fn one_that_hangs_leaves_time_to_the_others_and_the_deadline_holds() {
    let three = Three::new(None, false);
    three.put(2, "K", &Secret::new("v"));
    three.members[1].on(Operation::Explain).then(Fault::Hang);
    let manager = three.manager().with_timeout(Duration::from_secs(2));
    let begun = Instant::now();
    let told = manager.explain("K", &[]).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2) + Duration::from_secs(5));
    assert_eq!(words(&told), ["absent", "failed", "found"]);
    assert_eq!(told.error.unwrap().kind(), ErrorKind::Timeout);
    // Where the time is over, what was not asked says so.
    three.members[2].on(Operation::Explain).then(Fault::Hang);
    let scopes = [SecretScope::global(), SecretScope::org("acme")];
    let manager = manager.with_timeout(Duration::from_millis(500));
    let told = manager.explain("K", &scopes).unwrap();
    assert_eq!(words(&told), ["absent", "failed", "failed", "not_asked"]);
}

#[test]
fn a_cancelled_explanation_is_none() {
    let three = Three::new(None, true);
    let token = CancellationToken::new();
    token.cancel();
    let manager = three.manager().with_options(CallOptions::new().cancel(token));
    fails(manager.explain("K", &[]), ErrorKind::Cancelled);
    fails(manager.explain("K", &[SecretScope::global()]), ErrorKind::Cancelled);
}

#[test]
fn a_key_that_a_member_cannot_hold_is_absent_with_the_reason() {
    let short = LimitedBackend::without(Arc::new(MemoryBackend::new()), |can| can.max_key = 10);
    let three = Three::new(None, false);
    three.fail(0, Operation::Explain, ErrorKind::InvalidKey);
    let chain = super::Chain::new(vec![short, three.members[0].clone()], None, false);
    let builder = SecretManager::builder().without_environment();
    let manager = builder.backend_instance(Arc::new(chain)).open_blocking().unwrap();
    let told = manager.explain("org/acme/A_LONG_NAME", &[]).unwrap();
    assert_eq!(words(&told), ["absent", "absent"]);
    assert!(told.steps.iter().all(|step| step.detail.is_some()));
}

#[cfg(all(feature = "env", feature = "directory", feature = "file", feature = "encrypted"))]
#[test]
fn each_place_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let folder = std::fs::canonicalize(folder.path()).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let manager = SecretManager::builder()
        .without_environment()
        .backend("chain")
        .option("chain.members", "env,directory,file,encrypted,memory")
        .option("chain.writer", "encrypted")
        .option("env.prefix", "PLACES_")
        .option("directory.path", at(""))
        .option("file.path", at("s.json"))
        .option("encrypted.path", at("s.strongroom"))
        .secret_option("encrypted.key", "42".repeat(32))
        .open_blocking()
        .unwrap();
    manager.set("org/acme/K", &Secret::new("v")).unwrap();
    let told = manager.explain("org/acme/K", &[]).unwrap();
    let details: Vec<_> = told.steps.iter().map(|step| step.detail.clone()).collect();
    let expected = [
        Some("PLACES_ORG_ACME_K".to_owned()),
        Some(at("org/acme/K")),
        Some(at("s.json")),
        Some(at("s.strongroom")),
        None,
    ];
    assert_eq!(details, expected);
    assert_eq!((told.answer, shadowed(&told)), (Some(3), vec![false; 5]));
}

#[derive(Debug, Default)]
struct Seen(Mutex<Vec<(Operation, Option<String>)>>);

impl AuditSink for Seen {
    fn record(&self, record: &AuditRecord<'_>) -> crate::Result<()> {
        let key = record.key.map(str::to_owned);
        self.0.lock().unwrap().push((record.operation, key));
        Ok(())
    }
}

#[test]
fn it_is_audited_and_passes_by_the_cache() {
    let three = Three::new(Some(0), false);
    three.put(0, "K", &Secret::new("v"));
    let seen = Arc::<Seen>::default();
    let builder = SecretManager::builder()
        .without_environment()
        .required_audit_sink(seen.clone());
    let manager = builder.backend_instance(three.chain.clone()).open_blocking().unwrap();
    manager.get("K").unwrap();
    let before = three.calls();
    manager.explain("K", &[]).unwrap();
    assert_eq!(three.calls(), before.map(|calls| calls + 1));
    let last = seen.0.lock().unwrap().pop();
    assert_eq!(last, Some((Operation::Explain, Some("global/K".to_owned()))));
}

#[test]
fn a_backend_that_is_no_chain_is_one_step() {
    let manager = SecretManager::builder()
        .without_environment()
        .backend("memory")
        .open_blocking()
        .unwrap();
    manager.set("K", &Secret::new("v")).unwrap();
    let told = manager.explain("K", &[]).unwrap();
    assert_eq!(
        (told.steps.len(), told.steps[0].backend, told.answer),
        (1, "memory", Some(0))
    );
    manager.close().unwrap();
    fails(manager.explain("K", &[]), ErrorKind::Closed);
}
