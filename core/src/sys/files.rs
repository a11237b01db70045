//! Files that hold secrets: made for their owner alone, refused where others could have touched them.
//!
//! STAND-IN of part/store: replaced at the merge by the real one.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// What identifies a file while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

fn io(error: &std::io::Error, what: &'static str) -> Error {
    let kind = match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => ErrorKind::StorageFull,
        Some(libc::EACCES | libc::EPERM) => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, what).with_foreign_code(error.raw_os_error().unwrap_or(0))
}

/// The file at `path`, links not followed.
pub(crate) fn file_id(path: &Path) -> std::io::Result<Option<FileId>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(FileId { device: found.dev(), inode: found.ino() })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn check_private_file(path: &Path) -> Result<FileId> {
    let found = fs::symlink_metadata(path).map_err(|e| io(&e, "the file cannot be looked at"))?;
    let refuse = |what: &str| Err(Error::new(ErrorKind::InsecurePath, format!("{} {what}", path.display())));
    if found.file_type().is_symlink() {
        return refuse("is a symbolic link");
    }
    if !found.is_file() {
        return refuse("is no regular file");
    }
    if found.mode() & 0o077 != 0 {
        return refuse("is open to others");
    }
    if found.nlink() != 1 {
        return refuse("has a second name");
    }
    Ok(FileId { device: found.dev(), inode: found.ino() })
}

pub(crate) fn check_parent(path: &Path) -> Result<PathBuf> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let parent = parent.canonicalize().map_err(|e| io(&e, "the folder cannot be looked at"))?;
    Ok(parent.join(path.file_name().unwrap_or_default()))
}

pub(crate) fn create_private_dir(path: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| io(&e, "the folder cannot be made"))
}

pub(crate) struct CreationLock(#[expect(dead_code, reason = "held for its lock")] File);

impl CreationLock {
    pub(crate) fn acquire(path: &Path, deadline: Instant) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| io(&e, "the creation lock cannot be made"))?;
        loop {
            match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(_) if Instant::now() < deadline => std::thread::sleep(std::time::Duration::from_millis(1)),
                Err(_) => return Err(Error::new(ErrorKind::Timeout, "another process is making the store")),
            }
        }
    }
}

pub(crate) fn read_private_file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    check_private_file(path)?;
    let file = File::open(path).map_err(|e| io(&e, "the file cannot be read"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|e| io(&e, "the file cannot be read"))?;
    Ok(bytes)
}

pub(crate) fn write_private_file_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| io(&e, "the file cannot be made"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| io(&e, "the file cannot be written"))
}

pub(crate) fn publish(temp: &Path, target: &Path) -> Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, temp, CWD, target, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(error) => Err(io(&error.into(), "the file cannot be named")),
    }
}

pub(crate) fn read_fd(fd: i32, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    use std::os::fd::FromRawFd;
    // SAFETY: the caller hands the descriptor over by its setting.
    let file = unsafe { File::from_raw_fd(fd) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|e| io(&e, "the descriptor cannot be read"))?;
    Ok(bytes)
}
