//! `rollback`: a former version written again as a new one.

use strongroom::{ErrorKind, RollbackTo, Secret, Version};
use time::{Duration, OffsetDateTime};

use super::harness::{fails, is_later};

tests! { "rollback";
    fn a_missing_secret_or_version_is_not_found(env) needs [write versions] {
        let key = env.key("K");
        fails(env.client.rollback(&key, Version::from_number(1)), ErrorKind::NotFound);
        fails(env.client.rollback(&key, RollbackTo::back(1)), ErrorKind::NotFound);
        env.client.set(&key, &Secret::new("v")).unwrap();
        fails(
            env.client.rollback(&key, Version::from_number(u64::MAX)),
            ErrorKind::NotFound,
        );
        fails(
            env.client.rollback(&key, Version::from_word("nonsense")),
            ErrorKind::NotFound,
        );
        fails(env.client.rollback(&key, RollbackTo::back(1)), ErrorKind::NotFound);
        assert_eq!(env.client.versions(&key).unwrap().len(), 1, "nothing was written");
    }

    fn it_is_unsupported_where_no_versions_are_kept(env) needs [write] lacks [versions] {
        let key = env.key("PLAIN");
        env.client.set(&key, &Secret::new("v")).unwrap();
        fails(
            env.client.rollback(&key, Version::from_number(1)),
            ErrorKind::Unsupported,
        );
        fails(env.client.rollback(&key, RollbackTo::back(1)), ErrorKind::Unsupported);
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(env.client.rollback("ONE", Version::from_number(1)), ErrorKind::ReadOnly);
    }

    fn the_old_value_is_the_newest_version(env) needs [write versions] {
        let key = env.key("BACK");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        let second = env.client.set(&key, &Secret::new("two")).unwrap().version.unwrap();
        assert_eq!(env.client.value(&key), b"two");
        let outcome = env.client.rollback(&key, &first).unwrap();
        assert_eq!(env.client.value(&key), b"one");
        let third = outcome.version.unwrap();
        assert!(!outcome.created && is_later(Some(&third), Some(&second)));
        let listed: Vec<_> = env
            .client
            .versions(&key)
            .unwrap()
            .into_iter()
            .map(|entry| entry.version)
            .collect();
        assert_eq!(listed, [third, second.clone(), first]);
        env.client.rollback(&key, second).unwrap();
        assert_eq!(env.client.value(&key), b"two");
    }

    fn so_many_versions_back_are_counted_from_the_current_one(env) needs [write versions] {
        let key = env.key("BACK");
        for value in ["one", "two", "three"] {
            env.client.set(&key, &Secret::new(value)).unwrap();
        }
        env.client.rollback(&key, RollbackTo::back(2)).unwrap();
        assert_eq!(env.client.value(&key), b"one");
        env.client.rollback(&key, RollbackTo::back(1)).unwrap();
        assert_eq!(env.client.value(&key), b"three");
        fails(env.client.rollback(&key, RollbackTo::back(5)), ErrorKind::NotFound);
        fails(
            env.client.rollback(&key, RollbackTo::back(0)),
            ErrorKind::InvalidArgument,
        );
    }

    fn metadata_comes_back_but_for_the_expiry(env) needs [write versions metadata expiry] {
        let key = env.key("META");
        let past = OffsetDateTime::now_utc() - Duration::hours(1);
        let first = Secret::with_provider("one", "openai")
            .with_scope_of_use("all")
            .with_label("a", "b")
            .with_expiry(past);
        let first = env.client.set(&key, &first).unwrap().version.unwrap();
        let created = env.client.describe(&key).unwrap().unwrap().metadata.created_at;
        env.client.set(&key, &Secret::with_provider("two", "mistral")).unwrap();
        env.client.rollback(&key, &first).unwrap();
        let now = env.client.get(&key).unwrap().unwrap();
        assert_eq!(now.value.expose(), b"one");
        assert_eq!(now.metadata.provider.as_deref(), Some("openai"));
        assert_eq!(now.metadata.scope_of_use.as_deref(), Some("all"));
        assert_eq!(now.metadata.labels["a"], "b");
        assert_eq!(now.metadata.expires_at, None);
        assert_eq!(now.metadata.created_at, created);
    }

    fn an_expired_secret_is_rolled_back(env) needs [write versions expiry] {
        let key = env.key("OLD");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        env.client
            .set(&key, &Secret::new("two").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(env.client.get(&key), ErrorKind::Expired);
        env.client.rollback(&key, &first).unwrap();
        assert_eq!(env.client.value(&key), b"one");
    }

    fn a_rollback_to_the_current_version_writes_it_again(env) needs [write versions] {
        let key = env.key("SAME");
        let version = env.client.set(&key, &Secret::new("v")).unwrap().version.unwrap();
        env.client.rollback(&key, &version).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        assert_eq!(env.client.versions(&key).unwrap().len(), 2);
    }

    fn a_rollback_at_the_limit_of_versions_works(env) needs [write versions ours] {
        let key = env.key("FULL");
        let written: Vec<_> = (0..10)
            .map(|round| {
                env.client
                    .set(&key, &Secret::new(round.to_string()))
                    .unwrap()
                    .version
                    .unwrap()
            })
            .collect();
        // The oldest kept version is the one that its own rollback pushes out.
        env.client.rollback(&key, &written[0]).unwrap();
        assert_eq!(env.client.value(&key), b"0");
        assert_eq!(env.client.versions(&key).unwrap().len(), 10);
        fails(env.client.rollback(&key, &written[0]), ErrorKind::NotFound);
    }
}
