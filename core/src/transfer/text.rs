//! What every reader does first, and the words for what is wrong.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// The longest document in bytes.
pub const MAX_DOCUMENT: usize = 128 << 20;

/// How many names or lines a message lists.
const SHOWN: usize = 20;

/// The text of a document, without a byte order mark.
///
/// # Errors
/// [`ErrorKind::TooLarge`]; [`ErrorKind::InvalidArgument`] with the line of what is no UTF-8, or NUL.
pub(crate) fn text(document: &[u8]) -> Result<&str> {
    if document.len() > MAX_DOCUMENT {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the document has more than {} MiB", MAX_DOCUMENT >> 20),
        )
        .with_help("split it into several"));
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let text = std::str::from_utf8(document).map_err(|error| {
        malformed(
            line_at(document, error.valid_up_to()),
            "there are bytes that are no UTF-8",
        )
    })?;
    match text.find('\0') {
        Some(at) => Err(malformed(line_at(document, at), "there is a NUL byte")),
        None => Ok(text),
    }
}

/// The number of the line in which a byte stands.
pub(crate) fn line_at(text: &[u8], at: usize) -> usize {
    1 + text[..at].iter().filter(|&&byte| byte == b'\n').count()
}

/// Where a writer puts its text, piece by piece.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&str);

/// The document that `write` writes. It is called twice, and the second time the size is known: nothing grows, so no
/// copy of a value is left behind.
pub(crate) fn assemble<E>(
    write: impl Fn(Sink<'_>) -> std::result::Result<(), E>,
) -> std::result::Result<SecretValue, E> {
    let mut length = 0;
    write(&mut |part| length += part.len())?;
    let mut document = Zeroizing::new(Vec::with_capacity(length));
    write(&mut |part| document.extend_from_slice(part.as_bytes()))?;
    Ok(SecretValue::from(std::mem::take(&mut *document)))
}

/// A document that cannot be read. `what` never quotes it.
pub(crate) fn malformed(line: usize, what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("line {line} of the document: {what}"),
    )
    .with_help("correct the document at that line; nothing was imported")
}

/// Refuses a document that has a name twice.
pub(crate) fn no_duplicates(entries: &[Entry]) -> Result<()> {
    let mut lines: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    let mut twice = Vec::new();
    for entry in entries {
        match lines.get(entry.name.as_str()) {
            Some(first) => twice.push(format!("`{}` (lines {first} and {})", shown(&entry.name), entry.line)),
            None => drop(lines.insert(&entry.name, entry.line)),
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let message = format!("the document has names twice: {}", listed(&twice));
    Err(Error::new(ErrorKind::InvalidArgument, message).with_help("remove one of each; nothing was imported"))
}

/// A name for a message: nothing in it steers a terminal, and it is not endless.
pub(crate) fn shown(name: &str) -> String {
    let mut chars = name.chars();
    let mut text: String = chars.by_ref().take(80).flat_map(char::escape_debug).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    text
}

/// Words as a list that is not endless.
pub(crate) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    let first: Vec<&str> = words.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match words.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// `line 3`, or `lines 3, 7`.
pub(crate) fn lines(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let unit = if numbers.len() == 1 { "line" } else { "lines" };
    format!("{unit} {}", listed(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        assert_eq!(text(b"\xef\xbb\xbfA=1").unwrap(), "A=1");
        for (document, line) in [
            (&b"\xff"[..], "line 1 "),
            (b"a\nb\n\xc3(", "line 3 "),
            (b"a\n\0", "line 2 "),
        ] {
            let error = text(document).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().starts_with(line), "{error}");
        }
    }

    #[test]
    fn a_list_is_not_endless() {
        assert_eq!(lines(&[3]), "line 3");
        assert_eq!(lines(&[3, 7]), "lines 3, 7");
        let many: Vec<_> = (1..=SHOWN + 5).collect();
        assert!(lines(&many).ends_with("20 and 5 more"));
        assert_eq!(shown("a\u{1b}[1m"), "a\\u{1b}[1m");
        assert!(shown(&"x".repeat(200)).chars().count() < 90);
    }
}
