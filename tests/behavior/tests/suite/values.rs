//! Values: any bytes, of any length up to the limit.

use strongroom::{ErrorKind, Secret, SecretValue};

use super::harness::fails;

tests! { "values";
    fn any_bytes_come_back_as_they_went(env) needs [write binary empty_value] {
        let all: Vec<u8> = (0..=255).collect();
        let values: [&[u8]; 9] = [
            b"",
            b"\0",
            b"a\0b\0",
            b"\xff\xfe\x80",
            b"\r\n",
            b" spaces ",
            "\u{feff}bom".as_bytes(),
            &all,
            b"null",
        ];
        for (at, value) in values.iter().enumerate() {
            let key = env.key(&format!("VALUE_{at}"));
            env.client.set(&key, &Secret::new(*value)).unwrap();
            assert_eq!(env.client.value(&key), *value);
            assert_eq!(env.client.value(&key), *value, "from the cache");
        }
    }

    fn any_text_comes_back_as_it_went(env) needs [write] {
        for (at, value) in ["x", "zwölf", "🗝️", "a b", "trailing\n", "\u{0}in\u{0}side", "${HOME}"]
            .iter()
            .enumerate()
        {
            let key = env.key(&format!("TEXT_{at}"));
            env.client.set(&key, &Secret::new(*value)).unwrap();
            assert_eq!(env.client.get_value(&key).unwrap().as_deref(), Some(*value));
        }
    }

    fn an_empty_value_is_a_value(env) needs [write empty_value] {
        let key = env.key("EMPTY");
        assert!(env.client.set(&key, &Secret::new("")).unwrap().created);
        let read = env.client.get(&key).unwrap().unwrap();
        assert!(read.value.is_empty());
        assert!(env.client.exists(&key).unwrap());
        assert_eq!(env.client.get_value(&key).unwrap().as_deref(), Some(""));
    }

    fn an_empty_value_is_unsupported_where_none_can_be_held(env) needs [write] lacks [empty_value] {
        let key = env.key("EMPTY");
        let error = fails(env.client.set(&key, &Secret::new("")), ErrorKind::Unsupported);
        assert!(error.message().contains("value"), "{error}");
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn bytes_that_are_no_text_are_unsupported_where_only_text_can_be_held(env) needs [write] lacks [binary] {
        let key = env.key("BYTES");
        let error = fails(env.client.set(&key, &Secret::new(&[0xff])), ErrorKind::Unsupported);
        assert!(error.message().contains("value"), "{error}");
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn one_mebibyte_is_held(env) needs [write binary large] {
        let key = env.key("LARGE");
        let value: Vec<u8> = (0..1_u32 << 20)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        env.client.set(&key, &Secret::new(value.as_slice())).unwrap();
        assert!(env.client.value(&key) == value);
        assert!(env.client.value(&key) == value, "from the cache");
    }

    fn what_leaves_is_the_callers_own_copy(env) needs [write] {
        let key = env.key("COPY");
        env.client.set(&key, &Secret::new(SecretValue::from("copy"))).unwrap();
        let first = env.client.get(&key).unwrap().unwrap();
        let second = env.client.get(&key).unwrap().unwrap();
        assert_ne!(first.value.expose().as_ptr(), second.value.expose().as_ptr());
        drop(first);
        assert_eq!(second.value.expose(), b"copy");
        env.client.delete(&key).unwrap();
        assert_eq!(
            second.value.expose(),
            b"copy",
            "deleting wipes what is stored, not what was read"
        );
    }
}
