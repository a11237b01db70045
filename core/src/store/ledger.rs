//! What the store keeps about itself: header, key slots, root record, journal records, accumulator.

use zeroize::Zeroizing;

use super::cbor::{Fields, Malformed, MapWriter, NO_UNKNOWN, Reader, Unknown};
use super::records::encode_pair;
use crate::context::CallContext;
use crate::crypto::digest::{Sha256, hmac_sha256};
use crate::crypto::{KEY_LEN, SUITE, SealedBox, Sid, StoreId, Table};

/// The format that this version writes, and the least that it must be able to read.
pub(crate) const FORMAT: u64 = 1;
const LABEL_HEADER: &[u8] = b"strongroom/v1/header\0";
const LABEL_JOURNAL: &[u8] = b"strongroom/v1/journal\0";
const LABEL_SLOTS: &[u8] = b"strongroom/v1/slots\0";
/// The longest actor, reason and request id that a journal record keeps, in bytes.
const MAX_NOTE: usize = 1024;

/// The header: what a reader must know before it has a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) store: StoreId,
    pub(crate) created: i64,
}

impl Header {
    /// The bytes of a new store's header.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = MapWriter::new(64, &NO_UNKNOWN);
        writer
            .uint(1, FORMAT)
            .bytes(2, &self.store)
            .uint(3, u64::from(SUITE))
            .uint(4, FORMAT)
            .int(5, self.created);
        writer.finish().to_vec()
    }

    /// Reads a header that was not authenticated yet. `Ok(None)`: a newer format.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut fields = Fields::parse(bytes)?;
        let format = fields.need(1, Reader::uint)?;
        let suite = fields.need(3, Reader::uint)?;
        let min_reader = fields.need(4, Reader::uint)?;
        if min_reader > FORMAT || suite != u64::from(SUITE) {
            return Ok(None);
        }
        if format < 1 {
            return Err(Malformed);
        }
        Ok(Some(Self {
            store: fields.array(2)?,
            created: fields.need(5, Reader::int)?,
        }))
    }

    /// The code that authenticates a header.
    pub(crate) fn mac(key: &[u8; KEY_LEN], bytes: &[u8]) -> [u8; 32] {
        hmac_sha256(key, &[LABEL_HEADER, bytes])
    }
}

/// A row of the table `keyslot`, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotRow {
    pub(crate) slot: i64,
    pub(crate) kind: i64,
    pub(crate) params: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// The hash over all slot rows, which must come in the order of their numbers.
pub(crate) fn slots_hash(rows: &[SlotRow]) -> [u8; 32] {
    let mut hash = Sha256::new(LABEL_SLOTS);
    hash.update(&(rows.len() as u64).to_le_bytes());
    for row in rows {
        hash.update(&row.slot.to_le_bytes()).update(&row.kind.to_le_bytes());
        for part in [&row.params, &row.sealed] {
            hash.update(&(part.len() as u32).to_le_bytes()).update(part);
        }
    }
    hash.finish()
}

/// Where the journal begins: the last record that was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct JournalFloor {
    pub(crate) seq: u64,
    pub(crate) hash: [u8; 32],
}

/// The root record: the state of the whole store in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Root {
    /// The number of the last mutation. The next one's is one more; versions take it as theirs.
    pub(crate) seq: u64,
    /// The hash of the last journal record.
    pub(crate) journal_head: [u8; 32],
    /// The accumulator over all head and version rows.
    pub(crate) acc: Accumulator,
    pub(crate) heads: u64,
    pub(crate) versions: u64,
    /// The latest time that any write saw.
    pub(crate) time_high_water: i64,
    /// The epoch whose key seals new boxes.
    pub(crate) epoch: u32,
    pub(crate) slots_hash: [u8; 32],
    pub(crate) floor: JournalFloor,
    /// What a newer version keeps here.
    pub(super) unknown: Unknown,
}

impl Root {
    /// Reads what the root box holds.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::parse(bytes)?;
        Ok(Self {
            seq: fields.need(1, Reader::uint)?,
            journal_head: fields.array(2)?,
            acc: Accumulator(fields.array(3)?),
            heads: fields.need(4, Reader::uint)?,
            versions: fields.need(5, Reader::uint)?,
            time_high_water: fields.need(6, Reader::int)?,
            epoch: fields.need(7, |reader| u32::try_from(reader.uint()?).map_err(|_| Malformed))?,
            slots_hash: fields.array(8)?,
            floor: fields.need(9, |reader| {
                let mut floor = Fields::read(reader)?;
                Ok(JournalFloor {
                    seq: floor.need(1, Reader::uint)?,
                    hash: floor.array(2)?,
                })
            })?,
            unknown: fields.rest(),
        })
    }

    /// What the root box holds.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = MapWriter::new(256, &self.unknown);
        writer
            .uint(1, self.seq)
            .bytes(2, &self.journal_head)
            .bytes(3, &self.acc.0);
        writer
            .uint(4, self.heads)
            .uint(5, self.versions)
            .int(6, self.time_high_water)
            .uint(7, u64::from(self.epoch));
        writer
            .bytes(8, &self.slots_hash)
            .raw(9, &encode_pair(self.floor.seq, &self.floor.hash));
        writer.finish()
    }
}

/// What a mutation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Mutation {
    Set = 1,
    UpdateMetadata = 2,
    Delete = 3,
    Rollback = 4,
}

/// A record of the journal, as far as it is written and checked.
#[derive(Debug)]
pub(crate) struct JournalRecord<'a> {
    /// The hash of the record before.
    pub(crate) previous: [u8; 32],
    pub(crate) at: i64,
    pub(crate) mutation: Mutation,
    pub(crate) sid: Sid,
    pub(crate) name: &'a str,
    /// The version that the mutation wrote, changed or (`Delete`) found as the current one.
    pub(crate) version: u64,
}

impl JournalRecord<'_> {
    /// What the record's box holds.
    pub(crate) fn encode(&self, cx: &CallContext) -> Zeroizing<Vec<u8>> {
        let note = |text: Option<&str>| text.map(|text| text[..text.floor_char_boundary(MAX_NOTE)].to_owned());
        let notes = [note(cx.actor()), note(cx.reason()), note(cx.request_id())];
        let room: usize = notes.iter().flatten().map(|note| note.len() + 8).sum();
        let mut writer = MapWriter::new(self.name.len() + room + 128, &NO_UNKNOWN);
        writer
            .bytes(1, &self.previous)
            .int(2, self.at)
            .uint(3, self.mutation as u64)
            .bytes(4, &self.sid);
        writer.text(5, self.name).uint(6, self.version);
        for (key, note) in (7..).zip(&notes) {
            writer.text_if(key, note.as_deref());
        }
        writer.finish()
    }

    /// The hash of the record before the one whose box held `bytes`.
    pub(crate) fn previous_of(bytes: &[u8]) -> Result<[u8; 32], Malformed> {
        Fields::parse(bytes)?.array(1)
    }

    /// The same, and whether the rest of the record has its form. An `op` of a newer version passes.
    pub(crate) fn check(bytes: &[u8]) -> Result<[u8; 32], Malformed> {
        let mut fields = Fields::parse(bytes)?;
        let previous = fields.array(1)?;
        fields.need(2, Reader::int)?;
        fields.need(3, Reader::uint)?;
        fields.array::<16>(4)?;
        fields.need(5, Reader::text)?;
        fields.need(6, Reader::uint)?;
        for note in 7..=9 {
            fields.take(note, Reader::text)?;
        }
        Ok(previous)
    }

    /// The hash of the record whose box held `bytes`.
    pub(crate) fn hash(seq: u64, bytes: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new(LABEL_JOURNAL);
        hash.update(&seq.to_le_bytes()).update(bytes);
        hash.finish()
    }
}

/// A sum modulo 2^256 of one keyed hash a row: what is added in any order and taken away again leaves no trace, and
/// no other set of rows is known to give the same sum. Little-endian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accumulator(pub(crate) [u8; 32]);

impl Accumulator {
    /// The term of a row.
    pub(crate) fn term(
        key: &[u8; KEY_LEN],
        table: Table,
        sid: &Sid,
        version: u64,
        commitment: &[u8],
        tag: &[u8],
    ) -> [u8; 32] {
        hmac_sha256(key, &[&[table as u8], sid, &version.to_le_bytes(), commitment, tag])
    }

    /// The term of a row by its box.
    pub(crate) fn term_of(
        key: &[u8; KEY_LEN],
        table: Table,
        sid: &Sid,
        version: u64,
        sealed: SealedBox<'_>,
    ) -> [u8; 32] {
        Self::term(key, table, sid, version, sealed.commitment(), sealed.tag())
    }

    /// Adds a term.
    pub(crate) fn add(&mut self, term: &[u8; 32]) {
        let mut carry = 0;
        for (byte, other) in self.0.iter_mut().zip(term) {
            let sum = u16::from(*byte) + u16::from(*other) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
    }

    /// Takes a term away.
    pub(crate) fn subtract(&mut self, term: &[u8; 32]) {
        let mut borrow = false;
        for (byte, other) in self.0.iter_mut().zip(term) {
            let (first, under) = byte.overflowing_sub(*other);
            let (second, under_again) = first.overflowing_sub(u8::from(borrow));
            *byte = second;
            borrow = under || under_again;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_and_go_in_any_order() {
        let terms: Vec<[u8; 32]> = (0..20u64).map(|n| hmac_sha256(&[1; 32], &[&n.to_le_bytes()])).collect();
        let mut acc = Accumulator::default();
        terms.iter().for_each(|term| acc.add(term));
        assert_ne!(acc, Accumulator::default());
        terms.iter().rev().for_each(|term| acc.subtract(term));
        assert_eq!(acc, Accumulator::default());
        acc.subtract(&{
            let mut one = [0; 32];
            one[0] = 1;
            one
        });
        assert_eq!(acc.0, [0xff; 32]);
    }

    #[test]
    fn root_and_header_come_back() {
        let root = Root {
            seq: 9,
            heads: 2,
            versions: 3,
            epoch: 1,
            time_high_water: -1,
            ..Root::default()
        };
        assert_eq!(Root::decode(&root.encode()).unwrap(), root);
        let header = Header {
            store: [5; 16],
            created: 12,
        };
        assert_eq!(Header::decode(&header.encode()).unwrap(), Some(header));
    }

    #[test]
    fn a_newer_header_is_told_apart() {
        let mut writer = MapWriter::new(64, &NO_UNKNOWN);
        writer
            .uint(1, 2)
            .bytes(2, &[0; 16])
            .uint(3, 1)
            .uint(4, 2)
            .int(5, 0)
            .int(77, 0);
        assert_eq!(Header::decode(&writer.finish()), Ok(None));
        let mut writer = MapWriter::new(64, &NO_UNKNOWN);
        writer
            .uint(1, 2)
            .bytes(2, &[0; 16])
            .uint(3, 1)
            .uint(4, 1)
            .int(5, 0)
            .int(77, 0);
        assert!(
            matches!(Header::decode(&writer.finish()), Ok(Some(_))),
            "newer, but readable"
        );
    }

    #[test]
    fn unknown_keys_of_the_root_survive() {
        let plain = Root {
            epoch: 1,
            ..Root::default()
        };
        let bytes = plain.encode();
        let mut fields = Fields::parse(&bytes).unwrap();
        for key in 1..=9 {
            fields.need(key, Reader::skip).unwrap();
        }
        let mut writer = MapWriter::new(512, &plain.unknown);
        writer
            .uint(1, 0)
            .bytes(2, &[0; 32])
            .bytes(3, &[0; 32])
            .uint(4, 0)
            .uint(5, 0)
            .int(6, 0)
            .uint(7, 1);
        writer
            .bytes(8, &[0; 32])
            .raw(9, &encode_pair(0, &[0; 32]))
            .text(31, "future");
        let bytes = writer.finish();
        assert_eq!(*Root::decode(&bytes).unwrap().encode(), *bytes);
    }
}
