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

const PAGE: usize = 4096;

/// An interior page of a table that leads to `child` again and again.
fn interior(child: u32, head: &[u8]) -> Vec<u8> {
    let (fan, at) = (300_u16, head.len());
    let mut page = head.to_vec();
    page.resize(PAGE, 0);
    page[at] = 5;
    page[at + 3..at + 5].copy_from_slice(&fan.to_be_bytes());
    page[at + 8..at + 12].copy_from_slice(&child.to_be_bytes());
    let mut end = PAGE;
    for cell in 0..usize::from(fan) {
        end -= 5;
        page[end..end + 4].copy_from_slice(&child.to_be_bytes());
        page[end + 4] = 1;
        page[at + 12 + 2 * cell..at + 14 + 2 * cell].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page[at + 5..at + 7].copy_from_slice(&(end as u16).to_be_bytes());
    page
}

/// A store in which the way to the rows of a table forks 301 times on each of three levels, always to the same page.
fn forked(root: &str) -> Place {
    let place = bare();
    let root: u32 = place.tamper(|c| c.query_row(root, [], |row| row.get(0)));
    let rows: Vec<(String, u8, String)> = place.tamper(|c| {
        c.prepare("SELECT name, rootpage, sql FROM sqlite_schema")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
    });
    let mut bytes = std::fs::read(&place.path).unwrap();
    let start = (root as usize - 1) * PAGE;
    let leaf = if root == 1 {
        schema_leaf(&rows)
    } else {
        bytes[start..start + PAGE].to_vec()
    };
    assert_eq!(leaf[0], 13);
    bytes.extend(leaf);
    for _ in 0..2 {
        let child = (bytes.len() / PAGE) as u32;
        bytes.extend(interior(child, &[]));
    }
    let child = (bytes.len() / PAGE) as u32;
    let head = if root == 1 { bytes[..100].to_vec() } else { Vec::new() };
    bytes[start..start + PAGE].copy_from_slice(&interior(child, &head));
    bytes[28..32].copy_from_slice(&child.to_be_bytes());
    std::fs::write(&place.path, bytes).unwrap();
    for suffix in SUFFIXES {
        let _ = std::fs::remove_file(beside(&place.path, suffix));
    }
    place
}

/// The rows of the schema on a page that is not the first one, where no file header is in the way.
fn schema_leaf(rows: &[(String, u8, String)]) -> Vec<u8> {
    let varint = |number: usize| match number {
        0..128 => vec![number as u8],
        _ => vec![0x80 | (number >> 7) as u8, number as u8 & 0x7f],
    };
    let mut page = vec![0; PAGE];
    let mut end = PAGE;
    for (index, (name, root, sql)) in rows.iter().enumerate() {
        let mut types = Vec::new();
        for text in ["table", name, name] {
            types.extend(varint(13 + 2 * text.len()));
        }
        types.push(1);
        types.extend(varint(13 + 2 * sql.len()));
        let mut record = varint(types.len() + 1);
        record.extend(types);
        record.extend(["table", name, name].concat().bytes());
        record.push(*root);
        record.extend(sql.bytes());
        let mut cell = varint(record.len());
        cell.push(index as u8 + 1);
        cell.extend(record);
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(&cell);
        page[8 + 2 * index..10 + 2 * index].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page[0] = 13;
    page[3..5].copy_from_slice(&(rows.len() as u16).to_be_bytes());
    page[5..7].copy_from_slice(&(end as u16).to_be_bytes());
    page
}

/// What opening answers, which must be soon.
fn soon(place: &Place) -> Error {
    let begun = std::time::Instant::now();
    let error = place.refusal();
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}: {error}",
        begun.elapsed()
    );
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    error
}

#[test]
fn pages_that_lead_to_one_page_again_and_again_are_refused_soon() {
    soon(&forked("SELECT 1"));
    for table in ["epoch", "keyslot", "meta", "root"] {
        soon(&forked(&format!(
            "SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"
        )));
    }
    let place = forked("SELECT rootpage FROM sqlite_schema WHERE name = 'journal'");
    let begun = std::time::Instant::now();
    assert_eq!(kind(verify(&place.open())), Some(ErrorKind::Integrity));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn the_rows_that_opening_reads_are_bounded() {
    let many = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)";
    for (table, sql) in [
        (
            "keyslot",
            format!("{many} INSERT INTO keyslot SELECT i, 9, x'00', x'00' FROM n"),
        ),
        ("epoch", format!("{many} INSERT INTO epoch SELECT i, x'00' FROM n")),
        (
            "keyslot",
            "INSERT INTO keyslot VALUES (9, 9, x'00', zeroblob(1 << 20))".to_owned(),
        ),
        ("epoch", "INSERT INTO epoch VALUES (9, zeroblob(1 << 20))".to_owned()),
    ] {
        let place = bare();
        place.tamper(|c| c.execute_batch(&sql));
        assert!(soon(&place).message().contains(&format!("`{table}` has more")));
    }
}

#[test]
fn a_long_text_in_the_schema_is_not_read() {
    let place = bare();
    let long = format!("CREATE TABLE more(x /* {} */)", "x".repeat(1 << 20));
    place.tamper(|c| c.execute_batch(&long));
    soon(&place);
}
