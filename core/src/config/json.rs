//! A configuration document in JSON.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::node::{Content, DEEPEST, Fault, Lines, Node};

/// The members of the document; those named `wanted` looked into, the others only checked for being JSON.
pub(super) fn parse(text: &str, wanted: &str) -> Result<Vec<(String, Node)>, Fault> {
    let reader = Reader {
        text,
        lines: Lines::of(text),
    };
    let members = serde_json::from_str::<Members<'_>>(text).map_err(|error| reader.fault(&error))?;
    let mut found = Vec::new();
    for (name, raw) in members.0 {
        let line = reader.line(raw);
        if name == wanted {
            if found.iter().any(|(present, _)| present == wanted) {
                return Err(twice(line));
            }
            let content = reader.content(raw, 0)?;
            found.push((name, Node { line, content }));
        } else {
            let content = Content::Other("not ours");
            found.push((name, Node { line, content }));
        }
    }
    Ok(found)
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines,
}

impl<'a> Reader<'a> {
    fn content(&self, raw: &'a RawValue, depth: usize) -> Result<Content, Fault> {
        let text = raw.get();
        if depth == DEEPEST {
            return Ok(Content::Other("something nested that deep"));
        }
        // The whole text was checked before; what is read here again is well-formed.
        let failed = |error| self.fault(&error);
        match text.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'a> = serde_json::from_str(text).map_err(failed)?;
                let mut names = BTreeSet::new();
                let mut table = Vec::with_capacity(members.0.len());
                for (name, raw) in members.0 {
                    let line = self.line(raw);
                    if !names.insert(name.clone()) {
                        return Err(twice(line));
                    }
                    let content = self.content(raw, depth + 1)?;
                    table.push((name, Node { line, content }));
                }
                Ok(Content::Table(table))
            }
            Some(b'[') => {
                let items: Items<'a> = serde_json::from_str(text).map_err(failed)?;
                let mut list = Vec::with_capacity(items.0.len());
                for raw in items.0 {
                    let content = self.content(raw, depth + 1)?;
                    list.push(Node {
                        line: self.line(raw),
                        content,
                    });
                }
                Ok(Content::List(list))
            }
            Some(b'"') => serde_json::from_str(text)
                .map(|text| Content::Text(Zeroizing::new(text)))
                .map_err(failed),
            Some(b't') => Ok(Content::Flag(true)),
            Some(b'f') => Ok(Content::Flag(false)),
            Some(b'n') => Ok(Content::Other("null")),
            _ => Ok(text.parse().map_or(
                Content::Other("a number that is negative, broken or too large"),
                Content::Number,
            )),
        }
    }

    /// The line on which a part of the text begins.
    fn line(&self, raw: &RawValue) -> usize {
        self.lines.at(raw.get().as_ptr() as usize - self.text.as_ptr() as usize)
    }

    /// The parser's texts may quote what they choked on, so they are not used.
    fn fault(&self, error: &serde_json::Error) -> Fault {
        let reason = if error.is_data() && !self.text.trim_start().starts_with('{') {
            "is no JSON object".to_owned()
        } else if error.is_eof() {
            "ends before its JSON does".to_owned()
        } else {
            format!("is no JSON from column {} on", error.column())
        };
        Fault {
            line: error.line().max(1),
            reason,
        }
    }
}

fn twice(line: usize) -> Fault {
    Fault {
        line,
        reason: "states a name twice".to_owned(),
    }
}

/// An object's members, in order, duplicates kept.
struct Members<'a>(Vec<(String, &'a RawValue)>);

/// A list's items.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Collect)
    }
}
