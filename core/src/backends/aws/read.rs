//! Reading: one secret, many of them, and what is known about one.

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use aws_sdk_secretsmanager::types::{ApiErrorType, SecretValueEntry, SecretVersionsListEntry};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::client::Service;
use super::config::Format;
use super::error::{Failure, Refusal, UNREADABLE, told};
use super::metadata::{at, read_tags, refused};
use super::names;
use super::requests::Call;
use crate::backend::VersionEntry;
use crate::backends::remote::document;
use crate::backends::remote::together::together;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Secret, Version};
use crate::value::SecretValue;

/// The most secrets of one batch call.
const BATCH: usize = 20;
/// The most requests of one call that are under way at once.
pub(super) const AT_ONCE: usize = 8;

pub(super) const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// A secret as it is stored.
pub(super) struct Stored {
    pub(super) secret: Secret,
    /// Whether it is no document: then its metadata is that of the tags.
    pub(super) is_raw: bool,
    pub(super) arn: Option<String>,
}

/// How a secret is, without its value.
pub(super) enum State {
    Absent,
    /// Marked for deletion.
    Deleted(DescribeSecretOutput),
    Present(DescribeSecretOutput),
}

/// Which version a word means: the service's stages and its own ids, which are never shorter than 32 characters.
enum Which<'a> {
    Stage(&'a str),
    Id(&'a str),
}

/// `None` for a word that the service has no version for; an empty one would mean the current version to it.
fn which(word: &str) -> Option<Which<'_>> {
    match word.len() {
        0 => None,
        32..=64 => Some(Which::Id(word)),
        1..=256 => Some(Which::Stage(word)),
        _ => None,
    }
}

impl Service {
    /// The secret of that name or ARN; `None` where there is none, it is marked for deletion, or has no such version.
    pub(super) async fn get(&self, cx: &CallContext, id: &str, version: Option<&str>) -> Result<Option<Stored>> {
        let (stored, found_at) = match self.fetch(cx, id, version).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(failure) => return self.absent(cx, id, failure).await,
        };
        self.with_tags(cx, id, stored, found_at).await.map(Some)
    }

    /// `None` where a failed read means that there is no such secret.
    async fn absent<T>(&self, cx: &CallContext, id: &str, failure: Failure) -> Result<Option<T>> {
        match failure.refusal {
            Refusal::Missing => Ok(None),
            // Only the deletion date tells a deleted secret from one whose state forbids reading.
            Refusal::State => match self.state(cx, id).await {
                Ok(State::Absent | State::Deleted(_)) => Ok(None),
                _ => Err(failure.error),
            },
            _ => Err(failure.error),
        }
    }

    /// One request: the secret without its tags.
    async fn fetch(&self, cx: &CallContext, id: &str, version: Option<&str>) -> Result<Option<Fetched>, Failure> {
        let (stage, version) = match version.map(which) {
            Some(Some(Which::Stage(stage))) => (Some(stage.to_owned()), None),
            Some(Some(Which::Id(id))) => (None, Some(id.to_owned())),
            Some(None) => return Ok(None),
            None => (None, None),
        };
        let answer = self.send(cx, Call::GetSecretValue, id, |client| {
            let request = client.get_secret_value().secret_id(id);
            request.set_version_stage(stage).set_version_id(version).send()
        });
        let answer = answer.await?;
        if !is_of(id, answer.name.as_deref()) {
            return Ok(None);
        }
        let found = stored(
            answer.secret_string,
            answer.secret_binary,
            answer.version_id,
            answer.arn,
            answer.created_date.as_ref(),
        );
        Ok(Some(found?))
    }

    /// Adds what the tags say about a raw secret.
    async fn with_tags(
        &self,
        cx: &CallContext,
        id: &str,
        mut stored: Stored,
        found_at: Option<OffsetDateTime>,
    ) -> Result<Stored> {
        stored.secret.metadata.updated_at = stored.secret.metadata.updated_at.or(found_at);
        if !stored.is_raw {
            return Ok(stored);
        }
        match self.state(cx, id).await {
            Ok(State::Present(known) | State::Deleted(known)) => {
                stored.secret.metadata.created_at = known.created_date().map(at);
                read_tags(known.tags(), &mut stored.secret.metadata);
            }
            Ok(State::Absent) => {}
            // Where nobody writes tags, a policy that only allows reading values is enough.
            Err(failure) if failure.refusal == Refusal::Denied && self.config.format == Format::Document => {}
            Err(failure) => return Err(failure.error),
        }
        Ok(stored)
    }

    /// How the secret is, also where it is marked for deletion.
    pub(super) async fn state(&self, cx: &CallContext, id: &str) -> Result<State, Failure> {
        let answer = self.send(cx, Call::DescribeSecret, id, |client| {
            client.describe_secret().secret_id(id).send()
        });
        match answer.await {
            Ok(known) if !is_of(id, known.name()) => Ok(State::Absent),
            Ok(known) if known.deleted_date().is_some() => Ok(State::Deleted(known)),
            Ok(known) => Ok(State::Present(known)),
            Err(failure) if failure.refusal == Refusal::Missing => Ok(State::Absent),
            Err(failure) => Err(failure),
        }
    }

    /// The secrets of these names, in their order.
    pub(super) async fn get_many(&self, cx: &CallContext, names: &[String]) -> Result<Vec<Result<Option<Stored>>>> {
        if names.len() == 1 || self.denies_batch() {
            return Ok(self.get_each(cx, names).await);
        }
        let pages: Vec<_> = names.chunks(BATCH).map(|page| self.get_page(cx, page)).collect();
        let pages = together(cx, AT_ONCE, pages).await;
        let mut outcomes = Vec::with_capacity(names.len());
        for page in pages {
            outcomes.extend(page?);
        }
        Ok(outcomes)
    }

    async fn get_each(&self, cx: &CallContext, names: &[String]) -> Vec<Result<Option<Stored>>> {
        let reads: Vec<_> = names.iter().map(|name| self.get(cx, name, None)).collect();
        together(cx, AT_ONCE, reads).await
    }

    async fn get_page(&self, cx: &CallContext, names: &[String]) -> Result<Vec<Result<Option<Stored>>>> {
        let mut values = Vec::new();
        let mut errors = Vec::new();
        let mut next = None;
        loop {
            let answer = self.send(cx, Call::BatchGetSecretValue, "", |client| {
                let request = client.batch_get_secret_value().set_secret_id_list(Some(names.to_vec()));
                request.set_next_token(next.take()).send()
            });
            let answer = match answer.await {
                Ok(answer) => answer,
                Err(failure) if failure.refusal == Refusal::Denied => {
                    self.remember_no_batch();
                    return Ok(self.get_each(cx, names).await);
                }
                Err(failure) => return Err(failure.error),
            };
            values.extend(answer.secret_values.unwrap_or_default());
            errors.extend(answer.errors.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        let tell = |name: &String| {
            let value = values.iter_mut().find(|value| value.name() == Some(name));
            let value = value.map(|value| std::mem::replace(value, SecretValueEntry::builder().build()));
            let error = errors.iter().find(|error| error.secret_id() == Some(name));
            (name.clone(), value, error.cloned())
        };
        let told: Vec<_> = names.iter().map(tell).collect();
        let outcomes = told
            .into_iter()
            .map(|(name, value, error)| self.told_in_batch(cx, name, value, error));
        let outcomes: Vec<_> = outcomes.collect();
        Ok(together(cx, AT_ONCE, outcomes).await)
    }

    /// What a batch told about one of its names.
    async fn told_in_batch(
        &self,
        cx: &CallContext,
        name: String,
        value: Option<SecretValueEntry>,
        error: Option<ApiErrorType>,
    ) -> Result<Option<Stored>> {
        match (value, error) {
            (Some(value), _) => {
                let (stored, found_at) = stored(
                    value.secret_string,
                    value.secret_binary,
                    value.version_id,
                    value.arn,
                    value.created_date.as_ref(),
                )?;
                self.with_tags(cx, &name, stored, found_at).await.map(Some)
            }
            (None, Some(error)) => {
                let failure = told(Call::GetSecretValue, error.error_code().unwrap_or_default());
                self.absent(cx, &name, failure).await
            }
            // Neither: too much for one answer.
            (None, None) => self.get(cx, &name, None).await,
        }
    }

    /// Every version that is kept and was the current one once, the current one first.
    pub(super) async fn versions(&self, cx: &CallContext, id: &str) -> Result<Vec<VersionEntry>> {
        let tags = match self.state(cx, id).await? {
            State::Present(known) => known.tags.unwrap_or_default(),
            State::Absent | State::Deleted(_) => return Err(missing()),
        };
        let mut found: Vec<SecretVersionsListEntry> = Vec::new();
        let mut next = None;
        loop {
            let answer = self.send(cx, Call::ListSecretVersionIds, id, |client| {
                let request = client.list_secret_version_ids().secret_id(id).include_deprecated(true);
                request.max_results(100).set_next_token(next.take()).send()
            });
            let answer = answer.await?;
            found.extend(answer.versions.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        let has =
            |entry: &SecretVersionsListEntry, stage: &str| entry.version_stages().iter().any(|known| known == stage);
        found.retain(|entry| has(entry, CURRENT) || !refused(&tags).any(|refused| Some(refused) == entry.version_id()));
        // Stages count first, for dates may be whole seconds; ids of ours grow with time.
        found.sort_by(|a, b| {
            let rank = |entry: &SecretVersionsListEntry| {
                let age = entry.created_date().map_or(i128::MIN, DateTime::as_nanos);
                (!has(entry, CURRENT), !has(entry, PREVIOUS), std::cmp::Reverse(age))
            };
            rank(a).cmp(&rank(b)).then_with(|| b.version_id().cmp(&a.version_id()))
        });
        let entries = found.iter().filter_map(|entry| {
            let version = Version::from_word(entry.version_id()?);
            let mut told = VersionEntry::new(version, has(entry, CURRENT));
            told.created_at = entry.created_date().map(at);
            Some(told)
        });
        Ok(entries.collect())
    }
}

pub(super) fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret")
}

/// Whether the answer is the asked secret's: a name that ends as an ARN does may have brought another one.
fn is_of(id: &str, name: Option<&str>) -> bool {
    id.starts_with("arn:") || !names::is_like_arn(id) || name.is_none_or(|name| name == id)
}

type Fetched = (Stored, Option<OffsetDateTime>);

fn stored(
    text: Option<String>,
    bytes: Option<Blob>,
    version: Option<String>,
    arn: Option<String>,
    written_at: Option<&DateTime>,
) -> Result<Fetched> {
    let (mut secret, is_raw) = match (text, bytes) {
        (Some(text), _) => {
            let mut text = Zeroizing::new(text);
            match document::read(&text) {
                Some(secret) => (secret, false),
                None => (Secret::new(SecretValue::from(std::mem::take(&mut *text))), true),
            }
        }
        (None, Some(bytes)) => (Secret::new(SecretValue::from(bytes.into_inner())), true),
        // No secret has no value: one without a version is not found.
        (None, None) => return Err(Error::new(ErrorKind::Unavailable, UNREADABLE)),
    };
    secret.metadata.version = version.map(Version::from_word);
    Ok((Stored { secret, is_raw, arn }, written_at.map(at)))
}

/// The version that is current, of a description.
pub(super) fn current(known: &DescribeSecretOutput) -> Option<Version> {
    let versions = known.version_ids_to_stages()?;
    let mut versions = versions.iter();
    let (id, _) = versions.find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT))?;
    Some(Version::from_word(id.as_str()))
}
