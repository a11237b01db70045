//! `get`, `get_value`, `get_version`: reading one secret.

use strongroom::{ErrorKind, GetOptions, Secret, SecretKey, SecretMetadata, Version};
use time::{Duration, OffsetDateTime};

use super::harness::fails;

fn yesterday() -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::days(1)
}

tests! { "get";
    fn a_missing_secret_is_none(env) needs [] {
        let key = env.key("MISSING");
        assert!(env.client.get(&key).unwrap().is_none());
        assert!(
            env.client
                .get_with(&key, GetOptions::new().include_expired())
                .unwrap()
                .is_none()
        );
        assert!(env.client.get_value(&key).unwrap().is_none());
        // A miss is not remembered as an answer of its own kind.
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn a_backend_that_implements_only_what_it_must_is_read(env) lacks [list write] {
        assert_eq!(env.client.value("ONE"), b"one");
        assert!(env.client.get("TWO").unwrap().is_none());
    }

    fn a_secret_comes_back_with_its_bytes_and_metadata(env) needs [write metadata expiry] {
        let key = env.key("WHOLE");
        let expiry = OffsetDateTime::now_utc() + Duration::hours(1);
        let metadata = SecretMetadata::new()
            .with_provider("openai")
            .with_scope_of_use("models:read,models:write")
            .with_label("team", "platform")
            .with_label("näme", "wört")
            .with_expiry(expiry);
        env.client
            .set(&key, &Secret::new("value").with_metadata(metadata.clone()))
            .unwrap();
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!(read.value.expose(), b"value");
        assert_eq!(read.metadata.provider, metadata.provider);
        assert_eq!(read.metadata.scope_of_use, metadata.scope_of_use);
        assert_eq!(read.metadata.labels, metadata.labels);
        assert_eq!(read.metadata.expires_at, metadata.expires_at);
    }

    fn the_time_of_writing_and_the_version_are_told(env) needs [write versions metadata] {
        let key = env.key("TIMES");
        let before = OffsetDateTime::now_utc() - Duration::seconds(1);
        let version = env.client.set(&key, &Secret::new("v")).unwrap().version.unwrap();
        let read = env.client.get(&key).unwrap().unwrap().metadata;
        let after = OffsetDateTime::now_utc() + Duration::seconds(1);
        assert_eq!(read.version, Some(version));
        for at in [read.created_at.unwrap(), read.updated_at.unwrap()] {
            assert!(before <= at && at <= after, "{at}");
            assert!(at.offset().is_utc());
            assert_eq!(at.nanosecond() % 1000, 0, "kept to the microsecond");
        }
    }

    fn an_expired_secret_answers_expired(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(yesterday()))
            .unwrap();
        let error = fails(env.client.get(&key), ErrorKind::Expired);
        assert_eq!(error.key(), Some(key.as_str()));
        fails(env.client.get_value(&key), ErrorKind::Expired);
        fails(env.client.get_into(&key, &mut [0; 16]), ErrorKind::Expired);
        // And again: the cache must not let it through.
        fails(env.client.get(&key), ErrorKind::Expired);
    }

    fn include_expired_reads_an_expired_secret(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(yesterday()))
            .unwrap();
        let read = env
            .client
            .get_with(&key, GetOptions::new().include_expired())
            .unwrap()
            .unwrap();
        assert_eq!(read.value.expose(), b"old");
        assert!(read.metadata.expires_at.unwrap() < OffsetDateTime::now_utc());
        // Having been read so does not make it readable otherwise.
        fails(env.client.get(&key), ErrorKind::Expired);
    }

    fn a_former_version_is_read_by_its_version(env) needs [write versions] {
        let key = env.key("TWICE");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        let second = env.client.set(&key, &Secret::new("two")).unwrap().version.unwrap();
        let read = env.client.get_version(&key, &first).unwrap().unwrap();
        assert_eq!(read.value.expose(), b"one");
        assert_eq!(read.metadata.version, Some(first.clone()));
        assert_eq!(
            env.client.get_version(&key, &second).unwrap().unwrap().value.expose(),
            b"two"
        );
        let read = env
            .client
            .get_with(&key, GetOptions::new().version(first))
            .unwrap()
            .unwrap();
        assert_eq!(read.value.expose(), b"one");
        assert_eq!(
            env.client.value(&key),
            b"two",
            "reading a former version leaves the current one"
        );
    }

    fn a_missing_version_is_none(env) needs [write versions] {
        let key = env.key("ONCE");
        let version = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        for word in [
            "0",
            "18446744073709551615",
            "nonsense",
            "-1",
            "",
            "1.0",
            "99999999999999999999999",
        ] {
            assert!(
                env.client
                    .get_version(&key, &Version::from_word(word))
                    .unwrap()
                    .is_none(),
                "{word}"
            );
        }
        assert!(env.client.get_version(env.key("MISSING"), &version).unwrap().is_none());
    }

    fn a_version_of_another_secret_is_none(env) needs [write versions ours] {
        let (mine, other) = (env.key("MINE"), env.key("OTHER"));
        env.client.set(&mine, &Secret::new("mine")).unwrap();
        let version = env.client.set(&other, &Secret::new("other")).unwrap().version.unwrap();
        assert!(env.client.get_version(&mine, &version).unwrap().is_none());
    }

    fn an_expired_version_answers_expired(env) needs [write versions expiry] {
        let key = env.key("OLD");
        let old = env
            .client
            .set(&key, &Secret::new("old").with_expiry(yesterday()))
            .unwrap()
            .version
            .unwrap();
        env.client.set(&key, &Secret::new("new")).unwrap();
        fails(env.client.get_version(&key, &old), ErrorKind::Expired);
        let options = GetOptions::new().version(old).include_expired();
        assert_eq!(
            env.client.get_with(&key, options).unwrap().unwrap().value.expose(),
            b"old"
        );
        assert_eq!(env.client.value(&key), b"new");
    }

    fn a_version_is_unsupported_where_none_are_kept(env) lacks [versions] {
        let error = fails(
            env.client.get_version(env.key("ANY"), &Version::from_number(1)),
            ErrorKind::Unsupported,
        );
        assert_eq!(error.backend(), Some(env.subject.name()));
    }

    fn a_value_that_is_no_text_is_invalid_value_as_a_string(env) needs [write binary] {
        let key = env.key("BYTES");
        env.client.set(&key, &Secret::new(&[0xff, 0xfe, 0x00])).unwrap();
        for _ in 0..2 {
            fails(env.client.get_value(&key), ErrorKind::InvalidValue);
            assert_eq!(env.client.value(&key), [0xff, 0xfe, 0x00]);
        }
    }

    fn a_value_is_read_as_a_string(env) needs [write] {
        let key = env.key("TEXT");
        env.client.set(&key, &Secret::new("grüße\n")).unwrap();
        for _ in 0..2 {
            assert_eq!(env.client.get_value(&key).unwrap().as_deref(), Some("grüße\n"));
        }
    }

    fn a_bare_name_is_the_global_secret(env) needs [write] {
        // The scope keeps tests apart; a global name has only itself.
        let name = SecretKey::escape(env.scope().to_string());
        env.client.set(&name, &Secret::new("g")).unwrap();
        assert_eq!(env.client.value(format!("global/{name}")), b"g");
        assert_eq!(env.client.value(SecretKey::new(&name)), b"g");
        env.client.delete(format!("global/{name}")).unwrap();
        assert!(env.client.get(&name).unwrap().is_none());
    }

    fn scope_target_and_name_tell_secrets_apart(env) needs [write] {
        let plain = env.key("NAME");
        let keys = [
            plain.clone(),
            plain.target_of("production"),
            plain.target_of("staging"),
            env.key("name"),
            env.key("NAME.production"),
            SecretKey::in_scope(strongroom::SecretScope::team(plain.id().unwrap()), "NAME"),
        ];
        for (at, key) in keys.iter().enumerate() {
            env.client.set(key, &Secret::new(format!("value {at}"))).unwrap();
        }
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(env.client.value(key), format!("value {at}").into_bytes(), "{key}");
        }
        env.client.delete(&plain).unwrap();
        assert_eq!(
            env.client.value(&keys[1]),
            b"value 1",
            "the target's secret is another one"
        );
    }

    fn a_read_sees_what_this_handle_wrote_last(env) needs [write] {
        let key = env.key("FRESH");
        for round in 0..20 {
            env.client.set(&key, &Secret::new(round.to_string())).unwrap();
            assert_eq!(env.client.value(&key), round.to_string().into_bytes());
            assert_eq!(
                env.client.value(&key),
                round.to_string().into_bytes(),
                "the second time, too"
            );
        }
        env.client.delete(&key).unwrap();
        assert!(env.client.get(&key).unwrap().is_none());
    }
}
