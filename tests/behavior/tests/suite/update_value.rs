//! `update_value`: a new value under the old metadata.

use strongroom::{ErrorKind, Secret, UpdateOptions};
use time::{Duration, OffsetDateTime};

use super::harness::{fails, is_later};

tests! { "update_value";
    fn a_missing_secret_is_not_found(env) needs [write] {
        let error = fails(env.client.update_value(env.key("MISSING"), "v"), ErrorKind::NotFound);
        assert_eq!(error.key(), Some(env.key("MISSING").as_str()));
        assert!(!env.client.exists(env.key("MISSING")).unwrap());
        let options = UpdateOptions::new().clear_expiry();
        fails(
            env.client.update_value_with(env.key("MISSING"), "v", options),
            ErrorKind::NotFound,
        );
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(env.client.update_value("ONE", "v"), ErrorKind::ReadOnly);
    }

    fn metadata_is_kept_and_the_version_grows(env) needs [write metadata expiry versions] {
        let key = env.key("KEPT");
        let expiry = OffsetDateTime::now_utc() + Duration::hours(1);
        let secret = Secret::with_provider("one", "openai")
            .with_scope_of_use("all")
            .with_label("a", "b")
            .with_expiry(expiry);
        env.client.set(&key, &secret).unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;
        let outcome = env.client.update_value(&key, "two").unwrap();
        assert!(!outcome.created);
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!(read.value.expose(), b"two");
        let mut expected = before.clone();
        expected.version.clone_from(&outcome.version);
        expected.updated_at = read.metadata.updated_at;
        assert_eq!(read.metadata, expected);
        assert!(is_later(outcome.version.as_ref(), before.version.as_ref()));
    }

    fn a_value_is_replaced_where_there_is_only_a_value(env) needs [write] lacks [metadata] {
        let key = env.key("PLAIN");
        env.client.set(&key, &Secret::new("one")).unwrap();
        env.client.update_value(&key, "two").unwrap();
        assert_eq!(env.client.value(&key), b"two");
    }

    fn an_expired_secret_answers_expired(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(env.client.update_value(&key, "new"), ErrorKind::Expired);
        fails(env.client.get(&key), ErrorKind::Expired);
    }

    fn an_expired_secret_is_updated_with_a_new_expiry(env) needs [write expiry] {
        let key = env.key("OLD");
        let later = OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        env.client
            .update_value_with(&key, "new", UpdateOptions::new().expires_at(later))
            .unwrap();
        assert_eq!(env.client.value(&key), b"new");
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.expires_at,
            Some(later)
        );
    }

    fn an_expired_secret_is_updated_without_its_expiry(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        env.client
            .update_value_with(&key, "new", UpdateOptions::new().clear_expiry())
            .unwrap();
        assert_eq!(env.client.value(&key), b"new");
        assert_eq!(env.client.describe(&key).unwrap().unwrap().metadata.expires_at, None);
    }

    fn if_version_updates_the_current_version_only(env) needs [write cas] {
        let key = env.key("CAS");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        env.client
            .update_value_with(&key, "two", UpdateOptions::new().if_version(first.clone()))
            .unwrap();
        let options = UpdateOptions::new().if_version(first);
        fails(
            env.client.update_value_with(&key, "three", options),
            ErrorKind::Conflict,
        );
        assert_eq!(env.client.value(&key), b"two");
    }

    fn if_version_is_unsupported_without_cas(env) needs [write] lacks [cas] {
        let key = env.key("CAS");
        env.client.set(&key, &Secret::new("one")).unwrap();
        let options = UpdateOptions::new().if_version(strongroom::Version::from_number(1));
        fails(
            env.client.update_value_with(&key, "two", options),
            ErrorKind::Unsupported,
        );
        assert_eq!(env.client.value(&key), b"one");
    }

    fn updates_from_many_threads_leave_metadata_whole(env) needs [write metadata cas] {
        let key = env.key("RACE");
        env.client
            .set(&key, &Secret::with_provider("start", "openai").with_label("a", "b"))
            .unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (client, key) = (env.client.clone(), key.clone());
                scope.spawn(move || {
                    for round in 0..5 {
                        match client.update_value(&key, format!("{writer} {round}")) {
                            Ok(_) => {}
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                        }
                    }
                });
            }
        });
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!(
            (read.metadata.provider.as_deref(), &*read.metadata.labels["a"]),
            (Some("openai"), "b")
        );
        assert_ne!(read.value.expose(), b"start");
    }
}
