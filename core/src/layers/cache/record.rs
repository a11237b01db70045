//! How a last known value is written: one line of JSON that says what it is and where it came from, then its bytes. The
//! store seals both together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::{Secret, SecretMetadata, Version};
use crate::timestamp::{from_micros, to_micros};
use crate::value::SecretValue;

/// The form of the line.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Line {
    form: u32,
    /// The backend and where it has its secrets.
    from: String,
    /// Times are microseconds since 1970 UTC.
    read_at: i64,
    provider: Option<String>,
    scope_of_use: Option<String>,
    labels: BTreeMap<String, String>,
    expires_at: Option<i64>,
    created_at: Option<i64>,
    updated_at: Option<i64>,
    version: Option<String>,
}

/// What is stored for a secret that was read from a place at a time.
pub(super) fn write(secret: &Secret, from: &str, read_at: i64) -> Option<SecretValue> {
    let metadata = &secret.metadata;
    let line = Line {
        form: FORM,
        from: from.to_owned(),
        read_at,
        provider: metadata.provider.clone(),
        scope_of_use: metadata.scope_of_use.clone(),
        labels: metadata.labels.clone(),
        expires_at: metadata.expires_at.map(to_micros),
        created_at: metadata.created_at.map(to_micros),
        updated_at: metadata.updated_at.map(to_micros),
        version: metadata.version.as_ref().map(ToString::to_string),
    };
    let line = serde_json::to_string(&line).ok()?;
    let value = secret.value.expose();
    // At exactly its size: nothing of the value is left behind by growing.
    let mut bytes = Vec::with_capacity(line.len() + 1 + value.len());
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(value);
    Some(bytes.into())
}

/// The secret and when it was read; `None` where it came from elsewhere, or this is none.
pub(super) fn read(stored: &SecretValue, from: &str) -> Option<(Secret, i64)> {
    let stored = stored.expose();
    let end = stored.iter().position(|byte| *byte == b'\n')?;
    let line: Line = serde_json::from_slice(&stored[..end]).ok()?;
    if line.form != FORM || line.from != from {
        return None;
    }
    let mut metadata = SecretMetadata::new();
    metadata.provider = line.provider;
    metadata.scope_of_use = line.scope_of_use;
    metadata.labels = line.labels;
    metadata.expires_at = line.expires_at.map(from_micros);
    metadata.created_at = line.created_at.map(from_micros);
    metadata.updated_at = line.updated_at.map(from_micros);
    metadata.version = line.version.map(Version::from_word);
    let secret = Secret::new(SecretValue::copy_of(&stored[end + 1..])).with_metadata(metadata);
    Some((secret, line.read_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp;

    #[test]
    fn a_secret_comes_back_whole_and_only_for_the_place_that_it_came_from() {
        let now = from_micros(to_micros(timestamp::now()));
        let mut metadata = SecretMetadata::new().with_provider("p\n\"").with_label("a", "b");
        metadata.scope_of_use = Some("read".to_owned());
        metadata.expires_at = Some(now);
        metadata.created_at = Some(now);
        metadata.updated_at = Some(now);
        metadata.version = Some(Version::from_number(7));
        for value in [&b"line\nline\0\xff"[..], b""] {
            let secret = Secret::new(value).with_metadata(metadata.clone());
            let stored = write(&secret, "vault https://one", 42).unwrap();
            let (found, read_at) = read(&stored, "vault https://one").unwrap();
            assert_eq!((found.value.expose(), read_at), (value, 42));
            assert_eq!(found.metadata, metadata);
            assert!(read(&stored, "vault https://two").is_none());
        }
    }

    #[test]
    fn what_is_no_record_is_none() {
        for stored in ["", "\n", "value", "{}\nvalue", "{\"form\":2,\"from\":\"x\"}\nvalue"] {
            assert!(read(&SecretValue::from(stored), "x").is_none(), "{stored}");
        }
    }
}
