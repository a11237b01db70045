//! What SQLite needs beyond its safe wrapper.
//!
//! SQLite's locks are POSIX record locks, which belong to the process: when anything in the process closes any
//! descriptor of the file (a host that hashes or copies the store, a second copy of this library), all of them are
//! gone without a word, and acknowledged writes get lost. On Linux the locks of *our* files are therefore turned into
//! locks that belong to the open file. Files of others pass through untouched: in a Rust program its SQLite is ours.
//!
//! On other systems nothing is turned: Windows locks belong to the handle anyway; on macOS a store must not be opened
//! by two copies of the library in one process, which [`claim`] cannot see there.

use std::path::Path;
#[cfg(test)]
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::ffi;

use crate::error::{Error, ErrorKind, Result};

#[cfg(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod system {
    pub(super) use crate::sys::unix::claim::Claim;
    pub(super) use crate::sys::unix::ofd::{in_child, install, is_hooked};
    pub(super) use crate::sys::unix::probe::ofd_works;
    pub(crate) use crate::sys::unix::turn::Turn;
}

/// No hook on this system.
#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod system {
    use std::path::Path;

    use crate::error::Result;

    pub(super) fn install(_store: &Path, _locks: bool) -> Result<()> {
        Ok(())
    }

    pub(super) fn is_hooked(_store: &Path) -> Option<bool> {
        None
    }

    pub(super) fn ofd_works(_store: &Path) -> bool {
        false
    }

    pub(super) fn in_child() {}

    /// No queue: a free store is taken by whoever asks first.
    #[derive(Debug)]
    pub(crate) struct Turn;

    #[derive(Debug)]
    pub(crate) struct Head<'a>(std::marker::PhantomData<&'a Turn>);

    impl Turn {
        pub(super) fn open(_store: &Path) -> Self {
            Self
        }

        pub(crate) fn is_taken(&self) -> bool {
            false
        }

        pub(crate) fn try_take(&self) -> Option<Head<'_>> {
            Some(Head(std::marker::PhantomData))
        }

        pub(crate) fn distrust(&self) {}
    }

    #[derive(Debug)]
    pub(super) struct Claim;

    impl Claim {
        pub(super) fn take(_store: &Path) -> Result<Self> {
            Ok(Self)
        }
    }
}

/// Makes SQLite use open-file locks for the store at `path` and its side files (`-wal`, `-shm`, `-journal`), from the
/// next time it opens them; to be called before the first connection, also for the temporary name under which a store
/// is created. `path` is absolute or is made so; its folder must exist. Calling it again costs a short list walk.
///
/// Where the file system has no such locks the files are known all the same, so that a forked child gives them up, and
/// [`claim`] guards against a second copy of the library.
///
/// Within this copy any number of connections may be open, in every journal mode. They cost one descriptor more a
/// store, which holds the locks of all of them.
pub(crate) fn install(path: &Path) -> Result<()> {
    let _gate = super::fork::enter();
    let store = super::files::resolve(path)?;
    if system::is_hooked(&store).is_some() {
        return Ok(());
    }
    let locks = ofd_supported(&store);
    system::install(&store, locks)
}

/// Whether locks that belong to an open file work where the store lies (or will lie).
pub(crate) fn ofd_supported(path: &Path) -> bool {
    #[cfg(test)]
    if PROBE_FAILS.load(Ordering::Relaxed) {
        return false;
    }
    system::ofd_works(path)
}

#[cfg(test)]
static PROBE_FAILS: AtomicBool = AtomicBool::new(false);

/// Makes [`ofd_supported`] answer no from now on, for stores that were not installed yet.
#[cfg(test)]
pub(crate) fn fail_probe(fails: bool) {
    PROBE_FAILS.store(fails, Ordering::Relaxed);
}

pub(crate) use system::Turn;

/// The queue of the writers of a store, for one connection. Only worth something where open-file locks work; where
/// they do not, a second open descriptor of the lock file would look like a second copy of the library to [`claim`].
pub(crate) fn turn(path: &Path) -> Option<Turn> {
    (system::is_hooked(path) == Some(true)).then(|| Turn::open(path))
}

/// This copy of the library's right to have the store open in this process. Held for as long as a connection is.
#[derive(Debug)]
pub(crate) struct Claim {
    // Held for its drop; `None` where open-file locks keep copies apart.
    _guard: Option<system::Claim>,
}

/// Claims the store for this copy of the library. Where open-file locks work every copy gets its claim; elsewhere a
/// second copy in this process is refused for as long as the first one has the store open. Other processes and this
/// process's own children are never refused, and one copy may claim a store many times.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where another copy has it open.
pub(crate) fn claim(path: &Path) -> Result<Claim> {
    let store = super::files::resolve(path)?;
    let separate = match system::is_hooked(&store) {
        Some(locks) => locks,
        None => ofd_supported(&store),
    };
    Ok(Claim {
        _guard: if separate {
            None
        } else {
            Some(system::Claim::take(&store)?)
        },
    })
}

/// Keeps the `-wal` file when the last connection closes. Otherwise a process that believes to be the last one (its
/// locks may be gone, see above) removes what others still write to.
pub(crate) fn persist_wal(connection: &Connection) -> Result<()> {
    let mut on: std::ffi::c_int = 1;
    // SAFETY: the handle is open for as long as the connection is borrowed, the name is a constant with its zero, and
    // this operation reads and writes one `int`.
    let code = unsafe {
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_PERSIST_WAL,
            (&raw mut on).cast(),
        )
    };
    if code == ffi::SQLITE_OK && on == 1 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, "SQLite does not keep its write-ahead log").with_foreign_code(code))
}

/// In a forked child: gives up the mappings of the store's files. Async-signal-safe.
pub(super) fn in_child() {
    system::in_child();
}
