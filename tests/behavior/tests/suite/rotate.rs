//! `rotate`: a new value, and the former one stays readable.

use strongroom::{ErrorKind, GenerateSpec, Secret, SecretValue};
use time::{Duration, OffsetDateTime};

use super::harness::{fails, is_later};

tests! { "rotate";
    fn a_missing_secret_is_not_found(env) needs [write versions] {
        fails(env.client.rotate(env.key("MISSING"), "new"), ErrorKind::NotFound);
        assert!(!env.client.exists(env.key("MISSING")).unwrap());
    }

    fn the_former_version_stays_readable(env) needs [write versions] {
        let key = env.key("ROTATED");
        let former = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        let outcome = env.client.rotate(&key, "two").unwrap();
        assert!(!outcome.created);
        assert_eq!(env.client.value(&key), b"two");
        assert_eq!(
            env.client.get_version(&key, &former).unwrap().unwrap().value.expose(),
            b"one"
        );
        assert_eq!(env.client.versions(&key).unwrap().len(), 2);
    }

    fn the_new_value_is_stated_or_generated(env) needs [write versions] {
        let key = env.key("ROTATED");
        env.client.set(&key, &Secret::new("one")).unwrap();
        env.client.rotate(&key, SecretValue::from("two")).unwrap();
        assert_eq!(env.client.value(&key), b"two");
        env.client.rotate(&key, GenerateSpec::hex(16)).unwrap();
        assert_eq!(env.client.value(&key).len(), 32);
        fails(
            env.client.rotate(&key, GenerateSpec::hex(0)),
            ErrorKind::InvalidArgument,
        );
        assert_eq!(env.client.versions(&key).unwrap().len(), 3);
    }

    fn created_at_is_kept(env) needs [write versions metadata] {
        let key = env.key("ROTATED");
        env.client.set(&key, &Secret::new("one")).unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;
        env.client.rotate(&key, "two").unwrap();
        let after = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!(after.created_at, before.created_at);
        assert!(is_later(after.version.as_ref(), before.version.as_ref()));
    }

    fn an_expired_secret_may_be_rotated_and_is_readable(env) needs [write versions expiry] {
        let key = env.key("OLD");
        let past = OffsetDateTime::now_utc() - Duration::hours(1);
        env.client.set(&key, &Secret::new("old").with_expiry(past)).unwrap();
        env.client.rotate(&key, "new").unwrap();
        assert_eq!(env.client.value(&key), b"new");
    }

    fn it_is_unsupported_where_no_former_version_is_kept(env) needs [write] lacks [versions] {
        let key = env.key("PLAIN");
        env.client.set(&key, &Secret::new("one")).unwrap();
        fails(env.client.rotate(&key, "two"), ErrorKind::Unsupported);
        assert_eq!(env.client.value(&key), b"one");
    }

    fn it_is_refused_where_nothing_can_be_written(env) lacks [write] {
        let error = env.client.rotate("ONE", "two").unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::ReadOnly | ErrorKind::Unsupported),
            "{error}"
        );
    }
}
