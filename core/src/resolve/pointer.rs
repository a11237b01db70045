//! JSON pointers (RFC 6901) into values that are JSON. The parts are found as pieces of the text, so that a number stays
//! what it is, and what is not asked for is never copied.

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// Refuses what is no pointer, or leads to the whole.
pub(crate) fn check(pointer: &str) -> Result<()> {
    let wrong = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
    if !pointer.starts_with('/') {
        return wrong("a JSON pointer begins with `/`, as in `#/user/name`");
    }
    let mut rest = pointer;
    while let Some(at) = rest.find('~') {
        rest = &rest[at + 1..];
        if !rest.starts_with(['0', '1']) {
            return wrong("in a JSON pointer `~` is written `~0` and `/` within a name `~1`");
        }
    }
    Ok(())
}

/// What a pointer that was checked leads to in a value: of a string its text, of everything else its JSON text; `None`
/// where the document has no such part.
///
/// # Errors
/// [`ErrorKind::InvalidValue`] where the value is no JSON, or the string is none that can be text.
pub(crate) fn find(value: &SecretValue, pointer: &str) -> Result<Option<SecretValue>> {
    let text = std::str::from_utf8(value.expose()).ok();
    let Some(text) = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) else {
        return Err(Error::new(
            ErrorKind::InvalidValue,
            "the reference points into a JSON document, and the value is none",
        ));
    };
    let mut part = text.trim_matches(SPACE);
    for token in pointer.split('/').skip(1) {
        let found = match part.as_bytes().first() {
            Some(b'{') => member(part, &token.replace("~1", "/").replace("~0", "~")),
            Some(b'[') => element(part, token),
            _ => None,
        };
        match found {
            Some(found) => part = found,
            None => return Ok(None),
        }
    }
    if !part.starts_with('"') {
        return Ok(Some(SecretValue::from(part)));
    }
    let half = || Error::new(ErrorKind::InvalidValue, "the string has half of a surrogate pair");
    let mut bytes = decode(part).ok_or_else(half)?;
    Ok(Some(SecretValue::from(std::mem::take(&mut *bytes))))
}

/// What JSON takes for space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The member of this name of an object; of several the last, as most readers have it.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut rest = inside(object);
    while !rest.is_empty() {
        let (key, after) = split_value(rest);
        let (value, after) = split_value(after.strip_prefix(':')?.trim_start_matches(SPACE));
        if decode(key).is_some_and(|key| key.as_slice() == name.as_bytes()) {
            found = Some(value);
        }
        rest = next(after);
    }
    found
}

/// The element of an array at an index as RFC 6901 writes it.
fn element<'a>(array: &'a str, index: &str) -> Option<&'a str> {
    let is_index = index == "0" || !index.starts_with('0') && index.bytes().all(|byte| byte.is_ascii_digit());
    let index: usize = index.parse().ok().filter(|_| is_index)?;
    let mut rest = inside(array);
    let mut at = 0;
    while !rest.is_empty() {
        let (value, after) = split_value(rest);
        if at == index {
            return Some(value);
        }
        at += 1;
        rest = next(after);
    }
    None
}

/// What stands between the brackets.
fn inside(part: &str) -> &str {
    part.get(1..part.len() - 1).unwrap_or_default().trim_matches(SPACE)
}

/// What follows the comma.
fn next(rest: &str) -> &str {
    rest.strip_prefix(',').unwrap_or_default().trim_start_matches(SPACE)
}

/// The value that a text of valid JSON begins with, and what follows it behind space.
fn split_value(text: &str) -> (&str, &str) {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut end = text.len();
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            if in_string || depth > 0 {
                continue;
            }
            end = at + 1;
            break;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            // The end of what this value stands in.
            b'}' | b']' if depth == 0 => {
                end = at;
                break;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    end = at + 1;
                    break;
                }
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (value, rest) = text.split_at(end);
    (value, rest.trim_start_matches(SPACE))
}

/// The bytes that a literal of valid JSON stands for, in memory that is wiped; `None` where it is no text.
fn decode(literal: &str) -> Option<Zeroizing<Vec<u8>>> {
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    // An escape is never shorter than what it stands for, so nothing is moved while it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = rest.get(at + 1..)?;
        let (read, taken) = match escape.as_bytes().first()? {
            b'u' => unit(escape)?,
            short => (unescaped(*short), 1),
        };
        let mut room = Zeroizing::new([0; 4]);
        bytes.extend_from_slice(read.encode_utf8(&mut *room).as_bytes());
        rest = &escape[taken..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

fn unescaped(short: u8) -> char {
    match short {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        itself => char::from(itself),
    }
}

/// The character of `uXXXX`, or of two of them, and how many bytes they take.
fn unit(escape: &str) -> Option<(char, usize)> {
    let read = |at: usize| u16::from_str_radix(escape.get(at..at + 4)?, 16).ok();
    let first = read(1)?;
    if !(0xd800..0xe000).contains(&first) {
        return Some((char::from_u32(first.into())?, 5));
    }
    let second = escape.get(5..7).filter(|text| *text == "\\u").and_then(|_| read(7))?;
    Some((char::decode_utf16([first, second]).next()?.ok()?, 11))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn found(document: &str, pointer: &str) -> Option<String> {
        let found = find(&SecretValue::from(document), pointer).unwrap();
        found.map(|value| value.expose_str().unwrap().to_owned())
    }

    #[test]
    fn the_examples_of_the_specification() {
        let document = r#" { "foo" : ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4,
            "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8 } "#;
        for (pointer, expected) in [
            ("/foo", r#"["bar", "baz"]"#),
            ("/foo/0", "bar"),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(found(document, pointer).as_deref(), Some(expected), "{pointer}");
        }
        for missing in [
            "/x", "/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/", "//", "/foo/0/0", "/a~0b",
        ] {
            assert_eq!(found(document, missing), None, "{missing}");
        }
        assert_eq!(found(r#"{"a":1,"\u0061":2}"#, "/a").as_deref(), Some("2"));
        // `~01` is `~1`, not `/`.
        assert_eq!(found(r#"{"~1":"x"}"#, "/~01").as_deref(), Some("x"));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(&deep, "/a").map(|found| found.len()), Some(200_000));
    }

    #[test]
    fn what_is_no_json_and_what_is_no_text_is_told_apart_from_what_is_missing() {
        for wrong in ["", "text", "{\"a\":1}x", "{\"a\":01}", "{\"a\":1,}", "\u{feff}{}"] {
            let error = find(&SecretValue::from(wrong), "/a").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{wrong:?}");
        }
        assert!(find(&SecretValue::from(vec![b'"', 0xff, b'"']), "/a").is_err());
        assert!(find(&SecretValue::from(r#"{"a":"\ud800"}"#), "/a").is_err());
        assert_eq!(
            found(r#"{"a":"\ud83d\ude00\/\b\f"}"#, "/a").unwrap(),
            "\u{1f600}/\u{8}\u{c}"
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[a-b/~\"\\\\]{0,2}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Every pointer of a document.
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        let mut below = |name: &str, value: &Value| {
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            all.push(pointer.clone());
            pointers(value, &pointer, all);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
            Value::Array(elements) => {
                let numbered = elements.iter().enumerate();
                numbered.for_each(|(index, value)| below(&index.to_string(), value));
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn every_part_is_what_another_reader_finds(value in json(), pretty in any::<bool>()) {
            let document = if pretty { format!("{value:#}") } else { value.to_string() };
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            for pointer in all {
                check(&pointer).unwrap();
                let expected = value.pointer(&pointer).unwrap();
                let found = found(&document, &pointer).unwrap();
                match expected {
                    Value::String(text) => prop_assert_eq!(&found, text),
                    other => prop_assert_eq!(&serde_json::from_str::<Value>(&found).unwrap(), other),
                }
            }
        }
    }
}
