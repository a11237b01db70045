//! Files that someone else put there for us to read: Docker's secrets, systemd's credentials, Kubernetes' mounts.
//!
//! They belong to whom the system gave them, are often readable by all and are swapped through links; so nothing is asked
//! of their owner, and everything of what could change them: a link that leaves the folder, a file or folder that anyone
//! may write, a pipe or device that would hang the reader.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::error::Result;
use crate::sys::files::{insecure, io_error, shown};

/// How often a file that a link names is looked for while the links are being swapped.
const ATTEMPTS: usize = 4;
/// Within this time after a change another one may leave the same times behind; the coarsest file systems count in
/// steps of two seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

/// What a name in a folder leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// Something that could be opened; not yet known to be a file.
    Opened(File),
    Absent,
    /// A link leads out of the folder.
    Leaves,
}

/// Opens `relative` below `folder` for reading. Links are followed as long as they stay in the folder. Neither a pipe nor
/// a device holds the caller up. Where the links are swapped meanwhile, it is the old or the new file.
pub(crate) fn open_beneath(folder: &Path, relative: &Path) -> io::Result<Found> {
    #[cfg(target_os = "linux")]
    if let Some(outcome) = linux::open_beneath(folder, relative) {
        return outcome;
    }
    open_by_name(folder, relative)
}

/// Opens a file by a path whose links are followed wherever they lead. Neither a pipe nor a device holds the caller up.
#[cfg_attr(
    not(feature = "env"),
    allow(dead_code, reason = "only variables name files anywhere")
)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    system::open(path, true)
}

/// The same by names, for systems whose kernel does not do it: the path is resolved, compared and opened. Whoever could
/// change it in between may write in the folder, which is refused elsewhere.
fn open_by_name(folder: &Path, relative: &Path) -> io::Result<Found> {
    let folder = std::fs::canonicalize(folder)?;
    let path = folder.join(relative);
    for _ in 0..ATTEMPTS {
        let opened = std::fs::canonicalize(&path).and_then(|resolved| match resolved.starts_with(&folder) {
            true => system::open(&resolved, false).map(Found::Opened),
            false => Ok(Found::Leaves),
        });
        match opened {
            Err(error) if is_absent(&error) && !is_named(&path) => return Ok(Found::Absent),
            Err(error) if is_absent(&error) => {}
            outcome => return outcome,
        }
    }
    Ok(Found::Absent)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether there is a link or a file of this name: then what it led to went away while it was looked for, or is not
/// there at all.
fn is_named(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Refuses a folder that anyone may write to, unless its file system is mounted read-only, as Kubernetes does with its
/// `drwxrwxrwt`.
///
/// # Errors
/// [`ErrorKind::InsecurePath`](crate::ErrorKind::InsecurePath) naming the folder; what looking at it answers, which is
/// given back otherwise.
#[cfg_attr(
    not(feature = "directory"),
    allow(dead_code, reason = "variables name files, not folders")
)]
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

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, ResolveFlags};
    use rustix::io::Errno;

    use super::{ATTEMPTS, Found, is_named, system};

    /// `None` where the kernel (or the sandbox that we run in) does not know how.
    pub(super) fn open_beneath(folder: &Path, relative: &Path) -> Option<io::Result<Found>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = match rustix::fs::open(folder, flags, Mode::empty()) {
            Ok(root) => root,
            Err(error) => return Some(Err(error.into())),
        };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..ATTEMPTS {
            match rustix::fs::openat2(&root, relative, system::READING, Mode::empty(), resolve) {
                Ok(fd) => return Some(Ok(Found::Opened(fd.into()))),
                Err(Errno::NOENT | Errno::NOTDIR) if !is_named(&folder.join(relative)) => {
                    return Some(Ok(Found::Absent));
                }
                Err(Errno::NOENT | Errno::NOTDIR | Errno::AGAIN) => {}
                Err(Errno::XDEV) => return Some(Ok(Found::Leaves)),
                Err(Errno::NOSYS | Errno::PERM) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
        Some(Ok(Found::Absent))
    }
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
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn content(found: Found) -> io::Result<String> {
        match found {
            Found::Opened(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                Ok(text)
            }
            other => Ok(format!("{other:?}")),
        }
    }

    #[test]
    fn by_kernel_and_by_name_links_are_followed_inside_the_folder_and_not_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("secrets");
        std::fs::create_dir_all(folder.join("..one")).unwrap();
        std::fs::write(dir.path().join("outside"), "outside").unwrap();
        std::fs::write(folder.join("..one/a"), "inside").unwrap();
        symlink("..one", folder.join("..data")).unwrap();
        symlink("..data/a", folder.join("a")).unwrap();
        symlink("../outside", folder.join("up")).unwrap();
        symlink(dir.path().join("outside"), folder.join("absolute")).unwrap();
        symlink("..", folder.join("parent")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        for open in [open_beneath, open_by_name] {
            let read = |name: &str| open(&folder, Path::new(name)).and_then(content).unwrap();
            assert_eq!(read("a"), "inside");
            for out in ["up", "absolute", "parent/outside", "../outside"] {
                assert_eq!(read(out), "Leaves", "{out}");
            }
            for absent in ["dangling", "none", "a/below"] {
                assert_eq!(read(absent), "Absent", "{absent}");
            }
            assert!(open(&folder, Path::new("loop")).is_err());
            assert!(open(&dir.path().join("gone"), Path::new("a")).is_err());
        }
    }

    /// A swap as Kubernetes does it: a new folder, `..data` renamed onto the old link, the old folder removed.
    #[test]
    fn a_file_is_found_while_its_links_are_swapped() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        symlink("..data/a", folder.join("a")).unwrap();
        let swap = |round: usize| {
            let (new, link) = (folder.join(format!("..{round}")), folder.join("..tmp"));
            std::fs::create_dir(&new).unwrap();
            std::fs::write(new.join("a"), "inside").unwrap();
            symlink(format!("..{round}"), &link).unwrap();
            std::fs::rename(&link, folder.join("..data")).unwrap();
            if round > 0 {
                let old = folder.join(format!("..{}", round - 1));
                std::fs::remove_file(old.join("a")).unwrap();
                std::fs::remove_dir(old).unwrap();
            }
        };
        swap(0);
        let mut round = 0;
        for open in [open_beneath, open_by_name] {
            // No swap before a reading has ended since the last one, so that no reading meets more than two.
            let readings = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                let (readings, swap, round) = (&readings, &swap, &mut round);
                let swapping = scope.spawn(move || {
                    for _ in 0..300 {
                        let before = readings.load(Ordering::SeqCst);
                        *round += 1;
                        swap(*round);
                        while readings.load(Ordering::SeqCst) == before {
                            std::thread::yield_now();
                        }
                    }
                });
                let mut wrong = Vec::new();
                while !swapping.is_finished() {
                    let found = open(folder, Path::new("a")).and_then(content).unwrap_or_default();
                    wrong.extend((found != "inside").then_some(found));
                    readings.fetch_add(1, Ordering::SeqCst);
                }
                assert!(wrong.is_empty(), "{wrong:?}");
            });
        }
    }

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
