//! Expiry: from that moment on, everywhere, cached or not.

use strongroom::backend::{MetadataUpdate, Persistence};
use strongroom::{ErrorKind, ListOptions, Secret};
use time::{Duration, OffsetDateTime, UtcOffset};

use super::harness::{eventually, fails};

tests! { "expiry";
    fn a_cached_secret_expires_while_it_lies_in_the_cache(env) needs [write expiry] {
        let key = env.key("SOON");
        let expiry = OffsetDateTime::now_utc() + Duration::milliseconds(400);
        env.client.set(&key, &Secret::new("v").with_expiry(expiry)).unwrap();
        if env.client.get(&key).is_ok() {
            assert_eq!(env.client.get_many(&[&key]).unwrap().failures.len(), 0);
        }
        let error = eventually("the secret expires", || env.client.get(&key).err());
        assert_eq!(error.kind(), ErrorKind::Expired);
        // The clock of the fast path has ticks of some milliseconds.
        assert!(OffsetDateTime::now_utc() >= expiry - Duration::milliseconds(10));
        fails(env.client.get_value(&key), ErrorKind::Expired);
        fails(env.client.get_into(&key, &mut [0; 8]), ErrorKind::Expired);
        assert!(env.client.describe(&key).unwrap().unwrap().expired);
    }

    fn every_reading_verb_agrees(env) needs [write expiry list versions] {
        let key = env.key("OLD");
        let version = env
            .client
            .set(&key, &Secret::new("v").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap()
            .version;
        fails(env.client.get(&key), ErrorKind::Expired);
        fails(env.client.get_version(&key, &version.unwrap()), ErrorKind::Expired);
        assert_eq!(
            env.client.get_many(&[&key]).unwrap().failures[0].error.kind(),
            ErrorKind::Expired
        );
        assert!(env.client.exists(&key).unwrap());
        assert!(env.client.describe(&key).unwrap().unwrap().expired);
        let mut options = ListOptions::new().scope(env.scope());
        // A service tells names alone.
        options.full_metadata = env.can().persistence == Persistence::Remote;
        assert!(env.client.list(options).unwrap().entries[0].expired);
    }

    fn a_later_expiry_revives(env) needs [write expiry metadata] {
        let key = env.key("OLD");
        env.client
            .set(&key, &Secret::new("v").with_expiry(OffsetDateTime::UNIX_EPOCH))
            .unwrap();
        fails(env.client.get(&key), ErrorKind::Expired);
        let later = OffsetDateTime::now_utc() + Duration::hours(1);
        env.client
            .update_metadata(&key, &MetadataUpdate::new().expires_at(later))
            .unwrap();
        assert_eq!(env.client.value(&key), b"v");
        assert!(!env.client.describe(&key).unwrap().unwrap().expired);
    }

    fn it_is_kept_to_the_microsecond_in_utc(env) needs [write expiry] {
        let key = env.key("EXACT");
        let at = OffsetDateTime::from_unix_timestamp_nanos(4_000_000_000_123_456_789).unwrap();
        let local = at.to_offset(UtcOffset::from_hms(5, 30, 0).unwrap());
        env.client.set(&key, &Secret::new("v").with_expiry(local)).unwrap();
        let kept = env.client.get(&key).unwrap().unwrap().metadata.expires_at.unwrap();
        assert_eq!(kept.unix_timestamp_nanos(), 4_000_000_000_123_456_000);
        assert!(kept.offset().is_utc());
    }

    fn far_ends_of_time_are_held(env) needs [write expiry] {
        let ends = [
            OffsetDateTime::UNIX_EPOCH,
            OffsetDateTime::UNIX_EPOCH - Duration::days(200_000),
            time::Date::MAX.with_hms(23, 59, 59).unwrap().assume_utc(),
            time::Date::MIN.midnight().assume_utc(),
        ];
        for (at, end) in ends.into_iter().enumerate() {
            let key = env.key(&format!("END_{at}"));
            let outcome = env.client.set(&key, &Secret::new("v").with_expiry(end));
            if env.subject.writes_times_as_text() && end.year() < 0 {
                // RFC 3339, in which documents have their times, begins with the year 0.
                assert!(fails(outcome, ErrorKind::Unsupported).message().contains("`expires_at`"));
                continue;
            }
            outcome.unwrap();
            let described = env.client.describe(&key).unwrap().unwrap();
            assert_eq!(described.metadata.expires_at, Some(end));
            assert_eq!(described.expired, end < OffsetDateTime::now_utc());
        }
    }

    fn it_is_there_after_reopening(env) needs [write expiry] {
        if env.subject.persists() {
            let key = env.key("OLD");
            env.client
                .set(&key, &Secret::new("v").with_expiry(OffsetDateTime::UNIX_EPOCH))
                .unwrap();
            fails(env.reopen().get(&key), ErrorKind::Expired);
        }
    }
}
