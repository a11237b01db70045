//! `versions`: what is kept, newest first.

use strongroom::{ErrorKind, Secret};
use time::OffsetDateTime;

use super::harness::fails;

tests! { "versions";
    fn a_missing_secret_is_not_found(env) needs [versions] {
        fails(env.client.versions(env.key("MISSING")), ErrorKind::NotFound);
    }

    fn it_is_unsupported_where_none_are_kept(env) lacks [versions] {
        fails(env.client.versions(env.key("ANY")), ErrorKind::Unsupported);
    }

    fn they_come_newest_first_with_one_current(env) needs [write versions] {
        let key = env.key("THREE");
        let written: Vec<_> = ["one", "two", "three"]
            .map(|value| env.client.set(&key, &Secret::new(value)).unwrap().version.unwrap())
            .into();
        let listed = env.client.versions(&key).unwrap();
        let versions: Vec<_> = listed.iter().map(|entry| entry.version.clone()).collect();
        assert_eq!(versions, written.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(
            listed.iter().map(|entry| entry.current).collect::<Vec<_>>(),
            [true, false, false]
        );
        let numbers: Vec<_> = versions.iter().filter_map(|version| version.number()).collect();
        assert!(
            numbers.is_empty() || numbers.len() == 3 && numbers.is_sorted_by(|newer, older| newer > older),
            "{numbers:?}"
        );
        let times: Vec<_> = listed.iter().map(|entry| entry.created_at.unwrap()).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
        assert!(!format!("{listed:?}").contains("three"));
    }

    fn expired_versions_are_listed(env) needs [write versions expiry ours] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        env.client.set(&key, &Secret::new("new")).unwrap();
        let listed = env.client.versions(&key).unwrap();
        let expiries: Vec<_> = listed.iter().map(|entry| entry.expires_at).collect();
        assert_eq!(expiries, [None, Some(OffsetDateTime::UNIX_EPOCH)]);
        env.client
            .set(&key, &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        assert_eq!(
            env.client.versions(&key).unwrap().len(),
            3,
            "the current one may have expired, too"
        );
    }

    fn ten_are_kept(env) needs [write versions ours] {
        let key = env.key("MANY");
        let written: Vec<_> = (0..13)
            .map(|round| {
                env.client
                    .set(&key, &Secret::new(round.to_string()))
                    .unwrap()
                    .version
                    .unwrap()
            })
            .collect();
        let listed: Vec<_> = env
            .client
            .versions(&key)
            .unwrap()
            .into_iter()
            .map(|entry| entry.version)
            .collect();
        assert_eq!(listed, written[3..].iter().rev().cloned().collect::<Vec<_>>());
        assert!(env.client.get_version(&key, &written[2]).unwrap().is_none());
        assert_eq!(
            env.client
                .get_version(&key, &written[3])
                .unwrap()
                .unwrap()
                .value
                .expose(),
            b"3"
        );
        fails(env.client.rollback(&key, &written[2]), ErrorKind::NotFound);
    }

    fn a_number_never_comes_twice(env) needs [write versions ours] {
        let key = env.key("NUMBERS");
        let mut highest = 0;
        for round in 0..4 {
            for _ in 0..3 {
                let number = env
                    .client
                    .set(&key, &Secret::new("v"))
                    .unwrap()
                    .version
                    .unwrap()
                    .number()
                    .unwrap();
                assert!(number > highest, "round {round}: {number} after {highest}");
                highest = number;
            }
            env.client.delete(&key).unwrap();
        }
    }

    fn numbers_go_on_after_reopening(env) needs [write versions ours] {
        if env.subject.persists() {
            let key = env.key("NUMBERS");
            let before = env.client.set(&key, &Secret::new("v")).unwrap().version.unwrap();
            env.client.delete(&key).unwrap();
            env.client.close().unwrap();
            let again = env.reopen();
            assert!(again.set(&key, &Secret::new("v")).unwrap().version.unwrap().number() > before.number());
        }
    }
}
