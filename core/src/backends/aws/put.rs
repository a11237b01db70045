//! The requests that write: a new version, a new secret, tags.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::types::Tag;

use super::client::Service;
use super::content::Content;
use super::error::{Failure, Refusal};
use super::metadata::{CREATED_AT, REFUSED, is_ours, refused};
use super::read::{CURRENT, State, current, missing};
use super::requests::Call;
use super::write::another_version;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};

/// The stage of a version that waits to become the current one, in a write that depends on the version.
const WAITING: &str = "strongroom-waiting";
/// How many versions that lost are marked at most, by a tag each, of which a secret can have 50.
const MOST_MARKS: usize = 16;

impl Service {
    /// A new version; with `expected` it becomes the current one only where that one still is.
    pub(super) async fn put(
        &self,
        cx: &CallContext,
        id: &str,
        content: &Content,
        expected: Option<&str>,
    ) -> Result<(), Failure> {
        let stages = expected.map(|_| vec![WAITING.to_owned()]);
        let send = || {
            self.send(cx, Call::PutSecretValue, id, |client| {
                let request = client
                    .put_secret_value()
                    .secret_id(id)
                    .client_request_token(&content.token);
                let request = request
                    .set_secret_string(content.text())
                    .set_secret_binary(content.blob());
                request.set_version_stages(stages.clone()).send()
            })
        };
        // The token makes a repeat safe, so an answer that did not come is asked for once more.
        let mut answer = send().await;
        if let Err(failure) = &answer
            && failure.error.kind() == ErrorKind::OutcomeUnknown
        {
            answer = send().await.map_err(unknown_if_unsent);
        }
        answer?;
        if let Some(expected) = expected {
            self.make_current(cx, id, &content.token, expected).await?;
        }
        match &content.tags {
            Some(tags) => Ok(self.put_tags(cx, id, tags).await.map_err(half_done)?),
            None => Ok(()),
        }
    }

    /// Moves the current stage from the expected version to the new one: the service refuses where it is elsewhere.
    async fn make_current(&self, cx: &CallContext, id: &str, version: &str, expected: &str) -> Result<(), Failure> {
        let moved = self.send(cx, Call::UpdateSecretVersionStage, id, |client| {
            let request = client.update_secret_version_stage().secret_id(id);
            let request = request.version_stage(CURRENT).remove_from_version_id(expected);
            request.move_to_version_id(version).send()
        });
        let Err(failure) = moved.await else { return Ok(()) };
        if failure.error.kind() == ErrorKind::OutcomeUnknown {
            return match self.state(cx, id).await {
                Ok(State::Present(known)) if current(&known).is_some_and(|found| found.as_str() == version) => Ok(()),
                _ => Err(failure),
            };
        }
        // The outcome is known by now, so the mark may not use up the time in which it is told. Without the mark the
        // version stays among the former ones; it is never the current one.
        let time = cx.remaining().mul_f32(0.5);
        let _unmarked = tokio::time::timeout(time, self.mark_refused(cx, id, version)).await;
        match failure.refusal {
            Refusal::Parameter => Err(another_version().into()),
            _ => Err(failure),
        }
    }

    /// Marks a version that lost, so that nothing is rolled back to it. Its stage leaves it with the next write of that kind.
    async fn mark_refused(&self, cx: &CallContext, id: &str, version: &str) -> Result<(), Failure> {
        let marked = match self.state(cx, id).await? {
            State::Present(known) | State::Deleted(known) => known.tags.unwrap_or_default(),
            State::Absent => return Ok(()),
        };
        let mut marked: Vec<&str> = refused(&marked).collect();
        // Ids of ours grow with time, so the first ones are those that the service has forgotten by now.
        marked.sort_unstable();
        let too_many = (marked.len() + 1).saturating_sub(MOST_MARKS);
        if too_many > 0 {
            let old = marked[..too_many].iter().map(|old| format!("{REFUSED}{old}"));
            self.untag(cx, id, old.collect()).await?;
        }
        let mark = BTreeMap::from([(format!("{REFUSED}{version}"), String::new())]);
        self.tag(cx, id, &mark).await
    }

    pub(super) async fn create(&self, cx: &CallContext, name: &str, content: &Content) -> Result<(), Failure> {
        let tags = content.tags.as_ref().map(tag_list).filter(|tags| !tags.is_empty());
        let send = || {
            self.send(cx, Call::CreateSecret, name, |client| {
                let request = client.create_secret().name(name).client_request_token(&content.token);
                let request = request
                    .set_secret_string(content.text())
                    .set_secret_binary(content.blob());
                request
                    .set_tags(tags.clone())
                    .set_kms_key_id(self.config.kms_key.clone())
                    .send()
            })
        };
        let first = send().await.map(drop);
        match &first {
            Err(failure) if failure.error.kind() == ErrorKind::OutcomeUnknown => {}
            _ => return first,
        }
        match send().await.map(drop).map_err(unknown_if_unsent) {
            // It is there: made by the request whose answer did not come, where it has that token's version.
            Err(failure) if failure.refusal == Refusal::Exists => {
                match self.get(cx, name, Some(&content.token)).await {
                    Ok(Some(_)) => Ok(()),
                    Ok(None) => Err(failure),
                    Err(_) => first,
                }
            }
            other => other,
        }
    }

    /// Gives the secret these tags of ours and no others of ours.
    pub(super) async fn put_tags(
        &self,
        cx: &CallContext,
        id: &str,
        wanted: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let present = match self.state(cx, id).await? {
            State::Present(known) | State::Deleted(known) => known.tags.unwrap_or_default(),
            State::Absent => return Err(missing().into()),
        };
        let ours = present.iter().filter_map(|tag| Some((tag.key()?, tag.value()?)));
        let ours: BTreeMap<&str, &str> = ours.filter(|(name, _)| is_ours(name)).collect();
        let is_there = |name: &str, value: &str| ours.get(name) == Some(&value);
        let new: BTreeMap<String, String> = wanted
            .iter()
            .filter(|(name, value)| !is_there(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let old: Vec<String> = ours
            .keys()
            .filter(|name| !wanted.contains_key(**name) && **name != CREATED_AT)
            .map(|name| (*name).to_owned())
            .collect();
        if !new.is_empty() {
            self.tag(cx, id, &new).await?;
        }
        if !old.is_empty() {
            self.untag(cx, id, old).await?;
        }
        Ok(())
    }

    async fn tag(&self, cx: &CallContext, id: &str, tags: &BTreeMap<String, String>) -> Result<(), Failure> {
        let answer = self.send(cx, Call::TagResource, id, |client| {
            let request = client.tag_resource().secret_id(id);
            request.set_tags(Some(tag_list(tags))).send()
        });
        answer.await.map(drop)
    }

    async fn untag(&self, cx: &CallContext, id: &str, names: Vec<String>) -> Result<(), Failure> {
        let answer = self.send(cx, Call::UntagResource, id, |client| {
            client.untag_resource().secret_id(id).set_tag_keys(Some(names)).send()
        });
        answer.await.map(drop)
    }
}

fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(name, value): (&String, &String)| Tag::builder().key(name).value(value).build();
    tags.iter().map(tag).collect()
}

/// The error of a repeat that did not tell what became of the first request either.
fn unknown_if_unsent(again: Failure) -> Failure {
    match again.refusal {
        Refusal::Other => {
            let text = "the write was sent and not answered, and asking again failed";
            Error::new(ErrorKind::OutcomeUnknown, text)
                .with_source(again.error)
                .into()
        }
        _ => again,
    }
}

/// The value is written; what failed after it is told, and is not to be taken for a write that did not happen.
fn half_done(failure: Failure) -> Error {
    let text = "the value was written, and its metadata was not";
    Error::new(ErrorKind::OutcomeUnknown, text).with_source(failure.error)
}
