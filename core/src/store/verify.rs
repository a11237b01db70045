//! Checking everything: that every box opens at its place, that rows, counts, accumulator and journal agree.
//!
//! SQLite's own `quick_check` is not asked: it cannot be cut into pieces, a fork would have to wait for it, and every
//! row is read in the order of its table, opened and counted here.

use super::error::{Damage, Halt, Step, damaged};
use super::keyring::OpeningRows;
use super::ledger::{Accumulator, JournalRecord, Root};
use super::link::Link;
use super::records::{Head, Ver, VersionRow};
use super::scan::{self, Row};
use super::schema;
use super::session::{Session, snapshot};
use super::wait::Wait;
use crate::backend::VerifyReport;
use crate::context::CallContext;
use crate::crypto::{Address, Sid, Table};
use crate::error::Error;
use crate::key::SecretKey;

/// Checks the whole store as it is at one moment.
pub(crate) fn verify(session: &Session, wait: &mut Wait<'_>) -> Step<VerifyReport> {
    let cx = wait.cx();
    session.shared.read(wait, |link| {
        snapshot(link, |link| Verification { session, link, cx }.run())
    })
}

struct Verification<'a> {
    session: &'a Session,
    link: &'a Link,
    cx: &'a CallContext,
}

impl Verification<'_> {
    fn run(&self) -> Step<VerifyReport> {
        self.link.inside(schema::check)?;
        let rows = self.link.inside(OpeningRows::read)?;
        let root = self.session.keys.authenticate(&rows)?;
        self.session.keys.check_epochs(&rows)?;
        let mut report = VerifyReport {
            sequence: root.seq,
            ..VerifyReport::default()
        };
        let acc = self.secrets(&root, &mut report)?;
        if report.secrets != root.heads {
            return Err(self.count("head", report.secrets, root.heads));
        }
        if report.versions != root.versions {
            return Err(self.count("ver", report.versions, root.versions));
        }
        if acc != root.acc {
            let text = "the rows of the tables `head` and `ver` are each authentic, but not the ones last written";
            return Err(damaged(text)
                .with_help("an older row was put back; restore from a backup")
                .into());
        }
        report.journal = self.journal(&root)?;
        Ok(report)
    }

    fn count(&self, table: &str, found: u64, expected: u64) -> Halt {
        damaged(format!(
            "the table `{table}` has {found} rows; the root says {expected}"
        ))
        .into()
    }

    /// Opens every head and every version; the accumulator over them.
    fn secrets(&self, root: &Root, report: &mut VerifyReport) -> Step<Accumulator> {
        let keys = &self.session.keys;
        let mut acc = Accumulator::default();
        let mut heads: Vec<(Sid, Head)> = Vec::new();
        scan::walk(self.link, self.cx, &scan::HEADS, |row| {
            let opened = keys.open(keys.head_address(row.sid), row.sealed, "head")?;
            let head = Head::decode(&opened).damage("head")?;
            check_head(self.session, row.sid, &head, root.seq).map_err(|error| error.with_key(&head.name))?;
            acc.add(&keys.term(Table::Head, &row.sid, 0, row.sealed)?);
            heads.push((row.sid, head));
            Ok(())
        })?;
        report.secrets = heads.len() as u64;
        // Both tables stand in the order of the sids, so the rows of `ver` come as the heads list them.
        let mut listed = heads
            .iter()
            .flat_map(|(sid, head)| head.versions.iter().map(move |version| (*sid, head, version)));
        scan::walk(self.link, self.cx, &scan::VERSIONS, |row| {
            let Some((sid, head, version)) = listed.next() else {
                return Err(disagree().into());
            };
            if (sid, Ok(version.v)) != (row.sid, u64::try_from(row.number)) {
                return Err(disagree().with_key(&head.name).into());
            }
            self.version(head, version, &row, &mut acc)
                .map_err(|halt| halt.map(|error| error.with_key(&head.name)))?;
            report.versions += 1;
            Ok(())
        })?;
        match listed.next() {
            None => Ok(acc),
            Some((_, head, _)) => Err(disagree().with_key(&head.name).into()),
        }
    }

    /// Opens one version; it must say what the head says of it.
    fn version(&self, head: &Head, listed: &VersionRow, row: &Row<'_>, acc: &mut Accumulator) -> Step<()> {
        let keys = &self.session.keys;
        let opened = keys.open(keys.version_address(row.sid, listed.v), row.sealed, "ver")?;
        let version = Ver::decode(&opened).damage("ver")?;
        let agree = (version.updated, version.attributes.expires) == (listed.at, listed.expires)
            && (listed.v != head.current() || version.attributes == head.attributes);
        if !agree {
            return Err(damaged("a row of the table `ver` and the secret's head contradict each other").into());
        }
        acc.add(&keys.term(Table::Ver, &row.sid, listed.v, row.sealed)?);
        Ok(())
    }

    /// Follows the journal from its floor to its head.
    fn journal(&self, root: &Root) -> Step<u64> {
        let keys = &self.session.keys;
        let (mut seq, mut hash) = (root.floor.seq, root.floor.hash);
        let broken = |seq: u64| damaged(format!("the table `journal` breaks off or was changed at record {seq}"));
        scan::walk(self.link, self.cx, &scan::RECORDS, |row| {
            let next = seq.saturating_add(1);
            if next > root.seq || u64::try_from(row.number) != Ok(next) {
                return Err(broken(next).into());
            }
            seq = next;
            let opened = keys.open(
                Address::numbered(keys.store, Table::Journal, seq),
                row.sealed,
                "journal",
            )?;
            if JournalRecord::check(&opened).damage("journal")? != hash {
                return Err(broken(seq).into());
            }
            hash = JournalRecord::hash(seq, &opened);
            Ok(())
        })?;
        if seq != root.seq || hash != root.journal_head {
            return Err(broken(seq).into());
        }
        Ok(seq - root.floor.seq)
    }
}

fn check_head(session: &Session, sid: Sid, head: &Head, sequence: u64) -> Result<(), Error> {
    // What is no key has a sid that only its writer can make again.
    if let Ok(key) = SecretKey::parse(&head.name)
        && key.as_str() == head.name
        && session.keys.sid(&key) != sid
    {
        return Err(damaged("a row of the table `head` stands under the sid of another key"));
    }
    // The versions ascend.
    if head.versions.first().is_none_or(|first| first.v == 0) || head.current() > sequence {
        return Err(damaged("a version's number is none that a mutation of this store had"));
    }
    Ok(())
}

fn disagree() -> Error {
    damaged("the rows of the table `ver` are not the versions that the secret's head lists")
}
