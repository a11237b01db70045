//! A configuration document in TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::node::{Content, DEEPEST, Fault, Lines, Node};

/// The tables and values of the document; those named `wanted` looked into, the others only checked for being TOML.
pub(super) fn parse(text: &str, wanted: &str) -> Result<Vec<(String, Node)>, Fault> {
    let lines = Lines::of(text);
    let document = DeTable::parse(text).map_err(|error| Fault {
        line: error.span().map_or(1, |span| lines.at(span.start)),
        // The parser's texts may quote what they choked on, so they are not used.
        reason: match error.message() {
            "duplicate key" => "states a name twice".to_owned(),
            _ => "is no TOML".to_owned(),
        },
    })?;
    let mut found = Vec::new();
    for (name, value) in document.into_inner() {
        let line = lines.at(name.span().start);
        let name = name.into_inner().into_owned();
        let content = if name == wanted {
            content(value.into_inner(), &lines, 0)
        } else {
            Content::Other("not ours")
        };
        found.push((name, Node { line, content }));
    }
    Ok(found)
}

fn content(value: DeValue<'_>, lines: &Lines, depth: usize) -> Content {
    if depth == DEEPEST {
        return Content::Other("something nested that deep");
    }
    match value {
        DeValue::String(text) => Content::Text(Zeroizing::new(text.into_owned())),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).map_or(
            Content::Other("a number that is negative or too large"),
            Content::Number,
        ),
        DeValue::Float(_) => Content::Other("a broken number"),
        DeValue::Boolean(flag) => Content::Flag(flag),
        DeValue::Datetime(_) => Content::Other("a date"),
        DeValue::Array(items) => Content::List(items.into_iter().map(|item| node(item, lines, depth)).collect()),
        DeValue::Table(table) => Content::Table(
            table
                .into_iter()
                .map(|(name, value)| {
                    let line = lines.at(name.span().start);
                    let content = content(value.into_inner(), lines, depth + 1);
                    (name.into_inner().into_owned(), Node { line, content })
                })
                .collect(),
        ),
    }
}

fn node(item: Spanned<DeValue<'_>>, lines: &Lines, depth: usize) -> Node {
    let line = lines.at(item.span().start);
    Node {
        line,
        content: content(item.into_inner(), lines, depth + 1),
    }
}
