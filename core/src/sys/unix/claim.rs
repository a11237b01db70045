//! Finding a second copy of the library in this process, for file systems without open-file locks.
//!
//! Copies share no variable: each has its own statics, and the names of one are invisible to the other. What they do
//! share is the process's table of descriptors. Each copy keeps the store's `.lock` file open while it has the store
//! open; one that finds a descriptor of that file which it did not open itself is not alone.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::descriptors;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{insecure, io_error, shown};
use crate::sys::fork;

/// How often a copy looks again: two that start at the same instant see each other and both step back.
const ATTEMPTS: u32 = 4;

/// An open descriptor of the lock file.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    generation: u64,
}

impl Claim {
    /// Opens the lock file of `store`, unless another copy has it open.
    pub(crate) fn take(store: &Path) -> Result<Self> {
        let mut lock = OsString::from(store);
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        for attempt in 1..=ATTEMPTS {
            let claim = Self::open(&lock)?;
            let found = claim.file.metadata().map_err(|error| io_error(&error, "look at", &lock))?;
            if !is_open_elsewhere(&found, &lock)? {
                return Ok(claim);
            }
            drop(claim);
            if attempt < ATTEMPTS {
                std::thread::sleep(step(attempt));
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "another copy of Strongroom in this process has `{}` open, and its file system has no locks that keep \
                 the two apart",
                shown(store)
            ),
        )
        .with_help("let the other copy close it, or keep the store on a local file system"))
    }

    fn open(lock: &Path) -> Result<Self> {
        fork::arm();
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file: File = match rustix::fs::open(lock, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => OwnedFd::into(fd),
            Err(Errno::LOOP) => {
                return Err(insecure(lock, "is a symbolic link where a lock file is expected; remove it"));
            }
            // Nobody writes to a store on a read-only file system, so two copies do no harm there; the folder stands
            // in, and a copy that sees another's descriptor of it is refused all the same.
            Err(Errno::ROFS) => {
                let folder = lock.parent().unwrap_or(Path::new("."));
                File::open(folder).map_err(|error| io_error(&error, "open", folder))?
            }
            Err(error) => return Err(io_error(&error.into(), "open the lock file", lock)),
        };
        let inode = file.metadata().map_err(|error| io_error(&error, "look at", lock))?.ino();
        if !descriptors::insert(file.as_raw_fd(), inode) {
            return Err(Error::new(ErrorKind::Unavailable, "this process has too many files open")
                .with_foreign_code(libc::EMFILE));
        }
        Ok(Self { file, generation: fork::generation() })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.generation == fork::generation() {
            descriptors::remove(self.file.as_raw_fd());
        }
    }
}

/// Whether a descriptor of the lock file is open in this process that is not ours.
fn is_open_elsewhere(lock: &std::fs::Metadata, path: &Path) -> Result<bool> {
    let fail = |error: std::io::Error| io_error(&error, "list the open descriptors to guard", path);
    for entry in std::fs::read_dir("/proc/self/fd").map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Some(fd) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if descriptors::contains(fd) {
            continue;
        }
        // Follows to the file itself; a descriptor that was closed meanwhile is none.
        let Ok(found) = std::fs::metadata(entry.path()) else { continue };
        if found.dev() == lock.dev() && found.ino() == lock.ino() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A pause that differs between copies: the address of a static does.
fn step(attempt: u32) -> Duration {
    static HERE: AtomicU8 = AtomicU8::new(0);
    HERE.store(0, Ordering::Relaxed);
    let salt = (&raw const HERE as usize >> 12) as u64 % 8;
    Duration::from_micros(500 * u64::from(attempt) * (1 + salt))
}
