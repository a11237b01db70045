//! Secrets that are given to us: as a setting, by a provider, in a file.

use std::path::PathBuf;
use std::sync::Arc;

use super::kept::Kept;
use crate::backend::Operation;
use crate::config::{Provided, Settings};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files;
use crate::value::SecretValue;
use crate::worker::Worker;

/// The longest token, secret id or JWT that is looked at.
const LONGEST: usize = 64 << 10;

/// Where a secret is.
#[derive(Debug)]
pub(super) struct Given {
    /// The setting that says so.
    pub(super) setting: &'static str,
    place: Place,
}

enum Place {
    Kept(Kept),
    Provider(Provided),
    File { path: PathBuf, readers: Readers },
}

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readers {
    /// Its owner and his group: an agent writes it for us.
    Group,
    /// Anybody on the machine, as with the tokens that Kubernetes gives a pod; nobody else may write it.
    Anybody,
}

impl Given {
    /// The value or the provider of a secret setting; `None` where there is neither.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] for an empty value.
    pub(super) fn in_setting(settings: &Settings, setting: &'static str) -> Result<Option<Self>> {
        let place = match (settings.secret(setting), settings.provided(setting)) {
            (Some(value), _) if value.expose().trim_ascii().is_empty() => {
                return Err(settings.error(setting, "is empty"));
            }
            (Some(value), _) => Place::Kept(Kept::copy_of(value.expose())),
            (None, Some(provided)) => Place::Provider(provided.clone()),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { setting, place }))
    }

    pub(super) fn in_file(setting: &'static str, path: PathBuf, readers: Readers) -> Self {
        let place = Place::File { path, readers };
        Self { setting, place }
    }

    /// Whether it may be another one when it is read again.
    pub(super) fn may_change(&self) -> bool {
        !matches!(self.place, Place::Kept(_))
    }

    /// Whether it is in a file that somebody else writes.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.place, Place::File { .. })
    }

    /// The value. Files are read and providers asked on the worker's thread: both may take long.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] where there is no such file; those of the file and of the provider.
    pub(super) async fn read(self: &Arc<Self>, cx: &CallContext, worker: &Worker) -> Result<SecretValue> {
        if let Place::Kept(kept) = &self.place {
            return kept.read().ok_or_else(closed);
        }
        let given = Arc::clone(self);
        let read = worker.run(cx, Operation::Get, move |cx| given.read_here(cx));
        read.await.map_err(|error| error.with_setting(self.setting))
    }

    fn read_here(&self, cx: &CallContext) -> Result<SecretValue> {
        let (path, readers) = match &self.place {
            Place::Kept(kept) => return kept.read().ok_or_else(closed),
            Place::Provider(provided) => return provided.ask(cx),
            Place::File { path, readers } => (path, readers),
        };
        let missing = || {
            let text = format!("there is no file `{}`", files::shown(path));
            Error::new(ErrorKind::Unauthenticated, text)
        };
        let bytes = match readers {
            Readers::Anybody => files::read_document(path, LONGEST, true)?.map(|document| document.bytes),
            Readers::Group => files::read_handed_file(path, LONGEST)?,
        };
        let bytes = bytes.ok_or_else(missing)?;
        Ok(SecretValue::copy_of(bytes.trim_ascii()))
    }

    pub(super) fn wipe(&self) {
        if let Place::Kept(kept) = &self.place {
            kept.wipe();
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kept(_) => f.write_str("Setting"),
            Self::Provider(_) => f.write_str("Provider"),
            Self::File { path, .. } => write!(f, "File({path:?})"),
        }
    }
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the backend was closed")
}
