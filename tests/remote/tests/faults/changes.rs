//! What others change is seen in time.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use strongroom_remote::{Place, Service, trials};

use crate::verbs::{BEFORE, prepared};

pub(crate) fn trials() -> Vec<Trial> {
    trials! {
        a_change_by_others_is_seen_within_the_time_to_live,
        a_change_by_others_is_seen_at_once_after_refresh,
        a_fresh_read_sees_it_at_once,
    }
}

const ROTATED: &str = "rotated";

fn cached(place: &Place, ttl: &str) -> strongroom::blocking::SecretManager {
    let builder = place.builder().option("cache", "on").option("cache_ttl", ttl);
    builder.open_blocking().unwrap()
}

fn a_change_by_others_is_seen_within_the_time_to_live(service: Service) {
    let (place, key) = prepared(service);
    let manager = cached(&place, "2s");
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(BEFORE));
    place.put(&key, ROTATED);
    let begun = Instant::now();
    while manager.get_value(&key).unwrap().as_deref() != Some(ROTATED) {
        assert!(
            begun.elapsed() < Duration::from_secs(2 + 5),
            "not within the time to live"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn a_change_by_others_is_seen_at_once_after_refresh(service: Service) {
    let (place, key) = prepared(service);
    let manager = cached(&place, "1h");
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(BEFORE));
    place.put(&key, ROTATED);
    // The cache answers, which is what it is for.
    place.proxy.forget();
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(BEFORE));
    assert_eq!(place.proxy.requests().len(), 0);
    manager.refresh().unwrap();
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(ROTATED));
}

fn a_fresh_read_sees_it_at_once(service: Service) {
    let (place, key) = prepared(service);
    let manager = cached(&place, "1h");
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(BEFORE));
    place.put(&key, ROTATED);
    let fresh = manager
        .get_with(&key, strongroom::GetOptions::new().fresh())
        .unwrap()
        .unwrap();
    assert_eq!(fresh.value.expose_str().unwrap(), ROTATED);
    assert_eq!(
        manager.get_value(&key).unwrap().as_deref(),
        Some(ROTATED),
        "the cache has learned it"
    );
}
