//! `get_or_generate`: created atomically, with one winner.

use std::collections::BTreeSet;

use strongroom::{ErrorKind, GenerateSpec, ListOptions, Secret, SecretMetadata};
use time::OffsetDateTime;

use super::backends::Env;
use super::harness::fails;

/// 32 bytes of what the backend can hold.
fn spec(env: &Env) -> GenerateSpec {
    match env.can().binary {
        true => GenerateSpec::bytes(32),
        false => GenerateSpec::hex(16),
    }
}

tests! { "get_or_generate";
    fn the_first_call_creates_and_every_other_reads(env) needs [write cas] {
        let key = env.key("GENERATED");
        let first = env.client.get_or_generate(&key, &spec(env)).unwrap();
        assert_eq!(first.value.len(), 32);
        let second = env.client.get_or_generate(&key, &GenerateSpec::password(12)).unwrap();
        assert_eq!(first.value.expose(), second.value.expose());
        assert_eq!(env.client.value(&key), first.value.expose());
        let other = env
            .client
            .get_or_generate(env.key("OTHER"), &spec(env))
            .unwrap();
        assert_ne!(first.value.expose(), other.value.expose());
    }

    fn an_existing_secret_is_read_and_left(env) needs [write] {
        let key = env.key("HERE");
        env.client.set(&key, &Secret::new("mine")).unwrap();
        assert_eq!(
            env.client
                .get_or_generate(&key, &GenerateSpec::bytes(32))
                .unwrap()
                .value
                .expose(),
            b"mine"
        );
        assert_eq!(env.client.value(&key), b"mine");
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(
            env.client.get_or_generate(env.key("ANY"), &GenerateSpec::hex(8)),
            ErrorKind::ReadOnly,
        );
        assert_eq!(
            env.client
                .get_or_generate("ONE", &GenerateSpec::hex(8))
                .unwrap()
                .value
                .expose(),
            b"one"
        );
    }

    fn it_is_unsupported_where_nothing_can_be_created_atomically(env) needs [write] lacks [cas] {
        fails(
            env.client.get_or_generate(env.key("ANY"), &GenerateSpec::hex(8)),
            ErrorKind::Unsupported,
        );
        assert!(env.client.get(env.key("ANY")).unwrap().is_none());
    }

    fn an_expired_secret_answers_expired(env) needs [write expiry cas] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(
            env.client.get_or_generate(&key, &GenerateSpec::bytes(32)),
            ErrorKind::Expired,
        );
    }

    fn every_form_has_its_length_and_letters(env) needs [write cas] {
        let make = |name: &str, spec: GenerateSpec| {
            let secret = env.client.get_or_generate(env.key(name), &spec).unwrap();
            secret.value.expose_str().unwrap().to_owned()
        };
        let hex = make("HEX", GenerateSpec::hex(16));
        assert!(
            hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{hex}"
        );
        let base64 = make("BASE64", GenerateSpec::base64(32));
        assert_eq!(base64.len(), 43);
        assert!(
            base64
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            "{base64}"
        );
        for round in 0..20 {
            let password = make(&format!("PASSWORD_{round}"), GenerateSpec::password(12));
            assert_eq!(password.chars().count(), 12);
            let has = |class: fn(&char) -> bool| password.chars().any(|c| class(&c));
            assert!(
                has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase),
                "{password}"
            );
            assert!(
                has(char::is_ascii_digit) && has(char::is_ascii_punctuation),
                "{password}"
            );
            let plain = make(&format!("PLAIN_{round}"), GenerateSpec::password(12).without_symbols());
            assert!(
                plain.len() == 12 && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{plain}"
            );
        }
    }

    fn a_length_that_makes_no_sense_is_an_invalid_argument(env) needs [write cas] {
        for spec in [
            GenerateSpec::bytes(0),
            GenerateSpec::hex(0),
            GenerateSpec::base64(0),
            GenerateSpec::password(0),
            GenerateSpec::password(3),
            GenerateSpec::bytes(usize::MAX),
        ] {
            fails(
                env.client.get_or_generate(env.key("ANY"), &spec),
                ErrorKind::InvalidArgument,
            );
        }
        assert!(!env.client.exists(env.key("ANY")).unwrap());
    }

    fn metadata_is_that_of_the_specification(env) needs [write cas metadata] {
        let spec = GenerateSpec::hex(8).with_metadata(SecretMetadata::new().with_provider("us").with_label("a", "b"));
        let secret = env.client.get_or_generate(env.key("META"), &spec).unwrap();
        assert_eq!(
            (secret.metadata.provider.as_deref(), &*secret.metadata.labels["a"]),
            (Some("us"), "b")
        );
    }

    fn of_many_threads_one_wins_and_all_read_its_value(env) needs [write cas versions list] {
        let key = env.key("RACE");
        let values: BTreeSet<Vec<u8>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let (client, key) = (env.client.clone(), key.clone());
                    scope.spawn(move || {
                        client
                            .get_or_generate(&key, &spec(env))
                            .unwrap()
                            .value
                            .expose()
                            .to_vec()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(values.len(), 1);
        assert_eq!(
            env.client.versions(&key).unwrap().len(),
            1,
            "one of them wrote, and once"
        );
        assert_eq!(
            env.client
                .list(ListOptions::new().scope(env.scope()))
                .unwrap()
                .entries
                .len(),
            1
        );
    }

    fn of_two_managers_over_one_store_one_wins(env) needs [write cas] {
        if env.subject.persists() {
            let other = env.reopen();
            for round in 0..10 {
                let key = env.key(&format!("RACE_{round}"));
                let (one, two) = std::thread::scope(|scope| {
                    let thread = scope.spawn(|| other.get_or_generate(&key, &spec(env)).unwrap());
                    let one = env.client.get_or_generate(&key, &spec(env)).unwrap();
                    (one, thread.join().unwrap())
                });
                assert_eq!(one.value.expose(), two.value.expose());
            }
        }
    }
}
