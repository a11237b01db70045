//! Files that hold secrets: made for their owner alone, refused where others could have touched them.
//!
//! On systems without Unix modes the checks of owner and mode are left out: there a file is as private as the access
//! list of its folder, which for a user's profile is that user alone.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

#[cfg(not(unix))]
use super::portable as system;
#[cfg(unix)]
use super::unix as system;

/// The longest pause between two looks at a lock that someone else holds.
const LONGEST_STEP: Duration = Duration::from_millis(5);

/// What identifies a file while it exists. The number of an inode is used again soon after the last name and
/// descriptor of it are gone, so an identity is only worth something while one of them is known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// The identity of what `path` names; follows no link in the last component. `None` where there is nothing.
pub(crate) fn file_id(path: &Path) -> io::Result<Option<FileId>> {
    system::checks::file_id(path)
}

/// Refuses a file that others could read, write or have planted: it must be a regular file of ours or of root, with
/// one name and no permission bit for group and others.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] naming the path, what is wrong and what to do; [`ErrorKind::NotFound`].
pub(crate) fn check_private_file(path: &Path) -> Result<FileId> {
    system::checks::check_private_file(path)
}

/// The path with its folder's links resolved, after a look at the folder: others must not be able to swap what is in
/// it. `/tmp` with its sticky bit passes.
///
/// # Errors
/// [`ErrorKind::InsecurePath`]; [`ErrorKind::NotFound`] where the folder is missing; [`ErrorKind::InvalidArgument`]
/// where the path names no file.
pub(crate) fn check_parent(path: &Path) -> Result<PathBuf> {
    let path = resolve(path)?;
    system::checks::check_folder(path.parent().unwrap_or(&path))?;
    Ok(path)
}

/// Makes a folder and what is missing above it, each for its owner alone; leaves what is there as it is.
pub(crate) fn create_private_dir(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => {
            return Err(insecure(
                path,
                "is a file where a folder is expected; move it away or name another folder",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error(&error, "look at", path)),
    }
    system::publish::create_private_dir(path).map_err(|error| io_error(&error, "create the folder", path))
}

/// Reads a file that must be private: a regular file of ours or of root that group and others have no permission on.
/// The checks look at the open descriptor, so nothing can be swapped between check and reading. What was read is
/// wiped when dropped, and so is every buffer on the way.
///
/// # Errors
/// [`ErrorKind::KeyMissing`] naming the path where there is no file, [`ErrorKind::InsecurePath`],
/// [`ErrorKind::TooLarge`] beyond `limit` bytes.
pub(crate) fn read_private_file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    system::read::read_private_file(path, limit)
}

/// What a file of configuration holds.
pub(crate) struct Document {
    /// The content, wiped when dropped.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Whether group and others have no permission on the file.
    pub(crate) private: bool,
}

/// Reads a file that tells us what to do: a regular file of ours or of root that not everybody can write to. The
/// checks look at the open descriptor. `links` says whether the path's last component may be a symbolic link; what it
/// points to is checked the same. `None` where there is nothing.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] naming the path, what is wrong and what to do; [`ErrorKind::TooLarge`] beyond `limit`
/// bytes; what the system answers.
pub(crate) fn read_document(path: &Path, limit: usize, links: bool) -> Result<Option<Document>> {
    system::read::read_document(path, limit, links)
}

/// Reads a secret that somebody else may have put down for us, as agents and orchestrators do: a regular file, also
/// through links, that not everybody can read and nobody but its owner can write. Where everybody can make files, as in
/// `/tmp`, its owner must be us or root. The checks look at the open descriptor. `None` where there is nothing.
///
/// # Errors
/// As [`read_document`].
pub(crate) fn read_handed_file(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>> {
    system::read::read_handed_file(path, limit)
}

/// Reads an inherited descriptor to its end. The descriptor stays open and stays the caller's.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where `fd` is no open descriptor, [`ErrorKind::TooLarge`] beyond `limit` bytes,
/// [`ErrorKind::Timeout`] where a pipe's other end says nothing for long.
pub(crate) fn read_fd(fd: i32, limit: usize, deadline: Instant) -> Result<Zeroizing<Vec<u8>>> {
    system::read::read_fd(fd, limit, deadline)
}

/// Writes a new private file so that it is either there and whole, also after a power cut, or not there at all.
///
/// # Errors
/// [`ErrorKind::Conflict`] where the path exists already.
pub(crate) fn write_private_file_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if system::publish::write_new(path, bytes)? {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::Conflict, format!("`{}` exists already", shown(path)))
            .with_help("choose another path, or move the existing file away"),
    )
}

/// Gives a finished file its final name: flushes it, renames it unless the name is taken, flushes the folder. `false`
/// where the name is taken; the temporary file is left then.
pub(crate) fn publish(temporary: &Path, target: &Path) -> Result<bool> {
    system::publish::publish(temporary, target)
}

/// Gives a file another name, unless that is taken: `false` then. Nothing is flushed.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<bool> {
    system::publish::rename_new(from, to).map_err(|error| io_error(&error, "rename", from))
}

/// Flushes a file, and its name in its folder.
pub(crate) fn flush(path: &Path) -> Result<()> {
    system::publish::flush(path).map_err(|error| io_error(&error, "flush", path))
}

/// What a look at a file tells; differs after any change of it that moves a clock, a size or an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) id: FileId,
    /// Nanoseconds since 1970 of the last change of the content.
    pub(crate) modified: i128,
    /// Nanoseconds since 1970 of the last change of content, name or mode; 0 where the system does not say.
    pub(crate) changed: i128,
    pub(crate) size: u64,
}

/// Looks at what `path` names; follows no link in the last component. `None` where there is nothing.
pub(crate) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    system::shared::stamp(path)
}

/// A file that other programs write too, open for reading.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// Keeps the identity in the stamp from being given to another file.
    pub(crate) file: File,
    pub(crate) stamp: Stamp,
    pub(crate) exposure: Exposure,
}

/// Whether group and others had permissions on a file, and which mode it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// None.
    Private,
    /// It was open to others and was made private.
    Tightened(u32),
    /// It is open to others, and nothing can be written there.
    Kept(u32),
}

/// Opens a file that other programs write too: a regular file of ours or of root with one name. One of ours that is
/// open to others is made private, but where the file system is read-only, which leaves the mode as it is; the checks
/// look at the open descriptor. `None` where there is no file.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] naming the path, what is wrong and what to do.
pub(crate) fn open_shared(path: &Path) -> Result<Option<OpenFile>> {
    system::shared::open(path)
}

/// Reads from where `from` stands to its end, at most `limit` bytes (`None` beyond). Each buffer that proves too small is
/// wiped as it is replaced; where `expected` is right there is one buffer only.
pub(crate) fn read_to_end(mut from: impl Read, expected: u64, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    // One byte more than expected, so that the end is seen without a second buffer.
    let mut buffer = Zeroizing::new(vec![0; expected.min(limit) + 1]);
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled > limit {
                return Ok(None);
            }
            let mut larger = Zeroizing::new(vec![0; filled.saturating_mul(2).min(limit + 1)]);
            larger[..filled].copy_from_slice(&buffer);
            buffer = larger;
        }
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok((filled <= limit).then_some(buffer))
}

/// Gives `path` a new content at once: it is written to `temporary` beside it, flushed, and renamed over what is there,
/// and the folder is flushed. `is_wanted` is asked when all but the renaming is done, so that next to no time passes
/// between a look of its own and the renaming; where it says no, nothing is changed and the answer is `None`. Whoever
/// calls holds a lock that makes `temporary` its own; a leftover of a process that was killed is removed first.
///
/// # Errors
/// Those of the file system and of `is_wanted`, nothing is changed then; [`ErrorKind::OutcomeUnknown`] where the new
/// content stands there and may not survive a power cut.
pub(crate) fn replace(
    path: &Path,
    temporary: &Path,
    bytes: &[u8],
    is_wanted: impl FnOnce() -> Result<bool>,
) -> Result<Option<OpenFile>> {
    system::shared::replace(path, temporary, bytes, is_wanted)
}

/// Whether the path (or, where it does not exist yet, the nearest folder above) lies on a network or user-space file
/// system, where shared memory and locks may not reach every machine. Unknown counts as no.
pub(crate) fn fs_is_network(path: &Path) -> bool {
    system::checks::fs_is_network(path)
}

/// The right to create a store, held by one thread of one process. Released when dropped; the lock file stays.
///
/// A forked child that inherits the value has no part in the lock: its copy of the descriptor is taken away at the
/// fork, and dropping the value there releases nothing.
#[derive(Debug)]
pub(crate) struct CreationLock {
    // Held for its drop.
    _held: system::lock::Held,
}

impl CreationLock {
    /// Waits until the lock is ours, in steps of at most 5 ms.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] naming the lock file when `deadline` passes.
    #[cfg(test)]
    pub(crate) fn acquire(path: &Path, deadline: Instant) -> Result<Self> {
        Self::acquire_while(path, deadline, || Ok(()))
    }

    /// The same as long as `go_on`, which is asked before each step, has no error.
    ///
    /// # Errors
    /// Those, and that of `go_on`.
    pub(crate) fn acquire_while(path: &Path, deadline: Instant, go_on: impl Fn() -> Result<()>) -> Result<Self> {
        let mut step = Duration::from_micros(200);
        loop {
            if let Some(held) = system::lock::try_hold(path)? {
                return Ok(Self { _held: held });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!("another process or thread holds the lock file `{}`", shown(path)),
                ));
            }
            go_on()?;
            std::thread::sleep(step.min(left));
            step = (step * 2).min(LONGEST_STEP);
        }
    }
}

/// A path for a message: control characters escaped, because a path may come from anywhere.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().flat_map(char::escape_debug).collect()
}

/// An error about a path that others could reach.
pub(crate) fn insecure(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InsecurePath, format!("`{}` {what}", shown(path)))
}

/// An error of the file system: its kind, what was tried (a verb, such as "open"), on which path, and the system's
/// code. The system's own text is left out; the code says the same.
pub(crate) fn io_error(error: &io::Error, what: &str, path: &Path) -> Error {
    use io::ErrorKind as Io;
    let (kind, why) = match error.kind() {
        Io::PermissionDenied => (ErrorKind::PermissionDenied, "permission denied"),
        Io::NotFound => (ErrorKind::NotFound, "not found"),
        Io::StorageFull => (ErrorKind::StorageFull, "no space left"),
        Io::QuotaExceeded => (ErrorKind::StorageFull, "quota exceeded"),
        Io::ReadOnlyFilesystem => (ErrorKind::ReadOnly, "the file system is read-only"),
        Io::NotADirectory => (ErrorKind::Unavailable, "a part of the path is not a folder"),
        Io::AlreadyExists => (ErrorKind::Conflict, "exists already"),
        _ => (ErrorKind::Unavailable, "the system refused"),
    };
    let built = Error::new(kind, format!("cannot {what} `{}`: {why}", shown(path)));
    match error.raw_os_error() {
        Some(code) => built.with_foreign_code(code),
        None => built,
    }
}

/// An absolute path whose folder's links are resolved; the last component is taken as it is. Looks at no permission.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{}` does not name a file", shown(path)),
        )
    })?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parent = std::fs::canonicalize(parent).map_err(|error| io_error(&error, "find the folder of", path))?;
    Ok(parent.join(name))
}
