//! `describe`: metadata without the value.

use strongroom::Secret;
use time::{Duration, OffsetDateTime};

tests! { "describe";
    fn a_missing_secret_has_no_description(env) needs [] {
        assert!(env.client.describe(env.key("MISSING")).unwrap().is_none());
    }

    fn a_description_is_the_metadata_that_get_tells(env) needs [write metadata expiry] {
        let key = env.key("WHOLE");
        let secret = Secret::with_provider("value", "github")
            .with_scope_of_use("repo")
            .with_label("a", "b")
            .with_expiry(OffsetDateTime::now_utc() + Duration::hours(1));
        env.client.set(&key, &secret).unwrap();
        let described = env.client.describe(&key).unwrap().unwrap();
        assert!(!described.expired);
        assert_eq!(described.metadata, env.client.get(&key).unwrap().unwrap().metadata);
        assert_eq!(described.metadata, env.client.describe(&key).unwrap().unwrap().metadata);
    }

    fn an_expired_secret_is_described_and_flagged(env) needs [write expiry] {
        let key = env.key("OLD");
        let expiry = OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        env.client.set(&key, &Secret::new("old").with_expiry(expiry)).unwrap();
        let described = env.client.describe(&key).unwrap().unwrap();
        assert!(described.expired);
        assert_eq!(described.metadata.expires_at, Some(expiry));
    }

    fn a_description_never_shows_the_value(env) needs [write] {
        let key = env.key("CANARY");
        env.client.set(&key, &Secret::new("canary-7f3a")).unwrap();
        let described = env.client.describe(&key).unwrap().unwrap();
        assert!(!format!("{described:?}").contains("canary-7f3a"));
    }
}
