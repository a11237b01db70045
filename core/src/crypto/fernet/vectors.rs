//! The specification's own vectors, `tests/vectors/fernet.json`.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use super::*;

/// The parts that every vector has.
struct Vector {
    name: String,
    token: String,
    keys: FernetKeys,
    now: u64,
    json: Value,
}

impl Vector {
    fn ttl(&self) -> Option<Duration> {
        self.json["ttl_sec"].as_u64().map(Duration::from_secs)
    }

    fn decrypt(&self, ttl: Option<Duration>) -> Result<SecretValue> {
        self.keys.decrypt_at(self.token.as_bytes(), ttl, self.now)
    }
}

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/fernet.json")).unwrap()
}

/// The vectors of one list.
fn vectors(list: &str) -> Vec<Vector> {
    let read = |json: &Value| {
        let text = |field: &str| json[field].as_str().unwrap().to_owned();
        let now = OffsetDateTime::parse(&text("now"), &Rfc3339).unwrap();
        Vector {
            name: json["desc"].as_str().unwrap_or(list).to_owned(),
            token: text("token"),
            keys: FernetKeys::parse(text("secret")).unwrap(),
            now: now.unix_timestamp().try_into().unwrap(),
            json: json.clone(),
        }
    };
    file()[list].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn every_vector_is_run() {
    let all = file();
    let run: usize = ["generate", "verify", "invalid"]
        .map(|list| vectors(list).len())
        .iter()
        .sum();
    assert_eq!(
        (all["schema"].as_u64(), all["count"].as_u64()),
        (Some(1), Some(run as u64))
    );
}

#[test]
fn tokens_are_made_byte_for_byte() {
    let vectors = vectors("generate");
    assert_eq!(vectors.len(), 1);
    for vector in vectors {
        let iv: Vec<u8> = serde_json::from_value(vector.json["iv"].clone()).unwrap();
        let value = vector.json["src"].as_str().unwrap();
        let token = vector.keys.seal(value.as_bytes(), vector.now, iv.try_into().unwrap());
        assert_eq!(token.unwrap(), vector.token);
    }
}

#[test]
fn tokens_are_read() {
    let vectors = vectors("verify");
    assert_eq!(vectors.len(), 1);
    for vector in vectors {
        let value = vector.decrypt(vector.ttl()).unwrap();
        assert_eq!(value.expose(), vector.json["src"].as_str().unwrap().as_bytes());
    }
}

#[test]
fn tokens_are_refused_each_for_its_own_reason() {
    let kinds: Vec<_> = vectors("invalid")
        .iter()
        .map(|vector| {
            let refused = |ttl| vector.decrypt(ttl).err().map(|error| error.kind());
            (vector.name.clone(), refused(vector.ttl()), refused(None))
        })
        .collect();
    let (malformed, old) = (Some(ErrorKind::InvalidValue), Some(ErrorKind::Expired));
    let other_key = Some(ErrorKind::WrongKey);
    // With the time to live of the vector, and without one.
    let expected = [
        ("incorrect mac", other_key, other_key),
        ("too short", malformed, malformed),
        ("invalid base64", malformed, malformed),
        ("payload size not multiple of block size", malformed, malformed),
        ("payload padding error", malformed, malformed),
        ("far-future TS (unacceptable clock skew)", malformed, None),
        ("expired TTL", old, None),
        ("incorrect IV (causes padding error)", malformed, malformed),
    ];
    assert_eq!(
        kinds,
        expected.map(|(name, with, without)| (name.to_owned(), with, without))
    );
}
