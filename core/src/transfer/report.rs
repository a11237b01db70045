//! What an import and an export answer.

use super::CopyLoss;
use crate::backend::BatchFailure;
use crate::key::SecretKey;
use crate::value::SecretValue;

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its expiry has passed.
    Expired,
    /// It is no secret of ours: something else that lives in the same place.
    Reference,
    /// Its name is no key.
    Name,
    /// There is such a secret already.
    Exists,
}

impl SkipReason {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Reference => "reference",
            Self::Name => "name",
            Self::Exists => "exists",
        }
    }
}

/// An entry that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The key's text, or the name of what is no key.
    pub name: String,
    /// Why.
    pub reason: SkipReason,
    /// The line of an imported document.
    pub line: Option<usize>,
}

impl Skipped {
    pub(crate) fn new(name: impl Into<String>, reason: SkipReason, line: Option<usize>) -> Self {
        Self {
            name: name.into(),
            reason,
            line,
        }
    }
}

/// A secret in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Which secret.
    pub key: SecretKey,
    /// Its name in the document.
    pub name: String,
    /// Whether the name is not the secret's own, but one that is escaped because no variable could have its own. An
    /// import takes it as it stands.
    pub escaped: bool,
    /// What it has besides the value: no document holds it.
    pub losses: Vec<CopyLoss>,
}

impl Exported {
    pub(crate) fn new(key: SecretKey, name: String, escaped: bool, losses: Vec<CopyLoss>) -> Self {
        Self {
            key,
            name,
            escaped,
            losses,
        }
    }
}

/// A document of secrets.
#[derive(Debug)]
#[non_exhaustive]
pub struct Export {
    /// The text.
    pub document: SecretValue,
    /// What is in it, sorted by key.
    pub exported: Vec<Exported>,
    /// What is not.
    pub skipped: Vec<Skipped>,
}

impl Export {
    pub(crate) fn new(document: SecretValue, exported: Vec<Exported>, skipped: Vec<Skipped>) -> Self {
        Self {
            document,
            exported,
            skipped,
        }
    }
}

/// What an import did, or would do.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// New secrets, in the order of the document.
    pub created: Vec<SecretKey>,
    /// Secrets that were there before.
    pub replaced: Vec<SecretKey>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// What could not be written, where the backend does not write all or nothing.
    pub failures: Vec<BatchFailure>,
    /// What other readers of the format would understand differently, with lines; never a value.
    pub notes: Vec<String>,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
}
