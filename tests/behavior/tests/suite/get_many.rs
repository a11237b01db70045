//! `get_many`: what is there, what failed, and nothing else.

use strongroom::{ErrorKind, Secret, SecretKey};
use time::OffsetDateTime;

use super::harness::fails;

tests! { "get_many";
    fn no_keys_give_nothing(env) needs [] {
        let read = env.client.get_many::<SecretKey>(&[]).unwrap();
        assert!(read.secrets.is_empty() && read.failures.is_empty());
    }

    fn what_is_absent_is_absent_from_the_answer(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        env.client.set(env.key("C"), &Secret::new("3")).unwrap();
        // Twice: the first fills the cache, the second mixes cached and not.
        for _ in 0..2 {
            let read = env
                .client
                .get_many(&[env.key("C"), env.key("B"), env.key("A")])
                .unwrap();
            assert!(read.failures.is_empty());
            let names: Vec<_> = read.secrets.keys().map(SecretKey::name).collect();
            assert_eq!(names, ["A", "C"]);
            assert_eq!(read.secrets[&env.key("C")].value.expose(), b"3");
        }
    }

    fn cached_and_fresh_secrets_come_together(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        env.client.set(env.key("B"), &Secret::new("2")).unwrap();
        assert_eq!(env.client.value(env.key("A")), b"1");
        env.client.set(env.key("B"), &Secret::new("3")).unwrap();
        let read = env.client.get_many(&[env.key("A"), env.key("B")]).unwrap();
        assert_eq!(read.secrets[&env.key("A")].value.expose(), b"1");
        assert_eq!(read.secrets[&env.key("B")].value.expose(), b"3");
    }

    fn an_expired_secret_is_among_the_failures(env) needs [write expiry] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        env.client
            .set(env.key("B"), &Secret::new("2").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        for _ in 0..2 {
            let read = env.client.get_many(&[env.key("A"), env.key("B")]).unwrap();
            assert_eq!(read.secrets.keys().map(SecretKey::name).collect::<Vec<_>>(), ["A"]);
            let [failure] = &read.failures[..] else {
                panic!("one failure, not {}", read.failures.len())
            };
            assert_eq!(
                (&failure.key, failure.error.kind()),
                (&env.key("B"), ErrorKind::Expired)
            );
        }
    }

    fn a_key_asked_for_twice_is_answered_once(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        let read = env.client.get_many(&[env.key("A"), env.key("A")]).unwrap();
        assert_eq!((read.secrets.len(), read.failures.len()), (1, 0));
    }

    fn a_bad_key_is_told(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        fails(
            env.client.get_many(&[env.key("A"), env.key("not a key")]),
            ErrorKind::InvalidKey,
        );
        fails(env.client.get_many(&["", "A"]), ErrorKind::InvalidKey);
    }

    fn texts_name_secrets_too(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        let read = env
            .client
            .get_many(&[env.key("A").to_string(), env.key("B").to_string()])
            .unwrap();
        assert_eq!(read.secrets[&env.key("A")].value.expose(), b"1");
        assert_eq!(read.secrets.len(), 1);
    }
}
