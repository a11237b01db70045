//! What the faces of other languages are made of.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::sync::Arc;
use std::time::Duration;

use strongroom::blocking::SecretManager;
use strongroom::testing::{FaultBackend, faults};
use strongroom::{Lookup, Secret, SecretMetadata, TooSmall};

#[test]
fn bytes_find_what_their_text_finds_and_nothing_else() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let builder = SecretManager::builder().without_environment();
    let manager = builder.backend_instance(fault.clone()).open_blocking().unwrap();
    let acme = manager.scoped("org/acme").unwrap();
    manager.set("k", &Secret::new("global")).unwrap();
    acme.set("k", &Secret::new("acme")).unwrap();
    let mut buffer = [b'-'; 8];
    assert_eq!(manager.cached_into_bytes(b"k", &mut buffer), Lookup::Miss);
    let many = "n".repeat(300);
    let long = format!("{many}@{many}");
    acme.set(long.as_str(), &Secret::new("long")).unwrap();
    for view in [&manager, &acme] {
        view.get("k").unwrap();
    }
    acme.get(long.as_str()).unwrap();
    let calls = fault.counters().started;

    let text = |view: &SecretManager, key: &[u8]| match view.try_cached_bytes(key, <[u8]>::to_vec) {
        Lookup::Hit(value) => Some(String::from_utf8(value).unwrap()),
        _ => None,
    };
    for key in ["k", "global/k"] {
        assert_eq!(text(&manager, key.as_bytes()).as_deref(), Some("global"));
    }
    assert_eq!(text(&acme, b"k").as_deref(), Some("acme"));
    assert_eq!(text(&acme, b"global/k").as_deref(), Some("global"));
    assert_eq!(text(&acme, long.as_bytes()).as_deref(), Some("long"));
    assert_eq!(text(&manager, b"org/acme/k").as_deref(), Some("acme"));
    for none in [
        &b""[..],
        b"\xff",
        b"k\0",
        b"\xc3\x28",
        b"global/org/acme/k",
        b"/k",
        b"other",
    ] {
        assert_eq!(text(&manager, none), None);
        assert_eq!(text(&acme, none), None);
    }

    assert_eq!(manager.cached_into_bytes(b"k", &mut buffer), Lookup::Hit(Ok(6)));
    assert_eq!(&buffer, b"global--");
    let refused = Lookup::Hit(Err(TooSmall { needed: 4 }));
    buffer = [b'-'; 8];
    assert_eq!(acme.cached_into_bytes(b"k", &mut buffer[..3]), refused);
    assert_eq!(acme.cached_into_bytes(b"k", &mut []), refused);
    assert_eq!(
        &buffer, b"--------",
        "nothing is copied into a buffer that is too small"
    );
    assert_eq!(fault.counters().started, calls, "no look-up reached the backend");

    manager.close().unwrap();
    assert_eq!(manager.try_cached_bytes(b"k", <[u8]>::len), Lookup::Slow);
    assert_eq!(manager.cached_into_bytes(b"k", &mut buffer), Lookup::Slow);
}

#[test]
fn what_is_shared_with_the_cache_outlives_it() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let builder = SecretManager::builder().without_environment();
    let manager = builder.backend_instance(fault.clone()).open_blocking().unwrap();
    let acme = manager.scoped("org/acme").unwrap();
    let secret = Secret::new("canary-of-a-hit").with_metadata(SecretMetadata::new().with_provider("acme"));
    acme.set("k", &secret).unwrap();
    let (all, acme) = (manager.to_async(), acme.to_async());
    assert!(acme.share_cached_bytes(b"k").is_none(), "nobody has read it yet");
    manager.get("org/acme/k").unwrap();
    let calls = fault.counters().started;

    let shared = acme.share_cached_bytes(b"k").unwrap();
    assert_eq!(shared.value().expose(), b"canary-of-a-hit");
    assert_eq!(shared.metadata().provider.as_deref(), Some("acme"));
    assert!(shared.metadata().version.is_some());
    assert!(!format!("{shared:?}").contains("canary"));
    for none in [&b"k"[..], b"", b"\xff", b"org/acme/k\0"] {
        assert!(all.share_cached_bytes(none).is_none());
    }
    assert_eq!(fault.counters().started, calls, "no look-up reached the backend");

    manager.set("org/acme/k", &Secret::new("later")).unwrap();
    assert!(
        acme.share_cached_bytes(b"k").is_none(),
        "what was written is not cached"
    );
    manager.close().unwrap();
    assert_eq!(shared.value().expose(), b"canary-of-a-hit");
    assert!(acme.share_cached_bytes(b"k").is_none());
}

#[test]
fn a_fault_that_a_manager_opened_by_its_word_is_found_counted_and_woken() {
    let own = FaultBackend::new(strongroom::testing::memory());
    let open = |script: &str| {
        let builder = SecretManager::builder().without_environment().backend("fault");
        builder.option("fault.script", script).open_blocking().unwrap()
    };
    assert!(faults().is_empty());
    let hangs = open("get:hang");
    let other = open("");
    let [first, second] = &faults()[..] else {
        panic!("two are open")
    };
    assert!(!Arc::ptr_eq(first, &own) && !Arc::ptr_eq(second, &own));
    other.set("k", &Secret::new("v")).unwrap();
    assert_eq!((first.counters().started, second.counters().started), (0, 1));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| hangs.get("k"));
        first
            .wait_for(Duration::from_secs(15), |counters| counters.waiting == 1)
            .unwrap();
        for fault in faults() {
            fault.wake();
        }
        assert!(waits.join().unwrap().unwrap().is_none());
    });
    drop((hangs, other));
    assert_eq!(faults().len(), 2, "a test that holds one keeps it");
}
