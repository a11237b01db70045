//! A file of variables: `NAME=value` a line.
//!
//! What all dialects agree on: blank lines, `#` comments, `export `, values bare (up to ` #`), in single quotes
//! (as they are) or in double quotes (`\n`, `\r`, `\t`, `\"`, `\\`, `\$`), quoted ones over several lines. Nothing is
//! ever expanded. Of two lines with one name the later counts.

use zeroize::Zeroizing;

/// One variable.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: Zeroizing<String>,
}

/// A line that is none, and what is wrong with it; never what stands there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) reason: &'static str,
}

/// Reads the whole text.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let (length, entry) = statement(rest).map_err(|reason| Fault { line, reason })?;
        entries.extend(entry);
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    Ok(entries)
}

/// What the text begins with: its length to the end of its last line, and the variable, where it is one.
fn statement(text: &str) -> Result<(usize, Option<Entry>), &'static str> {
    let end = end_of_line(text);
    let line = text[..end].trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok((end, None));
    }
    let body = line
        .strip_prefix("export")
        .filter(|body| body.starts_with([' ', '\t']))
        .unwrap_or(line);
    let (name, _) = body.split_once('=').ok_or("is no `NAME=value`")?;
    let name = name.trim();
    let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(well_formed) {
        return Err("has no valid name before its `=`");
    }
    // The first `=` of the line is the one that ended the name: neither `export` nor a name has one.
    let start = text.find('=').map_or(end, |at| at + 1);
    let start = start + (text[start..end].len() - text[start..end].trim_start_matches([' ', '\t']).len());
    let (value, after) = match text[start..].chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (value, length) = quoted(&text[start + 1..], quote)?;
            (value, start + 1 + length)
        }
        _ => {
            let bare = &text[start..end];
            let bare = if bare.starts_with('#') { "" } else { bare };
            let bare = bare.find(" #").map_or(bare, |at| &bare[..at]);
            (
                Zeroizing::new(bare.trim().to_owned()),
                text[..end].trim_end().len().max(start),
            )
        }
    };
    let end = after + end_of_line(&text[after..]);
    let tail = text[after..end].trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        return Err("has something behind its closing quote");
    }
    let name = name.to_owned();
    Ok((end, Some(Entry { name, value })))
}

/// The length of the first line, its end counted.
fn end_of_line(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |at| at + 1)
}

/// The value up to the closing quote, and the length with that.
fn quoted(text: &str, quote: char) -> Result<(Zeroizing<String>, usize), &'static str> {
    // Room for all of it at once: a buffer that grows would leave pieces behind.
    let mut value = Zeroizing::new(String::with_capacity(text.find(quote).unwrap_or(0).max(64)));
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if c == quote {
            return Ok((value, at + 1));
        }
        let c = match (c, quote) {
            ('\\', '"') => match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(escaped @ ('"' | '\\' | '$')) => escaped,
                Some(other) => {
                    push(&mut value, '\\');
                    other
                }
                None => break,
            },
            _ => c,
        };
        push(&mut value, c);
    }
    Err("opens a quote that is never closed")
}

/// Adds a character; what grows is copied into a new place and the old one wiped.
fn push(value: &mut Zeroizing<String>, c: char) {
    if value.capacity() - value.len() < c.len_utf8() {
        let mut grown = Zeroizing::new(String::with_capacity(value.capacity() * 2 + 4));
        grown.push_str(value);
        *value = grown;
    }
    value.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let entries = parse(text).unwrap();
        entries
            .into_iter()
            .map(|entry| (entry.name, entry.value.to_string()))
            .collect()
    }

    fn one(text: &str) -> String {
        let entries = read(text);
        assert_eq!(entries.len(), 1, "{text}");
        entries[0].1.clone()
    }

    #[test]
    fn values_in_every_quoting() {
        for (text, value) in [
            ("A=1", "1"),
            ("A = 1 ", "1"),
            ("export A=1\r\n", "1"),
            ("\u{feff}A=1", "1"),
            ("A=", ""),
            ("A=#nothing", ""),
            ("A=a#b", "a#b"),
            ("A=a #b", "a"),
            ("A=$2a$10$x", "$2a$10$x"),
            ("A='a\\n\"b' # c", "a\\n\"b"),
            ("A=\"a\\n\\\"b\\\\\\$\\q\"", "a\n\"b\\$\\q"),
            ("A=\"one\ntwo\"\n", "one\ntwo"),
            ("exported=1", "1"),
        ] {
            assert_eq!(one(text), value, "{text}");
        }
        assert_eq!(
            one(&format!("A=\"{}\\\"{}\"", "x".repeat(9), "y".repeat(300))).len(),
            310
        );
        assert_eq!(read("# c\n\nA=1\nB='x\ny'\nA=2\n").len(), 3);
    }

    #[test]
    fn a_bad_line_is_named_and_not_shown() {
        for (text, line) in [
            ("A=1\nsecret words", 2),
            ("A='x\ny'\n=s3cret", 3),
            ("1A=x", 1),
            ("A B=x", 1),
            ("\n\nA='never closed\n", 3),
            ("A=\"x\" s3cret", 1),
            ("A=\"x\\", 1),
        ] {
            let fault = parse(text).err().unwrap();
            assert_eq!(fault.line, line, "{text}");
            assert!(!fault.reason.contains("s3cret"));
        }
    }
}
