//! `update_metadata`: everything but the value.

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, Secret};
use time::{Duration, OffsetDateTime};

use super::harness::fails;

tests! { "update_metadata";
    fn a_missing_secret_is_not_found(env) needs [write metadata] {
        let update = MetadataUpdate::new().provider("p");
        fails(
            env.client.update_metadata(env.key("MISSING"), &update),
            ErrorKind::NotFound,
        );
        assert!(!env.client.exists(env.key("MISSING")).unwrap());
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(
            env.client
                .update_metadata("ONE", &MetadataUpdate::new().provider("p")),
            ErrorKind::ReadOnly,
        );
    }

    fn a_field_that_cannot_be_held_is_unsupported_and_named(env) needs [write] lacks [metadata expiry] {
        let key = env.key("PLAIN");
        env.client.set(&key, &Secret::new("v")).unwrap();
        for (field, update) in [
            ("provider", MetadataUpdate::new().provider("p")),
            ("scope_of_use", MetadataUpdate::new().scope_of_use("s")),
            (
                "labels",
                MetadataUpdate::new().labels([("a".to_owned(), "b".to_owned())].into()),
            ),
            (
                "expires_at",
                MetadataUpdate::new().expires_at(OffsetDateTime::now_utc()),
            ),
        ] {
            let error = fails(env.client.update_metadata(&key, &update), ErrorKind::Unsupported);
            assert!(error.message().contains(field), "{error}");
        }
        assert_eq!(env.client.value(&key), b"v");
    }

    fn only_what_is_stated_changes(env) needs [write metadata expiry versions] {
        let key = env.key("META");
        let expiry = OffsetDateTime::now_utc() + Duration::hours(1);
        let secret = Secret::with_provider("v", "openai")
            .with_scope_of_use("all")
            .with_label("a", "b")
            .with_expiry(expiry);
        env.client.set(&key, &secret).unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;

        env.client
            .update_metadata(&key, &MetadataUpdate::new().provider("mistral"))
            .unwrap();
        let now = env.client.get(&key).unwrap().unwrap();
        assert_eq!(now.metadata.provider.as_deref(), Some("mistral"));
        assert_eq!(now.metadata.scope_of_use, before.scope_of_use);
        assert_eq!(now.metadata.labels, before.labels);
        assert_eq!(now.metadata.expires_at, before.expires_at);
        assert_eq!(now.metadata.created_at, before.created_at);
        assert_eq!(now.value.expose(), b"v");

        let update = MetadataUpdate::new()
            .clear_provider()
            .clear_scope_of_use()
            .labels([("c".to_owned(), "d".to_owned())].into())
            .clear_expiry();
        env.client.update_metadata(&key, &update).unwrap();
        let now = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!((now.provider, now.scope_of_use, now.expires_at), (None, None, None));
        assert_eq!(
            now.labels.into_iter().collect::<Vec<_>>(),
            [("c".to_owned(), "d".to_owned())]
        );
    }

    fn no_new_version_is_written_where_none_is_forced(env) needs [write metadata versions cas ours] {
        let key = env.key("META");
        let version = env.client.set(&key, &Secret::new("v")).unwrap().version;
        let outcome = env
            .client
            .update_metadata(&key, &MetadataUpdate::new().provider("p"))
            .unwrap();
        assert!(!outcome.created);
        assert_eq!(outcome.version, version);
        assert_eq!(env.client.versions(&key).unwrap().len(), 1);
        let read = env.client.get_version(&key, &version.unwrap()).unwrap().unwrap();
        assert_eq!(read.metadata.provider.as_deref(), Some("p"));
    }

    fn an_expired_secret_may_be_changed_and_comes_back(env) needs [write metadata expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        env.client
            .update_metadata(&key, &MetadataUpdate::new().provider("p"))
            .unwrap();
        fails(env.client.get(&key), ErrorKind::Expired);
        env.client
            .update_metadata(&key, &MetadataUpdate::new().clear_expiry())
            .unwrap();
        assert_eq!(env.client.value(&key), b"old");
        env.client
            .update_metadata(&key, &MetadataUpdate::new().expires_at(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(env.client.get(&key), ErrorKind::Expired);
    }

    fn an_empty_change_changes_nothing(env) needs [write metadata] {
        let key = env.key("SAME");
        env.client
            .set(&key, &Secret::with_provider("v", "p").with_label("a", "b"))
            .unwrap();
        env.client.update_metadata(&key, &MetadataUpdate::new()).unwrap();
        let now = env.client.get(&key).unwrap().unwrap();
        assert_eq!(
            (now.metadata.provider.as_deref(), now.value.expose()),
            (Some("p"), &b"v"[..])
        );
        assert_eq!(now.metadata.labels["a"], "b");
    }

    fn what_breaks_a_limit_is_refused_and_changes_nothing(env) needs [write metadata] {
        let key = env.key("SAME");
        env.client.set(&key, &Secret::with_provider("v", "p")).unwrap();
        fails(
            env.client
                .update_metadata(&key, &MetadataUpdate::new().provider("x".repeat(1025))),
            ErrorKind::TooLarge,
        );
        fails(
            env.client
                .update_metadata(&key, &MetadataUpdate::new().provider("a\nb")),
            ErrorKind::InvalidValue,
        );
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.provider.as_deref(),
            Some("p")
        );
    }
}
