//! Whose turn it is among the processes that want to write.
//!
//! SQLite's lock goes to whoever asks first after it became free, and that is the writer that has just given it up:
//! a process that writes without pause keeps all others waiting. So whoever finds the store busy takes a second lock,
//! on a byte of the lock file, for as long as it waits, and whoever sees that one taken queues up behind it. The byte
//! decides about the order only: a writer that takes no part does no harm, and nobody waits long for one that is
//! stopped. The lock belongs to the open file, so it ends with its process.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::descriptors;
use crate::sys::fork;

/// The byte of the lock file; the one before is for creating the store.
const BYTE: libc::off_t = 1;
/// For how long the queue is left alone after its head was found not to move.
const DISTRUST: Duration = Duration::from_millis(500);

/// The queue of one store, as one connection sees it.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `None` where the lock file cannot be opened: then nobody queues here, and all is as correct.
    file: Option<File>,
    generation: u64,
    distrusted: Cell<Option<Instant>>,
}

/// The head of the queue, until dropped.
#[derive(Debug)]
pub(crate) struct Head<'a>(&'a Turn);

impl Turn {
    /// Opens the lock file of `store`.
    pub(crate) fn open(store: &Path) -> Self {
        // A child must not get a descriptor that is not in the set yet.
        let _gate = fork::enter();
        let mut path = OsString::from(store);
        path.push(".lock");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::open(Path::new(&path), flags, Mode::RUSR | Mode::WUSR);
        let known = |file: &File| {
            let found = file.metadata().ok().filter(std::fs::Metadata::is_file);
            found.is_some_and(|found| descriptors::insert(file.as_raw_fd(), found.ino()))
        };
        Self {
            file: opened.ok().map(File::from).filter(known),
            generation: fork::generation(),
            distrusted: Cell::new(None),
        }
    }

    /// Whether someone else waits at the head of the queue.
    pub(crate) fn is_taken(&self) -> bool {
        if let Some(until) = self.distrusted.get() {
            if Instant::now() < until {
                return false;
            }
            self.distrusted.set(None);
        }
        let mut lock = byte(libc::F_WRLCK);
        self.call(libc::F_OFD_GETLK, &mut lock) && lock.l_type != libc::F_UNLCK as libc::c_short
    }

    /// Takes the head of the queue, unless someone else has it.
    pub(crate) fn try_take(&self) -> Option<Head<'_>> {
        self.call(libc::F_OFD_SETLK, &mut byte(libc::F_WRLCK)).then_some(Head(self))
    }

    /// Leaves the queue alone for a while: its head has a free store before it and does not move.
    pub(crate) fn distrust(&self) {
        self.distrusted.set(Some(Instant::now() + DISTRUST));
    }

    fn call(&self, command: libc::c_int, lock: &mut libc::flock) -> bool {
        let Some(file) = self.file.as_ref().filter(|_| self.generation == fork::generation()) else {
            return false;
        };
        // SAFETY: the descriptor is open, and the structure lives during the call.
        unsafe { libc::fcntl(file.as_raw_fd(), command, std::ptr::from_mut(lock)) != -1 }
    }
}

impl Drop for Head<'_> {
    fn drop(&mut self) {
        self.0.call(libc::F_OFD_SETLK, &mut byte(libc::F_UNLCK));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // In a forked child the descriptor leads to /dev/null and is in no set.
        if let Some(file) = self.file.as_ref().filter(|_| self.generation == fork::generation()) {
            descriptors::remove(file.as_raw_fd());
        }
    }
}

fn byte(kind: libc::c_int) -> libc::flock {
    // SAFETY: plain data for which zeroes are valid; the process number must be 0 for locks of an open file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = BYTE;
    lock.l_len = 1;
    lock
}
