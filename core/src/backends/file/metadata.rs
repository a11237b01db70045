//! What the file keeps about an entry besides its value, and the version that it makes of the time of the write.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::backends::stored::json::{self, Members};
use crate::backends::stored::metadata as stored;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{SecretMetadata, Version};
use crate::timestamp;

/// What the members of an entry's `metadata` say, and its version; `None` where one of ours has the wrong type or comes
/// twice.
pub(super) fn read(members: &Members<'_>) -> Option<SecretMetadata> {
    let mut metadata = stored::read(members)?;
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
