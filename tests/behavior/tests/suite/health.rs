//! `health` and `verify`.

use strongroom::backend::{HealthState, Operation};
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret};

use super::harness::fails;

tests! { "health";
    fn an_opened_backend_is_well(env) needs [] {
        let health = env.client.health().unwrap();
        assert_eq!(health.state, HealthState::Ok, "{health:?}");
        assert!(health.error.is_none());
    }

    fn a_backend_that_is_out_of_reach_is_unavailable_with_a_reason(env) [scripted] needs [] {
        env.fault().on(Operation::Health).times(1).then(Fault::Disconnect);
        let health = env.client.health().unwrap();
        assert_eq!(health.state, HealthState::Unavailable);
        assert!(!health.reason.unwrap().is_empty());
        assert_eq!(health.error.unwrap().kind(), ErrorKind::Unavailable);
        env.fault().reconnect();
        assert_eq!(env.client.health().unwrap().state, HealthState::Ok);
    }

    fn locked_is_told_as_such(env) [scripted] needs [] {
        env.fault().on(Operation::Health).then(Fault::Locked);
        assert_eq!(env.client.health().unwrap().error.unwrap().kind(), ErrorKind::Locked);
    }

    fn verify_counts_what_is_there(env) needs [write verify versions] {
        env.client.set(env.key("A"), &Secret::new("1")).unwrap();
        env.client.set(env.key("A"), &Secret::new("2")).unwrap();
        env.client.set(env.key("B"), &Secret::new("1")).unwrap();
        let report = env.client.verify().unwrap();
        assert_eq!((report.secrets, report.versions), (2, 3));
        assert!(report.sequence >= 3);
        env.client.delete(env.key("B")).unwrap();
        let later = env.client.verify().unwrap();
        assert_eq!((later.secrets, later.versions), (1, 2));
        assert!(later.sequence > report.sequence);
    }

    fn verify_is_unsupported_where_nothing_can_be_checked(env) lacks [verify] {
        fails(env.client.verify(), ErrorKind::Unsupported);
    }
}
