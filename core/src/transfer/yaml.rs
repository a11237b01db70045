//! A flat YAML mapping of texts.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use zeroize::Zeroizing;

use super::json::{NESTED, NESTED_HELP, quoted};
use super::text::{Sink, malformed, no_duplicates};
use super::{Entry, Item, Parsed};
use crate::error::{Error, Result};
use crate::value::SecretValue;

/// The longest name that YAML takes on one line with its value is 1024 characters.
const LONG_NAME: usize = 1000;

/// Writes one `NAME: "value"` a line.
pub(crate) fn write(items: &[Item<'_>], out: Sink<'_>) {
    for item in items {
        let is_long = item.name.len() > LONG_NAME;
        out(if is_long { "? " } else { "" });
        if is_plain(item.name) {
            out(item.name);
        } else {
            quoted(item.name, out);
        }
        out(if is_long { "\n: " } else { ": " });
        quoted(item.value, out);
        out("\n");
    }
    if items.is_empty() {
        out("{}\n");
    }
}

/// Whether every reader takes the name for a text: not `yes`, `null`, `1e3` or `y`.
fn is_plain(name: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !words.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Where and why this is no YAML. Of the reader's own words only what is known to be free of the document's.
fn no_yaml(error: &ScanError) -> Error {
    let what = if error.info().starts_with("simple key expect") {
        // It finds out where the next line begins.
        "a name has no `:` after it, here or on the line before"
    } else {
        "this is no YAML"
    };
    malformed(error.marker().line(), what)
}

/// Reads a mapping of scalars, each as the text that it is, whatever it looks like: `0123`, `yes`, `1e3`. Null alone is
/// no text.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) with the line of what is no YAML, no text (anchors, aliases,
/// tags, nested values, a second document), or a name that is there twice.
pub(crate) fn parse(text: &str) -> Result<Parsed> {
    let mut parser = Parser::new_from_str(text);
    let mut entries = Vec::new();
    // The name whose value comes next, and its line.
    let mut name: Option<(String, usize)> = None;
    let (mut inside, mut documents) = (false, 0);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| no_yaml(&error))?;
        match event {
            Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(wrong(span, "a second document"));
                }
            }
            Event::MappingStart(anchor, tag) if !inside => {
                check(span, anchor, tag.is_some())?;
                inside = true;
            }
            Event::MappingEnd => inside = false,
            Event::Scalar(text, style, anchor, tag) => {
                let mut text = Zeroizing::new(text.into_owned());
                check(span, anchor, tag.is_some())?;
                // What the parser tells of a value that is not there.
                let is_absent = style == ScalarStyle::Plain && span.is_empty();
                match name.take() {
                    _ if !inside && is_absent => {}
                    _ if !inside => return Err(wrong(span, "the document is no mapping")),
                    None if is_absent => return Err(wrong(span, "there is no name")),
                    None => name = Some((std::mem::take(&mut *text), span.start.line())),
                    Some(_) if is_absent => {
                        return Err(wrong(span, "there is no value (`\"\"` is the empty one)"));
                    }
                    Some(_) if style == ScalarStyle::Plain && is_null(&text) => {
                        let error = wrong(span, "a value is null, which is no text");
                        return Err(error
                            .with_help("quote it if the word is meant, or take the entry out; nothing was imported"));
                    }
                    Some((name, line)) => entries.push(Entry {
                        name,
                        value: SecretValue::from(std::mem::take(&mut *text)),
                        line,
                    }),
                }
            }
            Event::Alias(_) => return Err(wrong(span, "an alias; write the value out")),
            Event::MappingStart(..) | Event::SequenceStart(..) | Event::SequenceEnd => {
                return Err(wrong(span, NESTED).with_help(NESTED_HELP));
            }
        }
    }
    no_duplicates(&entries)?;
    Ok(Parsed {
        entries,
        notes: Vec::new(),
    })
}

/// Whether every reader takes this for nothing, unless it is quoted.
fn is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL")
}

fn check(span: Span, anchor: usize, tagged: bool) -> Result<()> {
    match (anchor, tagged) {
        (0, false) => Ok(()),
        (0, true) => Err(wrong(span, "a tag; every value is text as it stands")),
        _ => Err(wrong(span, "an anchor; write the value out where it is needed")),
    }
}

fn wrong(span: Span, what: &str) -> Error {
    malformed(span.start.line(), what)
}
