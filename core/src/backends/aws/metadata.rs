//! What stands beside the value: in the document, or for a raw value in tags of the secret.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::Tag;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretMetadata;
use crate::timestamp::{self, IntoTimestamp};

const PROVIDER: &str = "strongroom:provider";
const SCOPE: &str = "strongroom:scope";
const EXPIRES_AT: &str = "strongroom:expires_at";
pub(super) const CREATED_AT: &str = "strongroom:created_at";
const LABEL: &str = "strongroom:label:";
/// Before the id of a version that never was the current one: whose write lost against another.
pub(super) const REFUSED: &str = "strongroom:refused:";
/// The longest value of a tag, in characters.
const LONGEST_TAG: usize = 256;
const LONGEST_TAG_NAME: usize = 128;

/// The tags of a raw secret's metadata; `created_at` only where it is not the service's own to tell.
///
/// # Errors
/// [`ErrorKind::TooLarge`], [`ErrorKind::Unsupported`] naming the field that a tag cannot hold.
pub(super) fn tags(metadata: &SecretMetadata, created_at: Option<OffsetDateTime>) -> Result<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    let mut put = |field: &str, name: String, value: &str| {
        if value.chars().count() > LONGEST_TAG || name.chars().count() > LONGEST_TAG_NAME {
            let text = format!("{field} is longer than the {LONGEST_TAG} characters of a tag");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        if !value.chars().chain(name.chars()).all(is_tag) {
            let text = format!("{field} has a character that a tag cannot hold: letters, digits, spaces, `+-=._:/@`");
            return Err(Error::new(ErrorKind::Unsupported, text).with_help("use `aws.format = document`"));
        }
        tags.insert(name, value.to_owned());
        Ok(())
    };
    if let Some(provider) = &metadata.provider {
        put("`provider`", PROVIDER.to_owned(), provider)?;
    }
    if let Some(scope) = &metadata.scope_of_use {
        put("`scope_of_use`", SCOPE.to_owned(), scope)?;
    }
    if let Some(at) = metadata.expires_at {
        put("`expires_at`", EXPIRES_AT.to_owned(), &time_text("expires_at", at)?)?;
    }
    if let Some(at) = created_at {
        put("`created_at`", CREATED_AT.to_owned(), &time_text("created_at", at)?)?;
    }
    for (name, value) in &metadata.labels {
        put("a label", format!("{LABEL}{name}"), value)?;
    }
    Ok(tags)
}

fn is_tag(character: char) -> bool {
    character.is_alphanumeric() || " +-=._:/@".contains(character)
}

fn time_text(field: &str, at: OffsetDateTime) -> Result<String> {
    at.format(&Rfc3339).map_err(|_| {
        let text = format!("`{field}` lies outside of the years 0 to 9999, which is all that can be stored");
        Error::new(ErrorKind::Unsupported, text)
    })
}

/// Whether a tag is metadata of ours.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("strongroom:") && !name.starts_with(REFUSED)
}

/// The versions that never were the current one, as far as they were marked.
pub(super) fn refused(tags: &[Tag]) -> impl Iterator<Item = &str> {
    tags.iter().filter_map(|tag| tag.key()?.strip_prefix(REFUSED))
}

/// Adds what the tags say.
pub(super) fn read_tags(tags: &[Tag], metadata: &mut SecretMetadata) {
    for tag in tags {
        let (Some(name), Some(value)) = (tag.key(), tag.value()) else {
            continue;
        };
        let time = || {
            OffsetDateTime::parse(value, &Rfc3339)
                .ok()
                .map(IntoTimestamp::into_timestamp)
        };
        match name {
            PROVIDER => metadata.provider = Some(value.to_owned()),
            SCOPE => metadata.scope_of_use = Some(value.to_owned()),
            EXPIRES_AT => metadata.expires_at = time(),
            CREATED_AT => metadata.created_at = time().or(metadata.created_at),
            _ => {
                if let Some(label) = name.strip_prefix(LABEL) {
                    metadata.labels.insert(label.to_owned(), value.to_owned());
                }
            }
        }
    }
}

/// A point in time of the service's.
pub(super) fn at(time: &DateTime) -> OffsetDateTime {
    let micros = time.as_nanos().div_euclid(1000);
    timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
