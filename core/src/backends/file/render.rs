//! Writing a document anew: what changes is written, everything else keeps its text.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::document::{Document, Entry};
use super::metadata;
use crate::backends::stored::json::{self, Members};
use crate::backends::stored::metadata::{KNOWN, time_text};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::SecretMetadata;

/// A document without secrets.
pub(super) const EMPTY: &str = "{\n  \"version\": 2,\n  \"secrets\": {}\n}";

/// What becomes of an entry.
pub(super) enum Edit<'a> {
    /// It is written with this value, these fields of the caller, and these times.
    Put {
        value: &'a str,
        metadata: &'a SecretMetadata,
        updated_at: OffsetDateTime,
        /// For a secret that was not there.
        created_at: OffsetDateTime,
    },
    /// It gets these fields of the caller; value and times stay.
    Describe(&'a SecretMetadata),
    /// It goes away.
    Remove,
}

/// What becomes of which entries.
pub(super) type Edits<'a> = BTreeMap<&'a SecretKey, Edit<'a>>;

/// The pieces of a text, in their order.
struct Pieces<'a>(Vec<Piece<'a>>);

enum Piece<'a> {
    /// Stands there as it is.
    Raw(&'a str),
    /// Made for this text; never a value.
    Made(String),
    /// Is written as a string literal.
    Literal(&'a str),
}

impl<'a> Pieces<'a> {
    fn raw(&mut self, text: &'a str) {
        self.0.push(Piece::Raw(text));
    }

    /// One member of an object: what stands before it, and its name.
    fn name(&mut self, is_first: &mut bool, indent: &'static str, name: &'a str) {
        self.raw(if std::mem::replace(is_first, false) {
            "{\n"
        } else {
            ",\n"
        });
        self.raw(indent);
        self.0.push(Piece::Literal(name));
        self.raw(": ");
    }

    /// The end of an object.
    fn end(&mut self, is_empty: bool, indent: &'static str) {
        self.raw(if is_empty { "{" } else { "\n" });
        self.raw(if is_empty { "" } else { indent });
        self.raw("}");
    }

    fn put(&self, out: &mut dyn FnMut(&[u8])) {
        for piece in &self.0 {
            match piece {
                Piece::Raw(text) => out(text.as_bytes()),
                Piece::Made(text) => out(text.as_bytes()),
                Piece::Literal(text) => json::encode(text, out),
            }
        }
    }

    /// The text, in one piece of memory that never moves while it fills.
    fn join(&self) -> Zeroizing<Vec<u8>> {
        let mut length = 0;
        self.put(&mut |part| length += part.len());
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        self.put(&mut |part| text.extend_from_slice(part));
        text
    }
}

/// The document with these changes. The names are sorted; unknown fields stay where they are.
///
/// # Errors
/// [`ErrorKind::Unsupported`] naming a time that the format cannot hold.
pub(super) fn changed(document: &Document, edits: &Edits<'_>) -> Result<Zeroizing<Vec<u8>>> {
    enum Source<'a> {
        Kept(&'a str),
        Edited(Option<&'a Entry>, &'a Edit<'a>),
    }
    let mut sources: BTreeMap<&str, Source<'_>> = BTreeMap::new();
    for (name, place) in &document.foreign {
        sources.insert(name, Source::Kept(document.piece(place)));
    }
    for (key, entry) in &document.entries {
        sources.insert(key.as_str(), Source::Kept(document.piece(&entry.place)));
    }
    for (key, edit) in edits {
        match edit {
            Edit::Remove => drop(sources.remove(key.as_str())),
            _ => drop(sources.insert(key.as_str(), Source::Edited(document.entries.get(key), edit))),
        }
    }
    let mut pieces = Pieces(Vec::with_capacity(8 * sources.len() + 16));
    let mut is_first = true;
    for (name, place) in &document.fields {
        pieces.name(&mut is_first, "  ", name);
        if name != "secrets" {
            pieces.raw(document.piece(place));
            continue;
        }
        let mut is_first = true;
        for (name, source) in &sources {
            pieces.name(&mut is_first, "    ", name);
            match source {
                Source::Kept(text) => pieces.raw(text),
                Source::Edited(former, edit) => entry(&mut pieces, document, *former, edit)?,
            }
        }
        pieces.end(is_first, "  ");
    }
    pieces.end(is_first, "");
    Ok(pieces.join())
}

/// One entry that changes. What an entry that cannot be read holds is not kept.
fn entry<'a>(pieces: &mut Pieces<'a>, document: &'a Document, former: Option<&Entry>, edit: &Edit<'a>) -> Result<()> {
    let readable = former.filter(|entry| entry.parts.is_some());
    let mut members = readable
        .and_then(|entry| json::members(document.piece(&entry.place)))
        .unwrap_or_default();
    for (index, name) in ["value", "metadata"].into_iter().enumerate() {
        if !members.iter().any(|(member, _)| member == name) {
            members.insert(index.min(members.len()), (name.to_owned(), ""));
        }
    }
    let mut is_first = true;
    for (name, text) in members {
        pieces.raw(if std::mem::replace(&mut is_first, false) {
            "{\n"
        } else {
            ",\n"
        });
        pieces.raw("      ");
        pieces.0.push(Piece::Made(quoted(&name)));
        pieces.raw(": ");
        match (name.as_str(), edit) {
            ("value", Edit::Put { value, .. }) => pieces.0.push(Piece::Literal(value)),
            ("metadata", edit) => describe(pieces, &json::members(text).unwrap_or_default(), edit)?,
            _ => pieces.raw(text),
        }
    }
    pieces.end(is_first, "    ");
    Ok(())
}

/// The metadata of an entry that changes: our fields anew, the others as they are.
fn describe<'a>(pieces: &mut Pieces<'a>, former: &Members<'a>, edit: &Edit<'_>) -> Result<()> {
    let fields = match edit {
        Edit::Put { metadata, .. } | Edit::Describe(metadata) => *metadata,
        Edit::Remove => return Ok(()),
    };
    let mut told = [const { None }; KNOWN.len()];
    for (text, name) in told.iter_mut().zip(KNOWN) {
        let former = former.iter().find(|(member, _)| member == name).map(|(_, text)| *text);
        let former = former.filter(|text| *text != "null");
        *text = match (name, edit) {
            // The text of the time stays: it may be finer than what we keep in memory.
            ("created_at", Edit::Put { created_at, .. }) => match former {
                Some(text) => Some(text.to_owned()),
                None => Some(time_text(name, *created_at)?),
            },
            ("updated_at", Edit::Put { updated_at, .. }) => Some(time_text(name, *updated_at)?),
            ("created_at" | "updated_at", _) => former.map(str::to_owned),
            ("provider", _) => fields.provider.as_deref().map(quoted),
            ("scope", _) => fields.scope_of_use.as_deref().map(quoted),
            ("expires_at", _) => match fields.expires_at {
                Some(at) => Some(time_text(name, at)?),
                None => None,
            },
            _ => (!fields.labels.is_empty()).then(|| metadata::labels_text(&fields.labels)),
        };
    }
    let mut is_first = true;
    let mut member = |name: String, text: Piece<'a>| {
        pieces.raw(if std::mem::replace(&mut is_first, false) {
            "{\n"
        } else {
            ",\n"
        });
        pieces.raw("        ");
        pieces.0.push(Piece::Made(name));
        pieces.raw(": ");
        pieces.0.push(text);
    };
    for (name, text) in former {
        match KNOWN.iter().position(|known| known == name) {
            None => member(quoted(name), Piece::Raw(text)),
            Some(known) => {
                if let Some(text) = told[known].take() {
                    member(quoted(name), Piece::Made(text));
                }
            }
        }
    }
    for (name, text) in KNOWN.into_iter().zip(told) {
        if let Some(text) = text {
            member(quoted(name), Piece::Made(text));
        }
    }
    pieces.end(is_first, "      ");
    Ok(())
}

/// A name or a field of the metadata as a string literal.
fn quoted(text: &str) -> String {
    let mut literal = Vec::with_capacity(text.len() + 2);
    json::encode(text, &mut |part| literal.extend_from_slice(part));
    // A literal of UTF-8 is UTF-8.
    String::from_utf8(literal).unwrap_or_default()
}

/// A document of version 1 as one of version 2: names without a scope are global ones. Entries keep their text.
///
/// # Errors
/// [`ErrorKind::Ambiguous`] where a name and its new form are both there.
pub(super) fn migrated(fields: &Members<'_>, secrets: &Members<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let mut named: BTreeMap<String, &str> = BTreeMap::new();
    for (name, text) in secrets {
        let scoped = match name.contains('/') {
            true => name.clone(),
            false => format!("global/{name}"),
        };
        match named.entry(scoped) {
            Slot::Vacant(slot) => drop(slot.insert(text)),
            Slot::Occupied(taken) => {
                let bare = taken.key().trim_start_matches("global/").to_owned();
                return Err(Error::new(
                    ErrorKind::Ambiguous,
                    "the file of format version 1 has this secret twice, with and without `global/`",
                )
                .with_key(bare)
                .with_help("rename one of the two entries in the file"));
            }
        }
    }
    let mut pieces = Pieces(Vec::with_capacity(5 * named.len() + 16));
    let mut is_first = true;
    pieces.name(&mut is_first, "  ", "version");
    pieces.raw("2");
    for (name, value) in fields.iter().filter(|(name, _)| name != "version") {
        pieces.name(&mut is_first, "  ", name);
        if name != "secrets" {
            pieces.raw(value);
            continue;
        }
        let mut is_first = true;
        for (name, text) in &named {
            pieces.name(&mut is_first, "    ", name);
            pieces.raw(text);
        }
        pieces.end(is_first, "  ");
    }
    pieces.end(is_first, "");
    Ok(pieces.join())
}
