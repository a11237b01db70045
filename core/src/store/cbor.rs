//! CBOR maps with integer keys in ascending order. Keys that this version does not know are kept and written again.

use std::iter::Peekable;

use minicbor::decode::Error as DecodeError;
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

/// The bytes are not the map that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<DecodeError> for Malformed {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

/// Keys that this version does not know, each with its value's bytes, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unknown(Vec<(u64, Box<[u8]>)>);

/// No such keys.
pub(crate) static NO_UNKNOWN: Unknown = Unknown(Vec::new());

/// A map that was read: each key with the bytes of its value.
pub(crate) struct Fields<'b> {
    entries: Vec<(u64, &'b [u8])>,
}

impl<'b> Fields<'b> {
    /// Reads one map that fills `bytes`, its keys ascending.
    pub(crate) fn parse(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes);
        let this = Self::read(&mut decoder)?;
        if decoder.position() == bytes.len() {
            Ok(this)
        } else {
            Err(Malformed)
        }
    }

    /// Reads one map where the decoder stands.
    pub(crate) fn read(decoder: &mut Decoder<'b>) -> Result<Self, Malformed> {
        let count = decoder.map()?.ok_or(Malformed)?;
        let mut entries: Vec<(u64, &'b [u8])> = Vec::with_capacity(count.min(16) as usize);
        for _ in 0..count {
            let key = decoder.u64()?;
            if entries.last().is_some_and(|(last, _)| *last >= key) {
                return Err(Malformed);
            }
            let start = decoder.position();
            decoder.skip()?;
            entries.push((key, decoder.input().get(start..decoder.position()).ok_or(Malformed)?));
        }
        Ok(Self { entries })
    }

    /// Takes the value of `key` out and decodes it.
    pub(crate) fn take<T, E: Into<Malformed>>(
        &mut self,
        key: u64,
        decode: impl FnOnce(&mut Decoder<'b>) -> Result<T, E>,
    ) -> Result<Option<T>, Malformed> {
        let Some(at) = self.entries.iter().position(|(k, _)| *k == key) else {
            return Ok(None);
        };
        let (_, bytes) = self.entries.remove(at);
        let mut decoder = Decoder::new(bytes);
        let value = decode(&mut decoder).map_err(Into::into)?;
        if decoder.position() == bytes.len() {
            Ok(Some(value))
        } else {
            Err(Malformed)
        }
    }

    /// Like [`take`](Self::take), where the key must be there.
    pub(crate) fn need<T, E: Into<Malformed>>(
        &mut self,
        key: u64,
        decode: impl FnOnce(&mut Decoder<'b>) -> Result<T, E>,
    ) -> Result<T, Malformed> {
        self.take(key, decode)?.ok_or(Malformed)
    }

    /// A byte string of exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, key: u64) -> Result<[u8; N], Malformed> {
        self.need(key, Decoder::bytes)?.try_into().map_err(|_| Malformed)
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Unknown {
        Unknown(
            self.entries
                .into_iter()
                .map(|(key, bytes)| (key, bytes.into()))
                .collect(),
        )
    }
}

/// Writes one map. Known keys must come in ascending order; unknown ones are put between them.
pub(crate) struct MapWriter<'u> {
    body: Zeroizing<Vec<u8>>,
    count: u64,
    unknown: Peekable<std::slice::Iter<'u, (u64, Box<[u8]>)>>,
}

impl<'u> MapWriter<'u> {
    /// A map of about `capacity` bytes without the unknown keys. Where the map holds a secret the capacity must
    /// suffice: a buffer that grows leaves copies behind.
    pub(crate) fn new(capacity: usize, unknown: &'u Unknown) -> Self {
        let kept: usize = unknown.0.iter().map(|(_, bytes)| bytes.len() + 9).sum();
        Self {
            body: Zeroizing::new(Vec::with_capacity(capacity + kept + 16)),
            count: 0,
            unknown: unknown.0.iter().peekable(),
        }
    }

    /// Writes a key and lets `encode` write its value.
    pub(crate) fn field(&mut self, key: u64, encode: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> &mut Self {
        while let Some((other, bytes)) = self.unknown.next_if(|(other, _)| *other < key) {
            self.put_unknown(*other, bytes);
        }
        self.count += 1;
        // Writing to a vector cannot fail.
        let mut encoder = Encoder::new(&mut *self.body);
        let _ = encoder.u64(key);
        encode(&mut encoder);
        self
    }

    pub(crate) fn uint(&mut self, key: u64, value: u64) -> &mut Self {
        self.field(key, |e| drop(e.u64(value)))
    }

    pub(crate) fn int(&mut self, key: u64, value: i64) -> &mut Self {
        self.field(key, |e| drop(e.i64(value)))
    }

    pub(crate) fn bytes(&mut self, key: u64, value: &[u8]) -> &mut Self {
        self.field(key, |e| drop(e.bytes(value)))
    }

    pub(crate) fn text(&mut self, key: u64, value: &str) -> &mut Self {
        self.field(key, |e| drop(e.str(value)))
    }

    pub(crate) fn text_if(&mut self, key: u64, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    pub(crate) fn int_if(&mut self, key: u64, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.int(key, value),
            None => self,
        }
    }

    /// A value that is encoded already.
    pub(crate) fn raw(&mut self, key: u64, value: &[u8]) -> &mut Self {
        self.field(key, |e| e.writer_mut().extend_from_slice(value))
    }

    fn put_unknown(&mut self, key: u64, bytes: &[u8]) {
        self.count += 1;
        let _ = Encoder::new(&mut *self.body).u64(key);
        self.body.extend_from_slice(bytes);
    }

    /// The finished map.
    pub(crate) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        while let Some((key, bytes)) = self.unknown.next() {
            self.put_unknown(*key, bytes);
        }
        let mut head = Vec::with_capacity(9);
        let _ = Encoder::new(&mut head).map(self.count);
        // Into the spare capacity: no reallocation, so no copy.
        self.body.splice(0..0, head);
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_keep_their_bytes_and_their_place() {
        let mut writer = MapWriter::new(64, &NO_UNKNOWN);
        writer.uint(1, 7).text(3, "three").bytes(5, b"five").int(9, -4);
        let first = writer.finish();
        let mut fields = Fields::parse(&first).unwrap();
        assert_eq!(fields.need(3, Decoder::str).unwrap(), "three");
        let unknown = fields.rest();
        let mut writer = MapWriter::new(64, &unknown);
        writer.text(3, "three");
        assert_eq!(*writer.finish(), *first);
    }

    #[test]
    fn maps_are_strict() {
        for bytes in [
            &b""[..],
            b"\xa1\x01",
            b"\xa1\x01\x01\x00",
            b"\xa2\x02\x00\x01\x00",
            b"\xa2\x01\x00\x01\x00",
            b"\xbf\x01\x00\xff",
            b"\x80",
            b"\xa1\x61\x61\x00",
            b"\xba\xff\xff\xff\xff",
        ] {
            assert!(Fields::parse(bytes).is_err(), "{bytes:?}");
        }
        assert!(Fields::parse(b"\xa0").is_ok());
    }
}
