//! Files that someone else put there for us to read: Docker's secrets, systemd's credentials, Kubernetes' mounts.
//!
//! They belong to whom the system gave them, are often readable by all and are swapped through links; so nothing is asked
//! of their owner, and everything of what could change them: a link that leaves the folder, a file or folder that anyone
//! may write, a pipe or device that would hang the reader.

#[cfg(feature = "directory")]
mod beneath;

use std::fs::{File, Metadata};
#[cfg(feature = "env")]
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::error::Result;
#[cfg(feature = "directory")]
use crate::sys::files::io_error;
use crate::sys::files::{insecure, shown};

#[cfg(feature = "directory")]
pub(crate) use beneath::{Found, open_beneath};

/// Within this time after a change another one may leave the same times behind; the coarsest file systems count in
/// steps of two seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

/// Opens a file by a path whose links are followed wherever they lead. Neither a pipe nor a device holds the caller up.
#[cfg(feature = "env")]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    system::open(path, true)
}

/// Refuses a folder that anyone may write to, unless its file system is mounted read-only, as Kubernetes does with its
/// `drwxrwxrwt`.
///
/// # Errors
/// [`ErrorKind::InsecurePath`](crate::ErrorKind::InsecurePath) naming the folder; what looking at it answers, which is
/// given back otherwise.
#[cfg(feature = "directory")]
pub(crate) fn check_folder(path: &Path) -> Result<Metadata> {
    let found = std::fs::metadata(path).map_err(|error| io_error(&error, "look at the folder", path))?;
    if !found.is_dir() {
        return Err(insecure(
            path,
            "is a file where a folder is expected; name the folder that it lies in",
        ));
    }
    refuse_writable(path, &found, || system::is_read_only(path))?;
    Ok(found)
}

/// Refuses what is no regular file, and one that anyone may write to. `path` is what the message names.
///
/// # Errors
/// [`ErrorKind::InsecurePath`](crate::ErrorKind::InsecurePath).
pub(crate) fn check_file(path: &Path, file: &File, found: &Metadata) -> Result<()> {
    if found.is_dir() {
        return Err(insecure(path, "is a folder where a file is expected"));
    }
    if !found.is_file() {
        return Err(insecure(
            path,
            "is not a regular file; a secret is read from regular files only",
        ));
    }
    refuse_writable(path, found, || system::is_on_read_only(file))
}

fn refuse_writable(path: &Path, found: &Metadata, is_read_only: impl FnOnce() -> bool) -> Result<()> {
    match system::mode(found) {
        Some(mode) if mode & 0o002 != 0 && !is_read_only() => Err(insecure(
            path,
            format_args!(
                "can be written by anyone (mode {mode:04o}); run `chmod o-w {}`, or mount it read-only",
                shown(path)
            ),
        )),
        _ => Ok(()),
    }
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp([u64; 5]);

/// The stamp of a file, and whether it can be relied on: shortly after a change another one may leave the same stamp.
pub(crate) fn stamp(found: &Metadata) -> (Stamp, bool) {
    let (stamp, changed) = system::stamp(found);
    let age = SystemTime::now().duration_since(changed);
    (stamp, age.is_ok_and(|age| age > SETTLED_AFTER))
}

#[cfg(unix)]
mod system {
    use std::fs::{File, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use rustix::fs::{Mode, OFlags, StatVfsMountFlags};

    use super::Stamp;

    /// NONBLOCK and NOCTTY: a pipe or a terminal that stands here must not hang us or give us a terminal.
    pub(super) const READING: OFlags = OFlags::RDONLY
        .union(OFlags::CLOEXEC)
        .union(OFlags::NONBLOCK)
        .union(OFlags::NOCTTY);

    pub(super) fn open(path: &Path, follow: bool) -> io::Result<File> {
        let flags = if follow { READING } else { READING | OFlags::NOFOLLOW };
        Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
    }

    pub(super) fn mode(found: &Metadata) -> Option<u32> {
        Some(found.mode() & 0o7777)
    }

    #[cfg(feature = "directory")]
    pub(super) fn is_read_only(path: &Path) -> bool {
        rustix::fs::statvfs(path).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    pub(super) fn is_on_read_only(file: &File) -> bool {
        rustix::fs::fstatvfs(file).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    pub(super) fn stamp(found: &Metadata) -> (Stamp, SystemTime) {
        let nanos = |seconds: i64, nanos: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos) as u64;
        let stamp = Stamp([
            found.dev(),
            found.ino(),
            found.size(),
            nanos(found.mtime(), found.mtime_nsec()),
            nanos(found.ctime(), found.ctime_nsec()),
        ]);
        let seconds = u64::try_from(found.ctime()).unwrap_or_default();
        let nanos = u32::try_from(found.ctime_nsec()).unwrap_or_default();
        (stamp, SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos))
    }
}

/// Systems without Unix modes: nothing is known of who may write.
#[cfg(not(unix))]
mod system {
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;
    use std::time::SystemTime;

    use super::Stamp;

    /// Folders cannot be opened as files here, and devices have names of their own.
    pub(super) fn open(path: &Path, _follow: bool) -> io::Result<File> {
        File::open(path)
    }

    pub(super) fn mode(_found: &Metadata) -> Option<u32> {
        None
    }

    #[cfg(feature = "directory")]
    pub(super) fn is_read_only(_path: &Path) -> bool {
        false
    }

    pub(super) fn is_on_read_only(_file: &File) -> bool {
        false
    }

    pub(super) fn stamp(found: &Metadata) -> (Stamp, SystemTime) {
        let nanos = |at: io::Result<SystemTime>| {
            at.ok()
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map_or(0, |since| since.as_nanos() as u64)
        };
        let stamp = Stamp([0, nanos(found.created()), found.len(), nanos(found.modified()), 0]);
        (stamp, found.modified().unwrap_or_else(|_| SystemTime::now()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[cfg(feature = "directory")]
    #[test]
    fn what_anyone_may_write_is_refused_except_where_nobody_can() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(check_folder(dir.path()).is_err());
        let found = std::fs::metadata(dir.path()).unwrap();
        assert!(refuse_writable(dir.path(), &found, || true).is_ok());
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o775)).unwrap();
        assert!(check_folder(dir.path()).is_ok());
    }

    #[test]
    fn a_stamp_is_not_relied_on_shortly_after_a_change() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = std::fs::metadata(file.path()).unwrap();
        assert!(!stamp(&found).1);
    }
}
