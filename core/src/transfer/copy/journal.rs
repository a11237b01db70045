//! The journal of a copy: one JSON line a step, flushed before the next step, or the next of many at once. Keys and steps, never a value or a digest
//! of one. A last line that was cut off is dropped when the journal is read.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::sys::files::{self, CreationLock, io_error, shown};

const FORMAT: u32 = 1;
/// A copy of a million keys has a journal of less.
const LIMIT: usize = 1 << 30;

/// A step of the copy.
pub(super) enum Step {
    /// The target is about to be written.
    Write(SecretKey),
    /// It was written and read back.
    Copied(SecretKey),
    /// The source's is about to be removed.
    Delete(SecretKey),
    /// It was removed.
    Deleted(SecretKey),
}

/// A line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Journal { format: u32, from: String, to: String },
    Write(String),
    Copied(String),
    Delete(String),
    Deleted(String),
    Finished,
}

impl Line {
    fn of(step: &Step) -> Self {
        match step {
            Step::Write(key) => Self::Write(key.as_str().to_owned()),
            Step::Copied(key) => Self::Copied(key.as_str().to_owned()),
            Step::Delete(key) => Self::Delete(key.as_str().to_owned()),
            Step::Deleted(key) => Self::Deleted(key.as_str().to_owned()),
        }
    }

    fn text(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)
            .map_err(|_| Error::new(ErrorKind::Internal, "a line of the journal cannot be written as JSON"))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// How far an interrupted copy was.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// Whether there was one.
    pub(super) unfinished: bool,
    /// The keys that it was about to remove at the source, or had removed.
    pub(super) deleting: BTreeSet<SecretKey>,
}

/// The open journal, which nobody else has meanwhile.
#[derive(Clone)]
pub(super) struct Journal(Arc<Open>);

struct Open {
    path: PathBuf,
    before: Before,
    file: Mutex<File>,
    // Held for its drop.
    _lock: CreationLock,
}

impl Journal {
    /// Opens the journal of a copy between two places, and makes it where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where another copy has it open, and where it is that of two other places;
    /// [`ErrorKind::Integrity`] naming the line that no copy wrote; [`ErrorKind::InsecurePath`]; what the system refuses.
    pub(super) fn open(path: &Path, from: &str, to: &str) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_private_dir(folder)?;
        }
        let path = files::check_parent(path)?;
        let lock = lock(&path)?;
        let fail = |error: std::io::Error| io_error(&error, "write the journal", &path);
        let header = Line::Journal {
            format: FORMAT,
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let header = header.text()?;
        let found = match files::read_private_file(&path, LIMIT) {
            Ok(bytes) => Some(read(&path, &bytes, &header, from, to)?),
            Err(error) if error.kind() == ErrorKind::KeyMissing => None,
            Err(error) => return Err(error),
        };
        if found.is_none() {
            files::write_private_file_new(&path, &header)?;
        }
        let mut file = append(&path).map_err(fail)?;
        if let Some((_, length)) = &found {
            file.set_len(*length).map_err(fail)?;
            if *length == 0 {
                file.write_all(&header).map_err(fail)?;
            }
            file.sync_data().map_err(fail)?;
        }
        let before = found.map(|(before, _)| before).unwrap_or_default();
        Ok(Self(Arc::new(Open {
            path,
            before,
            file: Mutex::new(file),
            _lock: lock,
        })))
    }

    /// How far an interrupted copy between the two was.
    pub(super) fn before(&self) -> Before {
        self.0.before.clone()
    }

    /// Adds a line for each step and flushes them.
    pub(super) fn enter(&self, steps: &[Step]) -> Result<()> {
        self.add(&steps.iter().map(Line::of).collect::<Vec<_>>())
    }

    /// Adds the last line, then removes the file: keys do not stand in clear longer than they must.
    pub(super) fn finish(&self) -> Result<()> {
        self.add(&[Line::Finished])?;
        let path = &self.0.path;
        std::fs::remove_file(path).map_err(|error| io_error(&error, "remove the journal", path))?;
        // Best effort, and under the lock: whoever waits for it looks again.
        let _ = std::fs::remove_file(lock_path(path));
        Ok(())
    }

    fn add(&self, lines: &[Line]) -> Result<()> {
        let mut text = Vec::new();
        for line in lines {
            text.extend(line.text()?);
        }
        let mut file: MutexGuard<'_, File> = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text)
            .and_then(|()| file.sync_data())
            .map_err(|error| io_error(&error, "write the journal", &self.0.path))
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_CLOEXEC);
    options.open(path)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

fn lock(path: &Path) -> Result<CreationLock> {
    CreationLock::acquire_while(&lock_path(path), Instant::now(), || Ok(())).map_err(|error| {
        if error.kind() != ErrorKind::Timeout {
            return error;
        }
        Error::new(
            ErrorKind::Conflict,
            format!(
                "another copy between these two is running; it has the journal `{}`",
                shown(path)
            ),
        )
        .with_help("wait until it has ended")
    })
}

/// What the journal tells, and the length of its whole lines; 0 where it begins anew.
fn read(path: &Path, bytes: &[u8], header: &[u8], from: &str, to: &str) -> Result<(Before, u64)> {
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut before = Before::default();
    let mut lines = bytes[..whole].split(|&byte| byte == b'\n').enumerate();
    let damaged = |number: usize| {
        Error::new(
            ErrorKind::Integrity,
            format!("line {} of the journal `{}` is none of a copy", number + 1, shown(path)),
        )
        .with_help("move the file away and begin the copy again; what is copied already is found")
    };
    match lines.next().filter(|_| whole > 0) {
        // Cut off in its first line, or a file that is none of ours and must stay as it is.
        None if header.starts_with(bytes) => return Ok((before, 0)),
        None => return Err(damaged(0)),
        Some((number, line)) => match serde_json::from_slice(line) {
            Ok(Line::Journal {
                format: FORMAT,
                from: f,
                to: t,
            }) if f == from && t == to => {}
            Ok(Line::Journal { format: FORMAT, .. }) => {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "the journal `{}` is that of a copy between two other places",
                        shown(path)
                    ),
                )
                .with_help("name another journal"));
            }
            Ok(Line::Journal { .. }) => {
                return Err(Error::new(
                    ErrorKind::UnsupportedFormat,
                    format!("the journal `{}` is of a newer version", shown(path)),
                ));
            }
            _ => return Err(damaged(number)),
        },
    }
    before.unfinished = true;
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        match serde_json::from_slice(line).map_err(|_| damaged(number))? {
            Line::Journal { .. } => return Err(damaged(number)),
            Line::Write(_) | Line::Copied(_) => {}
            Line::Delete(key) | Line::Deleted(key) => {
                let key = SecretKey::parse(&key).map_err(|_| damaged(number))?;
                before.deleting.insert(key);
            }
            Line::Finished => return Ok((Before::default(), 0)),
        }
    }
    Ok((before, whole as u64))
}

/// A number for a pair of places (64-bit FNV-1a): the same in every process and version.
pub(super) fn number(from: &str, to: &str) -> u64 {
    let bytes = from.bytes().chain([0]).chain(to.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
