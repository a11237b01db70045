//! Making a store: under a lock, under another name, complete and synced before it gets its own.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::error::{Halt, Step};
use super::keyring::{self, OpeningRows};
use super::link::guarded;
use super::schema;
use super::shared::beside;
use super::side::{self, check_no_leftovers};
use super::wait::Wait;
use crate::crypto::KEY_LEN;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{files, sqlite};
use crate::timestamp::{now, to_micros};

/// Makes a store at `path` unless there is one; either way there is one afterwards. `key` gives the key of the first
/// slot and is asked only where a store is made, while the creation lock is held.
pub(crate) fn create(
    path: &Path,
    wait: &mut Wait<'_>,
    key: impl FnOnce() -> Result<Zeroizing<[u8; KEY_LEN]>>,
) -> Step<()> {
    let path = absolute(path)?;
    if let Some(parent) = path.parent() {
        files::create_private_dir(parent)?;
    }
    let path = files::check_parent(&path)?;
    let _lock = files::CreationLock::acquire_while(&beside(&path, ".lock"), wait.deadline(), || wait.cx().check())?;
    if !matches!(files::file_id(&path), Ok(None)) {
        return Ok(());
    }
    check_no_leftovers(&path)?;
    let key = key()?;
    // Whoever was asked may have taken long. From here on nothing is waited for, and the store is made.
    wait.cx().check_cancelled()?;
    let rows = keyring::new_store(&key, to_micros(now()))?;
    let temporary = Temporary::beside(&path)?;
    sqlite::install(&temporary.path)?;
    let network = files::fs_is_network(&temporary.path);
    guarded(|| build(&temporary.path, &rows, network))?;
    temporary.sync()?;
    // Someone without the lock may have been faster; then theirs stays and ours goes.
    files::publish(&temporary.path, &path)?;
    Ok(())
}

/// The path from the root, for paths that a setting states from the working directory.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| io_error(&error, "there is no working directory, and the path needs one"))
}

/// Makes tables and rows. Nothing is synced on the way: the file has no name yet that anyone would open.
fn build(path: &Path, rows: &OpeningRows, network: bool) -> Step<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size={}; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; BEGIN IMMEDIATE; \
         PRAGMA application_id={}; PRAGMA user_version={};",
        schema::PAGE_SIZE,
        schema::APPLICATION_ID,
        schema::USER_VERSION
    ))?;
    for (_, sql) in schema::TABLES {
        connection.execute_batch(sql)?;
    }
    connection.execute(
        "INSERT INTO meta(id, hdr, mac) VALUES (1, ?1, ?2)",
        (&rows.header, &rows.mac),
    )?;
    for row in &rows.slots {
        let sql = "INSERT INTO keyslot(slot, kind, params, box) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(sql, (row.slot, row.kind, &row.params, &row.sealed))?;
    }
    for (number, sealed) in &rows.epochs {
        connection.execute("INSERT INTO epoch(ep, box) VALUES (?1, ?2)", (number, sealed))?;
    }
    connection.execute("INSERT INTO root(id, box) VALUES (1, ?1)", [&rows.root])?;
    connection.execute_batch("COMMIT")?;
    if !network {
        let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            let text = "the file system cannot hold a store: it has no shared memory files";
            return Err(Error::new(ErrorKind::Unsupported, text).into());
        }
    }
    connection.close().map_err(|(_, error)| Halt::from(error))
}

/// The file under its first name; removed, with what SQLite put beside it, when dropped.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// To be called under the creation lock: whatever has this name was left by a creator that was killed.
    fn beside(path: &Path) -> Result<Self> {
        let this = Self {
            path: beside(path, ".new"),
        };
        this.remove();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&this.path)
            .map_err(|error| io_error(&error, "the store's file cannot be made"))?;
        Ok(this)
    }

    fn sync(&self) -> Result<()> {
        let file = std::fs::OpenOptions::new().write(true).open(&self.path);
        file.and_then(|file| file.sync_all())
            .map_err(|error| io_error(&error, "the store's file cannot be synced"))
    }
}

impl Temporary {
    /// Best effort: what cannot be removed is in the way of the next step, which then says so.
    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
        for suffix in side::SUFFIXES {
            let _ = std::fs::remove_file(beside(&self.path, suffix));
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the renaming there is nothing of this name any more.
        self.remove();
    }
}

fn io_error(error: &std::io::Error, what: &'static str) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
        std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        std::io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, what).with_foreign_code(error.raw_os_error().unwrap_or_default())
}
