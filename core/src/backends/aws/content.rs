//! What is sent for one secret, checked against the service's limits before anything is sent.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sdk_secretsmanager::primitives::Blob;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::backend::MAX_VALUE;
use super::config::{Config, Format};
use super::metadata::tags;
use crate::backends::remote::document;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::timestamp;

/// What is sent for one secret.
pub(super) struct Content {
    text: Option<Zeroizing<String>>,
    bytes: Option<Zeroizing<Vec<u8>>>,
    /// The metadata of a raw value.
    pub(super) tags: Option<BTreeMap<String, String>>,
    /// The service's guard against a second version by a repeated request; it becomes the version's id.
    pub(super) token: String,
}

impl Content {
    /// # Errors
    /// [`ErrorKind::TooLarge`] and [`ErrorKind::Unsupported`] naming the limit or the field.
    pub(super) fn of(config: &Config, secret: &Secret, created_at: Option<OffsetDateTime>) -> Result<Self> {
        let now = timestamp::now();
        let mut content = Self {
            text: None,
            bytes: None,
            tags: None,
            token: token()?,
        };
        let what = match config.format {
            Format::Document => {
                content.text = Some(document::write(secret, created_at.unwrap_or(now), now)?);
                "value and metadata together are"
            }
            Format::Raw => {
                content.tags = Some(tags(&secret.metadata, created_at)?);
                let bytes = secret.value.expose();
                match std::str::from_utf8(bytes) {
                    Ok(text) if document::read(text).is_some() => {
                        return Err(unsupported(
                            "the `value` has the shape of a document, as which it would be read back",
                        ));
                    }
                    Ok(text) => content.text = Some(Zeroizing::new(text.to_owned())),
                    Err(_) => content.bytes = Some(Zeroizing::new(bytes.to_vec())),
                }
                "the value is"
            }
        };
        let length =
            content.text.as_ref().map_or(0, |text| text.len()) + content.bytes.as_ref().map_or(0, |bytes| bytes.len());
        match length {
            0 => Err(unsupported("the service holds no empty `value`")),
            1..=MAX_VALUE => Ok(content),
            _ => {
                let text = format!("{what} longer than the service's {MAX_VALUE} bytes");
                Err(Error::new(ErrorKind::TooLarge, text))
            }
        }
    }

    /// A copy for the SDK, which does not wipe it.
    pub(super) fn text(&self) -> Option<String> {
        self.text.as_ref().map(|text| text.as_str().to_owned())
    }

    /// A copy for the SDK, which does not wipe it.
    pub(super) fn blob(&self) -> Option<Blob> {
        self.bytes.as_ref().map(|bytes| Blob::new(bytes.to_vec()))
    }
}

fn unsupported(text: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, text).with_help("use `aws.format = document`")
}

/// A new token, as a UUID that grows with time (version 7): milliseconds, a 4096th of one, and random bits.
///
/// <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7>
fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random bytes"))?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let parts = now.as_micros() * 4096 / 1000;
    // 48 bits and 12 bits, with the version between them.
    let time = (parts >> 12 << 16 | 0x7000 | parts & 0x0fff).to_be_bytes();
    bytes[..8].copy_from_slice(&time[8..]);
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_uuids_that_grow_with_time() {
        let tokens: Vec<String> = (0..100)
            .map(|_| {
                std::thread::sleep(std::time::Duration::from_micros(2));
                token().unwrap()
            })
            .collect();
        assert!(tokens.is_sorted(), "{tokens:?}");
        for token in tokens {
            assert_eq!(token.len(), 36);
            assert_eq!(&token[14..15], "7", "{token}");
            assert!("89ab".contains(&token[19..20]), "{token}");
        }
    }
}
