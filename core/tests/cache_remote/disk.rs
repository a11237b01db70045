//! The last known values on the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom::testing::{Fault, FaultBackend};
use strongroom::{Builder, ErrorKind, Face, Secret, SecretManager, blocking};
use tempfile::TempDir;

use super::events::{collect_warnings, warnings_with};
use super::executor::run;
use super::remote::{FACES, Remote, await_event, builder, in_file, remote_of};

const KEY: &str = "4242424242424242424242424242424242424242424242424242424242424242";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A server of its own.
    fn server(&self, name: &str) -> Arc<FaultBackend> {
        remote_of(in_file(&self.path(name)))
    }

    fn builder(&self, fault: &Arc<FaultBackend>) -> Builder {
        self.keyed(fault)
            .option("cache_ttl", "100s")
            .option("cache_refresh_ahead", "off")
            .option("cache_max_stale", "1000s")
    }

    fn keyed(&self, fault: &Arc<FaultBackend>) -> Builder {
        builder(fault)
            .option("cache_file", self.path("cache.strongroom").to_str().unwrap())
            .secret_option("cache_key", KEY)
    }

    fn open(&self, face: Face, fault: &Arc<FaultBackend>) -> Remote {
        Remote::of(face, Arc::clone(fault), self.builder(fault)).unwrap()
    }
}

fn contains(path: &Path, needle: &[u8]) -> bool {
    let folder = std::fs::read_dir(path).unwrap();
    folder
        .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok())
        .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn what_was_read_outlives_the_process_and_is_answered_while_the_backend_is_out_of_reach() {
    for face in FACES {
        let place = Place::new();
        let fault = place.server("one.json");
        let first = place.open(face, &fault);
        let manager = blocking::SecretManager::from(first.manager.clone());
        let secret = Secret::with_provider("a value that is looked for", "openai").with_label("a", "b");
        manager.set("org/acme/k", &secret).unwrap();
        let read = first.get("org/acme/k").unwrap().unwrap();
        first.close();
        let second = place.open(face, &fault);
        second.fail_reads(&Fault::Unavailable);
        let left = second.get("org/acme/k").unwrap().unwrap();
        assert_eq!(left.value.expose(), read.value.expose());
        assert!(left.metadata.stale_for.is_some());
        let mut metadata = left.metadata;
        metadata.stale_for = None;
        assert_eq!(metadata, read.metadata);
        assert_eq!(second.get("never/read").unwrap_err().kind(), ErrorKind::InvalidKey);
        assert_eq!(second.get("unread").unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(second.number("cache.stale"), 1);
        // Its age counts from when it was read, whichever process read it.
        second.age(1101);
        assert_eq!(second.get("org/acme/k").unwrap_err().kind(), ErrorKind::Unavailable);
        second.close();
        std::fs::remove_file(place.path("one.json")).unwrap();
        assert!(!contains(place.0.path(), b"looked for"), "it is sealed");
    }
}

#[test]
fn offline_the_disk_answers_however_old() {
    for face in FACES {
        let place = Place::new();
        let fault = place.server("one.json");
        let first = place.open(face, &fault);
        first.set("k", "v");
        assert!(first.value("k").is_some());
        first.close();
        let calls = fault.counters().started;
        let offline = place.keyed(&fault).option("offline", "on");
        let second = Remote::of(face, fault, offline).unwrap();
        second.age(1_000_000);
        assert_eq!(second.value("k").as_deref(), Some("v"));
        assert!(run(second.manager.describe("k")).unwrap().is_some());
        assert_eq!(second.get("other").unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(second.calls(), calls, "the backend is not asked");
    }
}

#[test]
fn what_came_from_elsewhere_is_not_answered() {
    let place = Place::new();
    let (one, two) = (place.server("one.json"), place.server("two.json"));
    let first = place.open(Face::Blocking, &one);
    first.set("k", "of one");
    assert!(first.value("k").is_some());
    first.close();
    let second = place.open(Face::Blocking, &two);
    second.fail_reads(&Fault::Unavailable);
    assert_eq!(second.get("k").unwrap_err().kind(), ErrorKind::Unavailable);
    second.close();
    let again = place.open(Face::Blocking, &one);
    again.fail_reads(&Fault::Unavailable);
    assert_eq!(again.value("k").as_deref(), Some("of one"));
}

#[test]
fn a_removal_a_denial_and_an_absence_leave_nothing_on_the_disk() {
    type Step = fn(&Remote);
    let steps: [(&str, Step); 4] = [
        ("delete", |remote| remote.delete("k")),
        ("denied", |remote| {
            remote.fail_reads(&Fault::Denied);
            assert!(remote.fresh("k").is_err());
        }),
        ("unauthenticated", |remote| {
            remote.fail_reads(&Fault::Fail(ErrorKind::Unauthenticated));
            assert!(remote.fresh("k").is_err());
        }),
        ("absent", |remote| {
            remote.delete_elsewhere("k");
            assert!(remote.fresh("k").unwrap().is_none());
        }),
    ];
    for (what, step) in steps {
        let place = Place::new();
        let fault = place.server("one.json");
        let first = place.open(Face::Blocking, &fault);
        first.set("k", "v");
        first.set("kept", "w");
        assert!(first.value("k").is_some() && first.value("kept").is_some());
        step(&first);
        first.fail_reads(&Fault::Unavailable);
        assert!(!matches!(first.get("k"), Ok(Some(_))), "{what}: not for a moment");
        first.close();
        fault.set_script(strongroom::testing::Script::new());
        let second = place.open(Face::Blocking, &fault);
        second.fail_reads(&Fault::Unavailable);
        assert!(second.get("k").is_err(), "{what}");
        assert_eq!(second.value("kept").as_deref(), Some("w"), "{what}");
    }
}

#[test]
fn the_disk_is_written_behind_the_caller_and_a_batch_at_a_time() {
    let place = Place::new();
    let fault = place.server("one.json");
    let first = place.open(Face::Async, &fault);
    let keys: Vec<String> = (0..500).map(|n| format!("k{n}")).collect();
    let entries: Vec<_> = keys
        .iter()
        .map(|key| (strongroom::SecretKey::parse(key).unwrap(), Secret::new("v")))
        .collect();
    run(first.manager.set_many(&entries)).unwrap();
    assert_eq!(run(first.manager.get_many(&keys)).unwrap().secrets.len(), 500);
    first.fail_reads(&Fault::Unavailable);
    // Memory forgets, so that only the disk can answer.
    first.age(5000);
    drop(first);
    let second = place.open(Face::Async, &fault);
    second.fail_reads(&Fault::Unavailable);
    await_event("what was on its way", || keys.iter().all(|key| second.get(key).is_ok()));
    assert_eq!(run(second.manager.get_many(&keys)).unwrap().secrets.len(), 500);
}

#[test]
fn lock_wipes_memory_and_leaves_the_file_which_is_opened_again() {
    let place = Place::new();
    let fault = place.server("one.json");
    let remote = place.open(Face::Blocking, &fault);
    remote.set("k", "v");
    assert!(remote.value("k").is_some());
    remote.close();
    let remote = place.open(Face::Blocking, &fault);
    remote.lock();
    assert_eq!(remote.number("cache.entries"), 0);
    remote.fail_reads(&Fault::Unavailable);
    assert_eq!(remote.value("k").as_deref(), Some("v"));
}

#[test]
fn wrong_settings_are_named() {
    let place = Place::new();
    let fault = place.server("one.json");
    let refused = |builder: Builder| {
        let error = run(builder.open()).unwrap_err();
        (error.kind(), error.setting().map(str::to_owned))
    };
    let bad_key = builder(&fault)
        .option("cache_file", place.path("a.strongroom").to_str().unwrap())
        .secret_option("cache_key", "short");
    assert_eq!(
        refused(bad_key),
        (ErrorKind::InvalidConfig, Some("cache_key".to_owned()))
    );
    place.open(Face::Blocking, &fault).close();
    let other_key = builder(&fault)
        .option("cache_file", place.path("cache.strongroom").to_str().unwrap())
        .secret_option("cache_key", "43".repeat(32));
    assert_eq!(refused(other_key), (ErrorKind::WrongKey, Some("cache_file".to_owned())));
    let uncached = place.keyed(&fault).option("cache", "off");
    assert_eq!(
        refused(uncached),
        (ErrorKind::InvalidConfig, Some("cache_file".to_owned()))
    );
    let placeless = place.keyed(&remote_of(strongroom::testing::memory()));
    assert_eq!(
        refused(placeless),
        (ErrorKind::InvalidConfig, Some("cache_file".to_owned()))
    );

    // A store of secrets is not written into.
    let secrets = SecretManager::builder()
        .without_environment()
        .option("encrypted.path", place.path("cache2.strongroom").to_str().unwrap())
        .secret_option("encrypted.key", KEY)
        .open_blocking()
        .unwrap();
    secrets.set("k", &Secret::new("precious")).unwrap();
    let taken = builder(&fault)
        .option("cache_file", place.path("cache2.strongroom").to_str().unwrap())
        .secret_option("cache_key", KEY);
    assert_eq!(
        refused(taken),
        (ErrorKind::InvalidConfig, Some("cache_file".to_owned()))
    );
    assert_eq!(secrets.get_value("k").unwrap().as_deref(), Some("precious"));
}

#[test]
fn a_key_file_is_private_and_made_only_where_it_is_the_default() {
    let place = Place::new();
    let fault = place.server("one.json");
    let stated = builder(&fault)
        .option("cache_file", place.path("cache.strongroom").to_str().unwrap())
        .option("cache_key_file", place.path("cache.key").to_str().unwrap());
    let error = run(stated.open()).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::KeyMissing, Some("cache_key_file"))
    );
    assert!(!place.path("cache.key").exists());
    // Also whoever opens on his own thread has it.
    let opened = place.builder(&fault).open_blocking().unwrap();
    opened.set("k", &Secret::new("v")).unwrap();
    assert!(opened.get("k").unwrap().is_some());
    opened.close().unwrap();
    let again = place.builder(&fault).open_blocking().unwrap();
    fault.on_any().then(Fault::Unavailable);
    assert_eq!(again.get_value("k").unwrap().as_deref(), Some("v"));
}

#[test]
fn a_disk_that_takes_nothing_is_told_once_and_fails_no_call() {
    let place = Place::new();
    let fault = place.server("one.json");
    let opened = place.builder(&fault).open_blocking().unwrap();
    collect_warnings();
    // Whoever cleans up takes the store away.
    std::fs::remove_file(place.path("cache.strongroom")).unwrap();
    for n in 0..3 {
        let key = format!("k{n}");
        opened.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(opened.get_value(&key).unwrap().as_deref(), Some("v"));
    }
    fault.on_any().then(Fault::Unavailable);
    assert_eq!(opened.get("other").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(opened.get("another").unwrap_err().kind(), ErrorKind::Unavailable);
    // What waits is tried once more before the end.
    let _ = opened.close();
    assert_eq!(warnings_with("cannot be kept").len(), 1);
}
