//! Assignments that a POSIX shell can source.

use zeroize::Zeroizing;

use super::text::{Sink, lines, malformed, no_duplicates};
use super::{Entry, Item, Parsed};
use crate::error::Result;
use crate::value::SecretValue;

/// Writes `NAME='value'`. In single quotes everything stands for itself, so any text without NUL fits.
pub(crate) fn write(item: Item<'_>, out: Sink<'_>) {
    out(item.name);
    out("='");
    let mut parts = item.value.split('\'');
    out(parts.next().unwrap_or_default());
    for part in parts {
        out("'\\''");
        out(part);
    }
    out("'\n");
}

/// Reads one assignment a line, with quotes as a shell has them, `export ` before the name and comments. Nothing is
/// expanded: what a shell would expand is taken as it stands and noted.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) with the line of what is no assignment, or of a name that is
/// there twice.
pub(crate) fn parse(text: &str) -> Result<Parsed> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        expandable: Vec::new(),
        returns: Vec::new(),
    };
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry()? {
        entries.push(entry);
    }
    no_duplicates(&entries)?;
    reader.expandable.dedup();
    reader.returns.dedup();
    let kinds = [
        (
            reader.expandable,
            "a shell would expand something here; it is taken as it stands",
        ),
        (
            reader.returns,
            "a shell would take the carriage return at the end for a part of the value",
        ),
    ];
    let noted = kinds.iter().filter(|(numbers, _)| !numbers.is_empty());
    let notes = noted
        .map(|(numbers, what)| format!("{}: {what}", lines(numbers)))
        .collect();
    Ok(Parsed { entries, notes })
}

/// What ends a part of a word that has neither quotes nor escapes. A carriage return within a line is a part of its own.
const ENDS_BARE: &str = " \t\n\r;&|<>()'\"\\";

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// Lines in which a shell would expand something.
    expandable: Vec<usize>,
    /// Lines that end as those of Windows do.
    returns: Vec<usize>,
}

impl Reader<'_> {
    fn entry(&mut self) -> Result<Option<Entry>> {
        loop {
            match self.byte(0) {
                None => return Ok(None),
                Some(b'#') => self.skip_comment(),
                Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) => {
                    if byte == b'\r' {
                        self.returns.push(self.line);
                    }
                    self.skip(1);
                }
                Some(_) => break,
            }
        }
        let line = self.line;
        let name = self.name()?;
        let value = self.word()?;
        while matches!(self.byte(0), Some(b' ' | b'\t')) {
            self.skip(1);
        }
        match (self.byte(0), self.byte(1)) {
            (Some(b'#'), _) => self.skip_comment(),
            (None | Some(b'\n'), _) => {}
            (Some(b';'), _) => self.skip(1),
            (Some(b'\r'), None | Some(b'\n')) => self.returns.push(self.line),
            _ => {
                return Err(malformed(
                    self.line,
                    "there is something behind the value (a shell would take it for a command)",
                ));
            }
        }
        Ok(Some(Entry { name, value, line }))
    }

    fn name(&mut self) -> Result<String> {
        let rest = &self.text[self.at..];
        if let Some(behind) = rest.strip_prefix("export") {
            let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            if blanks > 0 {
                self.at += "export".len() + blanks;
            }
        }
        let rest = &self.text[self.at..];
        let end = rest.find(['=', '\n']).unwrap_or(rest.len());
        let name = &rest[..end];
        if !rest[end..].starts_with('=') {
            return Err(malformed(self.line, "there is no `=`"));
        }
        if name.is_empty() {
            return Err(malformed(self.line, "there is no name before the `=`"));
        }
        if name.contains([' ', '\t', '\'', '"', '$', '`', '(', '\\']) {
            return Err(malformed(self.line, "this is no assignment"));
        }
        self.at += end + 1;
        Ok(name.to_owned())
    }

    /// A word of a shell: bare, quoted and escaped parts in a row.
    fn word(&mut self) -> Result<SecretValue> {
        let begin = self.line;
        // A word is never longer than its text, which ends where the word does: found first, so that nothing grows.
        let mut counter = 0;
        let (at, line, noted) = (self.at, self.line, self.expandable.len());
        self.parts(begin, |part| counter += part.len())?;
        (self.at, self.line) = (at, line);
        self.expandable.truncate(noted);
        let mut value = Zeroizing::new(String::with_capacity(counter));
        self.parts(begin, |part| value.push_str(part))?;
        Ok(SecretValue::from(value.as_str()))
    }

    fn parts(&mut self, begin: usize, mut out: impl FnMut(&str)) -> Result<()> {
        let never = || malformed(begin, "a quote that is never closed");
        loop {
            let rest = &self.text[self.at..];
            match rest.bytes().next() {
                None | Some(b' ' | b'\t' | b'\n' | b';') => return Ok(()),
                Some(b'\r') if matches!(self.byte(1), None | Some(b'\n')) => return Ok(()),
                Some(b'&' | b'|' | b'<' | b'>' | b'(' | b')') => {
                    return Err(malformed(
                        self.line,
                        "a sign that means something to a shell; quote the value",
                    ));
                }
                Some(b'\'') => {
                    let end = rest[1..].find('\'').ok_or_else(never)?;
                    out(&rest[1..=end]);
                    self.skip(end + 2);
                }
                Some(b'"') => {
                    self.skip(1);
                    self.double(&mut out).ok_or_else(never)?;
                }
                Some(b'\\') => {
                    self.skip(1);
                    let Some(next) = self.text[self.at..].chars().next() else {
                        return Err(malformed(self.line, "a backslash with nothing behind it"));
                    };
                    // A line end behind a backslash is nothing at all.
                    if next != '\n' {
                        out(next.encode_utf8(&mut [0; 4]));
                    }
                    self.skip(next.len_utf8());
                }
                Some(_) => {
                    let ends = |(at, c): (usize, char)| at > 0 && ENDS_BARE.contains(c);
                    let end = rest.char_indices().find(|&at| ends(at));
                    let end = end.map_or(rest.len(), |(at, _)| at);
                    self.note_expansion(end, false);
                    if rest.starts_with('~') {
                        self.expandable.push(self.line);
                    }
                    out(&rest[..end]);
                    self.skip(end);
                }
            }
        }
    }

    /// What stands in double quotes; `None` where they are never closed.
    fn double(&mut self, out: &mut impl FnMut(&str)) -> Option<()> {
        loop {
            let rest = &self.text[self.at..];
            let end = rest.find(['"', '\\'])?;
            self.note_expansion(end, true);
            out(&rest[..end]);
            self.skip(end);
            if rest[end..].starts_with('"') {
                self.skip(1);
                return Some(());
            }
            match rest[end + 1..].bytes().next()? {
                b'\n' => {}
                byte @ (b'"' | b'\\' | b'$' | b'`') => out(char::from(byte).encode_utf8(&mut [0; 4])),
                _ => {
                    out("\\");
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
        }
    }

    /// Notes where a shell would expand something in the next `length` bytes.
    fn note_expansion(&mut self, length: usize, quoted: bool) {
        let (part, behind) = self.text[self.at..].split_at(length);
        let expands = |(at, _): (usize, &str)| match part[at + 1..].bytes().next() {
            Some(next) => next.is_ascii_alphanumeric() || b"_{(@*#?$!-".contains(&next),
            // bash has quotes of its own behind a `$`, and a line that goes on may go on with a name.
            None => behind.starts_with("\\\n") || (!quoted && behind.starts_with(['\'', '"'])),
        };
        if part.contains('`') || part.match_indices('$').any(expands) {
            self.expandable.push(self.line);
        }
    }

    fn skip_comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip(&mut self, length: usize) {
        self.line += self.text[self.at..self.at + length].matches('\n').count();
        self.at += length;
    }
}
