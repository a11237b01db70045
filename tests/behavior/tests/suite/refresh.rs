//! `refresh` and reads that ask in any case.

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{ErrorKind, GetOptions, Secret};

use super::harness::fails;

tests! { "refresh";
    fn it_changes_nothing_and_may_come_again(env) needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        for _ in 0..2 {
            assert_eq!(env.client.value(&key), b"v");
            env.client.refresh().unwrap();
        }
        assert_eq!(env.client.value(&key), b"v");
    }

    fn what_cannot_be_written_is_refreshed_too(env) lacks [write] {
        env.client.refresh().unwrap();
        assert_eq!(env.client.value("ONE"), b"one");
    }

    fn the_next_read_asks_the_backend(env) [scripted] needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.client.refresh().unwrap();
        env.fault().on(Operation::Get).times(1).then(Fault::Denied);
        fails(env.client.get(&key), ErrorKind::PermissionDenied);
        assert_eq!(env.client.value(&key), b"v");
    }

    fn its_failure_is_told(env) [scripted] needs [] {
        env.fault().on(Operation::Refresh).times(1).then(Fault::Denied);
        let error = fails(env.client.refresh(), ErrorKind::PermissionDenied);
        assert_eq!(error.operation(), Some(Operation::Refresh));
        env.client.refresh().unwrap();
    }

    fn a_fresh_read_asks_the_backend(env) [scripted] needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.fault().on(Operation::Get).times(1).then(Fault::Denied);
        fails(env.client.get_with(&key, GetOptions::new().fresh()), ErrorKind::PermissionDenied);
        assert!(env.client.get_with(env.key("NONE"), GetOptions::new().fresh()).unwrap().is_none());
    }
}
