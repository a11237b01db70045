//! What an entry says besides its value: SideSeat's `created_at` and `updated_at`, and ours beside them. Programs that
//! know only those two ignore the others.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json::{self, Members};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{SecretMetadata, Version};
use crate::timestamp::{self, IntoTimestamp};

/// The members that are ours to write, in the order in which they are added.
pub(super) const KNOWN: [&str; 6] = ["created_at", "updated_at", "provider", "scope", "expires_at", "labels"];

/// What the members of an entry's `metadata` say; `None` where one of ours has the wrong type or comes twice.
pub(super) fn read(members: &Members<'_>) -> Option<SecretMetadata> {
    let mut metadata = SecretMetadata::new();
    let mut seen = [false; KNOWN.len()];
    for (name, value) in members {
        let Some(known) = KNOWN.iter().position(|known| known == name) else {
            continue;
        };
        if std::mem::replace(&mut seen[known], true) {
            return None;
        }
        if *value == "null" {
            continue;
        }
        match KNOWN[known] {
            "created_at" => metadata.created_at = Some(time(value)?),
            "updated_at" => metadata.updated_at = Some(time(value)?),
            "expires_at" => metadata.expires_at = Some(time(value)?),
            "provider" => metadata.provider = Some(json::text(value)?),
            "scope" => metadata.scope_of_use = Some(json::text(value)?),
            _ => metadata.labels = labels(value)?,
        }
    }
    metadata.version = Some(version(metadata.updated_at));
    Some(metadata)
}

/// The version that was written at that time: its microsecond is the number. The format has no versions, but every
/// program that writes it sets this time.
pub(super) fn version(updated_at: Option<OffsetDateTime>) -> Version {
    Version::from_number(updated_at.map_or(0, |at| u64::try_from(timestamp::to_micros(at)).unwrap_or(0)))
}

/// The time of a write over one at `former`: now, but always later, also where the clock went back.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where there is no later one: the version would come twice.
pub(super) fn next_time(former: Option<OffsetDateTime>) -> Result<OffsetDateTime> {
    let Some(former) = former else {
        return Ok(timestamp::now());
    };
    let after = timestamp::from_micros(timestamp::to_micros(former).saturating_add(1));
    if timestamp::to_micros(after) <= timestamp::to_micros(former) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "`updated_at` of the secret is the last time that there is, so that no later write can be told from it",
        )
        .with_help("correct `updated_at` in the file, or delete the secret first"));
    }
    Ok(timestamp::now().max(after))
}

fn time(value: &str) -> Option<OffsetDateTime> {
    let read = OffsetDateTime::parse(&json::text(value)?, &Rfc3339).ok()?;
    Some(read.into_timestamp())
}

fn labels(value: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    for (name, value) in json::members(value)? {
        if labels.insert(name, json::text(value)?).is_some() {
            return None;
        }
    }
    Some(labels)
}

/// A time as the text of a JSON value.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for years that RFC 3339 does not have.
pub(super) fn time_text(field: &str, at: OffsetDateTime) -> Result<String> {
    let text = at.format(&Rfc3339).map_err(|_| {
        Error::new(
            ErrorKind::Unsupported,
            format!("`{field}` lies outside of the years 0 to 9999, which is all that the file can hold"),
        )
    })?;
    Ok(format!("\"{text}\""))
}

/// Labels as the text of a JSON value at their place in the document.
pub(super) fn labels_text(labels: &BTreeMap<String, String>) -> String {
    let mut text = Vec::new();
    for (name, value) in labels {
        text.extend_from_slice(if text.is_empty() {
            b"{\n          "
        } else {
            b",\n          "
        });
        json::encode(name, &mut |part| text.extend_from_slice(part));
        text.extend_from_slice(b": ");
        json::encode(value, &mut |part| text.extend_from_slice(part));
    }
    text.extend_from_slice(b"\n        }");
    // Literals and punctuation of UTF-8 are UTF-8.
    String::from_utf8(text).unwrap_or_default()
}
