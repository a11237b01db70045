//! The file: read as it is, put in order under its lock, replaced as a whole.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use super::config::Config;
use super::document::{self, Document, Read};
use super::render;
use crate::backend::{ChangeStep, ChangeToken};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{self, CreationLock, OpenFile, Stamp, shown};
use crate::timestamp;

/// The longest document.
const MAX_DOCUMENT: usize = 64 << 20;
/// A corrupt file that changed so short a time ago may be one that somebody is writing in place: it is looked at again.
const YOUNG: Duration = Duration::from_millis(200);
/// How often, and after which pause.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);
/// The time that an answer takes to get from the worker to its caller.
const ANSWERING: Duration = Duration::from_millis(20);
/// How often a write begins anew because a program that does not know the lock was faster.
const ATTEMPTS: u32 = 20;
/// How many names of one second are tried for a file that is kept.
const NAMES: u64 = 1 << 16;

/// The file of one backend.
#[derive(Debug)]
pub(super) struct Place {
    config: Config,
    /// Whether reading may take as long as a network does.
    pub(super) is_remote: bool,
    /// When the last corrupt file was set aside, in seconds, times [`NAMES`], plus which one of that second; 0 where
    /// none was. One word, so that a forked child knows it too.
    set_aside: AtomicU64,
}

/// The document as it was at a look.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) document: Document,
    /// `None` where there was no file.
    pub(super) stamp: Option<Stamp>,
    /// Held open, so that no other file gets the same identity while the stamp is compared with.
    _file: Option<File>,
}

/// A document's new text, and what the call that changes it answers.
pub(super) struct Changed<T> {
    pub(super) text: Zeroizing<Vec<u8>>,
    pub(super) answer: T,
}

/// What a look found.
enum Found {
    Good(Snapshot),
    Former {
        text: Zeroizing<Vec<u8>>,
        old: Zeroizing<Vec<u8>>,
    },
    Corrupt {
        reason: &'static str,
        stamp: Stamp,
    },
}

/// The right to change the file.
struct Locked {
    /// The file, its folder's links resolved.
    path: PathBuf,
    _lock: CreationLock,
}

impl Place {
    /// The canonical path.
    pub(super) fn location(&self) -> String {
        let path = &self.config.path;
        let path = files::resolve(path).unwrap_or_else(|_| path.clone());
        path.to_string_lossy().into_owned()
    }

    pub(super) fn new(config: Config, is_remote: bool) -> Self {
        Self {
            is_remote,
            config,
            set_aside: AtomicU64::new(0),
        }
    }

    /// The file's name beside itself with this ending.
    fn beside(path: &Path, ending: &str) -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        path.with_file_name(name)
    }

    /// What identifies the content now.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>> {
        files::stamp(&self.config.path).map_err(|error| outside(files::io_error(&error, "look at", &self.config.path)))
    }

    /// What was set aside because it was corrupt, where something was.
    pub(super) fn set_aside(&self) -> Option<PathBuf> {
        let word = self.set_aside.load(Ordering::Acquire);
        (word != 0).then(|| Self::beside(&self.config.path, &kept_name("corrupt", word / NAMES, word % NAMES)))
    }

    /// Reads the file. `None` where it must be put in order first.
    pub(super) fn read(&self) -> Result<Option<Snapshot>> {
        let path = match files::check_parent(&self.config.path) {
            Ok(path) => path,
            // No folder, no file.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Snapshot::absent())),
            Err(error) => return Err(outside(error)),
        };
        match look(&path)? {
            Found::Good(snapshot) => Ok(Some(snapshot)),
            Found::Former { .. } | Found::Corrupt { .. } => Ok(None),
        }
    }

    /// Reads the file, and puts it in order where it must be.
    pub(super) fn settle(&self, cx: &CallContext) -> Result<Snapshot> {
        match self.read()? {
            Some(snapshot) => Ok(snapshot),
            None => self.settled(&self.lock(cx)?, cx),
        }
    }

    fn lock(&self, cx: &CallContext) -> Result<Locked> {
        let folder = self.config.path.parent().unwrap_or(&self.config.path);
        files::create_private_dir(folder).map_err(outside)?;
        let path = files::check_parent(&self.config.path).map_err(outside)?;
        let lock = Self::beside(&path, ".lock");
        // A little before the caller's deadline, so that the answer is this one and not that nobody knows.
        let spare = (cx.remaining() / 4).min(ANSWERING);
        let lock =
            CreationLock::acquire_while(&lock, cx.deadline() - spare, || cx.check_cancelled()).map_err(outside)?;
        Ok(Locked { path, _lock: lock })
    }

    /// The document under the lock: one of version 1 is migrated, a corrupt one set aside.
    fn settled(&self, locked: &Locked, cx: &CallContext) -> Result<Snapshot> {
        let mut looks = 0;
        loop {
            match look(&locked.path)? {
                Found::Good(snapshot) => return Ok(snapshot),
                Found::Former { text, old } => migrate(&locked.path, &text, &old)?,
                Found::Corrupt { stamp, .. } if is_young(&stamp) && looks < LOOKS => {
                    looks += 1;
                    cx.check()?;
                    std::thread::sleep(PAUSE.min(cx.remaining()));
                }
                Found::Corrupt { reason, .. } if self.config.stop_on_corrupt => {
                    return Err(Error::new(
                        ErrorKind::Integrity,
                        format!("`{}` is corrupt: {reason}", shown(&locked.path)),
                    )
                    .with_help("correct the file, or move it away"));
                }
                Found::Corrupt { reason, stamp } => self.put_aside(&locked.path, reason, stamp)?,
            }
        }
    }

    /// Gives a corrupt file another name and makes a fresh one.
    fn put_aside(&self, path: &Path, reason: &'static str, stamp: Stamp) -> Result<()> {
        if files::stamp(path).ok().flatten() != Some(stamp) {
            // Replaced since by someone who does not know the lock.
            return Ok(());
        }
        let (aside, word) = first_free(path, "corrupt", |aside| files::publish(path, aside))?;
        self.set_aside.store(word, Ordering::Release);
        tracing::error!(
            backend = super::backend::NAME,
            file = %shown(path),
            set_aside = %shown(&aside),
            reason,
            "the secrets file is corrupt; it was set aside and a fresh one is made"
        );
        match files::write_private_file_new(path, render::EMPTY.as_bytes()) {
            // Someone who does not know the lock has made one.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            outcome => outcome.map_err(outside),
        }
    }

    /// Changes the document: `edit` answers its new text, and may be asked again. `known` is the document as it was
    /// last read, which saves reading it again.
    pub(super) fn change<T>(
        &self,
        cx: &CallContext,
        mut known: Option<Arc<Snapshot>>,
        edit: impl Fn(&Document) -> Result<Changed<T>>,
    ) -> Result<(T, ChangeStep, Snapshot)> {
        let locked = self.lock(cx)?;
        let look = || files::stamp(&locked.path).map_err(|error| files::io_error(&error, "look at", &locked.path));
        for _ in 0..ATTEMPTS {
            let found = look().map_err(outside)?;
            let now = match known.take().filter(|known| known.stamp == found) {
                Some(known) => known,
                None => Arc::new(self.settled(&locked, cx)?),
            };
            let Changed { text, answer } = edit(&now.document)?;
            if text.len() > MAX_DOCUMENT {
                return Err(Error::new(
                    ErrorKind::TooLarge,
                    format!("the file would be longer than {MAX_DOCUMENT} bytes, the most that it may have"),
                ));
            }
            // What we could not read back is never written.
            let Read::Current(document) = document::read(text)? else {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "the new text of the file is no document",
                ));
            };
            cx.check()?;
            if look().map_err(outside)? != now.stamp {
                continue;
            }
            // One name, which the lock makes ours: a leftover of a process that was killed goes with the next write.
            let temporary = locked.path.with_file_name(hidden(&locked.path));
            let OpenFile { file, stamp, .. } =
                files::replace(&locked.path, &temporary, document.bytes()).map_err(outside)?;
            let step = ChangeStep::new(token(now.stamp), token(Some(stamp)));
            let snapshot = Snapshot {
                document,
                stamp: Some(stamp),
                _file: Some(file),
            };
            return Ok((answer, step, snapshot));
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "another program keeps writing `{}` without its lock",
                shown(&locked.path)
            ),
        ))
    }
}

impl Snapshot {
    fn absent() -> Self {
        Self {
            document: Document::empty(),
            stamp: None,
            _file: None,
        }
    }
}

fn hidden(path: &Path) -> std::ffi::OsString {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    name
}

/// Reads what stands at `path`.
fn look(path: &Path) -> Result<Found> {
    let Some(OpenFile { file, stamp, tightened }) = files::open_shared(path).map_err(outside)? else {
        return Ok(Found::Good(Snapshot::absent()));
    };
    if let Some(mode) = tightened {
        tracing::warn!(
            backend = super::backend::NAME,
            file = %shown(path),
            mode = %format_args!("{mode:04o}"),
            "the secrets file was open to others; it is private now"
        );
    }
    let too_large = || {
        Error::new(
            ErrorKind::TooLarge,
            format!("`{}` is longer than {MAX_DOCUMENT} bytes", shown(path)),
        )
    };
    if stamp.size > MAX_DOCUMENT as u64 {
        return Err(too_large());
    }
    let text = files::read_open(&file, stamp.size, MAX_DOCUMENT)
        .map_err(|error| outside(files::io_error(&error, "read", path)))?
        .ok_or_else(too_large)?;
    match document::read(text).map_err(|error| in_file(error, path))? {
        Read::Current(document) => Ok(Found::Good(Snapshot {
            document,
            stamp: Some(stamp),
            _file: Some(file),
        })),
        Read::Former { text, old } => Ok(Found::Former { text, old }),
        Read::Corrupt(reason) => Ok(Found::Corrupt { reason, stamp }),
    }
}

/// Keeps a file of version 1 beside and writes it anew in version 2. Killed in between, it begins again.
fn migrate(path: &Path, text: &[u8], old: &[u8]) -> Result<()> {
    let (kept, _) = first_free(path, "v1", |kept| match files::write_private_file_new(kept, old) {
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
        outcome => outcome.map(|()| true),
    })?;
    files::replace(path, &path.with_file_name(hidden(path)), text).map_err(outside)?;
    tracing::info!(
        backend = super::backend::NAME,
        file = %shown(path),
        kept = %shown(&kept),
        "the secrets file was migrated from format version 1 to 2"
    );
    Ok(())
}

/// Makes the first file whose name is free: `<file>.<what>.<unix seconds>`, and a number behind it where that is taken.
/// Answers it and its number in one word.
fn first_free(path: &Path, what: &str, make: impl Fn(&Path) -> Result<bool>) -> Result<(PathBuf, u64)> {
    let seconds = u64::try_from(timestamp::now().unix_timestamp()).unwrap_or(0).max(1);
    for number in 0..NAMES {
        let free = Place::beside(path, &kept_name(what, seconds, number));
        if make(&free).map_err(outside)? {
            return Ok((free, seconds.saturating_mul(NAMES) + number));
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("there is no free name beside `{}`", shown(path)),
    ))
}

fn kept_name(what: &str, seconds: u64, number: u64) -> String {
    match number {
        0 => format!(".{what}.{seconds}"),
        number => format!(".{what}.{seconds}.{number}"),
    }
}

fn is_young(stamp: &Stamp) -> bool {
    let now = timestamp::now().unix_timestamp_nanos();
    now.saturating_sub(stamp.modified).unsigned_abs() < YOUNG.as_nanos()
}

/// The token of what a look at the file told.
pub(super) fn token(stamp: Option<Stamp>) -> ChangeToken {
    ChangeToken(stamp.map_or([0; 4], |stamp| {
        // The low words hold all that changes within a lifetime.
        let (modified, changed) = (stamp.modified as u64, stamp.changed as u64);
        [
            stamp.id.device,
            stamp.id.inode,
            modified,
            changed ^ stamp.size.rotate_right(16),
        ]
    }))
}

/// An error about the file, not about a secret in it: `not_found` and `conflict` would be answers to the call.
fn outside(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Conflict => {
            Error::new(ErrorKind::Unavailable, error.message().to_owned()).with_source(error)
        }
        _ => error,
    }
}

/// Names the file in an error about what stands in it.
fn in_file(error: Error, path: &Path) -> Error {
    match error.kind() {
        ErrorKind::UnsupportedFormat => Error::new(
            ErrorKind::UnsupportedFormat,
            format!("`{}`: {}", shown(path), error.message()),
        ),
        _ => error,
    }
}
