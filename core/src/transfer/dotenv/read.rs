//! Reading `.env` files.

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::transfer::text::{lines, malformed, no_duplicates};
use crate::transfer::{Dialect, Entry, Parsed};
use crate::value::SecretValue;

/// Reads a file of no known dialect.
///
/// # Errors
/// As [`parse`].
pub(crate) fn read(text: &str) -> Result<Vec<Entry>> {
    parse(text, Dialect::Common).map(|parsed| parsed.entries)
}

/// Reads `NAME=value` lines: `export ` before the name, comments, quotes over several lines, any line ends. Nothing is
/// ever expanded; `$X` stays as it is and is noted.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) with the line of what cannot be read, or of a name that is
/// there twice.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Result<Parsed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let with_plain_ends = match dialect {
        // It keeps those inside quotes.
        Dialect::Compose => None,
        _ => plain_line_ends(text),
    };
    let text = with_plain_ends.as_ref().map_or(text, |copy| copy.as_str());
    let mut reader = Reader {
        dialect,
        rest: text,
        line: 1,
        expandable: Vec::new(),
        disputed: Vec::new(),
        cut: Vec::new(),
    };
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry()? {
        entries.push(entry);
    }
    no_duplicates(&entries)?;
    Ok(Parsed {
        entries,
        notes: reader.notes(),
    })
}

/// The text with `\n` for every line end, where it has others: so python-dotenv and Node's reader see it.
fn plain_line_ends(text: &str) -> Option<Zeroizing<String>> {
    text.contains('\r').then(|| {
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        let mut parts = text.split('\r');
        plain.push_str(parts.next().unwrap_or_default());
        for part in parts {
            if !part.starts_with('\n') {
                plain.push('\n');
            }
            plain.push_str(part);
        }
        plain
    })
}

struct Reader<'t> {
    dialect: Dialect,
    rest: &'t str,
    line: usize,
    /// Lines with a `$` that others expand.
    expandable: Vec<usize>,
    /// Lines with backslashes about which the readers disagree.
    disputed: Vec<usize>,
    /// Lines with a `#` at which Node's reader cuts the value off.
    cut: Vec<usize>,
}

impl<'t> Reader<'t> {
    /// The next entry; `None` at the end.
    fn entry(&mut self) -> Result<Option<Entry>> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if !self.rest.starts_with('#') {
                break;
            }
            self.take(self.line_length());
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let name = self.name()?;
        let spaced = self.skip_blanks();
        let value = match self.rest.bytes().next() {
            Some(quote @ (b'\'' | b'"')) => self.quoted(quote)?,
            Some(b'`') if self.dialect == Dialect::Node => self.quoted(b'`')?,
            Some(b'`') => {
                return Err(self.wrong("a value in backticks (only Node's `dotenv` reads it)"));
            }
            _ => self.unquoted(spaced),
        };
        Ok(Some(Entry { name, value, line }))
    }

    /// The name, with the `=` behind it.
    fn name(&mut self) -> Result<String> {
        if let Some(behind) = self.rest.strip_prefix("export") {
            let blanks = behind.len() - behind.trim_start_matches(is_blank).len();
            // `export=1` is a variable of that name.
            if blanks > 0 && !behind[blanks..].starts_with('=') {
                self.take("export".len() + blanks);
            }
        }
        let length = self.rest[..self.line_length()]
            .find('=')
            .ok_or_else(|| self.wrong("there is no `=`"))?;
        let name = self.rest[..length].trim_end();
        let name = match self.dialect {
            Dialect::Python => name
                .strip_prefix('\'')
                .and_then(|name| name.strip_suffix('\''))
                .unwrap_or(name),
            _ => name,
        };
        if name.is_empty() {
            return Err(self.wrong("there is no name before the `=`"));
        }
        let name = name.to_owned();
        self.take(length + 1);
        Ok(name)
    }

    /// A value without quotes: up to a comment or the end of the line. `spaced`: whether a blank stands before it.
    fn unquoted(&mut self, spaced: bool) -> SecretValue {
        let raw = &self.rest[..self.line_length()];
        let comment = match self.dialect {
            Dialect::Node => raw.find('#'),
            Dialect::Compose => raw.find(" #"),
            // A comment needs a blank before it.
            Dialect::Common | Dialect::Python => {
                let mut blank = spaced;
                raw.char_indices().find_map(|(at, c)| {
                    let begins = c == '#' && blank;
                    blank = c.is_whitespace();
                    begins.then_some(at)
                })
            }
        };
        let value = raw[..comment.unwrap_or(raw.len())].trim_end();
        if self.dialect == Dialect::Common && value.contains('#') {
            self.cut.push(self.line);
        }
        let unescaped;
        let value = match self.dialect {
            Dialect::Compose => {
                unescaped = self.unescaped(value, b' ');
                unescaped.as_str()
            }
            Dialect::Node => value,
            Dialect::Common | Dialect::Python => {
                let mut behind = value.split('$').skip(1);
                if self.dialect == Dialect::Common && behind.any(|behind| expands(behind.chars().next())) {
                    self.expandable.push(self.line);
                }
                value
            }
        };
        let value = self.finished(value);
        self.take(raw.len());
        value
    }

    /// A value in quotes, over any number of lines, with what may stand behind it.
    fn quoted(&mut self, quote: u8) -> Result<SecretValue> {
        let length = self
            .closing(quote)
            .ok_or_else(|| self.wrong("a quote that is never closed"))?;
        let raw = &self.rest[1..=length];
        let value = self.unescaped(raw, quote);
        let value = self.finished(&value);
        self.take(length + 2);
        self.skip_blanks();
        if matches!(self.rest.bytes().next(), None | Some(b'\n' | b'#')) {
            self.take(self.line_length());
            return Ok(value);
        }
        Err(self
            .wrong("there is something behind the closing quote")
            .with_help("quote the value anew, or say whose dialect the document is in; nothing was imported"))
    }

    /// The number of bytes between the quote that begins what is left and the one that closes it.
    fn closing(&self, quote: u8) -> Option<usize> {
        let inner = &self.rest[1..];
        // Most values have no backslash, and are found at once.
        let first = inner.find(char::from(quote))?;
        // A shell knows no escapes in single quotes. Node's reader does not see that a backslash is itself escaped.
        let (escapes, pairs) = match self.dialect {
            Dialect::Common => (quote == b'"', true),
            Dialect::Python | Dialect::Compose => (true, true),
            Dialect::Node => (true, false),
        };
        if !escapes || !inner[..first].contains('\\') {
            return Some(first);
        }
        let mut escaped = false;
        inner.bytes().position(|byte| {
            let closes = byte == quote && !escaped;
            escaped = escapes && byte == b'\\' && !(escaped && pairs);
            closes
        })
    }

    /// What the bytes in these quotes (a blank: in none) stand for.
    fn unescaped(&mut self, raw: &str, quote: u8) -> Zeroizing<String> {
        let mut value = Zeroizing::new(String::with_capacity(raw.len()));
        if !raw.contains('\\') && !raw.contains('$') {
            value.push_str(raw);
            return value;
        }
        let mut disputed = false;
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            let next = chars.clone().next();
            let stands_for = match (c, next) {
                ('\\', Some(next)) => self.escape(quote, next),
                ('$', Some('$')) if self.dialect == Dialect::Compose && quote != b'\'' => Some('$'),
                _ => None,
            };
            let is_expanded = quote != b'\'' && matches!(self.dialect, Dialect::Common | Dialect::Compose);
            if c == '$' && is_expanded && stands_for.is_none() && expands(next) {
                self.expandable.push(self.line);
            }
            disputed |= c == '\\' && !(quote == b'"' && matches!(next, Some('n' | 'r')));
            match stands_for {
                Some(other) => {
                    value.push(other);
                    chars.next();
                }
                None => value.push(c),
            }
            // Both backslashes stay, and the second one escapes nothing.
            if (c, next, quote) == ('\\', Some('\\'), b'\'') && self.dialect == Dialect::Compose {
                value.push('\\');
                chars.next();
            }
        }
        // A backslash alone in single quotes is read alike by all.
        let alike = quote == b'\'' && !raw.contains("\\\\") && !raw.ends_with('\\');
        if disputed && !alike && self.dialect == Dialect::Common {
            self.disputed.push(self.line);
        }
        value
    }

    /// What a backslash and this character stand for; `None` where both stay.
    fn escape(&self, quote: u8, next: char) -> Option<char> {
        let control = |next| match next {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'v' => Some('\x0b'),
            _ => None,
        };
        match (self.dialect, quote, next) {
            (Dialect::Common, b'"', '\\' | '"' | '$' | '`') => Some(next),
            (Dialect::Common, b'"', 'n' | 'r' | 't') => control(next),
            (Dialect::Python, b'\'', '\\' | '\'') => Some(next),
            (Dialect::Python, b'"', '\\' | '\'' | '"') => Some(next),
            (Dialect::Python, b'"', _) => control(next),
            (Dialect::Node, b'"', 'n' | 'r') => control(next),
            (Dialect::Compose, b'\'', '\'') => Some(next),
            (Dialect::Compose, b'"', '\\' | '"' | '$') => Some(next),
            (Dialect::Compose, b'"', _) => control(next),
            _ => None,
        }
    }

    /// The value, with what stands for itself in python-dotenv's own way to write it.
    fn finished(&mut self, value: &str) -> SecretValue {
        if self.dialect != Dialect::Python {
            return SecretValue::from(value);
        }
        // `${:-…}` names no variable, so it is the text behind the `-` whatever the environment says.
        let mut plain = Zeroizing::new(String::with_capacity(value.len()));
        let mut rest = value;
        while let Some((before, behind)) = rest.split_once("${") {
            plain.push_str(before);
            match behind.strip_prefix(":-").and_then(|text| text.split_once('}')) {
                Some((text, behind)) => {
                    plain.push_str(text);
                    rest = behind;
                }
                None => {
                    plain.push_str("${");
                    self.expandable.push(self.line);
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        SecretValue::from(plain.as_str())
    }

    fn skip_blanks(&mut self) -> bool {
        let blanks = self.rest.len() - self.rest.trim_start_matches(is_blank).len();
        self.take(blanks);
        blanks > 0
    }

    fn line_length(&self) -> usize {
        self.rest.find('\n').unwrap_or(self.rest.len())
    }

    fn take(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn wrong(&self, what: &str) -> Error {
        malformed(self.line, what)
    }

    fn notes(mut self) -> Vec<String> {
        let mut notes = Vec::new();
        let kinds = [
            (
                &mut self.expandable,
                "`$` is taken as it stands; some readers expand it",
            ),
            (
                &mut self.disputed,
                "readers disagree about the backslashes; escapes were read as a shell and Node together would",
            ),
            (&mut self.cut, "`#` is part of the value; Node's `dotenv` cuts there"),
        ];
        for (numbers, what) in kinds {
            numbers.dedup();
            if !numbers.is_empty() {
                notes.push(format!("{}: {what}", lines(numbers)));
            }
        }
        notes
    }
}

/// Whether a reader that expands variables would do so at a `$` with this behind it.
fn expands(next: Option<char>) -> bool {
    next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '('))
}

fn is_blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}
