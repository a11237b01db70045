//! Errors: every kind reaches the caller through both faces as it is, says where it happened, and never what the value
//! was.

use std::error::Error as _;
use std::time::Duration;

use strongroom::backend::{MetadataUpdate, Operation};
use strongroom::testing::{Fault, Script};
use strongroom::{
    Error, ErrorKind, GenerateSpec, GetOptions, ListOptions, RollbackTo, Secret, SecretMetadata, SetOptions,
    UpdateOptions, Version,
};
use time::OffsetDateTime;

use super::harness::fails;

const CANARY: &str = "canary-93c1f4";

/// Every text that an error shows, sources and help included.
fn shown(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {} {} {:?}",
        error.message(),
        error.help(),
        error.key()
    );
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

tests! { "errors";
    fn every_kind_of_a_backend_reaches_the_caller_of_a_read(env) [scripted] needs [] {
        for &kind in ErrorKind::ALL {
            env.fault().set_script(Script::new());
            env.fault().on(Operation::Get).then(Fault::Fail(kind));
            let error = fails(env.client.get(env.key("A")), kind);
            assert_eq!(error.operation(), Some(Operation::Get));
            assert_eq!(error.backend(), Some("fault"));
            assert_eq!(error.is_retryable(), kind.is_retryable());
        }
    }

    fn every_kind_of_a_backend_reaches_the_caller_of_a_write(env) [scripted] needs [write] {
        for &kind in ErrorKind::ALL {
            env.fault().set_script(Script::new());
            env.fault().on(Operation::Set).then(Fault::Fail(kind));
            let error = fails(env.client.set(env.key("A"), &Secret::new("v")), kind);
            assert_eq!(
                (error.operation(), error.backend()),
                (Some(Operation::Set), Some("fault"))
            );
        }
        env.fault().set_script(Script::new());
        assert!(env.client.get(env.key("A")).unwrap().is_none());
    }

    fn an_error_of_one_key_names_the_key(env) [scripted] needs [] {
        env.fault().on_any().then(Fault::Denied);
        let (client, key) = (&env.client, env.key("A"));
        for error in [
            client.get(&key).unwrap_err(),
            client.describe(&key).unwrap_err(),
            client.set(&key, &Secret::new("v")).unwrap_err(),
            client.delete(&key).unwrap_err(),
            client.versions(&key).unwrap_err(),
            client.rollback(&key, Version::from_number(1)).unwrap_err(),
            client.update_metadata(&key, &MetadataUpdate::new()).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert_eq!(error.key(), Some(key.as_str()), "{error}");
        }
    }

    fn the_kinds_that_verbs_themselves_answer_are_reached(env) needs [write cas expiry versions binary metadata] {
        let (client, key) = (&env.client, env.key("A"));
        client.set(&key, &Secret::new(&[0xff])).unwrap();
        let old = env.key("OLD");
        client
            .set(&old, &Secret::new("v").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        let cancelled = strongroom::CancellationToken::new();
        cancelled.cancel();
        let reached = [
            (ErrorKind::NotFound, client.delete(env.key("MISSING")).err()),
            (ErrorKind::Expired, client.get(&old).err()),
            (
                ErrorKind::Timeout,
                client.with_timeout(Duration::ZERO).get(env.key("UNREAD")).err(),
            ),
            (
                ErrorKind::Cancelled,
                client.with_cancel(cancelled).get(env.key("UNREAD")).err(),
            ),
            (
                ErrorKind::Conflict,
                client
                    .set_with(&key, &Secret::new("v"), SetOptions::new().if_absent())
                    .err(),
            ),
            (ErrorKind::InvalidKey, client.get("not a key").err()),
            (ErrorKind::InvalidValue, client.get_value(&key).err()),
            (
                ErrorKind::InvalidArgument,
                client.rollback(&key, RollbackTo::back(0)).err(),
            ),
            (
                ErrorKind::TooLarge,
                client.set(&key, &Secret::new(vec![0; (1 << 20) + 1])).err(),
            ),
            (ErrorKind::BufferTooSmall, client.get_into(&key, &mut []).err()),
            (
                ErrorKind::InvalidConfig,
                super::backends::try_open(env.builder().option("no_such", "1"), env.face).err(),
            ),
        ];
        for (kind, error) in reached {
            let error = error.unwrap_or_else(|| panic!("{kind} was not reached"));
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!error.help().is_empty() && !error.message().is_empty());
            assert!(error.to_string().starts_with(kind.token()), "{error}");
        }
        env.client.close().unwrap();
        fails(env.client.get(&key), ErrorKind::Closed);
    }

    fn no_error_shows_the_value(env) needs [write versions cas metadata expiry] {
        let (client, key) = (&env.client, env.key("A"));
        client.set(&key, &Secret::new(CANARY)).unwrap();
        let old = env.key("OLD");
        client
            .set(&old, &Secret::new(CANARY).with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        let large = CANARY.repeat((1 << 20) / CANARY.len() + 1);
        let bad = || SecretMetadata::new().with_label("", "v");
        let twice = [(key.clone(), Secret::new(CANARY)), (key.clone(), Secret::new(CANARY))];
        let invalid = Secret::new([CANARY.as_bytes(), &[0xff]].concat());
        client.set(env.key("BYTES"), &invalid).unwrap();
        let errors = [
            client.get(&old).err(),
            client.get_into(&key, &mut [0; 3]).err(),
            client.get_value(env.key("BYTES")).err(),
            client.update_value(&old, CANARY).err(),
            client.update_value(env.key("MISSING"), CANARY).err(),
            client
                .update_value_with(&key, CANARY, UpdateOptions::new().if_version(Version::from_number(0)))
                .err(),
            client.set(&key, &Secret::new(large.as_str())).err(),
            client.set(&key, &Secret::new(CANARY).with_metadata(bad())).err(),
            client.set("bad key", &Secret::new(CANARY)).err(),
            client
                .set_with(&key, &Secret::new(CANARY), SetOptions::new().if_absent())
                .err(),
            client.set_many(&twice).err(),
            client.set_api_key(&key, large.as_str(), None).err(),
            client.rotate(env.key("MISSING"), CANARY).err(),
            client
                .with_timeout(Duration::ZERO)
                .set(&key, &Secret::new(CANARY))
                .err(),
            client.get_with(&old, GetOptions::new()).err(),
            client.get_or_generate(&old, &GenerateSpec::hex(8)).err(),
            client.list(ListOptions::new().limit(0)).err(),
        ];
        for (at, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("call {at} worked"));
            assert!(!shown(&error).contains("canary"), "{error}");
        }
    }

    fn no_error_of_a_failing_backend_shows_the_value(env) [scripted] needs [write] {
        for &kind in ErrorKind::ALL {
            env.fault().set_script(Script::new());
            env.fault().on_any().then(Fault::Fail(kind));
            for error in [
                env.client.set(env.key("A"), &Secret::new(CANARY)).err(),
                env.client.set_many(&[(env.key("A"), Secret::new(CANARY))]).err(),
                env.client.update_value(env.key("A"), CANARY).err(),
            ] {
                assert!(!shown(&error.unwrap()).contains("canary"));
            }
        }
    }

    fn nothing_printed_for_debugging_shows_the_value(env) needs [write] {
        let key = env.key("A");
        let secret = Secret::new(CANARY);
        let outcome = env.client.set(&key, &secret).unwrap();
        let read = env.client.get(&key).unwrap().unwrap();
        let many = env.client.get_many(&[&key]).unwrap();
        let builder = env.builder();
        let text = format!("{secret:?} {outcome:?} {read:?} {many:?} {:?} {builder:?}", env.client);
        assert!(!text.contains("canary"), "{text}");
        assert!(
            !text.contains("0001020304"),
            "the key of the store is a secret, too: {text}"
        );
        assert!(text.contains("REDACTED"));
    }

    fn control_characters_of_a_key_never_reach_a_terminal(env) needs [] {
        let error = fails(env.client.get("a\u{1b}[31mred\nline\u{202e}"), ErrorKind::InvalidKey);
        let text = format!("{error} {}", error.key().unwrap_or_default());
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}
