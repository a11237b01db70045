//! `delete`: the secret and its history.

use strongroom::{DeleteOptions, ErrorKind, Secret};
use time::OffsetDateTime;

use super::harness::fails;

tests! { "delete";
    fn a_missing_secret_is_not_found(env) needs [write] {
        let error = fails(env.client.delete(env.key("MISSING")), ErrorKind::NotFound);
        assert_eq!(error.key(), Some(env.key("MISSING").as_str()));
    }

    fn a_missing_secret_is_no_error_where_the_caller_says_so(env) needs [write] {
        env.client
            .delete_with(env.key("MISSING"), DeleteOptions::new().missing_ok())
            .unwrap();
        fails(
            env.client.delete_with(env.key("MISSING"), DeleteOptions::new()),
            ErrorKind::NotFound,
        );
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(env.client.delete("ONE"), ErrorKind::ReadOnly);
        assert_eq!(env.client.value("ONE"), b"one");
    }

    fn the_secret_is_gone_for_every_verb(env) needs [write] {
        let key = env.key("GONE");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.client.delete(&key).unwrap();
        assert!(env.client.get(&key).unwrap().is_none());
        assert!(env.client.get_value(&key).unwrap().is_none());
        assert!(!env.client.exists(&key).unwrap());
        assert!(env.client.describe(&key).unwrap().is_none());
        assert!(env.client.get_many(&[&key]).unwrap().secrets.is_empty());
        fails(env.client.delete(&key), ErrorKind::NotFound);
        fails(env.client.update_value(&key, "w"), ErrorKind::NotFound);
    }

    fn its_history_is_gone(env) needs [write versions ours] {
        let key = env.key("GONE");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        env.client.set(&key, &Secret::new("two")).unwrap();
        env.client.delete(&key).unwrap();
        fails(env.client.versions(&key), ErrorKind::NotFound);
        assert!(env.client.get_version(&key, &first).unwrap().is_none());
        fails(env.client.rollback(&key, &first), ErrorKind::NotFound);
        let third = env.client.set(&key, &Secret::new("three")).unwrap();
        assert!(third.created);
        assert!(third.version.unwrap().number() > first.number());
        assert_eq!(env.client.versions(&key).unwrap().len(), 1);
        assert!(
            env.client.get_version(&key, &first).unwrap().is_none(),
            "the old history stays gone"
        );
    }

    fn a_secret_set_again_is_a_new_one(env) needs [write metadata] {
        let key = env.key("AGAIN");
        env.client
            .set(&key, &Secret::with_provider("one", "p").with_label("a", "b"))
            .unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;
        env.client.delete(&key).unwrap();
        env.client.set(&key, &Secret::new("two")).unwrap();
        let after = env.client.describe(&key).unwrap().unwrap().metadata;
        assert!(
            after.created_at > before.created_at,
            "{:?} {:?}",
            after.created_at,
            before.created_at
        );
        assert!(after.provider.is_none() && after.labels.is_empty());
    }

    fn an_expired_secret_is_deleted(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        env.client.delete(&key).unwrap();
        assert!(!env.client.exists(&key).unwrap());
    }

    fn neighbours_stay(env) needs [write] {
        let key = env.key("A");
        let neighbours = [env.key("AA"), env.key("a"), key.target_of("A"), env.key("B")];
        env.client.set(&key, &Secret::new("v")).unwrap();
        for neighbour in &neighbours {
            env.client.set(neighbour, &Secret::new("v")).unwrap();
        }
        env.client.delete(&key).unwrap();
        for neighbour in &neighbours {
            assert_eq!(env.client.value(neighbour), b"v", "{neighbour}");
        }
    }
}
