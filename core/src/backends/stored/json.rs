//! JSON as this format needs it: the members of an object as pieces of the text, so that what is not ours stays as it
//! is, and string literals to and from memory that is wiped.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The members of an object, in their order: name, and the text of the value without space round it.
pub(in crate::backends) type Members<'a> = Vec<(String, &'a str)>;

/// The members of the object that `text` is; `None` where it is no JSON or no object. Names may come twice.
pub(in crate::backends) fn members(text: &str) -> Option<Members<'_>> {
    struct Object;
    impl<'de> Visitor<'de> for Object {
        type Value = Members<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
            let mut members = Members::new();
            while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                members.push((name, value.get()));
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Object).ok()?;
    // Whatever follows the object makes it no JSON.
    reader.end().ok()?;
    Some(members)
}

/// A text that is no secret; `None` where the value is no string.
pub(in crate::backends) fn text(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}

/// The bytes that a string literal stands for, in memory that is wiped; `None` where the value is no string, or has a
/// half of a surrogate pair.
pub(in crate::backends) fn decode(value: &str) -> Option<Zeroizing<Vec<u8>>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    // An escape is never shorter than what it stands for, so nothing is moved while it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (read, taken) = escape(&rest[at + 1..])?;
        let mut room = Zeroizing::new([0; 4]);
        bytes.extend_from_slice(read.encode_utf8(&mut *room).as_bytes());
        rest = &rest[at + 1 + taken..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// What stands behind a backslash: the character, and how many bytes it takes.
fn escape(text: &str) -> Option<(char, usize)> {
    let short = match text.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = |at: usize| u32::from_str_radix(text.get(at..at + 4)?, 16).ok();
            let first = unit(1)?;
            if !(0xd800..0xe000).contains(&first) {
                return Some((char::from_u32(first)?, 5));
            }
            let second = text.get(5..7).filter(|next| *next == "\\u").and_then(|_| unit(7))?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            return Some((char::decode_utf16(pair).next()?.ok()?, 11));
        }
        _ => return None,
    };
    Some((short, 1))
}

/// Writes a text as a string literal.
pub(in crate::backends) fn encode(text: &str, out: &mut dyn FnMut(&[u8])) {
    out(b"\"");
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => &b"\\\""[..],
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            8 => b"\\b",
            12 => b"\\f",
            0..0x20 => b"",
            _ => continue,
        };
        out(&bytes[from..at]);
        out(short);
        if short.is_empty() {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            out(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        from = at + 1;
    }
    out(&bytes[from..]);
    out(b"\"");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literal(text: &str) -> String {
        let mut bytes = Vec::new();
        encode(text, &mut |part| bytes.extend_from_slice(part));
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn literals_are_what_another_writer_writes_and_come_back(text in any::<String>()) {
            prop_assert_eq!(literal(&text), serde_json::to_string(&text).unwrap());
            prop_assert_eq!(&**decode(&literal(&text)).unwrap(), text.as_bytes());
        }

        #[test]
        fn any_literal_means_what_another_reader_reads(inner in r#"(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\ud8[0-9]{2}\\udc[0-9]{2}|[a-z"é])*"#) {
            let value = format!("\"{inner}\"");
            // A quote in the middle ends the literal: a value of an object never has one.
            if let Ok(raw) = serde_json::from_str::<&RawValue>(&value) {
                let read = serde_json::from_str::<String>(raw.get()).ok();
                prop_assert_eq!(decode(raw.get()).map(|bytes| bytes.to_vec()), read.map(String::into_bytes));
            }
        }
    }

    #[test]
    fn members_are_told_in_their_order_and_only_of_an_object() {
        let found = members(" {\"b\" : [1, 2] ,\"a\\u0062\":\"x\", \"b\":null}\n").unwrap();
        assert_eq!(
            found,
            [
                ("b".to_owned(), "[1, 2]"),
                ("ab".to_owned(), "\"x\""),
                ("b".to_owned(), "null")
            ]
        );
        for wrong in [
            "",
            "[]",
            "{",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "null",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":01}",
            "\u{feff}{}",
        ] {
            assert!(members(wrong).is_none(), "{wrong:?}");
        }
        // However deep it is, nothing recurses.
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(members(&deep).unwrap().len(), 1);
    }
}
