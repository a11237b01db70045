//! `restore`, and the ways of removal that it needs.

use strongroom::backend::Operation;
use strongroom::{DeleteOptions, ErrorKind, Secret};

use super::harness::fails;

tests! { "restore";
    fn a_removed_secret_comes_back(env) needs [write restore] {
        let key = env.key("A");
        fails(env.client.restore(&key), ErrorKind::NotFound);
        env.client.set(&key, &Secret::new("v")).unwrap();
        fails(env.client.restore(&key), ErrorKind::Conflict);
        env.client.delete_with(&key, DeleteOptions::new().soft()).unwrap();
        assert!(env.client.get(&key).unwrap().is_none());
        env.client.restore(&key).unwrap();
        assert_eq!(env.client.value(&key), b"v");
    }

    fn it_is_unsupported_where_nothing_removed_is_kept(env) needs [write] lacks [restore] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        fails(env.client.delete_with(&key, DeleteOptions::new().soft()), ErrorKind::Unsupported);
        assert_eq!(env.client.value(&key), b"v");
        env.client.delete_with(&key, DeleteOptions::new().force()).unwrap();
        let error = fails(env.client.restore(&key), ErrorKind::Unsupported);
        assert_eq!((error.operation(), error.key()), (Some(Operation::Restore), Some(key.as_str())));
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        fails(env.client.restore("ONE"), ErrorKind::ReadOnly);
        fails(env.client.delete_with("ONE", DeleteOptions::new().soft()), ErrorKind::ReadOnly);
    }

    fn ways_of_removal_exclude_each_other(env) needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        fails(env.client.delete_with(&key, DeleteOptions::new().soft().force()), ErrorKind::InvalidArgument);
        assert_eq!(env.client.value(&key), b"v");
    }
}
