//! `set_many`: all or nothing where the capability says so, else each outcome told.

use strongroom::backend::Persistence;
use strongroom::{ErrorKind, Secret, SecretKey};

use super::backends::Env;
use super::harness::{fails, is_later};

fn batch(env: &Env, entries: &[(&str, &str)]) -> Vec<(SecretKey, Secret)> {
    entries
        .iter()
        .map(|(name, value)| (env.key(name), Secret::new(*value)))
        .collect()
}

tests! { "set_many";
    fn every_entry_is_written_and_told(env) needs [write] {
        env.client.set(env.key("B"), &Secret::new("old")).unwrap();
        let outcome = env
            .client
            .set_many(&batch(env, &[("C", "3"), ("A", "1"), ("B", "2")]))
            .unwrap();
        assert!(outcome.first_error().is_none());
        let created: Vec<_> = outcome
            .outcomes
            .iter()
            .map(|outcome| outcome.as_ref().unwrap().created)
            .collect();
        assert_eq!(created, [true, true, false], "in the order of the request");
        for (name, value) in [("A", "1"), ("B", "2"), ("C", "3")] {
            assert_eq!(env.client.value(env.key(name)), value.as_bytes());
            assert_eq!(env.client.value(env.key(name)), value.as_bytes(), "from the cache");
        }
    }

    fn it_is_read_only_where_nothing_can_be_written(env) lacks [write] {
        match env.client.set_many(&batch(env, &[("A", "1")])) {
            Err(error) => assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}"),
            Ok(outcome) => assert_eq!(outcome.first_error().unwrap().kind(), ErrorKind::ReadOnly),
        }
    }

    fn an_empty_batch_is_nothing(env) needs [write] {
        assert!(env.client.set_many(&[]).unwrap().outcomes.is_empty());
    }

    fn versions_are_told_and_created_at_is_kept(env) needs [write versions metadata] {
        let key = env.key("B");
        let old = env.client.set(&key, &Secret::new("old")).unwrap().version.unwrap();
        let before = env.client.describe(&key).unwrap().unwrap().metadata;
        let outcome = env.client.set_many(&batch(env, &[("A", "1"), ("B", "2")])).unwrap();
        for (entry, name) in outcome.outcomes.iter().zip(["A", "B"]) {
            let now = env.client.describe(env.key(name)).unwrap().unwrap().metadata;
            assert_eq!(now.version, entry.as_ref().unwrap().version);
        }
        let after = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!(after.created_at, before.created_at);
        assert!(is_later(after.version.as_ref(), Some(&old)));
        assert_eq!(env.client.versions(&key).unwrap().len(), 2);
    }

    fn the_same_key_twice_is_an_invalid_argument_and_nothing_is_written(env) needs [write] {
        let error = fails(
            env.client.set_many(&batch(env, &[("A", "1"), ("B", "2"), ("A", "3")])),
            ErrorKind::InvalidArgument,
        );
        assert_eq!(error.key(), Some(env.key("A").as_str()));
        assert!(env.client.get(env.key("A")).unwrap().is_none());
        assert!(env.client.get(env.key("B")).unwrap().is_none());
    }

    fn a_bad_key_refuses_the_batch(env) needs [write] {
        let entries = [
            (env.key("A"), Secret::new("1")),
            (env.key("bad name"), Secret::new("2")),
        ];
        fails(env.client.set_many(&entries), ErrorKind::InvalidKey);
        assert!(env.client.get(env.key("A")).unwrap().is_none());
    }

    fn one_entry_that_is_too_large_refuses_an_atomic_batch(env) needs [write atomic_batch] {
        let entries = [
            (env.key("A"), Secret::new("1")),
            (env.key("B"), Secret::new(vec![b'x'; (1 << 20) + 1])),
        ];
        match env.client.set_many(&entries) {
            Err(error) => assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}"),
            Ok(outcome) => assert!(outcome.outcomes.iter().all(Result::is_err)),
        }
        assert!(env.client.get(env.key("A")).unwrap().is_none());
    }

    fn outcomes_of_a_batch_that_is_not_atomic_tell_the_truth(env) needs [write] lacks [atomic_batch] {
        let entries = [
            (env.key("A"), Secret::new("1")),
            (env.key("B"), Secret::new(vec![b'x'; env.can().max_value + 1])),
            (env.key("C"), Secret::new("3")),
        ];
        let told: Vec<bool> = match env.client.set_many(&entries) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
                vec![false; 3]
            }
            Ok(outcome) => {
                assert_eq!(outcome.first_error().unwrap().kind(), ErrorKind::TooLarge);
                outcome.outcomes.iter().map(Result::is_ok).collect()
            }
        };
        for ((key, _), written) in entries.iter().zip(told) {
            assert_eq!(env.client.get(key).unwrap().is_some(), written, "{key}");
        }
    }

    fn many_entries_are_written_at_once(env) needs [write] {
        // A service is asked once for each of them, within the same deadline.
        let count = if env.can().persistence == Persistence::Remote { 50 } else { 500 };
        let entries: Vec<_> = (0..count)
            .map(|at| (env.key(&format!("K{at}")), Secret::new(at.to_string())))
            .collect();
        assert_eq!(env.client.set_many(&entries).unwrap().outcomes.len(), count);
        let keys: Vec<_> = entries.iter().map(|(key, _)| key).collect();
        let read = env.client.get_many(&keys).unwrap();
        assert_eq!((read.secrets.len(), read.failures.len()), (count, 0));
        assert_eq!(read.secrets[&env.key("K12")].value.expose(), b"12");
    }
}
