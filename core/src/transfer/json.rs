//! A flat JSON object of texts.

use zeroize::Zeroizing;

use super::text::{Sink, malformed, no_duplicates};
use super::{Entry, Item, Parsed};
use crate::error::Result;
use crate::value::SecretValue;

/// What is wrong with a value that holds others, and what to do: it may be a listing, which people keep as a backup.
pub(super) const NESTED: &str = "a nested value; the document is flat, name to text";
pub(super) const NESTED_HELP: &str = "make the document with `export` (of one component: `--scope component/ID`), not with a listing; nothing was \
                                      imported";

/// Writes an object, one line a member.
pub(crate) fn write(items: &[Item<'_>], out: Sink<'_>) {
    let mut before = "{\n  ";
    for item in items {
        out(before);
        quoted(item.name, out);
        out(": ");
        quoted(item.value, out);
        before = ",\n  ";
    }
    out(if items.is_empty() { "{}\n" } else { "\n}\n" });
}

/// Writes a text in quotes as JSON and YAML both read it: what is no visible character is escaped.
pub(crate) fn quoted(text: &str, out: Sink<'_>) {
    let is_special = |c: char| {
        matches!(c, '"' | '\\' | '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    out("\"");
    for part in text.split_inclusive(is_special) {
        let last = part.chars().next_back().filter(|&c| is_special(c));
        out(&part[..part.len() - last.map_or(0, char::len_utf8)]);
        match last {
            None => {}
            Some('"') => out("\\\""),
            Some('\\') => out("\\\\"),
            Some('\n') => out("\\n"),
            Some('\r') => out("\\r"),
            Some('\t') => out("\\t"),
            Some(c) => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let digit = |shift: u32| char::from(HEX[(c as usize >> shift) & 15]);
                out("\\u");
                for shift in [12, 8, 4, 0] {
                    out(digit(shift).encode_utf8(&mut [0; 4]));
                }
            }
        }
    }
    out("\"");
}

/// Reads an object whose members are texts.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) with the line of what is no JSON, no text, or a name that is
/// there twice.
pub(crate) fn parse(text: &str) -> Result<Parsed> {
    let mut reader = Reader { text, at: 0, line: 1 };
    let mut entries = Vec::new();
    reader.expect(b'{', "the document is no JSON object")?;
    if reader.peek() == Some(b'}') {
        reader.at += 1;
    } else {
        loop {
            reader.peek();
            let line = reader.line;
            let name = reader.string("there is no name in double quotes")?;
            reader.expect(b':', "there is no `:` behind a name")?;
            let value = reader.value()?;
            entries.push(Entry {
                name: name.as_str().to_owned(),
                value: SecretValue::from(value.as_str()),
                line,
            });
            match reader.peek() {
                Some(b',') => reader.at += 1,
                Some(b'}') => break reader.at += 1,
                _ => return Err(malformed(reader.line, "there is neither `,` nor `}` behind a value")),
            }
        }
    }
    if reader.peek().is_some() {
        return Err(malformed(reader.line, "there is something behind the object"));
    }
    no_duplicates(&entries)?;
    Ok(Parsed {
        entries,
        notes: Vec::new(),
    })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Reader<'_> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return Some(byte),
            }
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, otherwise: &str) -> Result<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(malformed(self.line, otherwise))
    }

    fn value(&mut self) -> Result<Zeroizing<String>> {
        match self.peek() {
            Some(b'{' | b'[') => Err(malformed(self.line, NESTED).with_help(NESTED_HELP)),
            Some(b'0'..=b'9' | b'-' | b't' | b'f' | b'n') => {
                Err(malformed(self.line, "a value is no text; put it in double quotes"))
            }
            _ => self.string("there is no value in double quotes"),
        }
    }

    fn string(&mut self, otherwise: &str) -> Result<Zeroizing<String>> {
        self.expect(b'"', otherwise)?;
        let rest = &self.text.as_bytes()[self.at..];
        let mut escaped = false;
        let end = rest.iter().position(|&byte| {
            let ends = !escaped && (byte == b'"' || byte < b' ');
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end.filter(|&end| rest[end] == b'"') else {
            let what = "a text that is never closed, or has a control character that is not escaped";
            return Err(malformed(self.line, what));
        };
        let raw = &self.text[self.at..self.at + end];
        self.at += end + 1;
        let mut value = Zeroizing::new(String::with_capacity(raw.len()));
        let mut rest = raw;
        while let Some((before, behind)) = rest.split_once('\\') {
            value.push_str(before);
            let (c, length) = unescape(behind).ok_or_else(|| malformed(self.line, "an escape that JSON has not"))?;
            value.push(c);
            rest = &behind[length..];
        }
        value.push_str(rest);
        Ok(value)
    }
}

/// What stands behind a backslash: the character and the bytes that it takes.
fn unescape(behind: &str) -> Option<(char, usize)> {
    let plain = |c| Some((c, 1));
    match behind.bytes().next()? {
        byte @ (b'"' | b'\\' | b'/') => plain(char::from(byte)),
        b'b' => plain('\x08'),
        b'f' => plain('\x0c'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'u' => {
            let unit = |at: usize| {
                let digits = behind.get(at..at + 4)?;
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
            };
            let high = unit(1)?;
            if let Some(c) = char::from_u32(high.into()) {
                return Some((c, 5));
            }
            let low = behind.get(5..7).filter(|&text| text == "\\u").and_then(|_| unit(7))?;
            let c = char::decode_utf16([high, low]).next()?.ok()?;
            Some((c, 11))
        }
        _ => None,
    }
}
