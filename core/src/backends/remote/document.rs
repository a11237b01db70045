//! The stored document: a JSON object of `value` and `metadata`, as an entry of the file has them, so that programs that
//! know that entry read it from a server too. A value that is no UTF-8 stands there as base64, beside `encoding`.
//!
//! A document is known by its exact shape. Anything else is raw: the whole text is the value.

use data_encoding::BASE64;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::backends::stored::json::{self, Members};
use crate::backends::stored::metadata::{self, KNOWN, time_text};
use crate::error::Result;
use crate::secret::{Secret, SecretMetadata};
use crate::value::SecretValue;

/// The document of a secret that was first set at `created_at` and is written at `updated_at`, which count in place of
/// those of its metadata.
///
/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) naming a time that the format cannot hold.
pub(in crate::backends) fn write(
    secret: &Secret,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
) -> Result<Zeroizing<String>> {
    let metadata = described(&secret.metadata, created_at, updated_at)?;
    let bytes = secret.value.expose();
    let encoded;
    let (text, encoding) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, ""),
        Err(_) => {
            encoded = base64(bytes);
            (encoded.as_str(), ",\"encoding\":\"base64\"")
        }
    };
    let put = |out: &mut dyn FnMut(&[u8])| {
        out(b"{\"value\":");
        json::encode(text, out);
        out(encoding.as_bytes());
        out(b",\"metadata\":");
        out(&metadata);
        out(b"}");
    };
    // Measured first, so that the memory never moves while it fills.
    let mut length = 0;
    put(&mut |part| length += part.len());
    let mut document = Zeroizing::new(Vec::with_capacity(length));
    put(&mut |part| document.extend_from_slice(part));
    Ok(Zeroizing::new(text_of(&mut document)))
}

/// What a stored text says, where it is a document; `None` where it is raw. The version is the server's to tell.
pub(in crate::backends) fn read(text: &str) -> Option<Secret> {
    let members = json::members(text)?;
    let mut value = None;
    let mut encoding = None;
    let mut metadata = None;
    for (name, text) in members {
        let former = match name.as_str() {
            "value" => value.replace(text),
            "encoding" => encoding.replace(text),
            "metadata" => metadata.replace(text),
            _ => return None,
        };
        if former.is_some() {
            return None;
        }
    }
    let mut value = json::decode(value?)?;
    if let Some(encoding) = encoding {
        if json::text(encoding)? != "base64" {
            return None;
        }
        value = decoded(&value)?;
    }
    let metadata = match metadata {
        Some(text) => known(&json::members(text)?)?,
        None => SecretMetadata::new(),
    };
    Some(Secret::new(SecretValue::from(std::mem::take(&mut *value))).with_metadata(metadata))
}

/// What these members say, where all of them are ours.
fn known(members: &Members<'_>) -> Option<SecretMetadata> {
    let is_known = |name: &str| KNOWN.contains(&name);
    match members.iter().all(|(name, _)| is_known(name)) {
        true => metadata::read(members),
        false => None,
    }
}

/// The metadata as the text of a JSON object.
fn described(metadata: &SecretMetadata, created_at: OffsetDateTime, updated_at: OffsetDateTime) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for name in KNOWN {
        let told = match name {
            "created_at" => Some(time_text(name, created_at)?),
            "updated_at" => Some(time_text(name, updated_at)?),
            "provider" => metadata.provider.as_deref().map(literal),
            "scope" => metadata.scope_of_use.as_deref().map(literal),
            "expires_at" => metadata.expires_at.map(|at| time_text(name, at)).transpose()?,
            _ => (!metadata.labels.is_empty()).then(|| {
                let pairs = metadata.labels.iter();
                let pairs: Vec<_> = pairs
                    .map(|(name, value)| format!("{}:{}", literal(name), literal(value)))
                    .collect();
                format!("{{{}}}", pairs.join(","))
            }),
        };
        if let Some(told) = told {
            text.push(if text.is_empty() { b'{' } else { b',' });
            text.extend_from_slice(literal(name).as_bytes());
            text.push(b':');
            text.extend_from_slice(told.as_bytes());
        }
    }
    text.push(b'}');
    Ok(text)
}

fn literal(text: &str) -> String {
    let mut literal = Vec::with_capacity(text.len() + 2);
    json::encode(text, &mut |part| literal.extend_from_slice(part));
    text_of(&mut literal)
}

fn base64(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(vec![0; BASE64.encode_len(bytes.len())]);
    BASE64.encode_mut(bytes, &mut text);
    Zeroizing::new(text_of(&mut text))
}

fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; BASE64.decode_len(text.len()).ok()?]);
    let length = BASE64.decode_mut(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// The same memory as text: what is written here is made of UTF-8 and ASCII.
fn text_of(bytes: &mut Vec<u8>) -> String {
    String::from_utf8(std::mem::take(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timestamp::from_micros;

    const CREATED: i64 = 1_795_000_000_123_456;

    fn written(secret: &Secret) -> String {
        write(secret, from_micros(CREATED), from_micros(CREATED + 1))
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_document_is_what_other_programs_expect() {
        let metadata = SecretMetadata::new()
            .with_provider("ope\"nai")
            .with_scope_of_use("models:read")
            .with_expiry(from_micros(CREATED + 2))
            .with_label("team", "a/b")
            .with_label("tier", "é");
        let text = written(&Secret::new("sk-\n\u{1}é").with_metadata(metadata.clone()));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "value": "sk-\n\u{1}é",
            "metadata": {
                "created_at": "2026-11-18T11:06:40.123456Z",
                "updated_at": "2026-11-18T11:06:40.123457Z",
                "provider": "ope\"nai",
                "scope": "models:read",
                "expires_at": "2026-11-18T11:06:40.123458Z",
                "labels": {"team": "a/b", "tier": "é"},
            },
        });
        assert_eq!(read, expected);
        let back = super::read(&text).unwrap();
        assert_eq!(back.value.expose(), "sk-\n\u{1}é".as_bytes());
        assert_eq!(back.metadata.labels, metadata.labels);
        assert_eq!(back.metadata.created_at, Some(from_micros(CREATED)));
        assert_eq!(back.metadata.updated_at, Some(from_micros(CREATED + 1)));
        assert_eq!(back.metadata.version, None);
    }

    #[test]
    fn what_is_no_text_travels_as_base64() {
        let text = written(&Secret::new(b"\xff\x00\x01"));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["value"], "/wAB");
        assert_eq!(read["encoding"], "base64");
        assert_eq!(super::read(&text).unwrap().value.expose(), b"\xff\x00\x01");
    }

    #[test]
    fn the_least_documents_are_documents() {
        for (text, value) in [
            (r#"{"value":""}"#, ""),
            (r#" {"metadata":{} , "value":"a\u0062"} "#, "ab"),
            (
                r#"{"value":"x","metadata":{"provider":null,"created_at":"2026-01-01T00:00:00+02:00"}}"#,
                "x",
            ),
            (r#"{"value":"YWI=","encoding":"base64"}"#, "ab"),
        ] {
            assert_eq!(super::read(text).unwrap().value.expose(), value.as_bytes(), "{text}");
        }
    }

    #[test]
    fn every_near_miss_is_raw() {
        for text in [
            "",
            "plain",
            "{}",
            "[]",
            "\"value\"",
            r#"[{"value":"x"}]"#,
            r#"{"metadata":{}}"#,
            r#"{"Value":"x"}"#,
            r#"{"value":1}"#,
            r#"{"value":null}"#,
            r#"{"value":["x"]}"#,
            r#"{"value":{"value":"x"}}"#,
            r#"{"value":"x"}{}"#,
            r#"{"value":"x"},"#,
            r#"{"value":"x","#,
            r#"{"value":"x","value":"x"}"#,
            r#"{"value":"x","metadata":{},"metadata":{}}"#,
            r#"{"value":"x","other":1}"#,
            r#"{"value":"x","version":2}"#,
            r#"{"value":"\ud800"}"#,
            r#"{"value":"x","metadata":null}"#,
            r#"{"value":"x","metadata":[]}"#,
            r#"{"value":"x","metadata":"{}"}"#,
            r#"{"value":"x","metadata":{"owner":"me"}}"#,
            r#"{"value":"x","metadata":{"provider":"a","provider":"a"}}"#,
            r#"{"value":"x","metadata":{"provider":1}}"#,
            r#"{"value":"x","metadata":{"created_at":"yesterday"}}"#,
            r#"{"value":"x","metadata":{"expires_at":1795000000}}"#,
            r#"{"value":"x","metadata":{"labels":[]}}"#,
            r#"{"value":"x","metadata":{"labels":{"a":1}}}"#,
            r#"{"value":"x","metadata":{"labels":{"a":"1","a":"1"}}}"#,
            r#"{"value":"YWI=","encoding":"hex"}"#,
            r#"{"value":"YWI=","encoding":"Base64"}"#,
            r#"{"value":"YWI=","encoding":null}"#,
            r#"{"value":"YWI","encoding":"base64"}"#,
            r#"{"value":"YW I=","encoding":"base64"}"#,
            r#"{"value":"YWJ=","encoding":"base64"}"#,
            r#"{"value":"YWI=","encoding":"base64","encoding":"base64"}"#,
        ] {
            assert!(super::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_year_that_the_format_lacks_is_refused_by_name() {
        let secret = Secret::new("x").with_expiry(from_micros(i64::MIN));
        let error = write(&secret, from_micros(0), from_micros(0)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
        assert!(error.message().contains("`expires_at`"), "{error}");
    }

    proptest! {
        #[test]
        fn any_value_comes_back(bytes in any::<Vec<u8>>()) {
            let text = written(&Secret::new(bytes.as_slice()));
            let read = super::read(&text).unwrap();
            prop_assert_eq!(read.value.expose(), bytes.as_slice());
        }

        #[test]
        fn any_text_comes_back_and_other_readers_read_it(text in any::<String>()) {
            let document = written(&Secret::new(text.as_str()));
            let other: serde_json::Value = serde_json::from_str(&document).unwrap();
            prop_assert_eq!(other["value"].as_str(), Some(text.as_str()));
            let read = super::read(&document).unwrap();
            prop_assert_eq!(read.value.expose(), text.as_bytes());
        }
    }
}
