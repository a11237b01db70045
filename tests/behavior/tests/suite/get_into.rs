//! `get_into`: reading into the caller's buffer.

use strongroom::{ErrorKind, Secret};

use super::harness::fails;

tests! { "get_into";
    fn a_missing_secret_is_none_and_the_buffer_stays(env) needs [] {
        let mut buffer = [7; 4];
        assert_eq!(env.client.get_into(env.key("MISSING"), &mut buffer).unwrap(), None);
        assert_eq!(buffer, [7; 4]);
    }

    fn a_value_is_copied_and_its_length_told(env) needs [write] {
        let key = env.key("FIVE");
        env.client.set(&key, &Secret::new("12345")).unwrap();
        // The first from the backend, the second from the cache where there is one.
        for _ in 0..2 {
            let mut exact = [0; 5];
            assert_eq!(env.client.get_into(&key, &mut exact).unwrap(), Some(5));
            assert_eq!(&exact, b"12345");
            let mut longer = [7; 8];
            assert_eq!(env.client.get_into(&key, &mut longer).unwrap(), Some(5));
            assert_eq!(&longer, b"12345\x07\x07\x07", "what lies beyond the value stays");
        }
    }

    fn a_buffer_that_is_too_small_is_refused_and_stays(env) needs [write] {
        let key = env.key("FIVE");
        env.client.set(&key, &Secret::new("12345")).unwrap();
        for _ in 0..2 {
            let mut small = [7; 4];
            let error = fails(env.client.get_into(&key, &mut small), ErrorKind::BufferTooSmall);
            assert_eq!(small, [7; 4]);
            assert!(error.to_string().contains('5'), "the needed size is told: {error}");
            fails(env.client.get_into(&key, &mut []), ErrorKind::BufferTooSmall);
        }
    }

    fn an_empty_value_fits_everywhere(env) needs [write empty_value] {
        let key = env.key("EMPTY");
        env.client.set(&key, &Secret::new("")).unwrap();
        assert_eq!(env.client.get_into(&key, &mut []).unwrap(), Some(0));
    }
}
