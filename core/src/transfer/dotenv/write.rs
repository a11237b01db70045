//! Writing `.env` files.

use crate::transfer::text::Sink;
use crate::transfer::{Dialect, Item};

/// Whether the dialect has a way to write the value.
pub(crate) fn fits(value: &str, dialect: Dialect) -> bool {
    style(value, dialect).is_some()
}

/// Writes one `NAME=value` line. Only for values that [fit](fits); without a way to quote them they stay bare.
pub(crate) fn write(item: Item<'_>, dialect: Dialect, out: Sink<'_>) {
    let style = style(item.value, dialect).unwrap_or(Style::Bare);
    out(item.name);
    out("=");
    out(style.quote());
    match (dialect, style) {
        (Dialect::Python, _) => python(item.value, style, out),
        (Dialect::Compose, Style::Double) => escaped(item.value, &COMPOSE, out),
        (Dialect::Node, Style::Double) => escaped(item.value, &[('\r', "\\r")], out),
        _ => out(item.value),
    }
    out(style.quote());
    out("\n");
}

const COMPOSE: [(char, &str); 4] = [('\\', "\\\\"), ('"', "\\\""), ('$', "\\$"), ('\r', "\\r")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bare,
    Single,
    Double,
    Backtick,
}

impl Style {
    const fn quote(self) -> &'static str {
        match self {
            Self::Bare => "",
            Self::Single => "'",
            Self::Double => "\"",
            Self::Backtick => "`",
        }
    }
}

/// How a value is quoted in a dialect; `None` where it cannot hold it.
fn style(value: &str, dialect: Dialect) -> Option<Style> {
    let has = |c: char| value.contains(c);
    let fits = match dialect {
        Dialect::Common => [
            // python-dotenv halves backslashes, and it and Node's see an escaped quote at the end.
            (
                Style::Single,
                !has('\'') && !value.contains("\\\\") && !value.ends_with('\\') && !python_expands(value) && !has('\r'),
            ),
            (Style::Double, !value.contains(['"', '\\', '$', '`', '\r'])),
            (Style::Bare, false),
            (Style::Backtick, false),
        ],
        // Everything can be escaped, but a carriage return only in double quotes.
        Dialect::Python => [
            (Style::Single, !has('\r')),
            (Style::Double, true),
            (Style::Bare, false),
            (Style::Backtick, false),
        ],
        // Nothing can be escaped but line ends in double quotes, so another kind of quotes is taken.
        Dialect::Node => {
            let ends = value.ends_with('\\');
            [
                (Style::Single, !has('\'') && !ends && !has('\r')),
                (Style::Backtick, !has('`') && !ends && !has('\r')),
                (
                    Style::Double,
                    !has('"') && !ends && !value.contains("\\n") && !value.contains("\\r"),
                ),
                (Style::Bare, is_bare(value)),
            ]
        }
        Dialect::Compose => [
            (Style::Single, !value.contains(['\'', '\\', '\r'])),
            (Style::Double, true),
            (Style::Bare, false),
            (Style::Backtick, false),
        ],
    };
    fits.into_iter().find(|(_, fits)| *fits).map(|(style, _)| style)
}

/// Whether Node's reader takes the value as it is without quotes.
fn is_bare(value: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_graphic());
    ends(value.chars().next())
        && ends(value.chars().next_back())
        && !value.starts_with(['\'', '"', '`'])
        && !value.contains(['#', '\r', '\n', '\u{2028}', '\u{2029}'])
}

/// Whether python-dotenv finds `${name}` or `${name:-default}` in the value.
fn python_expands(value: &str) -> bool {
    // From the end, so that each `${` knows what follows it without a search.
    let bytes = value.as_bytes();
    let (mut brace_follows, mut closes) = (false, false);
    for (at, &byte) in bytes.iter().enumerate().rev() {
        match byte {
            b'}' => (brace_follows, closes) = (true, true),
            b':' => closes = brace_follows && bytes.get(at + 1) == Some(&b'-'),
            b'{' if closes && at > 0 && bytes[at - 1] == b'$' => return true,
            _ => {}
        }
    }
    false
}

fn python(value: &str, style: Style, out: Sink<'_>) {
    let escapes = match style {
        Style::Double => &[('\\', "\\\\"), ('"', "\\\""), ('\r', "\\r")][..],
        _ => &[('\\', "\\\\"), ('\'', "\\'")],
    };
    // Neither `$` nor a backslash before the closing quote can be escaped. `${:-…}` names no variable, so it is always
    // the text behind the `-`.
    let (body, end) = match value.strip_suffix('\\') {
        Some(body) => (body, "${:-\\\\}"),
        None => (value, ""),
    };
    if end.is_empty() && !python_expands(body) {
        escaped(body, escapes, out);
        return;
    }
    let mut parts = body.split("${");
    escaped(parts.next().unwrap_or_default(), escapes, out);
    for part in parts {
        out("${:-$}{");
        escaped(part, escapes, out);
    }
    out(end);
}

fn escaped(value: &str, escapes: &[(char, &str)], out: Sink<'_>) {
    let escape = |c| escapes.iter().find(|(escaped, _)| *escaped == c);
    for part in value.split_inclusive(|c| escape(c).is_some()) {
        let last = part.chars().next_back();
        match last.and_then(escape) {
            Some((c, text)) => {
                out(&part[..part.len() - c.len_utf8()]);
                out(text);
            }
            None => out(part),
        }
    }
}
