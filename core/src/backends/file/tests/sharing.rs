//! Several writers, and programs that do not know the lock.

use std::sync::Barrier;
use std::time::Instant;

use super::super::order;
use super::*;
use crate::sys::files::{self, CreationLock};
use crate::{ErrorKind, Secret, SetOptions};

#[test]
fn changes_by_others_are_seen_at_the_next_read() {
    let vault = Vault::new();
    let (one, two) = (vault.open(), vault.open());
    for round in 0..50 {
        // Of one length, so that the size tells nothing.
        let value = format!("value {round:02}");
        one.set("A", &Secret::new(value.as_str())).unwrap();
        assert_eq!(two.get_value("A").unwrap().as_deref(), Some(value.as_str()));
    }
    vault.plant(V2);
    assert!(two.get("A").unwrap().is_none());
    assert!(one.get("jwt_signing_key").unwrap().is_some());
    fs::remove_file(vault.path()).unwrap();
    assert!(one.get("jwt_signing_key").unwrap().is_none());
    two.set("B", &Secret::new("v")).unwrap();
    // In place, as an editor may do it.
    let changed = vault.text().replace("\"v\"", "\"w\"");
    std::thread::sleep(Duration::from_millis(20));
    fs::write(vault.path(), changed).unwrap();
    assert_eq!(one.get_value("B").unwrap().as_deref(), Some("w"));
}

#[test]
fn what_another_program_wrote_in_the_last_moment_is_left() {
    let (old, new) = ("{ half a document", V2.replace("jwt_signing_key", "another_key"));
    for before in [V1, old] {
        let vault = Vault::with(before);
        let stale = files::stamp(&vault.path()).unwrap().unwrap();
        vault.plant(&new);
        if before == old {
            assert_eq!(order::move_aside(&vault.path(), stale).unwrap(), None);
        } else {
            order::migrate(&vault.path(), V2.as_bytes(), V1.as_bytes(), stale).unwrap();
        }
        assert_eq!(vault.text(), new);
        let names: Vec<_> = fs::read_dir(vault.dir.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left over: {names:?}");
        let now = files::stamp(&vault.path()).unwrap().unwrap();
        let aside = order::move_aside(&vault.path(), now).unwrap().unwrap();
        assert_eq!(fs::read_to_string(aside).unwrap(), new);
        assert!(!vault.path().exists());
    }
}

#[test]
fn updates_of_many_writers_are_never_lost() {
    let vault = Vault::new();
    vault.open().set("COUNT", &Secret::new("0")).unwrap();
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let manager = vault.open();
                barrier.wait();
                let mut done = 0;
                while done < 10 {
                    let now = manager.get("COUNT").unwrap().unwrap();
                    let next = now.value.expose_str().unwrap().parse::<u32>().unwrap() + 1;
                    let options = SetOptions::new().if_version(now.metadata.version.unwrap());
                    match manager.set_with("COUNT", &Secret::new(next.to_string()), options) {
                        Ok(_) => done += 1,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(vault.open().get_value("COUNT").unwrap().as_deref(), Some("40"));
}

#[test]
fn a_writer_waits_for_the_lock_until_its_deadline_and_a_reader_not_at_all() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    let lock = vault.dir.path().join("secrets.json.lock");
    let held = CreationLock::acquire(&lock, Instant::now() + Duration::from_secs(10)).unwrap();
    let begun = Instant::now();
    let hurried = manager.with_timeout(Duration::from_millis(200));
    let error = hurried.set("A", &Secret::new("v")).unwrap_err();
    assert!(
        [ErrorKind::Timeout, ErrorKind::OutcomeUnknown].contains(&error.kind()),
        "{error}"
    );
    assert!(manager.get("jwt_signing_key").unwrap().is_some());
    assert!(begun.elapsed() < Duration::from_millis(200) + Duration::from_secs(5));
    drop(held);
    manager.set("B", &Secret::new("v")).unwrap();
    assert!(
        manager.get("A").unwrap().is_none(),
        "a write that gave up changes nothing"
    );
    // A corrupt file cannot be put in order meanwhile.
    vault.plant("{");
    let held = CreationLock::acquire(&lock, Instant::now() + Duration::from_secs(10)).unwrap();
    assert_eq!(hurried.get("B").unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(vault.text(), "{");
    drop(held);
}

#[test]
fn the_cache_sees_what_another_program_wrote() {
    let vault = Vault::with(V2);
    let manager = vault.try_open(&[("cache", "on")]).unwrap();
    assert_eq!(manager.get_value("jwt_signing_key").unwrap().unwrap().len(), 64);
    vault.plant(V2.replace("9f86d081", "00000000"));
    let end = Instant::now() + Duration::from_secs(5);
    while !manager
        .get_value("jwt_signing_key")
        .unwrap()
        .unwrap()
        .starts_with("00000000")
    {
        assert!(Instant::now() < end, "the change was not seen");
        std::thread::yield_now();
    }
}
