//! Reading heads for a list.

use std::collections::BTreeMap;

use super::cbor::{Malformed, Reader};
use super::records::read_labels;

/// What a list needs of a head, borrowed from the opened box. Takes and refuses what [`Head::decode`](super::records::Head::decode) does.
#[derive(Debug, Default)]
pub(crate) struct HeadListing<'b> {
    pub(crate) name: &'b str,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) current: u64,
    pub(crate) provider: Option<&'b str>,
    pub(crate) scope_of_use: Option<&'b str>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) expires: Option<i64>,
}

impl<'b> HeadListing<'b> {
    /// Reads what a head box holds, in one pass and, where there are no labels, without an allocation.
    pub(crate) fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let mut this = Self::default();
        let mut found = 0;
        let mut last = None;
        let mut reader = Reader::new(bytes);
        reader.fields(|key, reader| {
            match key {
                1 => this.name = reader.text()?,
                2 => this.created = reader.int()?,
                3 => this.current = reader.uint()?,
                4 => {
                    for _ in 0..reader.array()? {
                        let row = read_version(reader)?;
                        if last.is_some_and(|(v, _)| v >= row.0) {
                            return Err(Malformed);
                        }
                        last = Some(row);
                    }
                }
                5 => this.provider = Some(reader.text()?),
                6 => this.scope_of_use = Some(reader.text()?),
                7 => this.labels = read_labels(reader)?,
                8 => this.expires = Some(reader.int()?),
                _ => reader.skip()?,
            }
            found += u32::from((1..=4).contains(&key));
            Ok(())
        })?;
        reader.end()?;
        match last {
            Some((v, at)) if found == 4 && v == this.current => {
                this.updated = at;
                Ok(this)
            }
            _ => Err(Malformed),
        }
    }
}

/// Number and time of a version in a head's list.
fn read_version(reader: &mut Reader<'_>) -> Result<(u64, i64), Malformed> {
    let (mut v, mut at) = (None, None);
    reader.fields(|key, reader| {
        match key {
            1 => v = Some(reader.uint()?),
            2 => at = Some(reader.int()?),
            3 => drop(reader.int()?),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    v.zip(at).ok_or(Malformed)
}
