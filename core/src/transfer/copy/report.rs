//! What a copy tells: on its way and at its end.

use super::plan::CopyLoss;
use crate::error::Error;
use crate::key::SecretKey;

/// What a copy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyPhase {
    /// Reading both places and comparing.
    Planning,
    /// Writing to the target and reading back.
    Copying,
    /// Removing at the source.
    Deleting,
}

impl CopyPhase {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Copying => "copying",
            Self::Deleting => "deleting",
        }
    }
}

/// How far a copy is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CopyProgress<'a> {
    /// What it is doing.
    pub phase: CopyPhase,
    /// How many secrets of this phase are done.
    pub done: usize,
    /// How many there are in this phase.
    pub total: usize,
    /// The key that was done last.
    pub key: &'a SecretKey,
}

/// What became of one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyOutcome {
    /// It was written and read back.
    Copied,
    /// The target had it already.
    Same,
    /// It was passed over, as the options say.
    Skipped,
    /// It was in the plan and is not in the source any more.
    Gone,
}

impl CopyOutcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Same => "same",
            Self::Skipped => "skipped",
            Self::Gone => "gone",
        }
    }
}

/// One secret of a copy that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CopiedSecret {
    /// The key.
    pub key: SecretKey,
    /// What became of it.
    pub outcome: CopyOutcome,
    /// What the target could not hold of it.
    pub losses: Vec<CopyLoss>,
    /// Whether it was removed at the source.
    pub deleted: bool,
    /// Why it was skipped, or kept at the source where all were to be removed.
    pub error: Option<Error>,
}

/// The answer to a copy that came to its end.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CopyReport {
    /// What became of each secret, sorted by key.
    pub secrets: Vec<CopiedSecret>,
    /// Names in the source that are no keys and were not copied.
    pub references: Vec<String>,
    /// Whether the journal told of an earlier copy between the two that was interrupted.
    pub resumed: bool,
    /// The keys that the interrupted one had removed at the source already.
    pub deleted_before: Vec<SecretKey>,
}

impl CopyReport {
    /// How many secrets had this outcome.
    pub fn count(&self, outcome: CopyOutcome) -> usize {
        self.secrets.iter().filter(|secret| secret.outcome == outcome).count()
    }

    /// How many were removed at the source.
    pub fn deleted(&self) -> usize {
        self.secrets.iter().filter(|secret| secret.deleted).count()
    }

    /// The first reason why a secret that was to be removed at the source was kept.
    pub fn kept(&self) -> Option<&Error> {
        let mut copied = self
            .secrets
            .iter()
            .filter(|secret| secret.outcome != CopyOutcome::Skipped);
        copied.find_map(|secret| secret.error.as_ref())
    }
}
