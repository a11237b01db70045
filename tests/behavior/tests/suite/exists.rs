//! `exists`.

use strongroom::{ErrorKind, Secret};
use time::OffsetDateTime;

use super::harness::fails;

tests! { "exists";
    fn a_missing_secret_does_not_exist(env) needs [] {
        assert!(!env.client.exists(env.key("MISSING")).unwrap());
    }

    fn a_secret_exists_until_it_is_deleted(env) needs [write] {
        let key = env.key("HERE");
        env.client.set(&key, &Secret::new("here")).unwrap();
        assert!(env.client.exists(&key).unwrap());
        assert!(!env.client.exists(key.target_of("elsewhere")).unwrap());
        env.client.delete(&key).unwrap();
        assert!(!env.client.exists(&key).unwrap());
    }

    fn an_expired_secret_exists(env) needs [write expiry] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        assert!(env.client.exists(&key).unwrap());
        fails(env.client.get(&key), ErrorKind::Expired);
        assert!(env.client.exists(&key).unwrap());
    }
}
