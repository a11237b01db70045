//! One store's connections, shared by everything in this process that opened it.
//!
//! Opens of one store meet by device and inode. The connections lie in a [`ForkCell`]: a forked child begins with
//! none and leaves the parent's alone.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};

use super::error::{Halt, Step};
use super::link::{Link, guarded};
use super::side;
use super::wait::Wait;
use crate::backend::ChangeToken;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{self, FileId};
use crate::sys::fork::ForkCell;
use crate::sys::sqlite::{self, Claim, Turn};

/// The most connections that read at the same time.
const MAX_READERS: usize = 4;
/// How often the change token is asked for again where another connection is in the way.
const TOKEN_ATTEMPTS: usize = 3;

/// Every store that this process has open. Locked only inside the gate that a fork waits for, so that no child
/// inherits it locked.
static OPEN: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    id: FileId,
    path: PathBuf,
    store: Weak<SharedStore>,
}

/// The connections to one store.
pub(crate) struct SharedStore {
    path: PathBuf,
    /// `path` with `-wal`.
    wal_path: PathBuf,
    id: FileId,
    /// Declared before `claim`, so that the connections are gone before the claim is.
    pools: ForkCell<Pools>,
    /// Keeps a second copy of the library away where locks cannot keep the two apart.
    _claim: Claim,
}

/// The connections of this process.
#[derive(Default)]
struct Pools {
    writer: Mutex<Option<Writer>>,
    idle: Mutex<Vec<Pooled>>,
    /// Readers that are open, idle or not.
    readers: AtomicUsize,
    watch: Mutex<Watch>,
    /// Grows when all connections must be given up; older ones are not used again.
    age: AtomicU64,
}

struct Pooled {
    link: Link,
    age: u64,
}

/// The connection that writes.
pub(crate) struct Writer {
    pub(crate) link: Link,
    /// The WAL that it writes to.
    wal: Option<FileId>,
    /// The queue of the processes that write; `None` where there is none.
    pub(crate) turn: Option<Turn>,
    age: u64,
}

/// The connection that only asks whether something changed.
#[derive(Default)]
struct Watch {
    link: Option<Link>,
    age: u64,
    /// `PRAGMA data_version` and the first bytes of the root's commitment when it was last read.
    seen: Option<(i64, [u64; 2])>,
}

impl SharedStore {
    /// The store at `path`, whose folder and file must be safe.
    ///
    /// # Errors
    /// [`ErrorKind::InsecurePath`] and what `stat` gives.
    pub(crate) fn attach(path: &Path) -> Step<Arc<Self>> {
        let (path, id) = check_place(path)?;
        sqlite::install(&path)?;
        let fresh = Arc::new(Self {
            wal_path: beside(&path, "-wal"),
            _claim: sqlite::claim(&path)?,
            path,
            id,
            pools: ForkCell::new(Pools::default),
        });
        let found = guarded(|| {
            let mut open = unpoisoned(OPEN.lock());
            open.retain(|entry| entry.store.strong_count() > 0);
            let known = open.iter().find(|entry| entry.id == id && entry.path == fresh.path);
            // `fresh` lives on in the caller, so no last share of a store is dropped inside the gate.
            if let Some(store) = known.and_then(|entry| entry.store.upgrade()) {
                return Ok(Some(store));
            }
            open.push(Entry {
                id,
                path: fresh.path.clone(),
                store: Arc::downgrade(&fresh),
            });
            Ok(None)
        })?;
        Ok(found.unwrap_or(fresh))
    }

    /// Whether the path still leads to the file that is open.
    pub(crate) fn check_path(&self) -> Step<()> {
        match files::file_id(&self.path) {
            Ok(Some(found)) if found == self.id => Ok(()),
            Ok(Some(_)) => Err(Halt::Stale),
            Ok(None) => Err(gone(&self.path).into()),
            Err(error) => {
                let code = error.raw_os_error().unwrap_or_default();
                Err(
                    Error::new(ErrorKind::Unavailable, "the store's file cannot be looked at")
                        .with_foreign_code(code)
                        .into(),
                )
            }
        }
    }

    /// Reads by a connection of the pool, again and again while others are in the way.
    pub(crate) fn read<T>(&self, wait: &mut Wait<'_>, mut job: impl FnMut(&Link) -> Step<T>) -> Step<T> {
        loop {
            let attempt = self.checkout().and_then(|mut reader| {
                let answer = job(reader.link()?);
                if answer.as_ref().is_err_and(is_worn) {
                    reader.discard();
                }
                answer
            });
            match attempt {
                Err(Halt::Busy) => wait.pause()?,
                answer => return answer,
            }
        }
    }

    fn checkout(&self) -> Step<Reader<'_>> {
        let pools = self.pools.get();
        let age = pools.age.load(Ordering::Acquire);
        loop {
            let idle = unpoisoned(pools.idle.lock()).pop();
            match idle {
                Some(pooled) if pooled.age == age => {
                    return Ok(Reader {
                        pools,
                        pooled: Some(pooled),
                    });
                }
                Some(old) => {
                    pools.readers.fetch_sub(1, Ordering::AcqRel);
                    drop(old);
                }
                None => break,
            }
        }
        if pools.readers.fetch_add(1, Ordering::AcqRel) >= MAX_READERS {
            pools.readers.fetch_sub(1, Ordering::AcqRel);
            return Err(Halt::Busy);
        }
        let mut reader = Reader { pools, pooled: None };
        reader.pooled = Some(Pooled {
            link: Link::open(&self.path, self.id)?,
            age,
        });
        Ok(reader)
    }

    /// Writes by the one connection that writes; `job` gets it with no transaction open.
    pub(crate) fn write<T>(&self, wait: &mut Wait<'_>, job: impl FnOnce(&mut Wait<'_>, &Writer) -> Step<T>) -> Step<T> {
        let pools = self.pools.get();
        let mut slot: MutexGuard<'_, Option<Writer>> = loop {
            match pools.writer.try_lock() {
                Ok(slot) => break slot,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => wait.pause()?,
            }
        };
        let age = pools.age.load(Ordering::Acquire);
        if slot
            .as_ref()
            .is_some_and(|writer| writer.age != age || writer.link.in_transaction())
        {
            *slot = None;
        }
        while slot.is_none() {
            match Link::open(&self.path, self.id) {
                Ok(link) => {
                    let wal = link
                        .wal
                        .then(|| files::file_id(&self.wal_path).ok().flatten())
                        .flatten();
                    let turn = sqlite::turn(&self.path);
                    *slot = Some(Writer { link, wal, turn, age });
                }
                Err(Halt::Busy) => wait.pause()?,
                Err(halt) => return Err(halt),
            }
        }
        let answer = match slot.as_ref() {
            Some(writer) => job(wait, writer),
            None => Err(Halt::Busy),
        };
        if answer.as_ref().is_err_and(is_worn) {
            *slot = None;
        }
        answer
    }

    /// After a commit: whether it went to the files that others see.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`]; then all connections are given up.
    pub(crate) fn check_commit(&self, writer: &Writer) -> Step<()> {
        let in_place = files::file_id(&self.path).is_ok_and(|found| found == Some(self.id));
        let wal_in_place = !writer.link.wal
            || writer.wal.is_some() && files::file_id(&self.wal_path).is_ok_and(|found| found == writer.wal);
        if in_place && wal_in_place {
            return Ok(());
        }
        self.give_up();
        let text = "the store's file, or its -wal, was replaced or removed during the write";
        Err(Error::new(ErrorKind::OutcomeUnknown, text).into())
    }

    /// Lets no connection of now be used again, and closes those that nobody uses: while one is open, SQLite trusts
    /// the shared memory that belongs to the WAL of before. The writer, whose lock the caller has, is the caller's.
    fn give_up(&self) {
        let pools = self.pools.get();
        pools.age.fetch_add(1, Ordering::AcqRel);
        let idle = std::mem::take(&mut *unpoisoned(pools.idle.lock()));
        pools.readers.fetch_sub(idle.len(), Ordering::AcqRel);
        let watch = std::mem::take(&mut *unpoisoned(pools.watch.lock()));
        drop((idle, watch));
    }

    /// A value that differs after any change of the store, by whomever; a value never seen before where it cannot be
    /// told, so that nobody trusts what was read earlier.
    pub(crate) fn change_token(&self) -> ChangeToken {
        match files::file_id(&self.path) {
            Ok(Some(id)) => {
                for _ in 0..TOKEN_ATTEMPTS {
                    match self.commitment() {
                        Ok(words) => return token(id, words),
                        Err(Halt::Busy) => {}
                        Err(_) => break,
                    }
                }
                unknown_token()
            }
            _ => unknown_token(),
        }
    }

    /// The first bytes of the root's commitment.
    fn commitment(&self) -> Step<[u64; 2]> {
        let pools = self.pools.get();
        let mut watch = unpoisoned(pools.watch.lock());
        let age = pools.age.load(Ordering::Acquire);
        if watch.age != age || watch.link.is_none() {
            *watch = Watch::default();
            *watch = Watch {
                link: Some(Link::open(&self.path, self.id)?),
                age,
                seen: None,
            };
        }
        let seen = watch.seen;
        let answer = watch.link.as_ref().ok_or(Halt::Busy)?.inside(|connection| {
            let version = connection
                .prepare_cached("PRAGMA data_version")?
                .query_row([], |row| row.get::<_, i64>(0))?;
            if let Some((_, words)) = seen.filter(|(last, _)| *last == version) {
                return Ok((version, words));
            }
            let words = connection
                .prepare_cached("SELECT substr(box, 39, 16) FROM root WHERE id = 1")?
                .query_row([], |row| {
                    row.get_ref(0)?.as_blob().map(commitment_words).map_err(Into::into)
                })?;
            Ok((version, words))
        });
        match answer {
            Ok((version, words)) => {
                watch.seen = Some((version, words));
                Ok(words)
            }
            Err(halt) => {
                if is_worn(&halt) {
                    watch.link = None;
                }
                Err(halt)
            }
        }
    }

    /// The token of a root whose commitment begins with these bytes.
    pub(crate) fn token_of(&self, commitment: &[u8]) -> ChangeToken {
        token(self.id, commitment_words(commitment))
    }
}

/// Whether folder, file and side files are safe: the path with its folder's links resolved, and the file.
///
/// # Errors
/// [`ErrorKind::InsecurePath`], what `stat` gives, and [`ErrorKind::Integrity`] for a journal that nobody may replay.
pub(crate) fn check_place(path: &Path) -> Result<(PathBuf, FileId)> {
    let path = files::check_parent(path)?;
    let id = files::check_private_file(&path).map_err(|error| match error.kind() {
        // `not_found` would read as an answer about a secret.
        ErrorKind::NotFound => gone(&path),
        _ => error,
    })?;
    side::check(&path, !files::fs_is_network(&path))?;
    Ok((path, id))
}

/// The store's file is not where it was.
pub(crate) fn gone(path: &Path) -> Error {
    let text = format!("the store's file is gone from {}", files::shown(path));
    Error::new(ErrorKind::Unavailable, text).with_help("put the store's file back, or open the store anew")
}

/// A reading connection on loan.
struct Reader<'a> {
    pools: &'a Pools,
    pooled: Option<Pooled>,
}

impl Reader<'_> {
    fn link(&self) -> Step<&Link> {
        self.pooled.as_ref().map(|pooled| &pooled.link).ok_or(Halt::Busy)
    }

    fn discard(&mut self) {
        self.pooled = None;
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        match self.pooled.take() {
            Some(pooled) if !std::thread::panicking() => unpoisoned(self.pools.idle.lock()).push(pooled),
            _ => {
                self.pools.readers.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

/// Whether a connection that gave this answer should not be used again.
fn is_worn(halt: &Halt) -> bool {
    match halt {
        Halt::Busy => false,
        Halt::Stale | Halt::NoEpoch(_) => true,
        Halt::Failed(error) => {
            matches!(error.kind(), ErrorKind::OutcomeUnknown | ErrorKind::Integrity) || error.foreign_code().is_some()
        }
    }
}

fn token(id: FileId, words: [u64; 2]) -> ChangeToken {
    ChangeToken([id.device, id.inode, words[0], words[1]])
}

/// A token that equals no other.
pub(crate) fn unknown_token() -> ChangeToken {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    ChangeToken([u64::MAX, u64::MAX, u64::MAX, NEXT.fetch_add(1, Ordering::Relaxed)])
}

/// The first sixteen bytes, as far as there are any.
fn commitment_words(bytes: &[u8]) -> [u64; 2] {
    let word = |at: usize| {
        bytes
            .get(at..at + 8)
            .and_then(|word| word.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    };
    [word(0), word(8)]
}

/// `path` with something after its last byte.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A lock that a panic left behind is as good as any: what it guards is replaced, not repaired.
pub(crate) fn unpoisoned<T>(lock: std::sync::LockResult<T>) -> T {
    lock.unwrap_or_else(std::sync::PoisonError::into_inner)
}
