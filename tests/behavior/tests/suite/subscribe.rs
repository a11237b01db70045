//! `subscribe`: own changes are told through every backend.

use std::time::Duration;

use strongroom::{ChangeKind, ErrorKind, Secret, SubscribeOptions};

use super::harness::fails;

/// How long a change may take.
const PATIENCE: Duration = Duration::from_secs(30);

tests! { "subscribe";
    fn writes_and_removals_are_told(env) needs [write] {
        let key = env.key("A");
        let mut changes = env.client.subscribe(SubscribeOptions::new().key(key.clone())).unwrap();
        let mut next = || changes.next_within(PATIENCE).unwrap();
        let version = env.client.set(&key, &Secret::new("1")).unwrap().version;
        let change = next().unwrap();
        assert_eq!((change.kind, change.key, change.version), (ChangeKind::Set, Some(key.clone()), version));
        env.client.set(env.key("B"), &Secret::new("1")).unwrap();
        env.client.update_value(&key, "2").unwrap();
        assert_eq!(next().unwrap().kind, ChangeKind::Set);
        env.client.delete(&key).unwrap();
        assert_eq!(next().unwrap().kind, ChangeKind::Deleted);
        fails(env.client.delete(&key), ErrorKind::NotFound);
        env.client.close().unwrap();
        assert!(next().is_none(), "what failed was not told, and the end is");
    }

    fn a_view_is_told_of_its_own(env) needs [write] {
        let view = env.client.scoped(&env.scope().to_string()).unwrap();
        let key = view.key_of("A").unwrap();
        let mut named = view.subscribe(SubscribeOptions::new().key(key.clone())).unwrap();
        let mut scope = view.subscribe(SubscribeOptions::new().prefix("A")).unwrap();
        view.set("B", &Secret::new("1")).unwrap();
        view.set("A", &Secret::new("1")).unwrap();
        for changes in [&mut named, &mut scope] {
            assert_eq!(changes.next_within(PATIENCE).unwrap().unwrap().key, Some(key.clone()));
        }
    }

    fn it_may_be_asked_for_where_nothing_can_be_written(env) lacks [write] {
        let mut changes = env.client.subscribe(SubscribeOptions::new()).unwrap();
        assert!(changes.next_waiting().is_none());
        env.client.close().unwrap();
        assert!(changes.next_within(PATIENCE).unwrap().is_none());
        fails(env.client.subscribe(SubscribeOptions::new()), ErrorKind::Closed);
    }
}
