//! Files that other programs write too, some of them with modes that let others read.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags, StatVfsMountFlags};
use rustix::io::Errno;

use super::{checks, publish};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{Exposure, OpenFile, Stamp, insecure, io_error, shown};

fn stamp_of(found: &Metadata) -> Stamp {
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Stamp {
        id: checks::id_of(found),
        modified: nanos(found.mtime(), found.mtime_nsec()),
        changed: nanos(found.ctime(), found.ctime_nsec()),
        size: found.len(),
    }
}

/// See [`files::stamp`](crate::sys::files::stamp).
pub(crate) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(stamp_of(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// See [`files::open_shared`](crate::sys::files::open_shared).
pub(crate) fn open(path: &Path) -> Result<Option<OpenFile>> {
    // NONBLOCK and NOCTTY: opening a pipe or a terminal that someone put here must not hang us or give us a terminal.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file: File = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => OwnedFd::into(fd),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => {
            return Err(
                insecure(path, "is a symbolic link; name the file that it points to").with_foreign_code(libc::ELOOP)
            );
        }
        Err(error) => return Err(io_error(&error.into(), "open", path)),
    };
    let look = || file.metadata().map_err(|error| io_error(&error, "look at", path));
    let mut found = look()?;
    checks::check_regular(path, &found)?;
    checks::check_single_name(path, &found)?;
    checks::check_owner(path, &found)?;
    let mode = found.mode() & 0o7777;
    let mut exposure = Exposure::Private;
    if mode & 0o077 != 0 {
        exposure = if is_read_only(&file) {
            Exposure::Kept(mode)
        } else {
            tighten(&file, path, &found)?;
            found = look()?;
            Exposure::Tightened(mode)
        };
    }
    let stamp = stamp_of(&found);
    Ok(Some(OpenFile { file, stamp, exposure }))
}

/// Whether nothing can be written where the file lies. Unknown counts as no.
fn is_read_only(file: &File) -> bool {
    rustix::fs::fstatvfs(file).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Makes a file of ours private.
fn tighten(file: &File, path: &Path, found: &Metadata) -> Result<()> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(insecure(
            path,
            format_args!(
                "is open to others (mode {:04o}) and belongs to user {}",
                found.mode() & 0o7777,
                found.uid()
            ),
        ));
    }
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(|error| io_error(&error, "make private", path))
}

/// See [`files::replace`](crate::sys::files::replace).
pub(crate) fn replace(
    path: &Path,
    temporary: &Path,
    bytes: &[u8],
    is_wanted: impl FnOnce() -> Result<bool>,
) -> Result<Option<OpenFile>> {
    match std::fs::remove_file(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error(&error, "remove", temporary));
        }
        _ => {}
    }
    // `create_new` is O_EXCL, which also refuses a link that someone put there.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)
        .map_err(|error| io_error(&error, "create", temporary))?;
    let written = publish::fill(&file, bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| io_error(&error, "write", temporary))
        .and_then(|()| is_wanted())
        .and_then(|is_wanted| {
            match is_wanted {
                true => std::fs::rename(temporary, path).map_err(|error| io_error(&error, "replace", path)),
                false => Ok(()),
            }
            .map(|()| is_wanted)
        });
    if !matches!(written, Ok(true)) {
        // Best effort: what is left is private, and the error that led here is the one to report.
        let _ = std::fs::remove_file(temporary);
        return written.map(|_| None);
    }
    publish::flush_folder_of(path)
        .and_then(|()| file.metadata())
        .map(|found| {
            Some(OpenFile {
                stamp: stamp_of(&found),
                file,
                exposure: Exposure::Private,
            })
        })
        .map_err(|error| {
            Error::new(
                ErrorKind::OutcomeUnknown,
                format!(
                    "`{}` has its new content, but the folder could not be flushed",
                    shown(path)
                ),
            )
            .with_source(io_error(&error, "flush the folder of", path))
        })
}
