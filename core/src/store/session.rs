//! A store that was opened with a key.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::error::Step;
use super::index::Index;
use super::keyring::{Keyring, OpeningRows};
use super::ledger::Root;
use super::link::Link;
use super::shared::SharedStore;
use super::wait::Wait;
use crate::backend::ChangeToken;
use crate::crypto::KEY_LEN;
use crate::sys::clock;
use crate::sys::fork::ForkCell;

/// For how many milliseconds a look at the path holds.
const PATH_TRUST: u64 = 20;

/// What a store keeps of its past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Versions a secret, the current one counted; at least 1.
    pub(crate) versions: usize,
    /// Records of the journal.
    pub(crate) journal: u64,
}

/// A root with the box that it was sealed in.
type SealedRoot = (Vec<u8>, Root);

/// A store that was opened with a key. Keys and the index of names belong to the session, connections do not.
pub(crate) struct Session {
    pub(super) shared: Arc<SharedStore>,
    pub(super) keys: Keyring,
    pub(super) limits: Limits,
    /// The decrypted names; in a cell, because a child must not inherit the lock.
    pub(super) index: ForkCell<Mutex<Option<Arc<Index>>>>,
    /// The root that this session last sealed, with its box: one that is still there need not be opened. In a cell, as
    /// above.
    pub(super) sealed_root: ForkCell<Mutex<Option<SealedRoot>>>,
    /// When the path was last looked at.
    looked: AtomicU64,
}

impl Session {
    /// Opens the store at `path` with the key of a raw slot: path, file, header, slots and root are checked, nothing
    /// else is read.
    pub(crate) fn open(path: &Path, key: &[u8; KEY_LEN], limits: Limits, wait: &mut Wait<'_>) -> Step<Self> {
        let shared = SharedStore::attach(path)?;
        let rows = shared.read(wait, |link| snapshot(link, |link| link.inside(OpeningRows::read)))?;
        let (keys, _root) = Keyring::unlock(&rows, key)?;
        Ok(Self {
            shared,
            keys,
            limits,
            index: ForkCell::new(Mutex::default),
            sealed_root: ForkCell::new(Mutex::default),
            looked: AtomicU64::new(clock::monotonic_millis()),
        })
    }

    /// Whether the path still leads to the open file; looked at once in a while.
    pub(crate) fn check_path(&self) -> Step<()> {
        let now = clock::monotonic_millis();
        if now.wrapping_sub(self.looked.load(Ordering::Relaxed)) < PATH_TRUST {
            return Ok(());
        }
        self.shared.check_path()?;
        self.looked.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// See [`Backend::change_token`](crate::backend::Backend::change_token).
    pub(crate) fn change_token(&self) -> ChangeToken {
        self.shared.change_token()
    }

    /// Whether the root opens, and whether the file is in WAL mode.
    pub(crate) fn probe(&self, wait: &mut Wait<'_>) -> Step<bool> {
        self.shared.read(wait, |link| {
            let sealed = link.inside(read_root)?;
            self.keys.open_root(&sealed)?;
            Ok(link.wal)
        })
    }
}

/// Reads the root's box.
pub(super) fn read_root(connection: &rusqlite::Connection) -> Step<Vec<u8>> {
    let mut statement = connection.prepare_cached("SELECT box FROM root WHERE id = 1")?;
    let sealed = statement.query_row([], |row| {
        row.get_ref(0)?.as_blob().map(<[u8]>::to_vec).map_err(Into::into)
    })?;
    Ok(sealed)
}

/// Runs `job` in one read transaction, so that all its steps see the same state.
pub(super) fn snapshot<T>(link: &Link, job: impl FnOnce(&Link) -> Step<T>) -> Step<T> {
    link.inside(|connection| Ok(connection.execute_batch("BEGIN")?))?;
    let answer = job(link);
    let ended = link.inside(|connection| Ok(connection.execute_batch("ROLLBACK")?));
    let answer = answer?;
    ended?;
    Ok(answer)
}
