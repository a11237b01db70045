//! One open transaction: secrets with their versions, the journal, the accumulator and the root.

use rusqlite::Connection;

use super::error::{Damage, Step, damaged};
use super::ledger::{JournalFloor, JournalRecord, Mutation, Root};
use super::link::Link;
use super::read;
use super::records::{Attributes, Head, Ver, VersionRow, encode_new_version};
use super::session::{Session, read_root};
use super::shared::unpoisoned;
use super::write::{Condition, Entry, Left, Mutated};
use crate::backend::{ChangeStep, MetadataUpdate, SetOutcome};
use crate::context::CallContext;
use crate::crypto::random::Stock;
use crate::crypto::{Address, SealedBox, Sid, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Version;
use crate::timestamp::{now, to_micros};

/// How far the clock may go back before that is an event.
const CLOCK_TOLERANCE: i64 = 5 * 60 * 1_000_000;
/// The most journal records that one transaction drops beyond those that it adds.
const TRIM_AT_ONCE: u64 = 10_000;
/// A journal that is too long is cut to its limit less this part of it.
const TRIM_SHARE: u64 = 128;

fn no_secret() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret")
}

/// A count of the root, grown by one.
fn one_more(count: u64) -> Result<u64> {
    count
        .checked_add(1)
        .ok_or_else(|| damaged("the root's counts are wrong"))
}

/// An open transaction: what it has changed so far.
pub(super) struct Transaction<'a> {
    session: &'a Session,
    link: &'a Link,
    cx: &'a CallContext,
    root: Root,
    before: Vec<u8>,
    now: i64,
    /// Salts and nonces.
    fresh: Stock,
    outcomes: Vec<SetOutcome>,
    left: Vec<(SecretKey, Left)>,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(session: &'a Session, link: &'a Link, cx: &'a CallContext) -> Step<Self> {
        let sealed = link.inside(read_root)?;
        let ours = unpoisoned(session.sealed_root.get().lock()).take();
        let mut root = match ours.filter(|(known, _)| *known == sealed) {
            Some((_, root)) => root,
            None => session.keys.open_root(&sealed)?,
        };
        let before = SealedBox::parse(&sealed).damage("root")?.commitment().to_vec();
        let now = to_micros(now());
        if now < root.time_high_water.saturating_sub(CLOCK_TOLERANCE) {
            tracing::warn!(
                micros = root.time_high_water - now,
                "the clock went back since the store was last written"
            );
        }
        root.time_high_water = root.time_high_water.max(now);
        Ok(Self {
            session,
            link,
            cx,
            root,
            before,
            now,
            fresh: Stock::default(),
            outcomes: Vec::new(),
            left: Vec::new(),
        })
    }

    fn seal(&mut self, address: &Address, data: &[u8]) -> Step<Vec<u8>> {
        let fresh = self.fresh.next()?;
        self.session.keys.seal(address, self.root.epoch, data, fresh)
    }

    /// The head of a secret with its term, where there is one.
    fn head(&self, key: &SecretKey, sid: Sid) -> Step<Option<(Head, [u8; 32])>> {
        let Some(sealed) = self.link.inside(|connection| read::read_head(connection, &sid))? else {
            return Ok(None);
        };
        let head = read::open_head(self.session, key, sid, &sealed)?;
        Ok(Some((head, self.session.keys.term(Table::Head, &sid, 0, &sealed)?)))
    }

    fn check(condition: &Condition, head: Option<&Head>) -> Result<()> {
        match (condition, head) {
            (Condition::Any, _) | (Condition::Absent, None) => Ok(()),
            (Condition::Absent, Some(_)) => Err(Error::new(ErrorKind::Conflict, "there is such a secret already")),
            (Condition::Is(version), Some(head)) if read::canonical(version) == Some(head.current()) => Ok(()),
            (Condition::Is(_), Some(_)) => Err(Error::new(ErrorKind::Conflict, "the current version is another one")),
            (Condition::Is(_), None) => Err(Error::new(ErrorKind::Conflict, "there is no such secret any more")),
        }
    }

    pub(super) fn set(&mut self, entry: &Entry) -> Step<()> {
        let sid = self.session.keys.sid(&entry.key);
        let found = self.head(&entry.key, sid)?;
        Self::check(&entry.condition, found.as_ref().map(|(head, _)| head))?;
        let attributes = Attributes::of(&entry.secret.metadata);
        let data = encode_new_version(entry.secret.value.expose(), self.now, &attributes);
        let created = entry.created_at.map(to_micros);
        self.write_version(&entry.key, sid, found, created, attributes, &data, Mutation::Set)
    }

    /// Writes a new version and the head that goes with it.
    #[expect(
        clippy::too_many_arguments,
        reason = "one private call site a mutation; a struct would only rename them"
    )]
    fn write_version(
        &mut self,
        key: &SecretKey,
        sid: Sid,
        found: Option<(Head, [u8; 32])>,
        created: Option<i64>,
        attributes: Attributes,
        data: &[u8],
        mutation: Mutation,
    ) -> Step<()> {
        let is_new = found.is_none();
        let mut head = match found {
            Some((head, term)) => {
                self.root.acc.subtract(&term);
                head
            }
            None => {
                self.root.heads = one_more(self.root.heads)?;
                Head::new(key.as_str(), created.unwrap_or(self.now))
            }
        };
        let version = self.next()?;
        if version <= head.current() {
            return Err(damaged("the secret's current version is newer than the store's sequence").into());
        }
        // What falls away goes first: the new version then takes its place on the page. The other way round a full page
        // is shared out with its neighbours, and all of them are written.
        while head.versions.len() >= self.session.limits.versions.max(1) {
            let oldest = head.versions.remove(0);
            if self.remove_versions(sid, Some(oldest.v))? != 1 {
                return Err(damaged("the table `ver` lacks a version that the secret's head lists").into());
            }
        }
        self.put_version(sid, version, data)?;
        self.root.versions = one_more(self.root.versions)?;
        head.versions
            .push(VersionRow::new(version, self.now, attributes.expires));
        head.attributes = attributes;
        self.put_head(sid, &head)?;
        self.journal(mutation, sid, key, version)?;
        self.outcomes.push(SetOutcome::new(
            Some(Version::from_number(version)),
            is_new,
            ChangeStep::default(),
        ));
        self.left.push((key.clone(), Some(head.into_metadata())));
        Ok(())
    }

    pub(super) fn update_metadata(
        &mut self,
        key: &SecretKey,
        update: &MetadataUpdate,
        condition: &Condition,
    ) -> Step<()> {
        let sid = self.session.keys.sid(key);
        let Some((mut head, term)) = self.head(key, sid)? else {
            return Err(no_secret().into());
        };
        Self::check(condition, Some(&head))?;
        let version = head.current();
        let mut ver = self.version(sid, version)?;
        let mut metadata = head.attributes.clone().into_metadata(0, 0, 0);
        update.apply(&mut metadata);
        metadata.check()?;
        let attributes = Attributes::of(&metadata);
        ver.attributes.clone_from(&attributes);
        if let Some(row) = head.versions.last_mut() {
            row.expires = attributes.expires;
        }
        head.attributes = attributes;
        self.root.acc.subtract(&term);
        self.remove_versions(sid, Some(version))?;
        let seq = self.next()?;
        self.put_version(sid, version, &ver.encode())?;
        self.root.versions = one_more(self.root.versions)?;
        self.put_head(sid, &head)?;
        self.journal_at(seq, Mutation::UpdateMetadata, sid, key, version)?;
        self.outcomes.push(SetOutcome::new(
            Some(Version::from_number(version)),
            false,
            ChangeStep::default(),
        ));
        self.left.push((key.clone(), Some(head.into_metadata())));
        Ok(())
    }

    pub(super) fn rollback(&mut self, key: &SecretKey, version: &Version) -> Step<()> {
        let sid = self.session.keys.sid(key);
        let Some(found) = self.head(key, sid)? else {
            return Err(no_secret().into());
        };
        let number = read::canonical(version).filter(|number| found.0.versions.iter().any(|row| row.v == *number));
        let Some(number) = number else {
            return Err(Error::new(ErrorKind::NotFound, "the secret has no such version").into());
        };
        let mut ver = self.version(sid, number)?;
        ver.updated = self.now;
        ver.attributes.expires = None;
        let data = ver.encode();
        self.write_version(key, sid, Some(found), None, ver.attributes, &data, Mutation::Rollback)
    }

    pub(super) fn delete(&mut self, key: &SecretKey, condition: &Condition) -> Step<()> {
        let sid = self.session.keys.sid(key);
        let Some((head, term)) = self.head(key, sid)? else {
            return Err(no_secret().into());
        };
        Self::check(condition, Some(&head))?;
        if self.remove_versions(sid, None)? != head.versions.len() {
            return Err(damaged("the table `ver` does not have the versions that the secret's head lists").into());
        }
        self.link.inside(|connection| {
            Ok(connection
                .prepare_cached("DELETE FROM head WHERE sid = ?1")?
                .execute([&sid[..]])?)
        })?;
        self.root.acc.subtract(&term);
        self.root.heads = self
            .root
            .heads
            .checked_sub(1)
            .ok_or_else(|| damaged("the root's counts are wrong"))?;
        self.next()?;
        self.journal(Mutation::Delete, sid, key, head.current())?;
        self.left.push((key.clone(), None));
        Ok(())
    }

    /// The next number of the store-wide sequence.
    fn next(&mut self) -> Step<u64> {
        self.root.seq = one_more(self.root.seq)?;
        if self.root.seq > i64::MAX.unsigned_abs() {
            return Err(damaged("the store's sequence is at its end").into());
        }
        Ok(self.root.seq)
    }

    /// Opens one version's box.
    fn version(&self, sid: Sid, version: u64) -> Step<Ver> {
        let sealed = self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("SELECT box FROM ver WHERE sid = ?1 AND v = ?2")?;
            let mut rows = statement.query((&sid[..], version as i64))?;
            match rows.next()? {
                Some(row) => Ok(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?.to_vec()),
                None => Err(damaged("the table `ver` lacks a version that the secret's head lists").into()),
            }
        })?;
        let opened = self
            .session
            .keys
            .open(self.session.keys.version_address(sid, version), &sealed, "ver")?;
        Ok(Ver::decode(&opened).damage("ver")?)
    }

    fn put_version(&mut self, sid: Sid, version: u64, data: &[u8]) -> Step<()> {
        let sealed = self.seal(&self.session.keys.version_address(sid, version), data)?;
        self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("INSERT INTO ver(sid, v, box) VALUES (?1, ?2, ?3)")?;
            Ok(statement.execute((&sid[..], version as i64, &sealed))?)
        })?;
        self.root
            .acc
            .add(&self.session.keys.term(Table::Ver, &sid, version, &sealed)?);
        Ok(())
    }

    fn put_head(&mut self, sid: Sid, head: &Head) -> Step<()> {
        let sealed = self.seal(&self.session.keys.head_address(sid), &head.encode())?;
        self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO head(sid, box) VALUES (?1, ?2)")?;
            Ok(statement.execute((&sid[..], &sealed))?)
        })?;
        self.root
            .acc
            .add(&self.session.keys.term(Table::Head, &sid, 0, &sealed)?);
        Ok(())
    }

    /// Removes one version of a secret, or all; how many there were. Only commitment and tag are read, not the values.
    fn remove_versions(&mut self, sid: Sid, version: Option<u64>) -> Step<usize> {
        // Two statements a case: `RETURNING` makes a table of its own for its rows, and a condition that may be absent
        // is not looked up.
        let (select, delete) = match version {
            Some(_) => (
                "SELECT v, substr(box, 39, 32), substr(box, -16) FROM ver WHERE sid = ?1 AND v = ?2",
                "DELETE FROM ver WHERE sid = ?1 AND v = ?2",
            ),
            None => (
                "SELECT v, substr(box, 39, 32), substr(box, -16) FROM ver WHERE sid = ?1 AND ?2 IS NULL",
                "DELETE FROM ver WHERE sid = ?1 AND ?2 IS NULL",
            ),
        };
        let parameters = (&sid[..], version.map(|version| version as i64));
        let removed = self.link.inside(|connection| {
            let mut statement = connection.prepare_cached(select)?;
            let rows = statement.query_map(parameters, |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                ))
            })?;
            let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            if connection.prepare_cached(delete)?.execute(parameters)? != found.len() {
                return Err(damaged("the table `ver` and its order do not agree").into());
            }
            Ok(found)
        })?;
        for (version, commitment, tag) in &removed {
            let version = u64::try_from(*version).map_err(|_| damaged("a version has no number"))?;
            self.root
                .acc
                .subtract(&self.session.keys.version_term(&sid, version, commitment, tag));
        }
        let count = removed.len();
        self.root.versions = self
            .root
            .versions
            .checked_sub(count as u64)
            .ok_or_else(|| damaged("the root's counts are wrong"))?;
        Ok(count)
    }

    fn journal(&mut self, mutation: Mutation, sid: Sid, key: &SecretKey, version: u64) -> Step<()> {
        self.journal_at(self.root.seq, mutation, sid, key, version)
    }

    fn journal_at(&mut self, seq: u64, mutation: Mutation, sid: Sid, key: &SecretKey, version: u64) -> Step<()> {
        let previous = self.root.journal_head;
        let record = JournalRecord {
            previous,
            at: self.now,
            mutation,
            sid,
            name: key.as_str(),
            version,
        };
        let data = record.encode(self.cx);
        let address = Address::numbered(self.session.keys.store, Table::Journal, seq);
        let sealed = self.seal(&address, &data)?;
        self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("INSERT INTO journal(seq, box) VALUES (?1, ?2)")?;
            Ok(statement.execute((seq as i64, &sealed))?)
        })?;
        self.root.journal_head = JournalRecord::hash(seq, &data);
        Ok(())
    }

    /// Drops the oldest journal records beyond the limit. Their last hash stands in the record after them, so only
    /// that one is opened.
    fn trim(&mut self) -> Step<()> {
        let kept = self.root.seq - self.root.floor.seq.min(self.root.seq);
        let surplus = kept.saturating_sub(self.session.limits.journal.max(1));
        if surplus == 0 {
            return Ok(());
        }
        // A long journal gives up a little more, so that not every further write has to touch its oldest page as well.
        let surplus = surplus + self.session.limits.journal / TRIM_SHARE;
        let last = self.root.floor.seq + surplus.min(TRIM_AT_ONCE + self.left.len() as u64);
        let after = last + 1;
        let sealed = self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("SELECT box FROM journal WHERE seq = ?1")?;
            let mut rows = statement.query([after as i64])?;
            match rows.next()? {
                Some(row) => Ok(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?.to_vec()),
                None => Err(damaged("the table `journal` lacks a record").into()),
            }
        })?;
        let address = Address::numbered(self.session.keys.store, Table::Journal, after);
        let opened = self.session.keys.open(address, &sealed, "journal")?;
        let hash = JournalRecord::previous_of(&opened).damage("journal")?;
        self.link.inside(|connection| {
            Ok(connection
                .prepare_cached("DELETE FROM journal WHERE seq <= ?1")?
                .execute([last as i64])?)
        })?;
        self.root.floor = JournalFloor { seq: last, hash };
        Ok(())
    }

    /// Trims the journal and seals the root.
    pub(super) fn finish(mut self) -> Step<Mutated> {
        self.trim()?;
        let address = Address::numbered(self.session.keys.store, Table::Root, 1);
        let data = self.root.encode();
        let sealed = self.seal(&address, &data)?;
        let written = self.link.inside(|connection: &Connection| {
            Ok(connection
                .prepare_cached("UPDATE root SET box = ?1 WHERE id = 1")?
                .execute([&sealed])?)
        })?;
        if written != 1 {
            return Err(damaged("the table `root` has no row").into());
        }
        let after = SealedBox::parse(&sealed).damage("root")?.commitment();
        let shared = &self.session.shared;
        let step = ChangeStep::new(shared.token_of(&self.before), shared.token_of(after));
        // No matter whether the commit succeeds: it is used only where exactly this box is found.
        *unpoisoned(self.session.sealed_root.get().lock()) = Some((sealed, self.root));
        Ok(Mutated {
            outcomes: self.outcomes,
            step,
            left: self.left,
        })
    }
}
