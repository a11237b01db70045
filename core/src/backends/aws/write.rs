//! Writing. Each of our calls has one token, so that a request that it repeats makes no second version.

use std::borrow::Cow;

use time::OffsetDateTime;

use super::client::Service;
use super::config::Format;
use super::content::Content;
use super::error::{Failure, Refusal};
use super::metadata::tags;
use super::names;
use super::read::{State, Stored, current, missing};
use crate::backend::{ChangeStep, IfVersion, MetadataUpdate, SetOutcome};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Secret, Version};

/// How often a write that other writers come before begins again.
const ATTEMPTS: usize = 4;

/// What a write finds in its place.
enum Former {
    Absent,
    /// Marked for deletion: its current version and its ARN.
    Deleted(Option<Version>, Option<String>),
    /// It may be there; nobody asked.
    Unknown,
    Present(Box<Stored>),
}

/// What a write failed at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Put,
    Create,
    Restore,
}

impl Service {
    /// Writes a secret; `created_at` counts where the secret is new.
    pub(super) async fn set(
        &self,
        cx: &CallContext,
        name: &str,
        secret: &Secret,
        condition: IfVersion<'_>,
        created_at: Option<OffsetDateTime>,
    ) -> Result<SetOutcome> {
        let is_document = self.config.format == Format::Document;
        // The time of creation is in the document, and the write must keep it.
        let former = match condition {
            IfVersion::Absent => Former::Absent,
            IfVersion::Any if !is_document && !names::is_like_arn(name) => Former::Unknown,
            IfVersion::Any | IfVersion::Is(_) => self.former(cx, name, condition).await?,
        };
        if let IfVersion::Is(wanted) = condition {
            check_version(wanted, &former)?;
        }
        let known = match &former {
            Former::Present(stored) => stored.secret.metadata.created_at,
            _ => None,
        };
        let content = Content::of(&self.config, secret, known.or(created_at))?;
        let expected = match condition {
            IfVersion::Is(wanted) => Some(wanted.as_str()),
            _ => None,
        };
        let created = self.write(cx, name, &content, former, condition, expected).await?;
        Ok(SetOutcome::new(
            Some(Version::from_word(content.token.as_str())),
            created,
            ChangeStep::default(),
        ))
    }

    async fn former(&self, cx: &CallContext, name: &str, condition: IfVersion<'_>) -> Result<Former> {
        match self.get(cx, name, None).await {
            Ok(Some(stored)) => Ok(Former::Present(Box::new(stored))),
            // Absent, or marked for deletion: the write itself finds out.
            Ok(None) => Ok(Former::Absent),
            // Who may write and not read writes all the same; the time of creation is then that of the write.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && matches!(condition, IfVersion::Any) => {
                Ok(Former::Unknown)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts, creates or restores until one of them is what the state allows; whether the secret was absent. Two writers
    /// that create at once come out with two versions of one secret.
    async fn write(
        &self,
        cx: &CallContext,
        name: &str,
        content: &Content,
        mut former: Former,
        condition: IfVersion<'_>,
        expected: Option<&str>,
    ) -> Result<bool> {
        let must_be_absent = matches!(condition, IfVersion::Absent);
        let mut has_repeated = false;
        for _ in 0..ATTEMPTS {
            let (failed, step) = match &former {
                Former::Present(_) | Former::Unknown => {
                    let id = id_of(name, &former);
                    match self.put(cx, &id, content, expected).await {
                        Ok(()) => return Ok(false),
                        Err(failure) => (failure, Step::Put),
                    }
                }
                Former::Deleted(version, _) => {
                    let id = id_of(name, &former);
                    let before = version.as_ref().filter(|_| must_be_absent).map(Version::as_str);
                    match self.restore_now(cx, &id).await {
                        Err(failure) => (failure, Step::Restore),
                        Ok(()) => match self.put(cx, &id, content, before).await {
                            Ok(()) => return Ok(true),
                            Err(failure) => (only_restored(failure), Step::Put),
                        },
                    }
                }
                Former::Absent => match self.create(cx, name, content).await {
                    Ok(()) => return Ok(true),
                    Err(failure) => (failure, Step::Create),
                },
            };
            former = match failed.refusal {
                Refusal::Missing if expected.is_some() => return Err(another_version()),
                Refusal::Missing if step != Step::Create => Former::Absent,
                Refusal::Exists | Refusal::State if expected.is_none() => match self.state(cx, name).await? {
                    State::Deleted(known) => Former::Deleted(current(&known), known.arn),
                    State::Present(_) if step != Step::Put && must_be_absent => return Err(exists()),
                    State::Present(_) if step != Step::Put => Former::Unknown,
                    // It may have been deleted when it was put, and another writer has brought it back since.
                    State::Present(_)
                        if failed.refusal == Refusal::State && !has_repeated && !names::is_like_arn(name) =>
                    {
                        has_repeated = true;
                        Former::Unknown
                    }
                    State::Absent if failed.refusal == Refusal::State => return Err(still_deleting()),
                    _ => return Err(failed.error),
                },
                _ => return Err(failed.error),
            };
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "other writers made and removed the secret each time that it was to be written",
        ))
    }

    /// Changes metadata: of a raw secret its tags, of a document by a new version, since the document holds them.
    pub(super) async fn update_metadata(
        &self,
        cx: &CallContext,
        name: &str,
        update: &MetadataUpdate,
        condition: IfVersion<'_>,
    ) -> Result<SetOutcome> {
        let mut last = another_version();
        for _ in 0..ATTEMPTS {
            let Some(mut stored) = self.get(cx, name, None).await? else {
                return Err(missing());
            };
            let version = stored.secret.metadata.version.clone();
            if let IfVersion::Is(wanted) = condition
                && version.as_ref().map(Version::as_str) != Some(wanted.as_str())
            {
                return Err(another_version());
            }
            let before = stored.secret.metadata.clone();
            update.apply(&mut stored.secret.metadata);
            if before == stored.secret.metadata {
                return Ok(SetOutcome::new(version, false, ChangeStep::default()));
            }
            if stored.is_raw && self.config.format == Format::Raw {
                let id = stored
                    .arn
                    .as_deref()
                    .filter(|_| names::is_like_arn(name))
                    .unwrap_or(name);
                self.put_tags(cx, id, &tags(&stored.secret.metadata, None)?).await?;
                return Ok(SetOutcome::new(version, false, ChangeStep::default()));
            }
            // Nobody's new value is written over by the value that was read for it.
            let Some(version) = version else { return Err(missing()) };
            let since = stored.secret.metadata.created_at;
            match self.set(cx, name, &stored.secret, IfVersion::Is(&version), since).await {
                Err(error) if error.kind() == ErrorKind::Conflict && matches!(condition, IfVersion::Any) => {
                    last = error
                }
                outcome => return outcome,
            }
        }
        Err(last)
    }

    /// Writes what a version holds once more, as a new one, without its expiry.
    pub(super) async fn rollback(&self, cx: &CallContext, name: &str, version: &Version) -> Result<SetOutcome> {
        let Some(mut stored) = self.get(cx, name, Some(version.as_str())).await? else {
            let text = "there is no such secret, or no such version of it";
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        stored.secret.metadata.expires_at = None;
        self.set(cx, name, &stored.secret, IfVersion::Any, None).await
    }
}

/// Whether the wanted version is the current one, as far as is known before the write.
fn check_version(wanted: &Version, former: &Former) -> Result<()> {
    let current = match former {
        Former::Present(stored) => stored.secret.metadata.version.as_ref(),
        _ => None,
    };
    match current {
        Some(current) if current.as_str() == wanted.as_str() => Ok(()),
        Some(_) => Err(another_version()),
        None => Err(Error::new(ErrorKind::Conflict, "the secret does not exist")),
    }
}

/// What a write goes to: the ARN, where the name could be taken for the end of another secret's.
fn id_of<'a>(name: &'a str, former: &Former) -> Cow<'a, str> {
    let arn = match former {
        Former::Present(stored) => stored.arn.as_ref(),
        Former::Deleted(_, arn) => arn.as_ref(),
        _ => None,
    };
    match arn.filter(|_| names::is_like_arn(name)) {
        Some(arn) => Cow::Owned(arn.clone()),
        None => Cow::Borrowed(name),
    }
}

/// What was not written after its secret was brought back: no longer a write of which nothing happened.
fn only_restored(failure: Failure) -> Failure {
    match failure.refusal {
        Refusal::Other | Refusal::Denied => {
            let text = "the deleted secret was brought back with its former value, and the new one was not written";
            Error::new(ErrorKind::OutcomeUnknown, text)
                .with_source(failure.error)
                .into()
        }
        _ => failure,
    }
}

pub(super) fn another_version() -> Error {
    Error::new(ErrorKind::Conflict, "the current version of the secret is another one")
}

fn exists() -> Error {
    Error::new(ErrorKind::Conflict, "the secret exists already")
}

fn still_deleting() -> Error {
    let text = "a secret of this name was deleted for good, and the service has not finished that";
    Error::new(ErrorKind::Unavailable, text).with_help("try again; it takes up to some minutes")
}
