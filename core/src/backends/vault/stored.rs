//! What the server answers about secrets, and what it means for us.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::client::Reply;
use super::error::{failed, first_version};
use crate::backends::remote::document;
use crate::error::Result;
use crate::secret::{Secret, Version};
use crate::timestamp::{self, IntoTimestamp};

/// What lies at a path.
pub(super) enum Found {
    Nothing,
    /// The version was deleted, destroyed, or its time has ended.
    Gone {
        version: u64,
    },
    There(Item),
}

/// A version with its data.
pub(super) struct Item {
    body: Zeroizing<Vec<u8>>,
    data: Range<usize>,
    pub(super) version: u64,
    /// When this version was written.
    pub(super) written_at: Option<OffsetDateTime>,
    custom_metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    metadata: Option<About>,
}

/// What is known about a version.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    version: u64,
    created_time: String,
    deletion_time: String,
    destroyed: bool,
    custom_metadata: Option<BTreeMap<String, Value>>,
}

/// What is known about a secret and all of its versions.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct History {
    pub(super) current_version: u64,
    versions: BTreeMap<u64, About>,
}

/// How a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Alive,
    Deleted,
    Destroyed,
    Unknown,
}

impl About {
    /// A time of deletion may lie ahead: then the version is alive until then, by the server's clock.
    fn state(&self, now: OffsetDateTime) -> State {
        match time(&self.deletion_time) {
            _ if self.destroyed => State::Destroyed,
            Some(at) if at <= now => State::Deleted,
            _ => State::Alive,
        }
    }
}

impl History {
    /// How a version is at a time.
    pub(super) fn state(&self, version: u64, now: OffsetDateTime) -> State {
        let about = self.versions.get(&version);
        about.map_or(State::Unknown, |about| about.state(now))
    }

    /// The versions whose values can be read, newest first, with the time of their writing.
    pub(super) fn alive(&self, now: OffsetDateTime) -> impl Iterator<Item = (u64, Option<OffsetDateTime>)> {
        let alive = self.versions.iter().rev();
        alive
            .filter(move |(_, about)| about.state(now) == State::Alive)
            .map(|(version, about)| (*version, time(&about.created_time)))
    }

    /// When the first version that is known was written; `None` where older ones are no longer known.
    pub(super) fn first(&self) -> Option<OffsetDateTime> {
        self.versions.get(&1).and_then(|about| time(&about.created_time))
    }
}

/// The present time at the server: the end of the second that it tells, so that what has just been deleted is seen as
/// such. Ours where it tells none.
pub(super) fn now(reply: &Reply) -> OffsetDateTime {
    let told = reply.time.and_then(|second| second.checked_add(time::Duration::SECOND));
    told.unwrap_or_else(timestamp::now)
}

/// What a successful read found.
///
/// # Errors
/// [`first_version`] for a mount of that kind; [`failed`] for a reply that is none.
pub(super) fn item(reply: Reply) -> Result<Found> {
    let text = std::str::from_utf8(&reply.body).map_err(|_| failed(false))?;
    let data = inner::<Data<'_>>(text)?;
    let Some(about) = data.metadata else {
        return Err(first_version());
    };
    let data = data.data.map_or("", RawValue::get);
    let from = match data {
        "" => 0,
        _ => data.as_ptr() as usize - text.as_ptr() as usize,
    };
    let data = from..from + data.len();
    Ok(Found::There(Item {
        data,
        body: reply.body,
        version: about.version,
        written_at: time(&about.created_time),
        custom_metadata: labels(about.custom_metadata),
    }))
}

/// What a read found that was answered by 404: a version that is gone tells its number.
pub(super) fn gone(reply: &Reply) -> Found {
    let text = std::str::from_utf8(&reply.body).unwrap_or_default();
    let about = inner::<Data<'_>>(text).ok().and_then(|data| data.metadata);
    about.map_or(Found::Nothing, |about| Found::Gone { version: about.version })
}

/// The member `data` of a successful reply.
pub(super) fn inner<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|_| failed(false))?;
    let data = envelope.data.ok_or_else(|| failed(false))?;
    serde_json::from_str(data.get()).map_err(|_| failed(false))
}

fn labels(metadata: Option<BTreeMap<String, Value>>) -> BTreeMap<String, String> {
    let pairs = metadata.into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect()
}

/// A time as the server writes it.
pub(super) fn time(text: &str) -> Option<OffsetDateTime> {
    let read = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(read.into_timestamp())
}

impl Item {
    /// The JSON text of the data.
    pub(super) fn text(&self) -> &str {
        match std::str::from_utf8(&self.body[self.data.clone()]) {
            Ok(text) if !text.is_empty() => text,
            _ => "null",
        }
    }

    /// Whether it has the form that we write.
    pub(super) fn is_document(&self) -> bool {
        document::read(self.text()).is_some()
    }

    /// The secret: what a document says, or the whole JSON text where somebody else wrote it, with the custom metadata
    /// as labels.
    pub(super) fn secret(&self) -> Secret {
        let mut secret = document::read(self.text()).unwrap_or_else(|| {
            let mut foreign = Secret::new(self.text());
            foreign.metadata.labels.clone_from(&self.custom_metadata);
            foreign
        });
        let metadata = &mut secret.metadata;
        metadata.version = Some(Version::from_number(self.version));
        metadata.updated_at = self.written_at.or(metadata.updated_at);
        if metadata.created_at.is_none() && self.version == 1 {
            metadata.created_at = self.written_at;
        }
        secret
    }
}
