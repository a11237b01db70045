//! Limits: what is just allowed, and what is one too much. The message names the limit.

use strongroom::{ErrorKind, Secret, SecretMetadata};

use super::backends::{PLAIN_KEY, PLAIN_VALUE, try_open};
use super::harness::fails;

const MIB: usize = 1 << 20;

fn bytes(count: usize) -> Secret {
    Secret::new(vec![b'x'; count])
}

tests! { "limits";
    fn a_value_of_one_mebibyte_is_held_and_one_byte_more_is_too_large(env) needs [write binary large] {
        let key = env.key("LARGE");
        env.client.set(&key, &bytes(MIB)).unwrap();
        let error = fails(env.client.set(&key, &bytes(MIB + 1)), ErrorKind::TooLarge);
        assert!(error.message().contains("1048576"), "the limit is named: {error}");
        fails(env.client.update_value(&key, vec![b'x'; MIB + 1]), ErrorKind::TooLarge);
        fails(
            env.client.set_api_key(&key, vec![b'x'; MIB + 1], None),
            ErrorKind::TooLarge,
        );
        fails(
            env.client
                .rotate(&key, strongroom::SecretValue::from(vec![b'x'; MIB + 1])),
            ErrorKind::TooLarge,
        );
        assert_eq!(env.client.value(&key).len(), MIB, "what was there stays");
    }

    fn the_limit_is_a_setting_up_to_eight_mebibytes(env) needs [write binary large] {
        let client = env.open_with(env.builder().option("max_value", "8MiB"));
        let key = env.key("LARGE");
        client.set(&key, &bytes(8 * MIB)).unwrap();
        assert_eq!(client.value(&key).len(), 8 * MIB);
        assert_eq!(client.value(&key).len(), 8 * MIB);
        fails(client.set(&key, &bytes(8 * MIB + 1)), ErrorKind::TooLarge);
        for bad in ["8388609", "9MiB", "0", "lots", "-1", "1GiB"] {
            let error = fails(
                try_open(env.builder().option("max_value", bad), env.face),
                ErrorKind::InvalidConfig,
            );
            assert_eq!(error.setting(), Some("max_value"), "{bad}");
        }
    }

    fn the_limit_may_be_lower(env) needs [write] {
        let client = env.open_with(env.builder().option("max_value", "10"));
        client.set(env.key("SMALL"), &bytes(10)).unwrap();
        let error = fails(client.set(env.key("SMALL"), &bytes(11)), ErrorKind::TooLarge);
        assert!(error.message().contains("10"), "{error}");
        assert_eq!(client.value(env.key("SMALL")).len(), 10);
    }

    fn a_lower_limit_of_the_backend_holds(env) needs [write] lacks [binary metadata] {
        let key = env.key("SMALL");
        env.client.set(&key, &bytes(PLAIN_VALUE)).unwrap();
        let error = fails(env.client.set(&key, &bytes(PLAIN_VALUE + 1)), ErrorKind::TooLarge);
        assert!(error.message().contains(&PLAIN_VALUE.to_string()), "{error}");
        assert_eq!(env.client.value(&key).len(), PLAIN_VALUE);
    }

    fn a_key_longer_than_its_backend_takes_is_too_large(env) needs [write] lacks [binary metadata] {
        let room = PLAIN_KEY - env.key("").as_str().len();
        env.client.set(env.key(&"k".repeat(room)), &bytes(1)).unwrap();
        let long = env.key(&"k".repeat(room + 1));
        for error in [
            fails(env.client.set(&long, &bytes(1)), ErrorKind::TooLarge),
            fails(env.client.get(&long), ErrorKind::TooLarge),
        ] {
            assert!(error.message().contains(&PLAIN_KEY.to_string()), "{error}");
        }
    }

    fn labels_have_limits(env) needs [write metadata] {
        let key = env.key("LABELS");
        let labels = |count: usize| {
            (0..count).fold(SecretMetadata::new(), |metadata, at| {
                metadata.with_label(format!("l{at}"), "v")
            })
        };
        let with = |metadata: SecretMetadata| Secret::new("v").with_metadata(metadata);
        env.client.set(&key, &with(labels(32))).unwrap();
        assert_eq!(env.client.describe(&key).unwrap().unwrap().metadata.labels.len(), 32);
        let longest = SecretMetadata::new().with_label("n".repeat(63), "v".repeat(256));
        env.client.set(&key, &with(longest)).unwrap();
        env.client
            .set(&key, &with(SecretMetadata::new().with_label("empty", "")))
            .unwrap();
        for (metadata, kind) in [
            (labels(33), ErrorKind::TooLarge),
            (
                SecretMetadata::new().with_label("n".repeat(64), "v"),
                ErrorKind::TooLarge,
            ),
            (
                SecretMetadata::new().with_label("n", "v".repeat(257)),
                ErrorKind::TooLarge,
            ),
            (
                SecretMetadata::new().with_label("ä".repeat(32), "v"),
                ErrorKind::TooLarge,
            ),
            (SecretMetadata::new().with_label("", "v"), ErrorKind::InvalidValue),
            (SecretMetadata::new().with_label("a\0b", "v"), ErrorKind::InvalidValue),
            (SecretMetadata::new().with_label("n", "a\nb"), ErrorKind::InvalidValue),
        ] {
            fails(env.client.set(&key, &with(metadata)), kind);
        }
        let kept = env.client.describe(&key).unwrap().unwrap().metadata.labels;
        assert_eq!(
            kept.keys().collect::<Vec<_>>(),
            ["empty"],
            "a refused write changes nothing"
        );
    }

    fn provider_and_scope_of_use_have_limits(env) needs [write metadata] {
        let key = env.key("TEXTS");
        let longest = "x".repeat(1024);
        env.client
            .set(
                &key,
                &Secret::with_provider("v", &*longest).with_scope_of_use(&*longest),
            )
            .unwrap();
        let read = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!(
            (read.provider.as_ref(), read.scope_of_use.as_ref()),
            (Some(&longest), Some(&longest))
        );
        let longer = "x".repeat(1025);
        fails(
            env.client.set(&key, &Secret::with_provider("v", &*longer)),
            ErrorKind::TooLarge,
        );
        fails(
            env.client.set(&key, &Secret::new("v").with_scope_of_use(&*longer)),
            ErrorKind::TooLarge,
        );
        fails(
            env.client.set(&key, &Secret::with_provider("v", "a\u{7f}")),
            ErrorKind::InvalidValue,
        );
        fails(
            env.client.set(&key, &Secret::new("v").with_scope_of_use("\u{1b}[31m")),
            ErrorKind::InvalidValue,
        );
    }

    fn a_full_load_of_metadata_and_value_is_held_at_once(env) needs [write metadata binary large] {
        let key = env.key("FULL");
        let metadata = (0..32).fold(SecretMetadata::new().with_provider("p".repeat(1024)), |metadata, at| {
            metadata.with_label(format!("{at:0>63}"), "v".repeat(256))
        });
        env.client
            .set(&key, &bytes(MIB).with_metadata(metadata.clone()))
            .unwrap();
        let read = env.client.get(&key).unwrap().unwrap();
        assert_eq!((read.value.len(), read.metadata.labels), (MIB, metadata.labels));
    }
}
