//! `lock` and `close`.

use strongroom::backend::MetadataUpdate;
use strongroom::{Error, ErrorKind, GenerateSpec, ListOptions, RollbackTo, Secret, SecretKey, Version};

use super::backends::Env;
use super::client::Client;
use super::harness::fails;

/// What every verb but `close` answers.
fn all_verbs(client: &Client, key: &SecretKey) -> Vec<(&'static str, Option<Error>)> {
    let (secret, version, scopes) = (Secret::new("v"), Version::from_number(1), [key.scope()]);
    vec![
        ("get", client.get(key).err()),
        ("get_value", client.get_value(key).err()),
        ("get_into", client.get_into(key, &mut [0; 8]).err()),
        ("get_version", client.get_version(key, &version).err()),
        ("get_many", client.get_many(&[key]).err()),
        ("get_with_fallback", client.get_with_fallback("A", &scopes).err()),
        ("exists", client.exists(key).err()),
        ("describe", client.describe(key).err()),
        ("list", client.list(ListOptions::new()).err()),
        ("set", client.set(key, &secret).err()),
        ("set_many", client.set_many(&[(key.clone(), Secret::new("v"))]).err()),
        ("set_api_key", client.set_api_key(key, "v", None).err()),
        ("update_value", client.update_value(key, "v").err()),
        (
            "update_metadata",
            client.update_metadata(key, &MetadataUpdate::new()).err(),
        ),
        (
            "get_or_generate",
            client.get_or_generate(key, &GenerateSpec::hex(8)).err(),
        ),
        ("rotate", client.rotate(key, "v").err()),
        ("delete", client.delete(key).err()),
        ("versions", client.versions(key).err()),
        ("rollback", client.rollback(key, RollbackTo::back(1)).err()),
        ("health", client.health().err()),
        ("verify", client.verify().err()),
        ("lock", client.lock().err()),
    ]
}

fn all_closed(env: &Env, client: &Client, key: &SecretKey) {
    for (verb, error) in all_verbs(client, key) {
        let error = error.unwrap_or_else(|| panic!("{verb} worked on a closed {}", env.subject.word()));
        assert_eq!(error.kind(), ErrorKind::Closed, "{verb}: {error}");
    }
}

tests! { "lock_close";
    fn lock_forgets_until_the_next_use(env) needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.client.lock().unwrap();
        assert!(
            !matches!(env.client.try_cached(&key), strongroom::Lookup::Hit(_)),
            "cached values are forgotten"
        );
        env.client.lock().unwrap();
        assert_eq!(env.client.value(&key), b"v", "and unlocked by the next use");
        env.client.set(&key, &Secret::new("w")).unwrap();
        assert_eq!(env.client.value(&key), b"w");
    }

    fn a_write_may_be_the_next_use(env) needs [write] {
        let key = env.key("A");
        env.client.lock().unwrap();
        env.client.set(&key, &Secret::new("v")).unwrap();
        env.client.lock().unwrap();
        env.client.delete(&key).unwrap();
        assert!(env.client.get(&key).unwrap().is_none());
    }

    fn after_close_every_verb_is_closed(env) needs [write versions list verify cas] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.client.close().unwrap();
        all_closed(env, &env.client, &key);
    }

    fn after_close_every_verb_of_a_smaller_backend_is_closed(env) needs [] {
        env.client.close().unwrap();
        fails(env.client.get("ONE"), ErrorKind::Closed);
        fails(env.client.exists("ONE"), ErrorKind::Closed);
        fails(env.client.health(), ErrorKind::Closed);
    }

    fn close_is_idempotent(env) needs [] {
        env.client.close().unwrap();
        env.client.close().unwrap();
    }

    fn clones_and_views_are_closed_together(env) needs [write versions list verify cas] {
        let key = env.key("A");
        let (clone, view) = (env.client.clone(), env.client.scoped("org/acme").unwrap());
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(view.value(&key), b"v");
        clone.close().unwrap();
        all_closed(env, &env.client, &key);
        all_closed(env, &view, &key);
    }

    fn a_closed_manager_gives_nothing_from_its_cache(env) needs [write] {
        let key = env.key("A");
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        env.client.close().unwrap();
        assert!(!matches!(env.client.try_cached(&key), strongroom::Lookup::Hit(_)));
    }

    fn what_was_written_is_there_after_closing_and_opening(env) needs [write metadata versions list] {
        if env.subject.persists() {
            let key = env.key("A");
            let first = env
                .client
                .set(&key, &Secret::with_provider("one", "p"))
                .unwrap()
                .version
                .unwrap();
            env.client
                .set(&key, &Secret::with_provider("two", "q").with_label("a", "b"))
                .unwrap();
            let before = env.client.describe(&key).unwrap().unwrap().metadata;
            env.client.close().unwrap();
            let again = env.reopen();
            let read = again.get(&key).unwrap().unwrap();
            assert_eq!(read.value.expose(), b"two");
            assert_eq!(read.metadata, before);
            assert_eq!(again.get_version(&key, &first).unwrap().unwrap().value.expose(), b"one");
            assert_eq!(
                again.list(ListOptions::new().scope(env.scope())).unwrap().entries.len(),
                1
            );
        }
    }

    fn closing_one_manager_leaves_another_over_the_same_store(env) needs [write] {
        if env.subject.persists() {
            let (key, other) = (env.key("A"), env.reopen());
            env.client.set(&key, &Secret::new("v")).unwrap();
            env.client.close().unwrap();
            assert_eq!(other.value(&key), b"v");
            other.set(&key, &Secret::new("w")).unwrap();
            assert_eq!(env.reopen().value(&key), b"w");
        }
    }
}
