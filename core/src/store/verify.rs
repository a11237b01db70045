//! Checking everything: that every box opens at its place, that rows, counts, accumulator and journal agree.

use super::error::{Damage, Halt, Step, damaged};
use super::index::for_each_head;
use super::keyring::OpeningRows;
use super::ledger::{Accumulator, JournalRecord, Root};
use super::link::Link;
use super::records::{Head, Ver};
use super::schema;
use super::session::{Session, snapshot};
use super::wait::Wait;
use crate::backend::VerifyReport;
use crate::context::CallContext;
use crate::crypto::{Address, Sid, Table};
use crate::error::Error;
use crate::key::SecretKey;

/// Journal records read in one go: short enough that a fork need not wait.
const CHUNK: usize = 1000;
/// Tables whose b-trees SQLite itself is asked about, one at a time.
const CHECKED: [&str; 4] = ["head", "ver", "journal", "keyslot"];

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
        for table in CHECKED {
            self.cx.check()?;
            self.link.inside(|connection| {
                let sql = format!("PRAGMA quick_check('{table}')");
                let answer: String = connection.query_row(&sql, [], |row| row.get(0))?;
                if answer == "ok" {
                    Ok(())
                } else {
                    Err(damaged(format!("the pages of the table `{table}` are damaged")).into())
                }
            })?;
        }
        let mut report = VerifyReport {
            sequence: root.seq,
            ..VerifyReport::default()
        };
        let acc = self.secrets(&mut report)?;
        if report.secrets != root.heads {
            return Err(self.count("head", report.secrets, root.heads));
        }
        if report.versions != root.versions {
            return Err(self.count("ver", report.versions, root.versions));
        }
        let stored = self.link.inside(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM ver", [], |row| row.get::<_, i64>(0))?)
        })?;
        if stored.unsigned_abs() != root.versions {
            return Err(self.count("ver", stored.unsigned_abs(), root.versions));
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
    fn secrets(&self, report: &mut VerifyReport) -> Step<Accumulator> {
        let keys = &self.session.keys;
        let mut acc = Accumulator::default();
        let mut heads: Vec<(Sid, Head)> = Vec::new();
        for_each_head(
            self.link,
            |sid, sealed| {
                let opened = keys.open(keys.head_address(sid), sealed, "head")?;
                let head = Head::decode(&opened).damage("head")?;
                acc.add(&keys.term(Table::Head, &sid, 0, sealed)?);
                heads.push((sid, head));
                Ok(())
            },
            || self.cx.check(),
        )?;
        report.secrets = heads.len() as u64;
        for (sid, head) in &heads {
            self.cx.check()?;
            let name = |error: Error| error.with_key_text(&head.name);
            // What is no key has a sid that only its writer can make again.
            if let Ok(key) = SecretKey::parse(&head.name)
                && keys.sid(&key) != *sid
            {
                return Err(name(damaged("a row of the table `head` stands under the sid of another key")).into());
            }
            report.versions += self.versions(*sid, head, &mut acc).map_err(|halt| match halt {
                Halt::Failed(error) => Halt::Failed(name(error)),
                other => other,
            })?;
        }
        Ok(acc)
    }

    /// Opens the versions of one secret: exactly those that its head lists.
    fn versions(&self, sid: Sid, head: &Head, acc: &mut Accumulator) -> Step<u64> {
        let keys = &self.session.keys;
        let count = self.link.inside(|connection| {
            let mut statement = connection.prepare_cached("SELECT v, box FROM ver WHERE sid = ?1 ORDER BY v")?;
            let mut rows = statement.query([&sid[..]])?;
            let mut listed = head.versions.iter();
            let mut count = 0;
            while let Some(row) = rows.next()? {
                let number = u64::try_from(row.get::<_, i64>(0)?).map_err(|_| damaged("a version has no number"))?;
                if listed.next().is_none_or(|listed| listed.v != number) {
                    return Err(disagree().into());
                }
                let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                let opened = keys.open(keys.version_address(sid, number), sealed, "ver")?;
                Ver::decode(&opened).damage("ver")?;
                acc.add(&keys.term(Table::Ver, &sid, number, sealed)?);
                count += 1;
            }
            if listed.next().is_some() {
                Err(disagree().into())
            } else {
                Ok(count)
            }
        })?;
        Ok(count)
    }

    /// Follows the journal from its floor to its head.
    fn journal(&self, root: &Root) -> Step<u64> {
        let keys = &self.session.keys;
        let (mut seq, mut hash) = (root.floor.seq, root.floor.hash);
        let broken = |seq: u64| damaged(format!("the table `journal` breaks off or was changed at record {seq}"));
        let before = self.link.inside(|connection| {
            let sql = "SELECT count(*) FROM journal WHERE seq <= ?1 OR seq > ?2";
            Ok(
                connection.query_row(sql, (root.floor.seq as i64, root.seq as i64), |row| {
                    row.get::<_, i64>(0)
                })?,
            )
        })?;
        if before != 0 {
            return Err(damaged("the table `journal` has records that the root does not know").into());
        }
        while seq < root.seq {
            self.cx.check()?;
            let start = seq;
            self.link.inside(|connection| {
                let sql = "SELECT seq, box FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query((seq as i64, CHUNK as i64))?;
                while let Some(row) = rows.next()? {
                    if row.get::<_, i64>(0)? as u64 != seq + 1 {
                        return Err(broken(seq + 1).into());
                    }
                    seq += 1;
                    let address = Address::numbered(keys.store, Table::Journal, seq);
                    let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                    let opened = keys.open(address, sealed, "journal")?;
                    if JournalRecord::previous_of(&opened).damage("journal")? != hash {
                        return Err(broken(seq).into());
                    }
                    hash = JournalRecord::hash(seq, &opened);
                }
                Ok(())
            })?;
            if seq == start {
                return Err(broken(seq + 1).into());
            }
        }
        if hash != root.journal_head {
            return Err(broken(seq).into());
        }
        Ok(seq - root.floor.seq)
    }
}

fn disagree() -> Error {
    damaged("the rows of the table `ver` are not the versions that the secret's head lists")
}
