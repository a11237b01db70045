//! Reading secrets from files and descriptors without leaving copies.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use super::checks::{check_document, check_handed, check_private};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{Document, insecure, io_error, read_to_end, shown};

/// The first buffer where the size is not known beforehand.
const FIRST: u64 = 4096;

/// See [`files::read_private_file`](crate::sys::files::read_private_file).
pub(crate) fn read_private_file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    // NONBLOCK and NOCTTY: opening a pipe or a terminal that someone put here must not hang us or give us a terminal.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file: File = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => OwnedFd::into(fd),
        Err(rustix::io::Errno::NOENT) => {
            return Err(
                Error::new(ErrorKind::KeyMissing, format!("there is no file `{}`", shown(path)))
                    .with_foreign_code(libc::ENOENT),
            );
        }
        Err(rustix::io::Errno::LOOP) => {
            return Err(
                insecure(path, "is a symbolic link; name the file that it points to").with_foreign_code(libc::ELOOP)
            );
        }
        Err(error) => return Err(io_error(&error.into(), "open", path)),
    };
    let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
    check_private(path, &found)?;
    let size = found.len();
    let too_large = || {
        Error::new(
            ErrorKind::TooLarge,
            format!("`{}` is longer than {limit} bytes", shown(path)),
        )
    };
    if size > limit as u64 {
        return Err(too_large());
    }
    read_to_end(&file, size, limit)
        .map_err(|error| io_error(&error, "read", path))?
        .ok_or_else(too_large)
}

/// See [`files::read_document`](crate::sys::files::read_document).
pub(crate) fn read_document(path: &Path, limit: usize, links: bool) -> Result<Option<Document>> {
    let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    if !links {
        flags |= OFlags::NOFOLLOW;
    }
    let read = read_checked(path, limit, flags, check_document)?;
    Ok(read.map(|(bytes, private)| Document { bytes, private }))
}

/// See [`files::read_handed_file`](crate::sys::files::read_handed_file).
pub(crate) fn read_handed_file(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let read = read_checked(path, limit, flags, check_handed)?;
    Ok(read.map(|(bytes, ())| bytes))
}

type Checked<T> = (Zeroizing<Vec<u8>>, T);

/// Reads what an open descriptor's check lets pass; `None` where there is nothing.
fn read_checked<T>(
    path: &Path,
    limit: usize,
    flags: OFlags,
    check: impl FnOnce(&Path, &Metadata) -> Result<T>,
) -> Result<Option<Checked<T>>> {
    let file: File = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => OwnedFd::into(fd),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => {
            return Err(insecure(path, "is a symbolic link; put the file itself there").with_foreign_code(libc::ELOOP));
        }
        Err(error) => return Err(io_error(&error.into(), "open", path)),
    };
    let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
    let known = check(path, &found)?;
    let size = found.len();
    let bytes = if size > limit as u64 {
        None
    } else {
        read_to_end(&file, size, limit).map_err(|error| io_error(&error, "read", path))?
    };
    bytes.map(|bytes| Some((bytes, known))).ok_or_else(|| {
        Error::new(
            ErrorKind::TooLarge,
            format!("`{}` is longer than {limit} bytes", shown(path)),
        )
    })
}

/// See [`files::read_fd`](crate::sys::files::read_fd).
pub(crate) fn read_fd(fd: i32, limit: usize, deadline: Instant) -> Result<Zeroizing<Vec<u8>>> {
    let wrong = |what: &str, code: i32| {
        Error::new(ErrorKind::InvalidConfig, format!("descriptor {fd} {what}"))
            .with_setting("encrypted.key_fd")
            .with_foreign_code(code)
    };
    // SAFETY: F_GETFD reads one flag of a descriptor, or fails with EBADF where the number is none.
    if fd < 0 || unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
        return Err(wrong("is not open", libc::EBADF));
    }
    // SAFETY: the descriptor was open a moment ago. Its owner, who named it in the settings, must leave it open for
    // the time of this call; a number that was closed and reused meanwhile gives wrong bytes, which is no memory
    // error, and the bytes are then no valid key.
    let descriptor = unsafe { BorrowedFd::borrow_raw(fd) };
    match read_to_end(
        Descriptor {
            fd: descriptor,
            deadline,
        },
        FIRST,
        limit,
    ) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Error::new(
            ErrorKind::TooLarge,
            format!("descriptor {fd} gives more than {limit} bytes"),
        )
        .with_setting("encrypted.key_fd")),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Error::new(
            ErrorKind::Timeout,
            format!("descriptor {fd} did not come to its end before the deadline"),
        )
        .with_setting("encrypted.key_fd")),
        Err(error) => Err(wrong("cannot be read", error.raw_os_error().unwrap_or(0))),
    }
}

/// A descriptor of someone else, which may be set to non-blocking.
struct Descriptor<'a> {
    fd: BorrowedFd<'a>,
    deadline: Instant,
}

impl Read for Descriptor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // A blocking descriptor is asked first whether it has something, so that a silent one ends in an error
            // instead of holding the caller for ever.
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut wait = libc::pollfd {
                fd: std::os::fd::AsRawFd::as_raw_fd(&self.fd),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one valid `pollfd`, and the count says one.
            let ready = unsafe { libc::poll(&raw mut wait, 1, left.as_millis().min(60_000) as i32 + 1) };
            if ready == -1 {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            if ready == 0 {
                continue;
            }
            match rustix::io::read(self.fd, &mut *buffer) {
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                other => return other.map_err(Into::into),
            }
        }
    }
}
