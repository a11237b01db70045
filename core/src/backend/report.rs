//! What a backend answers.

use std::fmt;

use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};

/// A value that differs after any change of what is stored. Opaque; only equality means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeToken(pub(crate) [u64; 4]);

impl ChangeToken {
    /// A token of four words, for a backend outside this crate.
    pub fn from_words(words: [u64; 4]) -> Self {
        Self(words)
    }
}

/// The tokens right before and right after a write of our own, so that the cache can tell its own change from a
/// stranger's. Both `None` where the backend has no change token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeStep {
    /// The token that the write found.
    pub before: Option<ChangeToken>,
    /// The token that the write left.
    pub after: Option<ChangeToken>,
}

impl ChangeStep {
    /// The step from one token to the next.
    pub fn new(before: ChangeToken, after: ChangeToken) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
        }
    }
}

/// The answer to a write of one secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SetOutcome {
    /// The version that is current now.
    pub version: Option<Version>,
    /// Whether there was no such secret before.
    pub created: bool,
    /// The step of the change token.
    pub step: ChangeStep,
}

impl SetOutcome {
    /// A write that left `version` as the current one.
    pub fn new(version: Option<Version>, created: bool, step: ChangeStep) -> Self {
        Self { version, created, step }
    }
}

/// The answer to a write of several secrets.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetManyOutcome {
    /// One outcome an entry, in the order of the request.
    pub outcomes: Vec<Result<SetOutcome>>,
}

impl SetManyOutcome {
    /// These outcomes.
    pub fn new(outcomes: Vec<Result<SetOutcome>>) -> Self {
        Self { outcomes }
    }

    /// The first error, where there is one.
    pub fn first_error(&self) -> Option<&Error> {
        self.outcomes.iter().find_map(|outcome| outcome.as_ref().err())
    }
}

/// What is known about a secret, without its value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Description {
    /// The metadata.
    pub metadata: SecretMetadata,
    /// Whether the expiry has passed; filled by the manager.
    pub expired: bool,
}

impl Description {
    /// A description with this metadata.
    pub fn new(metadata: SecretMetadata) -> Self {
        Self {
            metadata,
            expired: false,
        }
    }
}

/// One kept version of a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VersionEntry {
    /// The version.
    pub version: Version,
    /// Whether it is the one that `get` reads.
    pub current: bool,
    /// When it was written.
    pub created_at: Option<OffsetDateTime>,
    /// From when on it counts as expired.
    pub expires_at: Option<OffsetDateTime>,
}

impl VersionEntry {
    /// A version about which nothing else is known.
    pub fn new(version: Version, current: bool) -> Self {
        Self {
            version,
            current,
            created_at: None,
            expires_at: None,
        }
    }
}

/// The name of a listed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryName {
    /// One of our keys.
    Key(SecretKey),
    /// Something else that lives in the same place and is no key of ours; only its name is told.
    Reference(String),
}

impl EntryName {
    /// The key, where it is one.
    pub fn key(&self) -> Option<&SecretKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Reference(_) => None,
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Reference(name) => f.write_str(name),
        }
    }
}

/// One listed entry. Never a value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListEntry {
    /// The name.
    pub name: EntryName,
    /// Whether the expiry has passed; filled by the manager.
    pub expired: bool,
    /// What the backend knows without further reading; everything where `full_metadata` was asked for.
    pub metadata: SecretMetadata,
}

impl ListEntry {
    /// An entry with what is known about it.
    pub fn new(name: EntryName, metadata: SecretMetadata) -> Self {
        Self {
            name,
            expired: false,
            metadata,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListPage {
    /// The entries, sorted by key.
    pub entries: Vec<ListEntry>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<SecretKey>,
}

impl ListPage {
    /// A page; `next` is the last key of it, where more follow.
    pub fn new(entries: Vec<ListEntry>, next: Option<SecretKey>) -> Self {
        Self { entries, next }
    }
}

/// How a backend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthState {
    /// All works.
    Ok,
    /// It works, but something needs attention.
    Degraded,
    /// It does not work.
    Unavailable,
}

impl HealthState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How a backend is, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// Why it is not [`HealthState::Ok`]; what is worth knowing otherwise.
    pub reason: Option<String>,
    /// The error behind the state, where there is one.
    pub error: Option<Error>,
}

impl Health {
    /// All works.
    pub fn ok() -> Self {
        Self {
            state: HealthState::Ok,
            reason: None,
            error: None,
        }
    }

    /// It works, but something needs attention.
    pub fn degraded(reason: impl Into<String>) -> Self {
        Self {
            state: HealthState::Degraded,
            reason: Some(reason.into()),
            error: None,
        }
    }

    /// It does not work.
    pub fn unavailable(error: Error) -> Self {
        Self {
            state: HealthState::Unavailable,
            reason: Some(error.to_string()),
            error: Some(error),
        }
    }
}

/// What `verify` has checked. Damage is an error, not a report.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Secrets checked.
    pub secrets: u64,
    /// Versions checked.
    pub versions: u64,
    /// Journal records checked.
    pub journal: u64,
    /// The sequence number of the last write.
    pub sequence: u64,
}

/// One key of a batch that could not be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchFailure {
    /// The key.
    pub key: SecretKey,
    /// Why.
    pub error: Error,
}

impl BatchFailure {
    /// This key failed so.
    pub fn new(key: SecretKey, error: Error) -> Self {
        Self { key, error }
    }
}

/// The manager's answer to `get_many`: what is absent is in neither part.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BatchResult {
    /// The secrets that were read.
    pub secrets: std::collections::BTreeMap<SecretKey, Secret>,
    /// The keys that could not be read; an expired secret is one of them.
    pub failures: Vec<BatchFailure>,
}
