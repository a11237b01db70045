//! One connection to the store's file. Every call into SQLite goes through [`Link::inside`], which a fork waits for.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::error::{Halt, Step, damaged};
use super::{schema, side};
use crate::error::{Error, ErrorKind};
use crate::sys::files::{self, FileId};
use crate::sys::{fork, sqlite};

/// The longest row or text that SQLite may handle: above the longest value with its padding.
const MAX_LENGTH: i32 = 16 << 20;
/// The longest of either in our schema, and above our longest statement.
const MAX_SCHEMA_LENGTH: i32 = 4096;
/// After so many steps SQLite's machine asks whether it may go on.
const STEPS: i32 = 2_000;
/// How often it may while it opens a store: its eight tables take some hundred steps. Pages that lead to one page
/// again and again look like rows without end.
const OPENING_TURNS: u32 = 2;
/// How often it may in one piece of work. The longest piece cuts ten thousand records off the journal; one that only
/// reads ends after some hundred rows.
const TURNS: u32 = 200;
/// The least SQLite: before it, a reset of the WAL could damage the file.
const LEAST_SQLITE: i32 = 3_051_003;
/// Pages in the WAL after which a commit copies them into the file.
const CHECKPOINT_PAGES: u32 = 1000;
/// The bytes that the WAL keeps after it was reset.
const JOURNAL_SIZE_LIMIT: u32 = 4 << 20;

/// One connection.
pub(crate) struct Link {
    /// Only `drop` takes it out.
    connection: Option<Connection>,
    /// Whether the file is in WAL mode, as it must be.
    pub(crate) wal: bool,
    /// How often SQLite may still ask to go on. Counted in steps and not in time: then a slow machine and a suspended
    /// process refuse no sound store.
    turns: Arc<AtomicU32>,
}

impl Link {
    /// Opens the file at `path`, which must be the file `id`, and checks that it is a store.
    pub(crate) fn open(path: &Path, id: FileId) -> Step<Self> {
        if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            return Err(damaged("the store's file is empty").into());
        }
        sqlite::install(path)?;
        let network = files::fs_is_network(path);
        // Again for every connection: a file beside the store may have come since the last one.
        side::check(path, !network)?;
        let link = guarded(|| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW
                | OpenFlags::SQLITE_OPEN_EXRESCODE;
            let mut connection = Connection::open_with_flags(path, flags)?;
            let turns = Arc::new(AtomicU32::new(OPENING_TURNS));
            let prepared = watch(&mut connection, &turns).and_then(|()| prepare(&connection, network));
            match prepared {
                Ok(wal) => Ok(Self {
                    connection: Some(connection),
                    wal,
                    turns,
                }),
                Err(halt) => {
                    // Closed here, inside the gate; `Link`'s own `drop` would enter it a second time.
                    drop(connection);
                    Err(halt)
                }
            }
        })?;
        // Between the check of the path and SQLite's own opening another file could have been put there.
        match files::file_id(path) {
            Ok(Some(found)) if found == id => Ok(link),
            _ => Err(Halt::Stale),
        }
    }

    /// Calls into SQLite. `job` must be short, must not wait, and must not drop a link.
    pub(crate) fn inside<T>(&self, job: impl FnOnce(&Connection) -> Step<T>) -> Step<T> {
        let connection = self.connection.as_ref().ok_or(Halt::Stale)?;
        guarded(|| {
            self.turns.store(TURNS, Ordering::Relaxed);
            job(connection)
        })
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        self.inside(|connection| Ok(!connection.is_autocommit()))
            .unwrap_or(true)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if fork::is_stranded() {
            // SQLite's own locks may be held for ever in this process: nothing of it may be called.
            std::mem::forget(connection);
            return;
        }
        let _inside = fork::enter();
        drop(connection);
    }
}

/// Runs `job` inside the gate that a fork waits for.
pub(crate) fn guarded<T>(job: impl FnOnce() -> Step<T>) -> Step<T> {
    check_stranded()?;
    let _inside = fork::enter();
    // A fork may have been under way while we waited at the gate.
    check_stranded()?;
    job()
}

fn check_stranded() -> Step<()> {
    if fork::is_stranded() {
        let text =
            "this process was forked while another thread was inside the store, so the store cannot be used in it";
        return Err(Error::new(ErrorKind::Unavailable, text)
            .with_help("fork before other threads use secrets, or start the child with exec or spawn")
            .into());
    }
    Ok(())
}

/// Ends what takes more turns than it may, which SQLite then calls interrupted.
fn watch(connection: &mut Connection, turns: &Arc<AtomicU32>) -> Step<()> {
    let turns = Arc::clone(turns);
    connection.progress_handler(
        STEPS,
        Some(move || {
            let left = turns.load(Ordering::Relaxed);
            turns.store(left.saturating_sub(1), Ordering::Relaxed);
            left == 0
        }),
    )?;
    Ok(())
}

/// Makes a fresh connection safe: hostile files, full durability, no waiting inside SQLite. Whether WAL is on.
fn prepare(connection: &Connection, network: bool) -> Step<bool> {
    if rusqlite::version_number() < LEAST_SQLITE {
        return Err(Error::new(ErrorKind::Unsupported, "the bundled SQLite is older than 3.51.3").into());
    }
    connection.busy_timeout(std::time::Duration::ZERO)?;
    // Until the schema is known to be ours, which has no long texts: rows may share one chain of overflow pages.
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_SCHEMA_LENGTH)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_SCHEMA_LENGTH)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Nothing of what follows changes a file that is no store: that is checked first.
    connection.execute_batch("PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;")?;
    schema::check(connection)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_LENGTH)?;
    let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    // Shared memory does not reach other machines: on a network file system a WAL would lose commits.
    let wanted = if network { "delete" } else { "wal" };
    let mut found = mode("PRAGMA journal_mode")?;
    if found != wanted {
        found = mode(if network {
            "PRAGMA journal_mode=DELETE"
        } else {
            "PRAGMA journal_mode=WAL"
        })?;
    }
    let wal = found == "wal";
    // Without a WAL, EXTRA: FULL does not sync the folder, and a commit can be lost with its journal's unlinking.
    let synchronous = if wal { "FULL" } else { "EXTRA" };
    connection.execute_batch(&format!(
        "PRAGMA synchronous={synchronous}; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON; \
         PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}; \
         PRAGMA journal_size_limit={JOURNAL_SIZE_LIMIT};"
    ))?;
    if wal {
        sqlite::persist_wal(connection)?;
    }
    Ok(wal)
}
