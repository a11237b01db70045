//! The file: read as it is, put in order under its lock, replaced as a whole.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::config::Config;
use super::document::{self, Document, Read};
use super::order::{migrate, put_aside};
use crate::backend::{ChangeStep, ChangeToken};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{self, CreationLock, Exposure, OpenFile, Stamp, shown};
use crate::timestamp;

/// The longest document.
const MAX_DOCUMENT: usize = 64 << 20;
/// The longest document that is read on the caller's thread.
const INLINE: u64 = 1 << 20;
/// A corrupt file that changed so short a time ago may be one that somebody is writing in place: it is looked at again.
const YOUNG: Duration = Duration::from_millis(200);
/// How often while it stays the same, and after which pause.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);
/// The time that an answer takes to get from the worker to its caller.
const ANSWERING: Duration = Duration::from_millis(20);
/// How often a write begins anew because a program that does not know the lock was faster.
const ATTEMPTS: u32 = 20;
/// The file of one backend.
#[derive(Debug)]
pub(super) struct Place {
    config: Config,
    /// Whether reading may take as long as a network does.
    pub(super) is_remote: bool,
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
        stamp: Stamp,
        file: File,
    },
    Corrupt {
        reason: &'static str,
        stamp: Stamp,
    },
}

/// How long a corrupt file is taken for one that somebody is writing in place: while it is young, and while it changes.
#[derive(Default)]
struct Patience {
    last: Option<Stamp>,
    has_changed: bool,
    looks: u32,
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
        Self { is_remote, config }
    }

    /// The file's name beside itself with this ending.
    pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        path.with_file_name(name)
    }

    /// What identifies the content now.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>> {
        stamp_at(&self.config.path)
    }

    /// Whether a document of this stamp is read fast enough for any caller's thread.
    pub(super) fn is_small(stamp: Option<Stamp>) -> bool {
        stamp.is_none_or(|stamp| stamp.size <= INLINE)
    }

    /// What was set aside because it was corrupt, by whomever, and lies there still; the last one at the end.
    pub(super) fn set_aside(&self) -> Vec<PathBuf> {
        let Ok(path) = files::resolve(&self.config.path) else {
            return Vec::new();
        };
        let begin = Self::beside(&path, ".corrupt.");
        let begin = begin.file_name().unwrap_or_default().as_encoded_bytes();
        // Where the folder cannot be listed, nobody knows.
        let names = std::fs::read_dir(path.with_file_name("")).into_iter().flatten();
        let mut found: Vec<_> = names
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .unwrap_or_default()
                    .as_encoded_bytes()
                    .starts_with(begin)
            })
            .collect();
        found.sort();
        found
    }

    /// The file's path with its folder's links resolved; `None` where there is no folder.
    fn resolved(&self) -> Result<Option<PathBuf>> {
        match files::check_parent(&self.config.path) {
            Ok(path) => Ok(Some(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the file. `None` where it must be put in order first.
    pub(super) fn read(&self) -> Result<Option<Snapshot>> {
        let Some(path) = self.resolved()? else {
            return Ok(Some(Snapshot::absent()));
        };
        match look(&path)? {
            Found::Good(snapshot) => Ok(Some(snapshot)),
            Found::Former { .. } | Found::Corrupt { .. } => Ok(None),
        }
    }

    /// Reads the file and leaves it as it is: version 1 as it would be migrated, and a corrupt one is an error.
    pub(super) fn examine(&self, cx: &CallContext) -> Result<Snapshot> {
        let Some(path) = self.resolved()? else {
            return Ok(Snapshot::absent());
        };
        let mut patience = Patience::default();
        loop {
            match look(&path)? {
                Found::Good(snapshot) => return Ok(snapshot),
                Found::Former { text, stamp, file, .. } => {
                    return Ok(Snapshot {
                        document: written(text)?,
                        stamp: Some(stamp),
                        _file: Some(file),
                    });
                }
                Found::Corrupt { stamp, .. } if patience.waits(&path, stamp, cx)? => {}
                Found::Corrupt { reason, .. } => return Err(corrupt(&path, reason)),
            }
        }
    }

    /// Reads the file, and puts it in order where it must be. Where nothing can be written, it is read as it is.
    pub(super) fn settle(&self, cx: &CallContext) -> Result<Snapshot> {
        if let Some(snapshot) = self.read()? {
            return Ok(snapshot);
        }
        match self.lock(cx) {
            Ok(locked) => self.settled(&locked, cx),
            Err(error) if error.kind() == ErrorKind::ReadOnly => self.examine(cx),
            Err(error) => Err(error),
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
        let path = &locked.path;
        let mut patience = Patience::default();
        loop {
            match look(path)? {
                Found::Good(snapshot) => return Ok(snapshot),
                Found::Former { text, old, stamp, .. } => {
                    cx.check()?;
                    migrate(path, &text, &old, stamp)?;
                }
                Found::Corrupt { stamp, .. } if patience.waits(path, stamp, cx)? => {}
                Found::Corrupt { reason, .. } if self.config.stop_on_corrupt => return Err(corrupt(path, reason)),
                Found::Corrupt { reason, stamp } => put_aside(path, reason, stamp)?,
            }
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
        for _ in 0..ATTEMPTS {
            let found = stamp_at(&locked.path)?;
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
            let document = written(text)?;
            let is_wanted = || {
                cx.check()?;
                Ok(stamp_at(&locked.path)? == now.stamp)
            };
            // One name, which the lock makes ours: a leftover of a process that was killed goes with the next write.
            let temporary = locked.path.with_file_name(hidden(&locked.path));
            let replaced = files::replace(&locked.path, &temporary, document.bytes(), is_wanted).map_err(outside)?;
            let Some(OpenFile { file, stamp, .. }) = replaced else {
                continue;
            };
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

impl Patience {
    /// Waits a little where the file may be on its way and is to be looked at again; `false` where it stays as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where it still changes when the call must end.
    fn waits(&mut self, path: &Path, stamp: Stamp, cx: &CallContext) -> Result<bool> {
        if self.last.replace(stamp).is_some_and(|last| last != stamp) {
            self.has_changed = true;
            self.looks = 0;
        }
        if self.looks == LOOKS || !(self.has_changed || is_young(&stamp)) {
            return Ok(false);
        }
        self.looks += 1;
        cx.check_cancelled()?;
        let left = cx.remaining().saturating_sub(ANSWERING);
        if left.is_zero() {
            let reason = format!(
                "`{}` is incomplete, and another program seems to be writing it",
                shown(path)
            );
            return Err(Error::new(ErrorKind::Unavailable, reason).with_help("try again when it has written the file"));
        }
        std::thread::sleep(PAUSE.min(left));
        Ok(true)
    }
}

/// The document of a text that we made.
fn written(text: Zeroizing<Vec<u8>>) -> Result<Document> {
    match document::read(text)? {
        Read::Current(document) => Ok(document),
        _ => Err(Error::new(
            ErrorKind::Internal,
            "the new text of the file is no document",
        )),
    }
}

pub(super) fn stamp_at(path: &Path) -> Result<Option<Stamp>> {
    files::stamp(path).map_err(|error| outside(files::io_error(&error, "look at", path)))
}

/// The error of a corrupt file that is left where it is.
fn corrupt(path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("`{}` is corrupt: {reason}", shown(path)))
        .with_help("correct the file, or move it away")
}

pub(super) fn hidden(path: &Path) -> std::ffi::OsString {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    name
}

/// Reads what stands at `path`.
fn look(path: &Path) -> Result<Found> {
    let Some(OpenFile { file, stamp, exposure }) = files::open_shared(path).map_err(outside)? else {
        return Ok(Found::Good(Snapshot::absent()));
    };
    let told = match exposure {
        Exposure::Private => None,
        Exposure::Tightened(mode) => Some((mode, "the secrets file was open to others; it is private now")),
        Exposure::Kept(mode) => Some((mode, "the secrets file is open to others, on a read-only file system")),
    };
    if let Some((mode, text)) = told {
        tracing::warn!(
            backend = super::backend::NAME,
            file = %shown(path),
            mode = %format_args!("{mode:04o}"),
            "{text}"
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
    let text = files::read_to_end(&file, stamp.size, MAX_DOCUMENT)
        .map_err(|error| outside(files::io_error(&error, "read", path)))?
        .ok_or_else(too_large)?;
    match document::read(text).map_err(|error| in_file(error, path))? {
        Read::Current(document) => Ok(Found::Good(Snapshot {
            document,
            stamp: Some(stamp),
            _file: Some(file),
        })),
        Read::Former { text, old } => Ok(Found::Former { text, old, stamp, file }),
        Read::Corrupt(reason) => Ok(Found::Corrupt { reason, stamp }),
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
pub(super) fn outside(error: Error) -> Error {
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
