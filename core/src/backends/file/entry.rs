//! What is written: entries, and on what a write depends.

use super::backend::MAX_VALUE;
use super::document::Document;
use super::metadata;
use super::place::Changed;
use super::render::{self, Edit, Edits};
use crate::backend::{IfVersion, SetRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};

/// One secret to write, owned by the job that writes it.
pub(super) struct Entry {
    pub(super) key: SecretKey,
    pub(super) secret: Secret,
    pub(super) condition: Condition,
    pub(super) created_at: Option<time::OffsetDateTime>,
}

impl Entry {
    pub(super) fn of(request: SetRequest<'_>) -> Self {
        Self {
            key: request.key.clone(),
            secret: request.secret.duplicate(),
            condition: owned(request.condition),
            created_at: request.created_at,
        }
    }
}

/// [`IfVersion`] for a job that outlives its request.
pub(super) enum Condition {
    Any,
    Absent,
    Is(Version),
}

pub(super) fn owned(condition: IfVersion<'_>) -> Condition {
    match condition {
        IfVersion::Any => Condition::Any,
        IfVersion::Absent => Condition::Absent,
        IfVersion::Is(version) => Condition::Is(version.clone()),
    }
}

/// The text with these secrets in it, and what each write leaves.
pub(super) fn put(document: &Document, entries: &[Entry]) -> Result<Changed<Vec<(Version, bool)>>> {
    let mut edits = Edits::new();
    let mut written = Vec::with_capacity(entries.len());
    for entry in entries {
        let present = document.entries.get(&entry.key);
        let former = present.and_then(|found| found.parts.as_ref()).map(|(_, known)| known);
        meets(&entry.condition, present.is_some(), former).map_err(|error| error.with_key(&entry.key))?;
        let updated_at = metadata::next_time(former.and_then(|known| known.updated_at));
        let updated_at = updated_at.map_err(|error| error.with_key(&entry.key))?;
        let edit = Edit::Put {
            value: entry.secret.value.expose_str()?,
            metadata: &entry.secret.metadata,
            updated_at,
            created_at: entry.created_at.unwrap_or(updated_at),
        };
        written.push((metadata::version(Some(updated_at)), present.is_none()));
        edits.insert(&entry.key, edit);
    }
    Ok(Changed {
        text: render::changed(document, &edits)?,
        answer: written,
    })
}

/// Whether a write may happen; `former` is what is known about the secret, where it is there and can be read.
pub(super) fn meets(condition: &Condition, is_present: bool, former: Option<&SecretMetadata>) -> Result<()> {
    let current = former.and_then(|known| known.version.as_ref()).map(Version::as_str);
    let reason = match condition {
        Condition::Any => return Ok(()),
        Condition::Absent if !is_present => return Ok(()),
        Condition::Is(wanted) if current == Some(wanted.as_str()) => return Ok(()),
        Condition::Absent => "the secret exists already",
        Condition::Is(_) if is_present => "the current version of the secret is another one",
        Condition::Is(_) => "the secret does not exist",
    };
    Err(Error::new(ErrorKind::Conflict, reason))
}

/// What the file can never hold.
pub(super) fn check(key: &SecretKey, secret: &Secret) -> Result<()> {
    if secret.value.len() > MAX_VALUE {
        let error = Error::new(
            ErrorKind::TooLarge,
            format!("the value is longer than {MAX_VALUE} bytes"),
        );
        return Err(error.with_key(key));
    }
    match secret.value.expose_str() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "the file holds text only, and the `value` is no UTF-8 text",
        )
        .with_key(key)),
    }
}
