//! What the boxes of secrets hold: heads and versions. The CBOR keys are those of `docs/store-format.md`.

use std::collections::BTreeMap;

use minicbor::Encoder;
use zeroize::Zeroizing;

use super::cbor::{Fields, Malformed, MapWriter, NO_UNKNOWN, Reader, Unknown};
use crate::secret::{SecretMetadata, Version};
use crate::timestamp::{from_micros, to_micros};
use crate::value::SecretValue;

/// The metadata that belongs to a version and is the caller's to set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) provider: Option<String>,
    pub(crate) scope_of_use: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Microseconds since 1970 UTC.
    pub(crate) expires: Option<i64>,
}

impl Attributes {
    /// The caller's part of `metadata`.
    pub(crate) fn of(metadata: &SecretMetadata) -> Self {
        Self {
            provider: metadata.provider.clone(),
            scope_of_use: metadata.scope_of_use.clone(),
            labels: metadata.labels.clone(),
            expires: metadata.expires_at.map(to_micros),
        }
    }

    /// The metadata of a version with these attributes.
    pub(crate) fn into_metadata(self, created: i64, updated: i64, version: u64) -> SecretMetadata {
        let mut metadata = SecretMetadata::new();
        metadata.provider = self.provider;
        metadata.scope_of_use = self.scope_of_use;
        metadata.labels = self.labels;
        metadata.expires_at = self.expires.map(from_micros);
        metadata.created_at = Some(from_micros(created));
        metadata.updated_at = Some(from_micros(updated));
        metadata.version = Some(Version::from_number(version));
        metadata
    }

    /// Reads the four fields whose keys begin at `first`: provider, scope of use, labels, expiry.
    fn take(fields: &mut Fields<'_>, first: u64) -> Result<Self, Malformed> {
        Ok(Self {
            provider: fields.take(first, Reader::text)?.map(str::to_owned),
            scope_of_use: fields.take(first + 1, Reader::text)?.map(str::to_owned),
            labels: fields.take(first + 2, read_labels)?.unwrap_or_default(),
            expires: fields.take(first + 3, Reader::int)?,
        })
    }

    fn put(&self, writer: &mut MapWriter<'_>, first: u64) {
        writer.text_if(first, self.provider.as_deref());
        writer.text_if(first + 1, self.scope_of_use.as_deref());
        if !self.labels.is_empty() {
            writer.field(first + 2, |encoder| {
                let _ = encoder.map(self.labels.len() as u64);
                for (name, value) in &self.labels {
                    let _ = encoder.str(name).and_then(|encoder| encoder.str(value));
                }
            });
        }
        writer.int_if(first + 3, self.expires);
    }

    /// The most bytes that these fields take.
    fn room(&self) -> usize {
        let labels: usize = self
            .labels
            .iter()
            .map(|(name, value)| name.len() + value.len() + 10)
            .sum();
        let texts = [&self.provider, &self.scope_of_use]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>();
        labels + texts + 48
    }
}

/// Labels stand in the order of their names' bytes, each once. Where there is none, neither is the map.
pub(super) fn read_labels(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, Malformed> {
    let count = reader.map()?;
    if count == 0 {
        return Err(Malformed);
    }
    let mut labels = BTreeMap::new();
    for _ in 0..count {
        let name = reader.text()?;
        if labels
            .last_key_value()
            .is_some_and(|(last, _): (&String, _)| last.as_str() >= name)
        {
            return Err(Malformed);
        }
        labels.insert(name.to_owned(), reader.text()?.to_owned());
    }
    Ok(labels)
}

/// A version as its secret's head lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionRow {
    pub(crate) v: u64,
    /// When it was written.
    pub(crate) at: i64,
    pub(crate) expires: Option<i64>,
    unknown: Unknown,
}

impl VersionRow {
    /// A version written `at`.
    pub(crate) fn new(v: u64, at: i64, expires: Option<i64>) -> Self {
        Self {
            v,
            at,
            expires,
            unknown: Unknown::default(),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut fields = Fields::read(reader)?;
        Ok(Self {
            v: fields.need(1, Reader::uint)?,
            at: fields.need(2, Reader::int)?,
            expires: fields.take(3, Reader::int)?,
            unknown: fields.rest(),
        })
    }
}

/// Everything about the current state of a secret but its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The canonical text of the key.
    pub(crate) name: String,
    pub(crate) created: i64,
    /// The kept versions, oldest first; the last one is the current one. Never empty.
    pub(crate) versions: Vec<VersionRow>,
    pub(crate) attributes: Attributes,
    unknown: Unknown,
}

impl Head {
    /// The head of a secret that has no version yet.
    pub(crate) fn new(name: &str, created: i64) -> Self {
        Self {
            name: name.to_owned(),
            created,
            versions: Vec::new(),
            attributes: Attributes::default(),
            unknown: Unknown::default(),
        }
    }

    /// Reads what a head box holds.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::parse(bytes)?;
        let name = fields.need(1, Reader::text)?.to_owned();
        let created = fields.need(2, Reader::int)?;
        let cur = fields.need(3, Reader::uint)?;
        let versions = fields.need(4, |reader| {
            let count = reader.array()?;
            let mut versions: Vec<VersionRow> = Vec::with_capacity(count.min(1000) as usize);
            for _ in 0..count {
                let row = VersionRow::read(reader)?;
                if versions.last().is_some_and(|last| last.v >= row.v) {
                    return Err(Malformed);
                }
                versions.push(row);
            }
            Ok(versions)
        })?;
        if versions.last().is_none_or(|last| last.v != cur) {
            return Err(Malformed);
        }
        let attributes = Attributes::take(&mut fields, 5)?;
        Ok(Self {
            name,
            created,
            versions,
            attributes,
            unknown: fields.rest(),
        })
    }

    /// What the head's box holds.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let room = self.name.len() + self.versions.len() * 48 + self.attributes.room() + 64;
        let mut writer = MapWriter::new(room, &self.unknown);
        writer.text(1, &self.name).int(2, self.created).uint(3, self.current());
        writer.field(4, |encoder| {
            let _ = encoder.array(self.versions.len() as u64);
            for row in &self.versions {
                let mut map = MapWriter::new(48, &row.unknown);
                map.uint(1, row.v).int(2, row.at).int_if(3, row.expires);
                encoder.writer_mut().extend_from_slice(&map.finish());
            }
        });
        self.attributes.put(&mut writer, 5);
        writer.finish()
    }

    /// The current version; 0 where there is none yet.
    pub(crate) fn current(&self) -> u64 {
        self.versions.last().map_or(0, |row| row.v)
    }

    /// The metadata of the current version.
    pub(crate) fn into_metadata(self) -> SecretMetadata {
        let (version, updated) = self.versions.last().map_or((0, self.created), |row| (row.v, row.at));
        self.attributes.into_metadata(self.created, updated, version)
    }
}

/// What `get` needs of a head, borrowed from the opened box.
pub(crate) struct HeadGlance<'b> {
    pub(crate) name: &'b str,
    pub(crate) created: i64,
    pub(crate) current: u64,
}

impl<'b> HeadGlance<'b> {
    /// Reads the first fields of a head.
    pub(crate) fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::parse(bytes)?;
        Ok(Self {
            name: fields.need(1, Reader::text)?,
            created: fields.need(2, Reader::int)?,
            current: fields.need(3, Reader::uint)?,
        })
    }
}

/// One version of a secret.
#[derive(Debug)]
pub(crate) struct Ver {
    pub(crate) value: SecretValue,
    /// When it was written.
    pub(crate) updated: i64,
    pub(crate) attributes: Attributes,
    unknown: Unknown,
}

impl Ver {
    /// Reads what a version's box holds.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::parse(bytes)?;
        Ok(Self {
            value: SecretValue::copy_of(fields.need(1, Reader::bytes)?),
            updated: fields.need(2, Reader::int)?,
            attributes: Attributes::take(&mut fields, 3)?,
            unknown: fields.rest(),
        })
    }

    /// What the box of this version holds.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode_version(self.value.expose(), self.updated, &self.attributes, &self.unknown)
    }
}

/// What the box of a new version holds.
pub(crate) fn encode_new_version(value: &[u8], updated: i64, attributes: &Attributes) -> Zeroizing<Vec<u8>> {
    encode_version(value, updated, attributes, &NO_UNKNOWN)
}

fn encode_version(value: &[u8], updated: i64, attributes: &Attributes, unknown: &Unknown) -> Zeroizing<Vec<u8>> {
    let mut writer = MapWriter::new(value.len() + attributes.room() + 32, unknown);
    writer.bytes(1, value).int(2, updated);
    attributes.put(&mut writer, 3);
    writer.finish()
}

/// A byte string as CBOR; for maps inside maps.
pub(crate) fn encode_pair(first: u64, second: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(second.len() + 16);
    let mut encoder = Encoder::new(&mut out);
    let _ = encoder.map(2).and_then(|e| e.u64(1)?.u64(first)?.u64(2)?.bytes(second));
    out
}

#[cfg(test)]
mod tests {
    use super::super::listing::HeadListing;
    use super::*;

    fn attributes() -> Attributes {
        Attributes {
            provider: Some("openai".into()),
            scope_of_use: None,
            labels: BTreeMap::from([("a".into(), "1".into()), ("b".into(), "2".into())]),
            expires: Some(-5),
        }
    }

    #[test]
    fn heads_and_versions_come_back() {
        let mut head = Head::new("global/KEY", 17);
        head.versions = vec![VersionRow::new(3, 20, None), VersionRow::new(9, 21, Some(22))];
        head.attributes = attributes();
        let bytes = head.encode();
        assert_eq!(Head::decode(&bytes).unwrap(), head);
        let glance = HeadGlance::decode(&bytes).unwrap();
        assert_eq!((glance.name, glance.created, glance.current), ("global/KEY", 17, 9));
        let bytes = encode_new_version(b"value", 5, &attributes());
        let ver = Ver::decode(&bytes).unwrap();
        assert_eq!(
            (ver.value.expose(), ver.updated, &ver.attributes),
            (&b"value"[..], 5, &attributes())
        );
        assert_eq!(*ver.encode(), *bytes);
    }

    #[test]
    fn a_listing_takes_and_refuses_what_a_head_does() {
        let mut head = Head::new("global/KEY", 17);
        head.versions = vec![VersionRow::new(3, -20, None), VersionRow::new(900, 21, Some(22))];
        head.attributes = attributes();
        head.attributes.scope_of_use = Some("read".into());
        let bytes = head.encode();
        let mut taken = 0;
        for at in 0..bytes.len() {
            for byte in 0..=255 {
                let mut changed = bytes.to_vec();
                changed[at] = byte;
                let (Ok(head), Ok(listing)) = (Head::decode(&changed), HeadListing::decode(&changed)) else {
                    assert!(Head::decode(&changed).is_err() && HeadListing::decode(&changed).is_err());
                    continue;
                };
                taken += 1;
                assert_eq!(
                    (listing.name, listing.created, listing.current, listing.updated),
                    (
                        &*head.name,
                        head.created,
                        head.current(),
                        head.versions.last().unwrap().at
                    )
                );
                assert_eq!(listing.provider, head.attributes.provider.as_deref());
                assert_eq!(listing.scope_of_use, head.attributes.scope_of_use.as_deref());
                assert_eq!(
                    (listing.labels, listing.expires),
                    (head.attributes.labels, head.attributes.expires)
                );
            }
            assert!(HeadListing::decode(&bytes[..at]).is_err());
        }
        assert!(taken > 1000);
    }

    #[test]
    fn unknown_keys_survive_a_rewrite_at_every_level() {
        let mut writer = MapWriter::new(256, &NO_UNKNOWN);
        writer.text(1, "global/KEY").int(2, 17).uint(3, 4);
        // [{1: 4, 2: 20, 7: "x"}]
        writer.raw(4, b"\x81\xa3\x01\x04\x02\x14\x07\x61x");
        writer.text(5, "openai").raw(40, b"\x82\x01\x02");
        let bytes = writer.finish();
        let head = Head::decode(&bytes).unwrap();
        assert_eq!(*head.encode(), *bytes);
        let mut writer = MapWriter::new(256, &NO_UNKNOWN);
        writer.bytes(1, b"value").int(2, 17).text(40, "future");
        let bytes = writer.finish();
        assert_eq!(*Ver::decode(&bytes).unwrap().encode(), *bytes);
    }

    #[test]
    fn heads_that_contradict_themselves_are_refused() {
        let mut head = Head::new("global/KEY", 17);
        assert!(Head::decode(&head.encode()).is_err(), "no version");
        head.versions = vec![VersionRow::new(9, 21, None), VersionRow::new(3, 20, None)];
        assert!(Head::decode(&head.encode()).is_err(), "order");
        let labelled = |labels: &[u8]| {
            let mut writer = MapWriter::new(64, &NO_UNKNOWN);
            writer.bytes(1, b"value").int(2, 17).raw(5, labels);
            Ver::decode(&writer.finish()).map(drop)
        };
        assert!(labelled(b"\xa1\x61a\x60").is_ok());
        assert!(labelled(b"\xa0").is_err(), "no labels are no map");
        assert!(labelled(b"\xa2\x61b\x60\x62aa\x60").is_err(), "the order of RFC 8949");
        assert!(labelled(b"\xa2\x61a\x60\x61a\x60").is_err(), "twice");
    }
}
