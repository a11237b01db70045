//! Where a secret is looked for, and what is found there.

use std::time::Duration;

use super::Description;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::operation::Operation;
use crate::scope::SecretScope;
use crate::secret::SecretMetadata;
use crate::timestamp;

/// What one place answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ExplainAnswer {
    /// It has the secret.
    Found {
        /// Whether the expiry has passed.
        expired: bool,
    },
    /// It has no such secret.
    Absent,
    /// It could not tell.
    Failed(Error),
    /// It was not asked: the deadline had passed.
    NotAsked,
}

impl ExplainAnswer {
    /// The word for it: `found`, `expired`, `absent`, `failed`, `not_asked`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Found { expired: false } => "found",
            Self::Found { expired: true } => "expired",
            Self::Absent => "absent",
            Self::Failed(_) => "failed",
            Self::NotAsked => "not_asked",
        }
    }

    /// Why it could not tell.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// One place where a secret was looked for. Never a value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExplainStep {
    /// The key that was looked for.
    pub key: SecretKey,
    /// The word of the backend that was asked.
    pub backend: &'static str,
    /// What it answered.
    pub answer: ExplainAnswer,
    /// Whether it is a failure that a read passes over, as the settings allow.
    pub passed_over: bool,
    /// Whether a read never comes to what is here, because an earlier step decides. It was asked for information. What is
    /// absent is never shadowed.
    pub shadowed: bool,
    /// How long the answer took.
    pub took: Duration,
    /// Where exactly the backend looked, where it says so: a variable's name, a file's path.
    pub detail: Option<String>,
    /// What is known about the secret that was found.
    pub metadata: Option<SecretMetadata>,
}

impl ExplainStep {
    /// A step of which nothing is known but the answer.
    pub fn new(key: &SecretKey, backend: &'static str, answer: ExplainAnswer) -> Self {
        Self {
            key: key.clone(),
            backend,
            answer,
            passed_over: false,
            shadowed: false,
            took: Duration::ZERO,
            detail: None,
            metadata: None,
        }
    }

    /// The step that an answer to [`describe`](super::Backend::describe) makes.
    pub fn told(key: &SecretKey, backend: &'static str, found: Result<Option<Description>>, took: Duration) -> Self {
        let (answer, metadata) = match found {
            Ok(Some(Description { metadata, .. })) => {
                let expired = metadata.is_expired_at(timestamp::now());
                (ExplainAnswer::Found { expired }, Some(metadata))
            }
            Ok(None) => (ExplainAnswer::Absent, None),
            Err(error) => (ExplainAnswer::Failed(error), None),
        };
        Self {
            took,
            metadata,
            ..Self::new(key, backend, answer)
        }
    }

    /// Says where exactly the backend looked.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The scope that was looked in.
    pub fn scope(&self) -> SecretScope {
        self.key.scope()
    }

    /// Says whether an earlier step decides.
    pub(crate) fn shadow(&mut self, is_decided: bool) {
        self.shadowed = is_decided && !matches!(self.answer, ExplainAnswer::Absent);
    }

    /// Whether a read ends here, where it comes here.
    pub(crate) fn decides(&self) -> bool {
        match self.answer {
            ExplainAnswer::Found { .. } | ExplainAnswer::NotAsked => true,
            ExplainAnswer::Failed(_) => !self.passed_over,
            ExplainAnswer::Absent => false,
        }
    }
}

/// Every place where a secret was looked for, in the order of a read, and how that read ends.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Explanation {
    /// The places.
    pub steps: Vec<ExplainStep>,
    /// The step whose secret a read comes to, an expired one too; `None` where it comes to none.
    pub answer: Option<usize>,
    /// What a read fails with. Without it and without an answer there is no such secret.
    pub error: Option<Error>,
}

impl Explanation {
    /// Adds the places of one key, which a read asks after those that are there.
    pub(crate) fn add(&mut self, steps: Vec<ExplainStep>) {
        let mut passed_over = None;
        let mut is_decided = self.answer.is_some() || self.error.is_some();
        for mut step in steps {
            step.shadow(is_decided);
            if !is_decided {
                is_decided = step.decides();
                self.judge(&step, &mut passed_over);
            }
            self.steps.push(step);
        }
        if !is_decided {
            // Nobody knows whether the secret is there, so a read does not go on to the next key.
            self.error = passed_over;
        }
    }

    fn judge(&mut self, step: &ExplainStep, passed_over: &mut Option<Error>) {
        let failed = |kind, message: &'static str| {
            let error = Error::new(kind, message).with_operation(Operation::Explain);
            Some(error.with_backend(step.backend).with_key(&step.key))
        };
        match &step.answer {
            ExplainAnswer::Found { expired } => {
                self.answer = Some(self.steps.len());
                if *expired {
                    self.error = failed(ErrorKind::Expired, "the secret's expiry has passed");
                }
            }
            ExplainAnswer::Failed(error) if step.passed_over => drop(passed_over.get_or_insert_with(|| error.clone())),
            ExplainAnswer::Failed(error) => self.error = Some(error.clone()),
            ExplainAnswer::NotAsked => {
                self.error = failed(ErrorKind::Timeout, "the deadline passed before this place was asked");
            }
            ExplainAnswer::Absent => {}
        }
    }
}
