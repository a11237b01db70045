//! `explain`: where a secret is looked for and what is found there.

use strongroom::backend::{ExplainAnswer, ExplainStep, Operation};
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret, SecretKey, SecretScope};
use time::OffsetDateTime;

use super::harness::fails;

tests! { "explain";
    fn a_missing_secret_is_absent_everywhere(env) needs [] {
        let told = env.client.explain(env.key("MISSING"), &[]).unwrap();
        assert!(!told.steps.is_empty() && told.answer.is_none() && told.error.is_none());
        for step in &told.steps {
            assert!(matches!(step.answer, ExplainAnswer::Absent), "{step:?}");
            assert_eq!((&step.key, step.shadowed), (&env.key("MISSING"), false));
            assert!(step.metadata.is_none());
        }
    }

    fn the_answer_is_what_a_read_comes_to(env) needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("canary-5d1e")).unwrap();
        let told = env.client.explain(&key, &[]).unwrap();
        let step = &told.steps[told.answer.unwrap()];
        assert!(matches!(step.answer, ExplainAnswer::Found { expired: false }) && told.error.is_none());
        let described = env.client.describe(&key).unwrap().unwrap();
        assert_eq!(step.metadata.as_ref(), Some(&described.metadata));
        assert!(!format!("{told:?}").contains("canary-5d1e"));
        assert!(told.steps.iter().all(|step| step.key == key && step.scope() == env.scope()));
    }

    fn an_expired_secret_is_told_as_what_it_is(env) needs [write expiry] {
        let expired = Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH);
        env.client.set(env.key("OLD"), &expired).unwrap();
        let told = env.client.explain(env.key("OLD"), &[]).unwrap();
        let step = &told.steps[told.answer.unwrap()];
        assert!(matches!(step.answer, ExplainAnswer::Found { expired: true }));
        assert_eq!(told.error.unwrap().kind(), ErrorKind::Expired);
    }

    fn scopes_are_looked_into_as_the_fallback_does(env) needs [write] {
        let id = env.scope().id().unwrap().to_owned();
        let scopes = [SecretScope::user(id.as_str()), SecretScope::app(id.as_str()), SecretScope::org(id)];
        for at in [2, 1] {
            let key = SecretKey::in_scope(scopes[at].clone(), "NAME");
            env.client.set(key, &Secret::new("v")).unwrap();
        }
        let told = env.client.explain("NAME", &scopes).unwrap();
        let mut asked: Vec<_> = told.steps.iter().map(|step| step.scope()).collect();
        asked.dedup();
        assert_eq!(asked, scopes);
        assert_eq!(told.steps[told.answer.unwrap()].scope(), scopes[1]);
        let behind = told.steps.iter().filter(|step| step.scope() == scopes[2]);
        let is_there = |step: &ExplainStep| !matches!(step.answer, ExplainAnswer::Absent);
        assert!(behind.clone().all(|step| step.shadowed == is_there(step)));
        assert!(behind.clone().any(|step| matches!(step.answer, ExplainAnswer::Found { .. })));
    }

    fn a_bad_name_or_scope_is_an_invalid_key(env) needs [] {
        for name in ["", "a b", ".."] {
            fails(env.client.explain(name, &[]), ErrorKind::InvalidKey);
        }
        for name in ["", "a b", "org/acme/NAME", ".."] {
            fails(env.client.explain(name, &[env.scope()]), ErrorKind::InvalidKey);
        }
        fails(env.client.explain("NAME", &[SecretScope::org("not an id")]), ErrorKind::InvalidKey);
    }

    fn what_a_place_fails_with_is_told_and_not_answered(env) [scripted] needs [write] {
        for kind in [ErrorKind::Locked, ErrorKind::Unavailable, ErrorKind::Integrity, ErrorKind::PermissionDenied] {
            env.fault().on(Operation::Explain).times(1).then(Fault::Fail(kind));
            let told = env.client.explain(env.key("A"), &[]).unwrap();
            assert_eq!(told.error.unwrap().kind(), kind);
            assert_eq!(told.steps[0].answer.error().unwrap().kind(), kind);
        }
    }

    fn a_place_that_hangs_is_a_timeout_of_that_place(env) [scripted] needs [write] {
        env.fault().on(Operation::Explain).then(Fault::Hang);
        let client = env.client.with_timeout(std::time::Duration::from_millis(300));
        let told = super::harness::ends_by(std::time::Duration::from_millis(300), || client.explain(env.key("A"), &[]));
        assert_eq!(told.unwrap().error.unwrap().kind(), ErrorKind::Timeout);
    }
}
