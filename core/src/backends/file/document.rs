//! The text of the file, and what it says. Everything is kept as pieces of that text, which is wiped when dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Bound, Range};

use zeroize::Zeroizing;

use super::{metadata, render};
use crate::backend::{Description, EntryName, ListEntry, ListFilter, ListPage, VerifyReport};
use crate::backends::stored::json;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata};
use crate::value::SecretValue;

/// The version that we write.
const VERSION: &str = "2";

/// What a text is.
pub(super) enum Read {
    /// A document of this version.
    Current(Document),
    /// A document of version 1: as one of this version, and as it is.
    Former {
        text: Zeroizing<Vec<u8>>,
        old: Zeroizing<Vec<u8>>,
    },
    /// No document, for this reason.
    Corrupt(&'static str),
}

/// A document of this version.
pub(super) struct Document {
    text: Zeroizing<Vec<u8>>,
    /// The fields of the whole, in their order, and where their values stand.
    pub(super) fields: Vec<(String, Range<usize>)>,
    /// The entries whose names are keys.
    pub(super) entries: BTreeMap<SecretKey, Entry>,
    /// The other entries, by their names.
    pub(super) foreign: BTreeMap<String, Range<usize>>,
}

/// One entry whose name is a key.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where in the text it stands, without its name.
    pub(super) place: Range<usize>,
    /// Where its value stands and what is known about it; `None` where that cannot be read.
    pub(super) parts: Option<(Range<usize>, SecretMetadata)>,
}

/// What a page of the names is to have.
pub(super) struct Page {
    pub(super) filter: ListFilter,
    pub(super) after: Option<SecretKey>,
    pub(super) limit: Option<usize>,
}

/// Reads a text.
///
/// # Errors
/// [`ErrorKind::UnsupportedFormat`] for a version that we do not know; [`ErrorKind::Ambiguous`] where two names of
/// version 1 become one.
pub(super) fn read(text: Zeroizing<Vec<u8>>) -> Result<Read> {
    let Ok(valid) = std::str::from_utf8(&text) else {
        return Ok(Read::Corrupt("it is no UTF-8 text"));
    };
    let Some(fields) = json::members(valid) else {
        return Ok(Read::Corrupt(match valid.trim().is_empty() {
            true => "it is empty",
            false => "it is no JSON object",
        }));
    };
    let mut all = fields.iter();
    let mut is_former = true;
    for (_, version) in all.by_ref().filter(|(name, _)| name == "version") {
        is_former = *version == "1";
        if *version != VERSION && !is_former {
            return Err(unknown_version(version));
        }
    }
    if let Some(reason) = twice(fields.iter().map(|(name, _)| name), "a field is there twice") {
        return Ok(Read::Corrupt(reason));
    }
    let secrets = fields.iter().find(|(name, _)| name == "secrets");
    let Some(secrets) = secrets.and_then(|(_, value)| json::members(value)) else {
        return Ok(Read::Corrupt("it has no object `secrets`"));
    };
    if let Some(reason) = twice(secrets.iter().map(|(name, _)| name), "a secret is there twice") {
        return Ok(Read::Corrupt(reason));
    }
    if is_former {
        let migrated = render::migrated(&fields, &secrets)?;
        return Ok(Read::Former {
            text: migrated,
            old: text,
        });
    }
    let (mut entries, mut foreign) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in secrets {
        let place = place_of(valid, value);
        match SecretKey::parse(&name) {
            // Another spelling of a key (`A` for `global/A`) is not the key, so that no two entries are one secret.
            Ok(key) if key.as_str() == name => {
                let parts = parts(valid, value);
                entries.insert(key, Entry { place, parts });
            }
            _ => {
                foreign.insert(name, place);
            }
        }
    }
    let fields = places(valid, fields);
    Ok(Read::Current(Document {
        text,
        fields,
        entries,
        foreign,
    }))
}

fn unknown_version(version: &str) -> Error {
    // A number is worth showing; anything else could be whatever someone put there.
    let shown = match version.len() < 20 && version.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("the file has format version {version}, and this version of Strongroom knows 1 and 2"),
        false => "the file's `version` is no number that this version of Strongroom knows".to_owned(),
    };
    Error::new(ErrorKind::UnsupportedFormat, shown)
}

fn twice<'a>(names: impl Iterator<Item = &'a String>, reason: &'static str) -> Option<&'static str> {
    let mut seen = BTreeSet::new();
    let mut names = names;
    names.any(|name| !seen.insert(name)).then_some(reason)
}

fn places(text: &str, members: json::Members<'_>) -> Vec<(String, Range<usize>)> {
    let place = |(name, value)| (name, place_of(text, value));
    members.into_iter().map(place).collect()
}

/// Where a piece of `text` stands in it.
fn place_of(text: &str, piece: &str) -> Range<usize> {
    let from = piece.as_ptr().addr() - text.as_ptr().addr();
    from..from + piece.len()
}

/// Where the value of an entry stands, and its metadata; `None` where the entry cannot be read.
fn parts(text: &str, entry: &str) -> Option<(Range<usize>, SecretMetadata)> {
    let members = json::members(entry)?;
    let only = |wanted: &str| {
        let mut found = members.iter().filter(|(name, _)| name == wanted);
        let first = found.next();
        match found.next() {
            Some(_) => Err(()),
            None => Ok(first.map(|(_, value)| *value)),
        }
    };
    let value = only("value").ok()??;
    json::decode(value)?;
    let metadata = match only("metadata").ok()? {
        Some(value) => metadata::read(&json::members(value)?)?,
        None => metadata::read(&Vec::new())?,
    };
    Some((place_of(text, value), metadata))
}

// By hand: what is derived would show the bytes.
impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current(document) => f.debug_tuple("Current").field(document).finish(),
            Self::Former { text, .. } => write!(f, "Former(<{} bytes>)", text.len()),
            Self::Corrupt(reason) => f.debug_tuple("Corrupt").field(reason).finish(),
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.text.len())
            .field("entries", &self.entries.len())
            .field("foreign", &self.foreign.len())
            .finish_non_exhaustive()
    }
}

impl Document {
    /// A document without secrets.
    pub(super) fn empty() -> Self {
        Self {
            text: Zeroizing::new(render::EMPTY.as_bytes().to_vec()),
            fields: places(render::EMPTY, json::members(render::EMPTY).unwrap_or_default()),
            entries: BTreeMap::new(),
            foreign: BTreeMap::new(),
        }
    }

    /// The whole text.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// A piece of the text.
    pub(super) fn piece(&self, place: &Range<usize>) -> &str {
        // It was read as UTF-8, and the places are those of whole JSON values.
        self.text
            .get(place.clone())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    /// Where the value stands, and the metadata; `None` where there is no such secret.
    ///
    /// # Errors
    /// [`ErrorKind::Integrity`] for an entry that cannot be read.
    pub(super) fn find(&self, key: &SecretKey) -> Result<Option<&(Range<usize>, SecretMetadata)>> {
        match self.entries.get(key) {
            None => Ok(None),
            Some(Entry { parts: Some(parts), .. }) => Ok(Some(parts)),
            Some(_) => Err(unreadable(key)),
        }
    }

    /// The secret.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(super) fn get(&self, key: &SecretKey) -> Result<Option<Secret>> {
        let Some((place, metadata)) = self.find(key)? else {
            return Ok(None);
        };
        let value = json::decode(self.piece(place)).ok_or_else(|| unreadable(key))?;
        Ok(Some(
            Secret::new(SecretValue::copy_of(&value)).with_metadata(metadata.clone()),
        ))
    }

    /// What is known about the secret.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(super) fn describe(&self, key: &SecretKey) -> Result<Option<Description>> {
        Ok(self.find(key)?.map(|(_, metadata)| Description::new(metadata.clone())))
    }

    /// A page of the names. What cannot be read as a secret comes after the last key, as references.
    pub(super) fn list(&self, page: &Page) -> ListPage {
        let from = page.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut matching = self
            .entries
            .range::<SecretKey, _>((from, Bound::Unbounded))
            .filter_map(|(key, entry)| Some((key, &entry.parts.as_ref()?.1)))
            .filter(|(key, metadata)| page.filter.matches(key, metadata.provider.as_deref()));
        let mut entries: Vec<_> = matching
            .by_ref()
            .take(page.limit.unwrap_or(usize::MAX))
            .map(|(key, metadata)| ListEntry::new(EntryName::Key(key.clone()), metadata.clone()))
            .collect();
        if matching.next().is_some() {
            let next = entries.last().and_then(|entry| entry.name.key().cloned());
            return ListPage::new(entries, next);
        }
        let reference = |name: &str| ListEntry::new(EntryName::Reference(name.to_owned()), SecretMetadata::new());
        let broken = self.entries.iter().filter(|(_, entry)| entry.parts.is_none());
        entries.extend(
            broken
                .filter(|(key, _)| page.filter.matches(key, None))
                .map(|(key, _)| reference(key.as_str())),
        );
        // What is no key has neither scope nor provider.
        if page.filter.scope.is_none() && page.filter.provider.is_none() {
            let prefix = page.filter.prefix.as_deref().unwrap_or_default();
            let foreign = self.foreign.keys().filter(|name| name.starts_with(prefix));
            entries.extend(foreign.map(|name| reference(name)));
        }
        ListPage::new(entries, None)
    }

    /// Counts the secrets.
    ///
    /// # Errors
    /// [`ErrorKind::Integrity`] naming the first key whose entry cannot be read.
    pub(super) fn verify(&self) -> Result<VerifyReport> {
        for key in self.entries.keys() {
            self.find(key)?;
        }
        Ok(VerifyReport {
            secrets: self.entries.len() as u64,
            versions: self.entries.len() as u64,
            ..VerifyReport::default()
        })
    }
}

/// The error of an entry of ours that cannot be read.
pub(super) fn unreadable(key: &SecretKey) -> Error {
    Error::new(
        ErrorKind::Integrity,
        "the entry cannot be read: its value is no text, or its metadata has a wrong type",
    )
    .with_key(key)
    .with_help("correct the entry in the file, or set or delete the secret, which replaces the entry")
}
