//! The tables, and what tells a store from any other SQLite file.

use rusqlite::Connection;

use super::error::{Step, damaged};
use crate::error::{Error, ErrorKind};

/// `PRAGMA application_id`: "SRM1".
pub(crate) const APPLICATION_ID: i32 = 0x5352_4D31;
/// `PRAGMA user_version`: the format.
pub(crate) const USER_VERSION: i32 = 1;
/// The bytes of a page.
pub(crate) const PAGE_SIZE: u32 = 4096;

/// The tables, each with the statement that makes it, in the order of their names. The text is compared at every
/// open, so it is part of the format.
pub(crate) const TABLES: [(&str, &str); 8] = [
    ("epoch", "CREATE TABLE epoch(ep INTEGER PRIMARY KEY, box BLOB) STRICT"),
    ("ext", "CREATE TABLE ext(tag INTEGER PRIMARY KEY, box BLOB) STRICT"),
    (
        "head",
        "CREATE TABLE head(sid BLOB PRIMARY KEY, box BLOB) STRICT, WITHOUT ROWID",
    ),
    (
        "journal",
        "CREATE TABLE journal(seq INTEGER PRIMARY KEY, box BLOB) STRICT",
    ),
    (
        "keyslot",
        "CREATE TABLE keyslot(slot INTEGER PRIMARY KEY, kind INTEGER, params BLOB, box BLOB) STRICT",
    ),
    (
        "meta",
        "CREATE TABLE meta(id INTEGER PRIMARY KEY, hdr BLOB, mac BLOB) STRICT",
    ),
    ("root", "CREATE TABLE root(id INTEGER PRIMARY KEY, box BLOB) STRICT"),
    (
        "ver",
        "CREATE TABLE ver(sid BLOB, v INTEGER, box BLOB, PRIMARY KEY(sid, v)) STRICT, WITHOUT ROWID",
    ),
];

/// Whether the open file is a store of a format that this version knows, with exactly its tables.
pub(crate) fn check(connection: &Connection) -> Step<()> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i32>(0));
    if number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(Error::new(
            ErrorKind::UnsupportedFormat,
            "the file is a database, but not a Strongroom store",
        )
        .with_help("point `encrypted.path` at a Strongroom store, or at a path where none is yet")
        .into());
    }
    let version = number("PRAGMA user_version")?;
    if version > USER_VERSION {
        let text = format!("the store has format {version}; this version knows formats up to {USER_VERSION}");
        return Err(Error::new(ErrorKind::UnsupportedFormat, text).into());
    }
    if version != USER_VERSION {
        return Err(damaged("the store's format number is none").into());
    }
    // Sorted here: SQLite would gather all rows first, and a hostile file can have rows without end.
    let mut statement = connection.prepare("SELECT name, type, tbl_name, sql FROM sqlite_schema LIMIT ?1")?;
    let mut found = statement
        .query_map([TABLES.len() as i64 + 1], |row| {
            let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
            Ok((text(0)?, text(1)?, text(2)?, text(3)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    found.sort_unstable();
    let mut expected = TABLES.iter();
    for found in found {
        match expected.next() {
            Some((name, sql)) if found == ((*name).into(), "table".into(), (*name).into(), (*sql).into()) => {}
            _ => {
                return Err(damaged(
                    "the store's file has a table, index, view or trigger that no store has, or lacks one",
                )
                .into());
            }
        }
    }
    match expected.next() {
        None => Ok(()),
        Some((name, _)) => Err(damaged(format!("the store's file lacks the table `{name}`")).into()),
    }
}
