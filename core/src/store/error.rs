//! Why a step in the store did not end, and the one table from SQLite's codes to our kinds.

use rusqlite::ffi;

use super::cbor::Malformed;
use crate::crypto::Refusal;
use crate::error::{Error, ErrorKind};
use crate::key::SecretKey;

/// Why a step did not end with an answer.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Another connection is in the way: wait and try again.
    Busy,
    /// What this session knows of the store no longer holds: open it anew and try again.
    Stale,
    /// A row is sealed under an epoch that this session does not know. Another process may have made it since the
    /// store was opened; where opening anew does not help, the error tells it.
    NoEpoch(Error),
    /// It failed.
    Failed(Error),
}

/// The result of a step in the store.
pub(crate) type Step<T> = Result<T, Halt>;

impl Halt {
    /// The error, naming the key.
    pub(crate) fn with_key(self, key: &SecretKey) -> Self {
        self.map(|error| error.with_key(key))
    }

    /// Changes the error, where there is one already.
    pub(crate) fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(change(error)),
            Self::NoEpoch(error) => Self::NoEpoch(change(error)),
            other => other,
        }
    }

    /// The error for a caller; whoever can wait or open anew does so before.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Busy => Error::new(ErrorKind::Timeout, "other connections kept the store busy"),
            Self::Stale => Error::new(ErrorKind::Unavailable, "the store's file was replaced during the call"),
            Self::NoEpoch(error) | Self::Failed(error) => error,
        }
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        map(&error)
    }
}

/// Stored data is not what it must be.
pub(crate) fn damaged(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Integrity, what)
}

/// A box or a record that is wrong.
pub(crate) trait Damage<T> {
    /// The value, or an `integrity` error about `what` (a table, with `box` or `record`).
    fn damage(self, what: &'static str) -> Result<T, Error>;
}

impl<T> Damage<T> for Result<T, Malformed> {
    fn damage(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|Malformed| damaged(format!("a record of the table `{what}` is malformed")))
    }
}

impl<T> Damage<T> for Result<T, Refusal> {
    fn damage(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|refusal| match refusal {
            Refusal::Malformed => damaged(format!("a row of the table `{what}` is malformed")),
            Refusal::OtherKey | Refusal::NotAuthentic => {
                damaged(format!("a row of the table `{what}` is not authentic"))
            }
        })
    }
}

/// Maps an error of SQLite by its code. Its text is dropped: it quotes what it choked on.
fn map(error: &rusqlite::Error) -> Halt {
    let (kind, text) = match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            let code = failure.extended_code;
            let (kind, text) = match code & 0xff {
                ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL | ffi::SQLITE_SCHEMA => return Halt::Busy,
                ffi::SQLITE_FULL => (ErrorKind::StorageFull, "there is no room left for the store"),
                ffi::SQLITE_CORRUPT => (ErrorKind::Integrity, "the store's file is damaged"),
                ffi::SQLITE_INTERRUPT => (
                    ErrorKind::Integrity,
                    "the store's file keeps SQLite busy with more than any store holds",
                ),
                ffi::SQLITE_NOTADB => (
                    ErrorKind::Integrity,
                    "the store's file is no SQLite file, or its beginning is damaged",
                ),
                ffi::SQLITE_ERROR => (ErrorKind::Integrity, "SQLite can make nothing of the store's file"),
                ffi::SQLITE_TOOBIG | ffi::SQLITE_MISMATCH | ffi::SQLITE_CONSTRAINT | ffi::SQLITE_RANGE => {
                    (ErrorKind::Integrity, "the store's file holds what no store holds")
                }
                ffi::SQLITE_CANTOPEN if code == ffi::SQLITE_CANTOPEN_SYMLINK => {
                    (ErrorKind::InsecurePath, "the store's path leads over a symbolic link")
                }
                ffi::SQLITE_CANTOPEN => (
                    ErrorKind::Unavailable,
                    "the store's file, or one beside it, cannot be opened",
                ),
                ffi::SQLITE_READONLY => (ErrorKind::ReadOnly, "the store's file cannot be written"),
                ffi::SQLITE_PERM | ffi::SQLITE_AUTH => {
                    (ErrorKind::PermissionDenied, "the store's file may not be used so")
                }
                // A full disk shows first where the shared memory file should grow.
                ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_SHMSIZE => (
                    ErrorKind::StorageFull,
                    "there is no room left for the store's shared memory",
                ),
                ffi::SQLITE_IOERR => (ErrorKind::Unavailable, "reading or writing the store's file failed"),
                ffi::SQLITE_NOMEM => (ErrorKind::Unavailable, "there is no memory left"),
                _ => (ErrorKind::Internal, "SQLite refused a call that cannot fail"),
            };
            return Halt::Failed(Error::new(kind, text).with_foreign_code(code));
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::QueryReturnedNoRows => (ErrorKind::Integrity, "the store's file holds what no store holds"),
        _ => (ErrorKind::Internal, "SQLite's wrapper refused a call that cannot fail"),
    };
    Halt::Failed(Error::new(kind, text))
}
