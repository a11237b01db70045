//! New files that appear whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{io_error, shown};

/// See [`files::create_private_dir`](crate::sys::files::create_private_dir).
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    // The outermost folder that is made needs its name flushed in the folder above it, and so does each one below.
    let made: Vec<&Path> = path
        .ancestors()
        .take_while(|at| !at.as_os_str().is_empty() && std::fs::metadata(at).is_err())
        .collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for folder in made {
        // Best effort: a file system that cannot flush folders still has them.
        let _ = flush_folder_of(folder);
    }
    Ok(())
}

/// Writes a new file; `false` where its name is taken.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool> {
    #[cfg(target_os = "linux")]
    if let Some(written) = write_unnamed(path, bytes)? {
        return Ok(written);
    }
    let (file, temporary) = create_beside(path)?;
    let outcome = fill(&file, bytes)
        .map_err(|error| io_error(&error, "write", &temporary))
        .and_then(|()| publish(&temporary, path));
    if !matches!(outcome, Ok(true)) {
        // Best effort: what is left is private, and the error that led here is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    outcome
}

/// Writes a file that has no name until it is whole, so that a process that is killed leaves nothing behind. `None`
/// where the file system has no such files.
#[cfg(target_os = "linux")]
fn write_unnamed(path: &Path, bytes: &[u8]) -> Result<Option<bool>> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, Mode, OFlags};

    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(Errno::NOTSUP | Errno::ISDIR | Errno::INVAL) => return Ok(None),
        Err(error) => return Err(io_error(&error.into(), "create a file beside", path)),
    };
    fill(&file, bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| io_error(&error, "write", path))?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(CWD, &*unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => flush_folder_of(path)
            .map_err(|error| io_error(&error, "flush the folder of", path))
            .map(|()| Some(true)),
        Err(Errno::EXIST) => Ok(Some(false)),
        // No /proc, or one that is closed to us (a process that is not dumpable): the way with a name is as safe.
        Err(Errno::NOENT | Errno::ACCESS | Errno::PERM) => Ok(None),
        Err(error) => Err(io_error(&error.into(), "create", path)),
    }
}

pub(super) fn fill(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    // The umask can only take bits away; a mask that takes the owner's would leave a file that nobody can read.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

/// A fresh file in the folder of `path`.
fn create_beside(path: &Path) -> Result<(File, PathBuf)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{}` does not name a file", shown(path)),
        )
    })?;
    loop {
        let mut fresh = std::ffi::OsString::from(".");
        fresh.push(name);
        fresh.push(format!(
            ".{}.{}.new",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        ));
        let fresh = path.with_file_name(fresh);
        // `create_new` is O_EXCL, which also refuses a link that someone put there.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh) {
            Ok(file) => return Ok((file, fresh)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error(&error, "create a file beside", path)),
        }
    }
}

/// See [`files::publish`](crate::sys::files::publish).
pub(crate) fn publish(temporary: &Path, target: &Path) -> Result<bool> {
    File::open(temporary)
        .and_then(|file| file.sync_all())
        .map_err(|error| io_error(&error, "flush", temporary))?;
    if !rename_new(temporary, target).map_err(|error| io_error(&error, "create", target))? {
        return Ok(false);
    }
    flush_folder_of(target).map_err(|error| io_error(&error, "flush the folder of", target))?;
    Ok(true)
}

/// See [`files::flush`](crate::sys::files::flush).
pub(crate) fn flush(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    flush_folder_of(path)
}

/// See [`files::rename_new`](crate::sys::files::rename_new).
pub(crate) fn rename_new(temporary: &Path, target: &Path) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    match rustix::fs::renameat_with(CWD, temporary, CWD, target, RenameFlags::NOREPLACE) {
        Ok(()) => return Ok(true),
        Err(Errno::EXIST) => return Ok(false),
        // Kernels and file systems (NFS, some FUSE) without the flag: a second name, then the first goes away.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        Err(error) => return Err(error.into()),
    }
    match std::fs::hard_link(temporary, target) {
        Ok(()) => std::fs::remove_file(temporary).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn flush_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match File::open(folder)?.sync_all() {
        // Some file systems cannot flush a folder; there is nothing that could be done better.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        other => other,
    }
}
