//! What the memory holds, and the rules of its writes. No locks and no futures here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use time::OffsetDateTime;

use crate::backend::{
    Description, EntryName, IfVersion, ListEntry, ListPage, ListRequest, MetadataUpdate, SetManyRequest, SetRequest,
    VerifyReport, VersionEntry,
};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};
use crate::timestamp;
use crate::value::SecretValue;

/// How many versions of a secret are kept, the current one counted.
const KEPT: usize = 10;

/// One kept version. Its metadata is complete except for `created_at`, which belongs to the secret.
struct Kept {
    number: u64,
    secret: Secret,
}

/// One secret: its versions, oldest first, never empty.
struct Entry {
    created_at: OffsetDateTime,
    versions: VecDeque<Kept>,
}

impl Entry {
    fn current(&self) -> Option<&Kept> {
        self.versions.back()
    }

    fn find(&self, version: Option<&Version>) -> Option<&Kept> {
        match version {
            None => self.current(),
            // The word decides: `007` is not the version `7`.
            Some(version) => self.versions.iter().find(|kept| kept.word() == Some(version.as_str())),
        }
    }

    fn metadata(&self, kept: &Kept) -> SecretMetadata {
        let mut metadata = kept.secret.metadata.clone();
        metadata.created_at = Some(self.created_at);
        metadata
    }
}

impl Kept {
    fn word(&self) -> Option<&str> {
        self.secret.metadata.version.as_ref().map(Version::as_str)
    }
}

/// What a write left.
pub(super) struct Written {
    pub(super) version: Version,
    pub(super) created: bool,
}

#[derive(Default)]
pub(super) struct State {
    secrets: BTreeMap<SecretKey, Entry>,
    /// The number of writes so far. A version's number is that of its write, so none ever comes twice, not even for
    /// a secret that was deleted and set again.
    sequence: u64,
    pub(super) closed: bool,
}

impl State {
    pub(super) fn get(&self, key: &SecretKey, version: Option<&Version>) -> Option<Secret> {
        let entry = self.secrets.get(key)?;
        let kept = entry.find(version)?;
        Some(Secret::new(SecretValue::copy_of(kept.secret.value.expose())).with_metadata(entry.metadata(kept)))
    }

    pub(super) fn describe(&self, key: &SecretKey, version: Option<&Version>) -> Option<Description> {
        let entry = self.secrets.get(key)?;
        Some(Description::new(entry.metadata(entry.find(version)?)))
    }

    pub(super) fn list(&self, request: &ListRequest<'_>) -> Result<ListPage> {
        if request.limit == Some(0) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a page of a list has at least one entry",
            ));
        }
        let from = request.after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut matching = self
            .secrets
            .range::<SecretKey, _>((from, Bound::Unbounded))
            .filter_map(|(key, entry)| Some((key, entry.metadata(entry.current()?))))
            .filter(|(key, metadata)| request.filter.matches(key, metadata.provider.as_deref()));
        let entries: Vec<_> = matching
            .by_ref()
            .take(request.limit.unwrap_or(usize::MAX))
            .map(|(key, metadata)| ListEntry::new(EntryName::Key(key.clone()), metadata))
            .collect();
        let more = matching.next().is_some();
        let next = entries
            .last()
            .filter(|_| more)
            .and_then(|entry| entry.name.key().cloned());
        Ok(ListPage::new(entries, next))
    }

    /// Writes one secret; the caller has checked its size.
    pub(super) fn set(&mut self, request: &SetRequest<'_>) -> Result<Written> {
        self.check_condition(request.key, request.condition)?;
        let secret = request.secret.duplicate();
        Ok(self.put(request.key, secret, request.created_at))
    }

    /// Writes all entries; the caller has checked their sizes, and conditions are looked at first, so nothing can fail
    /// half way.
    pub(super) fn set_many(&mut self, request: &SetManyRequest<'_>) -> Result<Vec<Written>> {
        let mut seen = BTreeSet::new();
        for request in request.requests() {
            if !seen.insert(request.key) {
                let error = Error::new(ErrorKind::InvalidArgument, "the same key stands twice in one batch");
                return Err(error.with_key(request.key));
            }
            self.check_condition(request.key, request.condition)?;
        }
        Ok(request
            .requests()
            .map(|request| self.put(request.key, request.secret.duplicate(), request.created_at))
            .collect())
    }

    pub(super) fn update_metadata(
        &mut self,
        key: &SecretKey,
        update: &MetadataUpdate,
        condition: IfVersion<'_>,
    ) -> Result<Written> {
        if self.secrets.contains_key(key) {
            self.check_condition(key, condition)?;
        }
        let kept = self
            .secrets
            .get_mut(key)
            .and_then(|entry| entry.versions.back_mut())
            .ok_or_else(|| missing(key))?;
        update.apply(&mut kept.secret.metadata);
        self.sequence += 1;
        // The version stays: it names the value, which is what it was.
        Ok(Written {
            version: Version::from_number(kept.number),
            created: false,
        })
    }

    pub(super) fn delete(&mut self, key: &SecretKey, condition: IfVersion<'_>) -> Result<()> {
        if !self.secrets.contains_key(key) {
            return Err(missing(key));
        }
        self.check_condition(key, condition)?;
        self.secrets.remove(key);
        self.sequence += 1;
        Ok(())
    }

    pub(super) fn versions(&self, key: &SecretKey) -> Result<Vec<VersionEntry>> {
        let entry = self.secrets.get(key).ok_or_else(|| missing(key))?;
        let current = entry.current().map(|kept| kept.number);
        let newest_first = entry.versions.iter().rev();
        Ok(newest_first
            .map(|kept| {
                let mut told = VersionEntry::new(Version::from_number(kept.number), current == Some(kept.number));
                told.created_at = kept.secret.metadata.updated_at;
                told.expires_at = kept.secret.metadata.expires_at;
                told
            })
            .collect())
    }

    pub(super) fn rollback(&mut self, key: &SecretKey, version: &Version) -> Result<Written> {
        let entry = self.secrets.get(key).ok_or_else(|| missing(key))?;
        let kept = entry
            .find(Some(version))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such version of the secret").with_key(key))?;
        let mut secret = kept.secret.duplicate();
        // An expiry belongs to the time at which it was set; a secret brought back is to be readable.
        secret.metadata.expires_at = None;
        Ok(self.put(key, secret, None))
    }

    pub(super) fn verify(&self) -> VerifyReport {
        VerifyReport {
            secrets: self.secrets.len() as u64,
            versions: self.secrets.values().map(|entry| entry.versions.len() as u64).sum(),
            journal: 0,
            sequence: self.sequence,
        }
    }

    /// Drops, and so wipes, everything.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.secrets.clear();
    }

    fn check_condition(&self, key: &SecretKey, condition: IfVersion<'_>) -> Result<()> {
        let current = self.secrets.get(key).and_then(Entry::current);
        let reason = match (condition, current) {
            (IfVersion::Any, _) | (IfVersion::Absent, None) => return Ok(()),
            (IfVersion::Is(wanted), Some(kept)) if kept.word() == Some(wanted.as_str()) => return Ok(()),
            (IfVersion::Absent, Some(_)) => "the secret exists already",
            (IfVersion::Is(_), Some(_)) => "the current version of the secret is another one",
            (IfVersion::Is(_), None) => "the secret does not exist",
        };
        Err(Error::new(ErrorKind::Conflict, reason).with_key(key))
    }

    fn put(&mut self, key: &SecretKey, mut secret: Secret, created_at: Option<OffsetDateTime>) -> Written {
        self.sequence += 1;
        let number = self.sequence;
        let now = timestamp::now();
        let version = Version::from_number(number);
        secret.metadata.created_at = None;
        secret.metadata.updated_at = Some(now);
        secret.metadata.version = Some(version.clone());
        let kept = Kept { number, secret };
        let created = match self.secrets.get_mut(key) {
            Some(entry) => {
                entry.versions.push_back(kept);
                let surplus = entry.versions.len().saturating_sub(KEPT);
                entry.versions.drain(..surplus);
                false
            }
            None => {
                let entry = Entry {
                    created_at: created_at.unwrap_or(now),
                    versions: VecDeque::from([kept]),
                };
                self.secrets.insert(key.clone(), entry);
                true
            }
        };
        Written { version, created }
    }
}

fn missing(key: &SecretKey) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret").with_key(key)
}
