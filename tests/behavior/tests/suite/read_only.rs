//! Backends that cannot be written to: what was there before is read by every verb that reads, and nothing changes it.

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, ListOptions, Secret, SecretKey, SecretScope};

use super::backends::PREPARED;
use super::harness::fails;

tests! { "read_only";
    fn what_was_there_is_read(env) [prepared] needs [] {
        for (key, value) in PREPARED {
            // The second time from the cache.
            for _ in 0..2 {
                assert_eq!(env.client.get_value(*key).unwrap().as_deref(), Some(*value), "{key}");
                assert!(env.client.exists(*key).unwrap());
                assert!(env.client.describe(*key).unwrap().is_some());
            }
        }
        for absent in ["TWO", "ONE@staging", "org/other/api_key", "team/acme/api_key"] {
            assert!(env.client.get(absent).unwrap().is_none(), "{absent}");
            assert!(!env.client.exists(absent).unwrap());
        }
    }

    fn a_batch_is_read(env) [prepared] needs [] {
        let read = env.client.get_many(&["ONE", "TWO", "org/acme/two"]).unwrap();
        assert!(read.failures.is_empty());
        let names: Vec<_> = read.secrets.keys().map(SecretKey::as_str).collect();
        assert_eq!(names, ["global/ONE", "org/acme/two"]);
    }

    fn a_fallback_goes_from_scope_to_scope(env) [prepared] needs [] {
        let scopes = [SecretScope::user("u"), SecretScope::org("acme"), SecretScope::global()];
        let read = |name: &str| env.client.get_with_fallback(name, &scopes).unwrap();
        assert_eq!(read("two").unwrap().value.expose(), b"2");
        assert_eq!(read("ONE").unwrap().value.expose(), b"one");
        assert!(read("NONE").is_none());
    }

    fn the_names_are_listed(env) [prepared] needs [list] {
        let page = env.client.list(ListOptions::new()).unwrap();
        let names: Vec<_> = page.entries.iter().map(|entry| entry.name.to_string()).collect();
        let expected: Vec<_> = PREPARED.iter().map(|(key, _)| *key).collect();
        assert_eq!(names, expected);
        let page = env.client.list(ListOptions::new().scope(SecretScope::org("acme"))).unwrap();
        assert_eq!(page.entries.len(), 2);
        let page = env.client.list(ListOptions::new().limit(2)).unwrap();
        assert_eq!((page.entries.len(), page.next), (2, Some(SecretKey::new("ONE"))));
        let page = env.client.list(ListOptions::new().after(SecretKey::new("ONE"))).unwrap();
        assert_eq!(page.entries[0].name.to_string(), "global/ONE@production");
    }

    fn every_write_is_refused_and_changes_nothing(env) [prepared] needs [] {
        let (client, secret) = (&env.client, Secret::new("other"));
        for error in [
            client.set("ONE", &secret).err(),
            client.set("NEW", &secret).err(),
            client.set_many(&[(SecretKey::new("ONE"), Secret::new("other"))]).err(),
            client.update_value("ONE", "other").err(),
            client.update_metadata("ONE", &MetadataUpdate::new().provider("p")).err(),
            client.delete("ONE").err(),
            client.rotate("ONE", "other").err(),
        ] {
            let error = fails(error.map_or(Ok(()), Err), ErrorKind::ReadOnly);
            assert_eq!(error.backend(), Some(env.subject.name()), "{error}");
        }
        assert_eq!(client.value("ONE"), b"one");
        assert!(client.get("NEW").unwrap().is_none());
    }

    fn locking_forgets_nothing_and_closing_ends_it(env) [prepared] needs [] {
        env.client.lock().unwrap();
        assert_eq!(env.client.value("ONE"), b"one");
        env.client.close().unwrap();
        fails(env.client.get("ONE"), ErrorKind::Closed);
        fails(env.client.health().map(|health| health.error.map_or(Ok(()), Err)).unwrap_or_else(Err), ErrorKind::Closed);
    }
}
