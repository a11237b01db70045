//! One exclusive lock on a lock file, owned by an open file and not by a process, so that threads exclude each other
//! and closing another descriptor of the file releases nothing.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{checks, descriptors};
use crate::error::Result;
use crate::sys::files::{insecure, io_error};
use crate::sys::fork;

/// The lock, until dropped.
#[derive(Debug)]
pub(crate) struct Held {
    file: File,
    generation: u64,
}

/// Takes the lock unless someone else has it.
pub(crate) fn try_hold(path: &Path) -> Result<Option<Held>> {
    fork::arm();
    loop {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file: File = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => OwnedFd::into(fd),
            Err(Errno::LOOP) => {
                return Err(insecure(
                    path,
                    "is a symbolic link where a lock file is expected; remove it",
                ));
            }
            Err(Errno::ISDIR) => {
                return Err(insecure(path, "is a folder where a lock file is expected; remove it"));
            }
            Err(error) => return Err(io_error(&error.into(), "open the lock file", path)),
        };
        let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
        checks::check_private(path, &found)?;
        if !lock(&file).map_err(|error| io_error(&error, "lock", path))? {
            return Ok(None);
        }
        // Whoever tidies up may remove the file while it is locked; then the lock guards nothing that others see.
        if checks::file_id(path).ok().flatten() != Some(checks::id_of(&found)) {
            continue;
        }
        descriptors::insert(file.as_raw_fd(), found.ino());
        return Ok(Some(Held {
            file,
            generation: fork::generation(),
        }));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // In a forked child the lock is the parent's, and the descriptor leads to /dev/null already: closing is all.
        if self.generation == fork::generation() {
            descriptors::remove(self.file.as_raw_fd());
            // Closing would do, were there not children that were forked without handlers and hold the same open file.
            unlock(&self.file);
        }
    }
}

#[cfg(target_os = "linux")]
fn lock(file: &File) -> io::Result<bool> {
    match set(file, libc::F_WRLCK as libc::c_short) {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => Ok(false),
            // No such locks here: the older kind has an open file as its owner as well.
            Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP) => flock(file),
            _ => Err(error),
        },
    }
}

#[cfg(target_os = "linux")]
fn set(file: &File, kind: libc::c_short) -> io::Result<()> {
    // SAFETY: `flock` is plain data for which zeroes are valid: from byte 0, process id 0.
    let mut first: libc::flock = unsafe { std::mem::zeroed() };
    first.l_type = kind;
    first.l_whence = libc::SEEK_SET as libc::c_short;
    // One byte: the next one is for the queue of writers.
    first.l_len = 1;
    // SAFETY: the descriptor is open, and the command reads the structure during the call only.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut first) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn lock(file: &File) -> io::Result<bool> {
    flock(file)
}

fn flock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

fn unlock(file: &File) {
    // Both kinds, as it is not worth remembering which one it was; the other has no effect. Errors: closing follows.
    #[cfg(target_os = "linux")]
    let _ = set(file, libc::F_UNLCK as libc::c_short);
    let _ = file.unlock();
}
