//! Handles: clones, scoped views, a second manager over the same store.

use strongroom::{ErrorKind, ListOptions, Lookup, Secret};

use super::harness::{eventually, fails};

tests! { "views";
    fn in_a_scoped_view_bare_names_are_names_of_the_scope(env) needs [write] {
        let view = env.client.scoped(&env.scope().to_string()).unwrap();
        view.set("NAME", &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(env.key("NAME")), b"v");
        assert_eq!(view.value("NAME"), b"v");
        assert_eq!(view.value("NAME"), b"v", "from the cache");
        assert_eq!(view.value(env.key("NAME")), b"v", "a key says its scope itself");
        view.set("NAME@t", &Secret::new("t")).unwrap();
        assert_eq!(env.client.value(env.key("NAME").target_of("t")), b"t");
        view.delete("NAME").unwrap();
        assert!(env.client.get(env.key("NAME")).unwrap().is_none());
    }

    fn a_scoped_view_lists_its_own_scope(env) needs [write list] {
        let view = env.client.scoped(&env.scope().to_string()).unwrap();
        let other = format!("{}x/OTHER", env.scope());
        view.set("NAME", &Secret::new("v")).unwrap();
        view.set(other.as_str(), &Secret::new("v")).unwrap();
        let page = view.list(ListOptions::new()).unwrap();
        assert_eq!(
            page.entries
                .iter()
                .map(|entry| entry.name.to_string())
                .collect::<Vec<_>>(),
            [env.key("NAME").to_string()]
        );
    }

    fn a_view_of_no_scope_is_an_invalid_key(env) needs [] {
        for bad in ["", "org", "org/", "planet/earth", "global/x", "org/a/b", "org/a b"] {
            fails(env.client.scoped(bad), ErrorKind::InvalidKey);
        }
        env.client.scoped("global").unwrap();
    }

    fn a_view_of_the_global_scope_means_global_names(env) needs [write] {
        let name = strongroom::SecretKey::escape(env.scope().to_string());
        let scoped = env.client.scoped("org/acme").unwrap();
        let view = scoped.scoped("global").unwrap();
        view.set(name.as_str(), &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(format!("global/{name}")), b"v");
    }

    fn a_cached_value_is_seen_without_a_call(env) needs [write] {
        let key = env.key("CACHED");
        assert!(!matches!(env.client.try_cached(&key), Lookup::Hit(_)));
        env.client.set(&key, &Secret::new("v")).unwrap();
        env.client.value(&key);
        match env.client.try_cached(&key) {
            Lookup::Hit(bytes) => assert_eq!(bytes, b"v"),
            // The fault subjects run without the cache.
            _ => assert!(
                env.subject.word().starts_with("fault"),
                "a value that was read is cached"
            ),
        }
        env.client.delete(&key).unwrap();
        assert!(!matches!(env.client.try_cached(&key), Lookup::Hit(_)));
    }

    fn another_manager_sees_a_change_soon(env) needs [write ours] {
        if env.subject.persists() {
            let (key, other) = (env.key("SHARED"), env.reopen());
            assert!(other.get(&key).unwrap().is_none());
            env.client.set(&key, &Secret::new("one")).unwrap();
            eventually("the new secret is seen", || {
                other
                    .get(&key)
                    .unwrap()
                    .filter(|secret| secret.value.expose() == b"one")
            });
            env.client.set(&key, &Secret::new("two")).unwrap();
            eventually("the new value is seen", || {
                other
                    .get(&key)
                    .unwrap()
                    .filter(|secret| secret.value.expose() == b"two")
            });
            other.set(&key, &Secret::new("three")).unwrap();
            eventually("and the other way round", || {
                (env.client.value(&key) == b"three").then_some(())
            });
            env.client.delete(&key).unwrap();
            eventually("the deletion is seen", || {
                other.get(&key).unwrap().is_none().then_some(())
            });
        }
    }

    fn handles_on_many_threads_agree(env) needs [write] {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (client, key) = (env.client.clone(), env.key(&format!("T{thread}")));
                scope.spawn(move || {
                    for round in 0..25 {
                        client.set(&key, &Secret::new(format!("{thread} {round}"))).unwrap();
                        assert_eq!(client.value(&key), format!("{thread} {round}").into_bytes());
                    }
                });
            }
        });
        for thread in 0..4 {
            assert_eq!(
                env.client.value(env.key(&format!("T{thread}"))),
                format!("{thread} 24").into_bytes()
            );
        }
    }
}
