//! The file operations for systems without Unix modes, on the standard library alone.
//!
//! Nothing here looks at owners or access lists; `doctor` says so on these systems.

/// Who owns a path: not known here.
pub(crate) mod checks {
    use std::io;
    use std::path::Path;

    use crate::error::Result;
    use crate::sys::files::{FileId, insecure, io_error};

    /// The identity of a file. The numbers of volume and file are not on stable Rust; the time of creation stands in
    /// for them, which a file keeps and its replacement does not share (but for file-system tunnelling).
    pub(crate) fn file_id(path: &Path) -> io::Result<Option<FileId>> {
        match std::fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(id_of(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn id_of(found: &std::fs::Metadata) -> FileId {
        let born = found
            .created()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        FileId {
            device: 0,
            inode: born.map_or(0, |since| since.as_nanos() as u64),
        }
    }

    /// A regular file that is no link.
    pub(crate) fn check_private_file(path: &Path) -> Result<FileId> {
        let found = std::fs::symlink_metadata(path).map_err(|error| io_error(&error, "look at", path))?;
        if found.is_symlink() {
            return Err(insecure(path, "is a symbolic link; name the file that it points to"));
        }
        if !found.is_file() {
            return Err(insecure(path, "is not a regular file; name a regular file"));
        }
        Ok(id_of(&found))
    }

    /// A folder.
    pub(crate) fn check_folder(path: &Path) -> Result<()> {
        let found = std::fs::metadata(path).map_err(|error| io_error(&error, "look at the folder", path))?;
        if !found.is_dir() {
            return Err(insecure(
                path,
                "is a file where a folder is expected; name another folder",
            ));
        }
        Ok(())
    }

    /// Not asked.
    pub(crate) fn fs_is_network(_path: &Path) -> bool {
        false
    }
}

/// Reading.
pub(crate) mod read {
    use std::io::{ErrorKind as Io, Read};
    use std::path::Path;

    use zeroize::Zeroizing;

    use crate::error::{Error, ErrorKind, Result};
    use crate::sys::files::{Document, insecure, io_error, shown};

    /// Reads a file into one buffer.
    pub(crate) fn read_private_file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
        super::checks::check_private_file(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(ErrorKind::KeyMissing, format!("there is no file `{}`", shown(path))),
            _ => error,
        })?;
        let fail = |error: std::io::Error| io_error(&error, "read", path);
        let mut file = std::fs::File::open(path).map_err(fail)?;
        let size = usize::try_from(file.metadata().map_err(fail)?.len()).unwrap_or(usize::MAX);
        if size > limit {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("`{}` is longer than {limit} bytes", shown(path)),
            ));
        }
        let mut buffer = Zeroizing::new(vec![0; size]);
        match file.read_exact(&mut buffer) {
            Ok(()) => Ok(buffer),
            Err(error) if error.kind() == Io::UnexpectedEof => Err(Error::new(
                ErrorKind::Unavailable,
                format!("`{}` changed while it was read", shown(path)),
            )),
            Err(error) => Err(fail(error)),
        }
    }

    /// Reads a file of configuration, without a look at its owner or access list.
    pub(crate) fn read_document(path: &Path, limit: usize, links: bool) -> Result<Option<Document>> {
        let fail = |error: std::io::Error| io_error(&error, "read", path);
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == Io::NotFound => return Ok(None),
            Ok(found) if found.is_symlink() && !links => {
                return Err(insecure(path, "is a symbolic link; put the file itself there"));
            }
            _ => {}
        }
        if !std::fs::metadata(path).map_err(fail)?.is_file() {
            return Err(insecure(path, "is not a regular file; name a regular file"));
        }
        let file = std::fs::File::open(path).map_err(fail)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() > limit {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("`{}` is longer than {limit} bytes", shown(path)),
            ));
        }
        Ok(Some(Document { bytes, private: true }))
    }

    /// Reads a secret's file, without a look at its owner or access list.
    pub(crate) fn read_handed_file(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let read = read_document(path, limit, true)?;
        Ok(read.map(|document| document.bytes))
    }

    /// Descriptors are not inherited by number here.
    pub(crate) fn read_fd(_fd: i32, _limit: usize, _deadline: std::time::Instant) -> Result<Zeroizing<Vec<u8>>> {
        Err(Error::new(
            ErrorKind::InvalidConfig,
            "this system does not hand down descriptors by number",
        )
        .with_setting("encrypted.key_fd"))
    }
}

/// New files.
pub(crate) mod publish {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::path::Path;

    use crate::error::Result;
    use crate::sys::files::io_error;

    /// Folders inherit the access list of the folder above.
    pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    /// Writes a new file; `false` where its name is taken.
    pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let temporary = path.with_file_name(name);
        let outcome = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| io_error(&error, "write", &temporary))
            .and_then(|()| publish(&temporary, path));
        if !matches!(outcome, Ok(true)) {
            // Best effort: the error that led here is the one to report.
            let _ = std::fs::remove_file(&temporary);
        }
        outcome
    }

    /// A second name, which fails where it is taken; then the first goes away. Folders cannot be flushed here.
    pub(crate) fn publish(temporary: &Path, target: &Path) -> Result<bool> {
        OpenOptions::new()
            .write(true)
            .open(temporary)
            .and_then(|file: File| file.sync_all())
            .map_err(|error| io_error(&error, "flush", temporary))?;
        rename_new(temporary, target).map_err(|error| io_error(&error, "create", target))
    }

    /// The same without flushing.
    pub(crate) fn rename_new(temporary: &Path, target: &Path) -> io::Result<bool> {
        match std::fs::hard_link(temporary, target) {
            Ok(()) => std::fs::remove_file(temporary).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Flushes a file.
    pub(crate) fn flush(path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.sync_all()
    }
}

/// The creation lock.
pub(crate) mod lock {
    use std::fs::{File, OpenOptions, TryLockError};
    use std::path::Path;

    use crate::error::Result;
    use crate::sys::files::io_error;

    /// The lock; the system releases it when the file is closed.
    #[derive(Debug)]
    pub(crate) struct Held {
        _file: File,
    }

    /// Takes the lock unless someone else has it.
    pub(crate) fn try_hold(path: &Path) -> Result<Option<Held>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| io_error(&error, "open the lock file", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io_error(&error, "lock", path)),
        }
    }
}

/// Files that other programs write too.
pub(crate) mod shared {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io::{self, Write};
    use std::path::Path;
    use std::time::UNIX_EPOCH;

    use crate::error::Result;
    use crate::sys::files::{Exposure, OpenFile, Stamp, io_error};

    fn stamp_of(found: &Metadata) -> Stamp {
        let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Stamp {
            id: super::checks::id_of(found),
            modified: modified.map_or(0, |since| since.as_nanos() as i128),
            changed: 0,
            size: found.len(),
        }
    }

    /// What a look at the path tells.
    pub(crate) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
        match std::fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(stamp_of(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A regular file that is no link.
    pub(crate) fn open(path: &Path) -> Result<Option<OpenFile>> {
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            _ => super::checks::check_private_file(path)?,
        };
        let file = File::open(path).map_err(|error| io_error(&error, "open", path))?;
        let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
        Ok(Some(OpenFile {
            stamp: stamp_of(&found),
            file,
            exposure: Exposure::Private,
        }))
    }

    /// Written beside, flushed, renamed over. Folders cannot be flushed here.
    pub(crate) fn replace(
        path: &Path,
        temporary: &Path,
        bytes: &[u8],
        is_wanted: impl FnOnce() -> Result<bool>,
    ) -> Result<Option<OpenFile>> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(temporary)
            .map_err(|error| io_error(&error, "create", temporary))?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(|error| io_error(&error, "write", temporary));
        // A file that is open cannot be renamed everywhere.
        drop(file);
        let outcome = written.and_then(|()| is_wanted()).and_then(|is_wanted| {
            if !is_wanted {
                return Ok(None);
            }
            std::fs::rename(temporary, path).map_err(|error| io_error(&error, "replace", path))?;
            let file = File::open(path).map_err(|error| io_error(&error, "open", path))?;
            let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
            Ok(Some(OpenFile {
                stamp: stamp_of(&found),
                file,
                exposure: Exposure::Private,
            }))
        });
        if !matches!(outcome, Ok(Some(_))) {
            // Best effort: the error that led here is the one to report.
            let _ = std::fs::remove_file(temporary);
        }
        outcome
    }
}
