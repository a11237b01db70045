//! CBOR maps with integer keys in ascending order. Keys that this version does not know are kept and written again.
//!
//! What we know has one encoding only. What we do not know is passed over without recursion, because headers and the
//! parameters of key slots are read before anything is authentic.

use std::iter::Peekable;

use minicbor::Encoder;
use zeroize::Zeroizing;

/// How many arrays, maps and tags may stand within one another in the value of a key.
const DEEPEST: usize = 32;

/// The bytes are not the map that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads items one after the other.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), Malformed> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    #[inline]
    fn next(&mut self, length: u64) -> Result<&'b [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let end = self.at.checked_add(length).ok_or(Malformed)?;
        let found = self.bytes.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(found)
    }

    /// The beginning of an item: major type, additional information, argument. Indefinite lengths are refused.
    #[inline]
    fn head(&mut self) -> Result<(u8, u8, u64), Malformed> {
        let first = self.next(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        let argument = match info {
            0..24 => u64::from(info),
            24..28 => {
                let bytes = self.next(1 << (info - 24))?;
                bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            }
            _ => return Err(Malformed),
        };
        Ok((major, info, argument))
    }

    /// The argument of an item of type `major`, in its shortest form.
    #[inline]
    fn expect(&mut self, major: u8) -> Result<u64, Malformed> {
        let (found, info, argument) = self.head()?;
        let shortest = match argument {
            0..24 => info < 24,
            24..0x100 => info == 24,
            0x100..0x1_0000 => info == 25,
            0x1_0000..0x1_0000_0000 => info == 26,
            _ => info == 27,
        };
        if found == major && shortest {
            Ok(argument)
        } else {
            Err(Malformed)
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64, Malformed> {
        self.expect(0)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Malformed> {
        let negative = self.bytes.get(self.at).is_some_and(|first| first >> 5 == 1);
        let value = i64::try_from(self.expect(u8::from(negative))?).map_err(|_| Malformed)?;
        Ok(if negative { -1 - value } else { value })
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Malformed> {
        let length = self.expect(2)?;
        self.next(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Malformed> {
        let length = self.expect(3)?;
        std::str::from_utf8(self.next(length)?).map_err(|_| Malformed)
    }

    /// The number of items of an array.
    pub(crate) fn array(&mut self) -> Result<u64, Malformed> {
        self.expect(4)
    }

    /// The number of entries of a map.
    pub(crate) fn map(&mut self) -> Result<u64, Malformed> {
        self.expect(5)
    }

    /// Reads one map, its keys ascending, without keeping it: `field` must read exactly the key's value.
    pub(crate) fn fields(
        &mut self,
        mut field: impl FnMut(u64, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut last = None;
        for _ in 0..self.map()? {
            let key = self.uint()?;
            if last.is_some_and(|last| last >= key) {
                return Err(Malformed);
            }
            last = Some(key);
            field(key, self)?;
        }
        Ok(())
    }

    /// Passes over one well-formed item of definite length, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        // What is still to come in each array, map or tag that was begun.
        let mut open = [0_u64; DEEPEST];
        let mut depth = 0;
        loop {
            let (major, info, argument) = self.head()?;
            let inner = match major {
                0 | 1 => 0,
                2 | 3 => {
                    self.next(argument)?;
                    0
                }
                4 => argument,
                5 => argument.checked_mul(2).ok_or(Malformed)?,
                6 => 1,
                // A simple value below 32 has one byte.
                _ if info == 24 && argument < 32 => return Err(Malformed),
                _ => 0,
            };
            if (4..7).contains(&major) && depth == DEEPEST {
                return Err(Malformed);
            }
            if inner > 0 {
                open[depth] = inner;
                depth += 1;
                continue;
            }
            while depth > 0 {
                open[depth - 1] -= 1;
                if open[depth - 1] > 0 {
                    break;
                }
                depth -= 1;
            }
            if depth == 0 {
                return Ok(());
            }
        }
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
        let mut reader = Reader::new(bytes);
        let this = Self::read(&mut reader)?;
        reader.end()?;
        Ok(this)
    }

    /// Reads one map where the reader stands.
    pub(crate) fn read(reader: &mut Reader<'b>) -> Result<Self, Malformed> {
        let count = reader.map()?;
        let mut entries: Vec<(u64, &'b [u8])> = Vec::with_capacity(count.min(16) as usize);
        for _ in 0..count {
            let key = reader.uint()?;
            if entries.last().is_some_and(|(last, _)| *last >= key) {
                return Err(Malformed);
            }
            let start = reader.at;
            reader.skip()?;
            entries.push((key, &reader.bytes[start..reader.at]));
        }
        Ok(Self { entries })
    }

    /// Takes the value of `key` out and decodes it.
    pub(crate) fn take<T>(
        &mut self,
        key: u64,
        decode: impl FnOnce(&mut Reader<'b>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        let Some(at) = self.entries.iter().position(|(k, _)| *k == key) else {
            return Ok(None);
        };
        let (_, bytes) = self.entries.remove(at);
        let mut reader = Reader::new(bytes);
        let value = decode(&mut reader)?;
        reader.end()?;
        Ok(Some(value))
    }

    /// Like [`take`](Self::take), where the key must be there.
    pub(crate) fn need<T>(
        &mut self,
        key: u64,
        decode: impl FnOnce(&mut Reader<'b>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        self.take(key, decode)?.ok_or(Malformed)
    }

    /// A byte string of exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, key: u64) -> Result<[u8; N], Malformed> {
        self.need(key, Reader::bytes)?.try_into().map_err(|_| Malformed)
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
        assert_eq!(fields.need(3, Reader::text).unwrap(), "three");
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
            // Not the shortest form: the map's length, a key.
            b"\xb8\x01\x01\x00",
            b"\xa1\x18\x01\x00",
            // Values that are not well-formed: reserved, a simple value too long, cut, indefinite.
            b"\xa1\x01\x1c",
            b"\xa1\x01\xf8\x10",
            b"\xa1\x01\x82\x00",
            b"\xa1\x01\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa1\x01\x5f\x41a\xff",
            b"\xa1\x01\x81\x9f\xff",
        ] {
            assert!(Fields::parse(bytes).is_err(), "{bytes:?}");
        }
        assert!(Fields::parse(b"\xa0").is_ok());
    }

    #[test]
    fn known_values_have_one_encoding() {
        let of = |value: &[u8]| [b"\xa1\x01", value].concat();
        for value in [
            &b"\x18\x17"[..],
            b"\x19\x00\xff",
            b"\x1a\x00\x00\xff\xff",
            b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff",
        ] {
            let bytes = of(value);
            assert!(
                Fields::parse(&bytes).unwrap().need(1, Reader::uint).is_err(),
                "{value:?}"
            );
            assert!(
                Fields::parse(&bytes).unwrap().need(1, Reader::int).is_err(),
                "{value:?}"
            );
            assert!(Fields::parse(&bytes).is_ok(), "as an unknown value it may stand");
        }
        for (value, number) in [
            (&b"\x17"[..], 23),
            (b"\x18\x18", 24),
            (b"\x19\x01\x00", 256),
            (b"\x38\x18", -25),
        ] {
            assert_eq!(Fields::parse(&of(value)).unwrap().need(1, Reader::int), Ok(number));
        }
        let least = of(b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff");
        assert_eq!(Fields::parse(&least).unwrap().need(1, Reader::int), Ok(i64::MIN));
        for value in [b"\x3b\x80\0\0\0\0\0\0\0", b"\x1b\x80\0\0\0\0\0\0\0"] {
            assert!(Fields::parse(&of(value)).unwrap().need(1, Reader::int).is_err());
        }
        assert!(
            Fields::parse(&of(b"\x61\xff")).unwrap().need(1, Reader::text).is_err(),
            "no UTF-8"
        );
        assert!(
            Fields::parse(&of(b"\x58\x01a"))
                .unwrap()
                .need(1, Reader::bytes)
                .is_err()
        );
    }

    #[test]
    fn unknown_values_are_any_item_down_to_a_depth() {
        // A tag, a map whose keys repeat and descend, floats, simple values, an empty array, a text that is no UTF-8.
        let odd = b"\xa1\x01\xc1\xa3\x02\x1b\0\0\0\0\0\0\0\x01\x02\xfa\0\0\0\0\x01\x84\xf6\xf8\xff\x80\x61\xff";
        assert!(Fields::parse(odd).is_ok());
        for opening in [&b"\x81"[..], b"\xc1", b"\xa1\x00"] {
            for (depth, sound) in [(DEEPEST, true), (DEEPEST + 1, false), (1 << 20, false)] {
                let bytes = [b"\xa1\x01", &opening.repeat(depth)[..], b"\x00"].concat();
                assert_eq!(Fields::parse(&bytes).is_ok(), sound, "{depth}");
            }
        }
        let empty = [b"\xa1\x01", &b"\x81".repeat(DEEPEST)[..], b"\x80"].concat();
        assert!(Fields::parse(&empty).is_err(), "an empty array counts as one");
    }
}
