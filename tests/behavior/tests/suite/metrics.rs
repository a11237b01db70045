//! `metrics`: what was counted.

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret};

use super::harness::fails;

tests! { "metrics";
    fn calls_that_come_to_the_backend_are_counted(env) needs [write] {
        let key = env.key("A");
        let count = |name: &str| env.client.metrics().get(name).unwrap_or_default();
        assert_eq!((count("calls.set"), count("calls.get")), (0, 0));
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        assert_eq!((count("calls.set"), count("calls.get"), count("calls.set.errors")), (1, 1, 0));
        assert!(count("calls.set.micros_max") <= count("calls.set.micros"));
    }

    fn errors_are_counted(env) [scripted] needs [] {
        env.fault().on(Operation::Get).times(1).then(Fault::Denied);
        fails(env.client.get(env.key("A")), ErrorKind::PermissionDenied);
        let metrics = env.client.metrics();
        assert_eq!((metrics.get("calls.get"), metrics.get("calls.get.errors")), (Some(1), Some(1)));
    }
}
