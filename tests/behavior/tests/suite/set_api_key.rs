//! `set_api_key`: `set` with a provider; other metadata is kept.

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, Secret};
use time::{Duration, OffsetDateTime};

use super::harness::{fails, is_later};

tests! { "set_api_key";
    fn a_new_key_is_created_with_its_provider(env) needs [write metadata] {
        let key = env.key("API_KEY");
        assert!(env.client.set_api_key(&key, "sk-1", Some("openai")).unwrap().created);
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!(
            (read.value.expose(), read.metadata.provider.as_deref()),
            (&b"sk-1"[..], Some("openai"))
        );
    }

    fn an_existing_key_is_replaced_and_keeps_its_other_metadata(env) needs [write metadata expiry versions] {
        let key = env.key("API_KEY");
        let expiry = OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
        let secret = Secret::with_provider("sk-1", "openai")
            .with_scope_of_use("all")
            .with_label("a", "b")
            .with_expiry(expiry);
        env.client.set(&key, &secret).unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;
        assert!(!env.client.set_api_key(&key, "sk-2", Some("mistral")).unwrap().created);
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!(read.value.expose(), b"sk-2");
        assert_eq!(read.metadata.provider.as_deref(), Some("mistral"));
        assert_eq!(read.metadata.scope_of_use, before.scope_of_use);
        assert_eq!(read.metadata.labels, before.labels);
        assert_eq!(read.metadata.created_at, before.created_at);
        assert_eq!(read.metadata.expires_at, Some(expiry));
        assert!(is_later(read.metadata.version.as_ref(), before.version.as_ref()));
    }

    fn an_expired_key_is_replaced_and_readable(env) needs [write metadata expiry] {
        let key = env.key("API_KEY");
        let past = OffsetDateTime::now_utc() - Duration::hours(1);
        env.client
            .set(&key, &Secret::new("sk-1").with_label("a", "b").with_expiry(past))
            .unwrap();
        env.client.set_api_key(&key, "sk-2", Some("openai")).unwrap();
        assert_eq!(env.client.value(&key), b"sk-2");
        assert_eq!(env.client.describe(&key).unwrap().unwrap().metadata.labels["a"], "b");
    }

    fn a_provider_is_unsupported_where_metadata_cannot_be_held(env) needs [write] lacks [metadata] {
        let key = env.key("API_KEY");
        let error = fails(
            env.client.set_api_key(&key, "sk-1", Some("openai")),
            ErrorKind::Unsupported,
        );
        assert!(error.message().contains("provider"), "{error}");
        env.client.set_api_key(&key, "sk-1", None).unwrap();
        assert_eq!(env.client.value(&key), b"sk-1");
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(
            env.client.set_api_key(env.key("API_KEY"), "sk-1", None),
            ErrorKind::ReadOnly,
        );
    }

    fn labels_changed_in_between_are_kept(env) needs [write metadata] {
        let key = env.key("API_KEY");
        env.client.set_api_key(&key, "sk-1", Some("openai")).unwrap();
        let labels = [("owner".to_owned(), "me".to_owned())].into();
        env.client
            .update_metadata(&key, &MetadataUpdate::new().labels(labels))
            .unwrap();
        env.client.set_api_key(&key, "sk-2", Some("openai")).unwrap();
        assert_eq!(
            env.client.describe(&key).unwrap().unwrap().metadata.labels["owner"],
            "me"
        );
    }
}
