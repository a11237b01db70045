//! `set`, `set_with`: writing one secret.

use strongroom::{ErrorKind, Secret, SecretMetadata, SetOptions, Version};
use time::{Duration, OffsetDateTime};

use super::harness::{fails, is_later};

tests! { "set";
    fn a_new_secret_is_created(env) needs [write] {
        let key = env.key("NEW");
        assert!(env.client.set(&key, &Secret::new("v")).unwrap().created);
        assert_eq!(env.client.value(&key), b"v");
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        let error = fails(env.client.set(env.key("ANY"), &Secret::new("v")), ErrorKind::ReadOnly);
        assert_eq!(error.backend(), Some(env.subject.name()));
        assert_eq!(error.key(), Some(env.key("ANY").as_str()));
    }

    fn an_existing_secret_is_replaced_and_keeps_created_at(env) needs [write versions metadata] {
        let key = env.key("TWICE");
        let first = env.client.set(&key, &Secret::new("one")).unwrap();
        let created = env.client.describe(&key).unwrap().unwrap().metadata;
        let second = env.client.set(&key, &Secret::new("two")).unwrap();
        assert!(first.created && !second.created);
        let now = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!(env.client.value(&key), b"two");
        assert_eq!(now.created_at, created.created_at);
        assert!(now.updated_at >= created.updated_at);
        assert_eq!(now.version, second.version);
        assert!(
            is_later(second.version.as_ref(), first.version.as_ref()),
            "the version grows"
        );
    }

    fn metadata_is_replaced_as_a_whole(env) needs [write metadata expiry] {
        let key = env.key("META");
        let secret = Secret::with_provider("v", "openai")
            .with_scope_of_use("all")
            .with_label("a", "b")
            .with_expiry(OffsetDateTime::now_utc() + Duration::hours(1));
        env.client.set(&key, &secret).unwrap();
        env.client.set(&key, &Secret::new("v").with_label("c", "d")).unwrap();
        let now = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!((now.provider, now.scope_of_use, now.expires_at), (None, None, None));
        assert_eq!(
            now.labels.into_iter().collect::<Vec<_>>(),
            [("c".to_owned(), "d".to_owned())]
        );
    }

    fn an_expired_secret_is_replaced_with_a_new_expiry(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(env.client.get(&key), ErrorKind::Expired);
        assert!(!env.client.set(&key, &Secret::new("new")).unwrap().created);
        assert_eq!(env.client.value(&key), b"new");
    }

    fn what_the_backend_answers_is_ignored_in_what_is_written(env) needs [write versions metadata] {
        let key = env.key("ROUND");
        env.client.set(&key, &Secret::new("one")).unwrap();
        let mut read = env.client.get(&key).unwrap().unwrap();
        read.metadata.created_at = Some(OffsetDateTime::UNIX_EPOCH);
        read.metadata.updated_at = Some(OffsetDateTime::UNIX_EPOCH);
        read.metadata.version = Some(Version::from_number(1_000_000));
        let outcome = env.client.set(&key, &read).unwrap();
        let now = env.client.describe(&key).unwrap().unwrap().metadata;
        assert!(now.created_at.unwrap() > OffsetDateTime::UNIX_EPOCH);
        assert!(now.updated_at.unwrap() > OffsetDateTime::UNIX_EPOCH);
        assert_eq!(now.version, outcome.version);
        assert_ne!(now.version, read.metadata.version);
    }

    fn an_import_sets_the_creation_time_of_a_new_secret(env) needs [write metadata] {
        let key = env.key("IMPORTED");
        let at = OffsetDateTime::from_unix_timestamp(1_234_567_890).unwrap();
        env.client
            .set_with(&key, &Secret::new("v"), SetOptions::new().created_at(at))
            .unwrap();
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.created_at,
            Some(at)
        );
        env.client.set(&key, &Secret::new("w")).unwrap();
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.created_at,
            Some(at),
            "and a set keeps it"
        );
        let later = SetOptions::new().created_at(OffsetDateTime::UNIX_EPOCH);
        env.client.set_with(&key, &Secret::new("x"), later).unwrap();
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.created_at,
            Some(at),
            "it is kept once it is set"
        );
    }

    fn if_absent_creates_once(env) needs [write cas] {
        let key = env.key("ONCE");
        let once = || SetOptions::new().if_absent();
        assert!(env.client.set_with(&key, &Secret::new("one"), once()).unwrap().created);
        let error = fails(
            env.client.set_with(&key, &Secret::new("two"), once()),
            ErrorKind::Conflict,
        );
        assert_eq!(error.key(), Some(key.as_str()));
        assert_eq!(env.client.value(&key), b"one");
        env.client.delete(&key).unwrap();
        assert!(
            env.client
                .set_with(&key, &Secret::new("three"), once())
                .unwrap()
                .created
        );
    }

    fn if_absent_finds_an_expired_secret(env) needs [write cas expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(
            env.client
                .set_with(&key, &Secret::new("new"), SetOptions::new().if_absent()),
            ErrorKind::Conflict,
        );
        fails(env.client.get(&key), ErrorKind::Expired);
    }

    fn if_version_writes_on_the_current_version_only(env) needs [write cas] {
        let key = env.key("CAS");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        let on = |version: &Version| SetOptions::new().if_version(version.clone());
        let second = env
            .client
            .set_with(&key, &Secret::new("two"), on(&first))
            .unwrap()
            .version
            .unwrap();
        fails(
            env.client.set_with(&key, &Secret::new("x"), on(&first)),
            ErrorKind::Conflict,
        );
        fails(
            env.client
                .set_with(&key, &Secret::new("x"), on(&Version::from_word("nonsense"))),
            ErrorKind::Conflict,
        );
        assert_eq!(env.client.value(&key), b"two");
        env.client.set_with(&key, &Secret::new("three"), on(&second)).unwrap();
        assert_eq!(env.client.value(&key), b"three");
    }

    fn if_version_of_a_missing_secret_is_a_conflict(env) needs [write cas] {
        let key = env.key("MISSING");
        let options = SetOptions::new().if_version(Version::from_number(1));
        fails(
            env.client.set_with(&key, &Secret::new("x"), options),
            ErrorKind::Conflict,
        );
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn if_version_never_mistakes_a_new_secret_for_the_deleted_one(env) needs [write cas versions ours] {
        let key = env.key("ABA");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        env.client.delete(&key).unwrap();
        let second = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        assert_ne!(first, second, "versions never repeat");
        fails(
            env.client
                .set_with(&key, &Secret::new("x"), SetOptions::new().if_version(first)),
            ErrorKind::Conflict,
        );
        assert_eq!(env.client.value(&key), b"one");
    }

    fn both_conditions_at_once_are_an_invalid_argument(env) needs [write cas] {
        let options = SetOptions::new().if_absent().if_version(Version::from_number(1));
        fails(
            env.client.set_with(env.key("BOTH"), &Secret::new("x"), options),
            ErrorKind::InvalidArgument,
        );
    }

    fn conditions_are_unsupported_without_cas(env) needs [write] lacks [cas] {
        let key = env.key("CAS");
        let options = SetOptions::new().if_version(Version::from_number(1));
        let error = fails(
            env.client.set_with(&key, &Secret::new("x"), options),
            ErrorKind::Unsupported,
        );
        assert!(error.message().contains("if_version"), "{error}");
        let error = fails(
            env.client
                .set_with(&key, &Secret::new("x"), SetOptions::new().if_absent()),
            ErrorKind::Unsupported,
        );
        assert!(error.message().contains("if_absent"), "{error}");
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn a_field_that_cannot_be_held_is_unsupported_and_named(env) needs [write] lacks [metadata expiry] {
        let key = env.key("FIELDS");
        for (field, metadata) in [
            ("provider", SecretMetadata::new().with_provider("p")),
            ("scope_of_use", SecretMetadata::new().with_scope_of_use("s")),
            ("labels", SecretMetadata::new().with_label("l", "v")),
            (
                "expires_at",
                SecretMetadata::new().with_expiry(OffsetDateTime::now_utc() + Duration::hours(1)),
            ),
        ] {
            let error = fails(
                env.client.set(&key, &Secret::new("v").with_metadata(metadata)),
                ErrorKind::Unsupported,
            );
            assert!(error.message().contains(field), "{error}");
            assert!(env.client.get(&key).unwrap().is_none(), "nothing is written");
        }
    }

    fn one_writer_of_many_wins_each_version(env) needs [write cas] {
        let key = env.key("RACE");
        let first = env.client.set(&key, &Secret::new("start")).unwrap().version.unwrap();
        let winners: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let (client, key, first) = (env.client.clone(), key.clone(), first.clone());
                    scope.spawn(move || {
                        let options = SetOptions::new().if_version(first);
                        match client.set_with(&key, &Secret::new(writer.to_string()), options) {
                            Ok(_) => 1,
                            Err(error) => {
                                assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                                0
                            }
                        }
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(winners, 1);
    }
}
