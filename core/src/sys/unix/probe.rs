//! Whether open-file locks work on a file system.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Tries a lock in the store's folder: on a file without a name where the file system has those, else on the folder
/// itself. Never on the store: closing a descriptor of it would drop the POSIX locks of a connection.
pub(crate) fn ofd_works(store: &Path) -> bool {
    let folder = match store.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let nameless = rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    match nameless {
        Ok(fd) => try_lock(&OwnedFd::into(fd), libc::F_OFD_SETLK, libc::F_WRLCK),
        // Read-only, or without such files: asking is all that can be done.
        Err(_) => rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .is_ok_and(|fd| try_lock(&OwnedFd::into(fd), libc::F_OFD_GETLK, libc::F_RDLCK)),
    }
}

fn try_lock(file: &File, command: i32, kind: i32) -> bool {
    // SAFETY: plain data for which zeroes are valid: the whole file, process id 0.
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = kind as libc::c_short;
    // SAFETY: the descriptor is open, and the structure lives during the call.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut whole) } != -1;
    // A lock that someone else holds shows that there are locks.
    done || matches!(io::Error::last_os_error().raw_os_error(), Some(libc::EAGAIN | libc::EACCES))
}
