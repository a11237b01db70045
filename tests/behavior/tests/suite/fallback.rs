//! `get_with_fallback`: the first scope that has it; absent goes on, everything else stops.

use strongroom::backend::Operation;
use strongroom::testing::{Fault, Script};
use strongroom::{ErrorKind, FallbackOptions, ListOptions, Secret, SecretKey, SecretScope};
use time::OffsetDateTime;

use super::backends::Env;
use super::harness::fails;

/// Three scopes of this test, narrowest first.
fn scopes(env: &Env) -> [SecretScope; 3] {
    let id = env.scope().id().unwrap().to_owned();
    [
        SecretScope::user(id.as_str()),
        SecretScope::app(id.as_str()),
        SecretScope::org(id),
    ]
}

fn put(env: &Env, scope: &SecretScope, value: &str) {
    env.client
        .set(SecretKey::in_scope(scope.clone(), "NAME"), &Secret::new(value))
        .unwrap();
}

tests! { "fallback";
    fn absent_everywhere_is_none(env) needs [] {
        assert!(env.client.get_with_fallback("NAME", &scopes(env)).unwrap().is_none());
        assert!(env.client.get_with_fallback("NAME", &[]).unwrap().is_none());
    }

    fn the_first_scope_that_has_it_answers(env) needs [write] {
        let [user, app, org] = &scopes(env);
        let read = || {
            env.client
                .get_with_fallback("NAME", &scopes(env))
                .unwrap()
                .unwrap()
                .value
                .expose()
                .to_vec()
        };
        put(env, org, "org");
        assert_eq!(read(), b"org");
        put(env, app, "app");
        assert_eq!(read(), b"app");
        put(env, user, "user");
        assert_eq!(read(), b"user");
        let other_way = [org.clone(), app.clone(), user.clone()];
        assert_eq!(
            env.client
                .get_with_fallback("NAME", &other_way)
                .unwrap()
                .unwrap()
                .value
                .expose(),
            b"org"
        );
        env.client.delete(SecretKey::in_scope(user.clone(), "NAME")).unwrap();
        assert_eq!(read(), b"app");
    }

    fn the_global_scope_may_be_one_of_them(env) needs [write] {
        let name = SecretKey::escape(env.scope().to_string());
        env.client.set(&name, &Secret::new("global")).unwrap();
        let read = env
            .client
            .get_with_fallback(&name, &[env.scope(), SecretScope::global()])
            .unwrap()
            .unwrap();
        assert_eq!(read.value.expose(), b"global");
    }

    fn a_target_belongs_to_the_name(env) needs [write] {
        let [user, app, _] = &scopes(env);
        put(env, user, "no target");
        let key = SecretKey::in_scope(app.clone(), "NAME").target_of("production");
        env.client.set(key, &Secret::new("target")).unwrap();
        let read = env
            .client
            .get_with_fallback("NAME@production", &scopes(env))
            .unwrap()
            .unwrap();
        assert_eq!(read.value.expose(), b"target");
    }

    fn an_expired_secret_stops(env) needs [write expiry] {
        let [user, app, org] = &scopes(env);
        put(env, org, "org");
        let expired = Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH);
        env.client
            .set(SecretKey::in_scope(app.clone(), "NAME"), &expired)
            .unwrap();
        fails(env.client.get_with_fallback("NAME", &scopes(env)), ErrorKind::Expired);
        let lenient = FallbackOptions::new().allow_unavailable();
        fails(
            env.client.get_with_fallback_options("NAME", &scopes(env), lenient),
            ErrorKind::Expired,
        );
        put(env, user, "user");
        assert_eq!(
            env.client
                .get_with_fallback("NAME", &scopes(env))
                .unwrap()
                .unwrap()
                .value
                .expose(),
            b"user"
        );
    }

    fn a_bad_name_or_scope_is_an_invalid_key(env) needs [] {
        for name in ["", "a b", "org/acme/NAME", ".."] {
            fails(env.client.get_with_fallback(name, &scopes(env)), ErrorKind::InvalidKey);
        }
        fails(
            env.client.get_with_fallback("NAME", &[SecretScope::org("not an id")]),
            ErrorKind::InvalidKey,
        );
    }

    fn nothing_is_ever_written(env) needs [write list] {
        put(env, &scopes(env)[2], "org");
        let names = || env.client.list(ListOptions::new()).unwrap().entries.len();
        let before = names();
        env.client.get_with_fallback("NAME", &scopes(env)).unwrap().unwrap();
        env.client.get_with_fallback("OTHER", &scopes(env)).unwrap();
        assert_eq!(names(), before);
    }

    fn every_error_stops(env) [scripted] needs [write] {
        put(env, &scopes(env)[2], "org");
        for kind in [
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::RateLimited,
            ErrorKind::Locked,
            ErrorKind::PermissionDenied,
            ErrorKind::Integrity,
            ErrorKind::Unauthenticated,
        ] {
            env.fault().set_script(Script::new());
            // The user's scope answers so; the others would answer well.
            env.fault().on(Operation::Get).times(1).then(Fault::Fail(kind));
            fails(env.client.get_with_fallback("NAME", &scopes(env)), kind);
        }
    }

    fn what_is_out_of_reach_may_be_passed_over(env) [scripted] needs [write] {
        let lenient = || FallbackOptions::new().allow_unavailable();
        put(env, &scopes(env)[1], "app");
        for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::RateLimited] {
            env.fault().set_script(Script::new());
            env.fault().on(Operation::Get).times(1).then(Fault::Fail(kind));
            let read = env
                .client
                .get_with_fallback_options("NAME", &scopes(env), lenient())
                .unwrap()
                .unwrap();
            assert_eq!(read.value.expose(), b"app", "{kind}");
        }
        for kind in [
            ErrorKind::Locked,
            ErrorKind::PermissionDenied,
            ErrorKind::Integrity,
            ErrorKind::Unauthenticated,
        ] {
            env.fault().set_script(Script::new());
            env.fault().on(Operation::Get).times(1).then(Fault::Fail(kind));
            fails(
                env.client.get_with_fallback_options("NAME", &scopes(env), lenient()),
                kind,
            );
        }
    }
}
