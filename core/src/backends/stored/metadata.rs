//! What an entry says besides its value: SideSeat's `created_at` and `updated_at`, and ours beside them. Programs that
//! know only those two ignore the others.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json::{self, Members};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretMetadata;
use crate::timestamp::IntoTimestamp;

/// The members that are ours to write, in the order in which they are added.
pub(in crate::backends) const KNOWN: [&str; 6] =
    ["created_at", "updated_at", "provider", "scope", "expires_at", "labels"];

/// What the members of an entry's `metadata` say; `None` where one of ours has the wrong type or comes twice.
pub(in crate::backends) fn read(members: &Members<'_>) -> Option<SecretMetadata> {
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
    Some(metadata)
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
pub(in crate::backends) fn time_text(field: &str, at: OffsetDateTime) -> Result<String> {
    let text = at.format(&Rfc3339).map_err(|_| {
        Error::new(
            ErrorKind::Unsupported,
            format!("`{field}` lies outside of the years 0 to 9999, which is all that can be stored"),
        )
    })?;
    Ok(format!("\"{text}\""))
}
