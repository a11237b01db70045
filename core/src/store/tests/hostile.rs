//! What others put beside a store, and files made to keep SQLite busy.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::*;
use crate::store::shared::{beside, check_place};
use crate::store::side::SUFFIXES;

fn put(path: &Path, mode: u32) {
    std::fs::write(path, b"planted").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A store with a secret and nothing beside it.
fn bare() -> Place {
    let place = Place::new();
    set(&place.open(), "global/A", "one");
    place.tamper(|c| c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    for suffix in SUFFIXES {
        let _ = std::fs::remove_file(beside(&place.path, suffix));
    }
    place
}

/// What opening answers; the store's bytes stay as they were.
fn refused(place: &Place) -> Error {
    let before = std::fs::read(&place.path).unwrap();
    let error = place.refusal();
    assert_eq!(
        kind(check_place(&place.path)),
        Some(error.kind()),
        "a look says the same"
    );
    assert!(std::fs::read(&place.path).unwrap() == before, "the store was changed");
    error
}

#[test]
fn a_side_file_that_others_can_write_is_refused() {
    for suffix in SUFFIXES {
        let place = bare();
        put(&beside(&place.path, suffix), 0o666);
        let error = refused(&place);
        assert_eq!(error.kind(), ErrorKind::InsecurePath, "{suffix}: {error}");
        assert!(error.message().contains(suffix), "{error}");
    }
}

#[test]
fn a_side_file_of_someone_else_is_refused() {
    for suffix in SUFFIXES {
        let place = bare();
        let side = beside(&place.path, suffix);
        put(&side, 0o600);
        if std::os::unix::fs::chown(&side, Some(65534), None).is_err() {
            // Only root can give a file away.
            return;
        }
        assert_eq!(std::fs::metadata(&side).unwrap().uid(), 65534);
        let error = refused(&place);
        assert_eq!(error.kind(), ErrorKind::InsecurePath, "{suffix}: {error}");
        assert!(error.message().contains(suffix), "{error}");
    }
}

#[test]
fn a_side_file_that_is_a_link_or_has_two_names_is_refused() {
    for suffix in SUFFIXES {
        for hard in [false, true] {
            let place = bare();
            let other = place.path.with_file_name("other");
            put(&other, 0o600);
            let side = beside(&place.path, suffix);
            if hard {
                std::fs::hard_link(&other, &side).unwrap();
            } else {
                std::os::unix::fs::symlink(&other, &side).unwrap();
            }
            let error = refused(&place);
            assert_eq!(error.kind(), ErrorKind::InsecurePath, "{suffix}: {error}");
            assert!(error.message().contains(suffix), "{error}");
        }
    }
}

/// A hot journal that makes every page of the store a page of zeroes.
fn hot_journal(path: &Path) -> Vec<u8> {
    let pages = u32::try_from(std::fs::metadata(path).unwrap().len() / 4096).unwrap();
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    for word in [pages, 0, pages, 512, 4096] {
        journal.extend(word.to_be_bytes());
    }
    journal.resize(512, 0);
    for page in 1..=pages {
        journal.extend(page.to_be_bytes());
        journal.extend([0; 4096 + 4]);
    }
    journal
}

#[test]
fn a_journal_is_never_replayed_over_a_store() {
    let place = bare();
    let journal = beside(&place.path, "-journal");
    std::fs::write(&journal, hot_journal(&place.path)).unwrap();
    std::fs::set_permissions(&journal, std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = refused(&place);
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(error.message().contains("-journal"), "{error}");
    assert!(journal.exists(), "left for whoever looks into it");
    std::fs::remove_file(&journal).unwrap();
    assert_eq!(get(&place.open(), "global/A").as_deref(), Some("one"));
}

/// The look at the path can be too early; then the opening itself refuses.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn sqlite_itself_is_not_given_a_file_that_others_can_write() {
    let place = bare();
    crate::sys::sqlite::install(&place.path).unwrap();
    let before = std::fs::read(&place.path).unwrap();
    let journal = beside(&place.path, "-journal");
    std::fs::write(&journal, hot_journal(&place.path)).unwrap();
    for (suffix, mode) in [("-journal", 0o666), ("-wal", 0o620), ("-shm", 0o604)] {
        if suffix != "-journal" {
            let _ = std::fs::remove_file(&journal);
            put(&beside(&place.path, suffix), mode);
        } else {
            std::fs::set_permissions(&journal, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let connection = Connection::open(&place.path).unwrap();
        let answer = connection.query_row("SELECT count(*) FROM root", [], |row| row.get::<_, i64>(0));
        assert!(answer.is_err(), "{suffix}: {answer:?}");
        drop(connection);
        assert!(
            std::fs::read(&place.path).unwrap() == before,
            "{suffix}: the store was changed"
        );
        let _ = std::fs::remove_file(beside(&place.path, suffix));
    }
}
