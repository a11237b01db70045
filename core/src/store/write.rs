//! Mutations: each batch is one transaction. What happens inside it is in [`transaction`](super::transaction).

use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::MAX_VALUE;
use super::error::{Halt, Step};
use super::link::Link;
use super::session::Session;
use super::shared::Writer;
use super::transaction::Transaction;
use super::wait::{LONGEST, Wait};
use crate::backend::{ChangeStep, MetadataUpdate, SetOutcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};
use crate::sys::sqlite::Turn;

/// How long a writer queues behind others before it tries its luck.
const TURN_PATIENCE: Duration = Duration::from_millis(20);
/// The longest step at first, for whoever is in the queue.
const TURN_STEP: Duration = Duration::from_micros(150);

/// On what a write depends; owned, so that it can go to the worker.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Any,
    Absent,
    Is(Version),
}

/// One write of a secret; owned, so that it can go to the worker.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: SecretKey,
    pub(crate) secret: Secret,
    pub(crate) condition: Condition,
    pub(crate) created_at: Option<OffsetDateTime>,
}

/// What a mutation left of a secret, for the index: `None` after its removal.
pub(crate) type Left = Option<SecretMetadata>;

/// The answer to a mutation, and what the index must know of it.
pub(crate) struct Mutated {
    pub(crate) outcomes: Vec<SetOutcome>,
    pub(crate) step: ChangeStep,
    pub(crate) left: Vec<(SecretKey, Left)>,
}

/// Writes secrets, all or none.
pub(crate) fn set(session: &Session, entries: &[Entry], wait: &mut Wait<'_>) -> Step<Mutated> {
    for entry in entries {
        check(entry).map_err(|error| error.with_key(&entry.key))?;
    }
    transact(session, wait, |transaction| {
        entries
            .iter()
            .try_for_each(|entry| transaction.set(entry).map_err(|halt| halt.with_key(&entry.key)))
    })
}

fn check(entry: &Entry) -> Result<()> {
    let length = entry.secret.value.len();
    if length > MAX_VALUE {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the value has {length} bytes; the store takes {MAX_VALUE}"),
        ));
    }
    entry.secret.metadata.check()
}

/// Changes the metadata of a secret's current version; the version stays.
pub(crate) fn update_metadata(
    session: &Session,
    key: &SecretKey,
    update: &MetadataUpdate,
    condition: &Condition,
    wait: &mut Wait<'_>,
) -> Step<Mutated> {
    transact(session, wait, |transaction| {
        transaction
            .update_metadata(key, update, condition)
            .map_err(|halt| halt.with_key(key))
    })
}

/// Removes a secret with all its versions.
pub(crate) fn delete(session: &Session, key: &SecretKey, condition: &Condition, wait: &mut Wait<'_>) -> Step<Mutated> {
    let mutated = transact(session, wait, |transaction| {
        transaction.delete(key, condition).map_err(|halt| halt.with_key(key))
    })?;
    // The removed boxes lie in the WAL until it is copied and cut. The removal itself stands, so this may fail.
    let _ = session.shared.write(wait, |_, writer| {
        writer.link.inside(|connection| {
            Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?)
        })
    });
    Ok(mutated)
}

/// Writes a former version again as a new one, without its expiry.
pub(crate) fn rollback(session: &Session, key: &SecretKey, version: &Version, wait: &mut Wait<'_>) -> Step<Mutated> {
    transact(session, wait, |transaction| {
        transaction.rollback(key, version).map_err(|halt| halt.with_key(key))
    })
}

/// Runs `job` in one transaction: all of it is written and synced, or nothing.
fn transact(
    session: &Session,
    wait: &mut Wait<'_>,
    job: impl FnOnce(&mut Transaction<'_>) -> Step<()>,
) -> Step<Mutated> {
    session.shared.check_path()?;
    session.shared.write(wait, |wait, writer| {
        let link = &writer.link;
        begin(writer, wait)?;
        let written = Transaction::begin(session, link, wait.cx()).and_then(|mut transaction| {
            job(&mut transaction)?;
            transaction.finish()
        });
        let mut mutated = match written {
            Ok(mutated) => mutated,
            Err(halt) => {
                roll_back(link);
                return Err(match halt {
                    // Nobody else writes while we do; what is busy here stays busy.
                    Halt::Busy => Error::new(ErrorKind::Unavailable, "the store cannot be written at present").into(),
                    other => other,
                });
            }
        };
        commit(link, wait)?;
        session.shared.check_commit(writer)?;
        for outcome in &mut mutated.outcomes {
            outcome.step = mutated.step;
        }
        Ok(mutated)
    })
}

/// Opens the transaction as soon as nobody else has one, in turn with others that wait.
fn begin(writer: &Writer, wait: &mut Wait<'_>) -> Step<()> {
    let try_begin = || match writer
        .link
        .inside(|connection| Ok(connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?))
    {
        Ok(_) => Ok(true),
        Err(Halt::Busy) => Ok(false),
        Err(halt) => Err(halt),
    };
    let queues = writer.turn.as_ref().is_some_and(Turn::is_taken);
    // Whoever waits must not lose to a writer that has just ended and comes again.
    if !queues && try_begin()? {
        return Ok(());
    }
    let begun = Instant::now();
    // A call with little time left keeps most of it for the store itself.
    let patience = TURN_PATIENCE.min(wait.cx().remaining() / 4);
    let mut head = None;
    while let Some(turn) = &writer.turn {
        head = turn.try_take();
        if head.is_some() || begun.elapsed() >= patience {
            break;
        }
        wait.pause_at_most(TURN_STEP)?;
    }
    let waited = begun.elapsed() >= patience;
    let mut free_at_once = true;
    while !try_begin()? {
        free_at_once = false;
        // Short at first, because others wait as well; a store that stays busy is not worth that.
        wait.pause_at_most((begun.elapsed() / 8).clamp(TURN_STEP, LONGEST))?;
    }
    if let Some(turn) = writer
        .turn
        .as_ref()
        .filter(|_| head.is_none() && waited && free_at_once)
    {
        // The head of the queue had a free store before it: it is stopped, or hangs.
        turn.distrust();
    }
    Ok(())
}

fn roll_back(link: &Link) {
    // Some errors have rolled back already; then this is refused, which is as good.
    let _ = link.inside(|connection| Ok(connection.execute_batch("ROLLBACK")?));
}

fn commit(link: &Link, wait: &mut Wait<'_>) -> Step<()> {
    let halt = loop {
        match link.inside(|connection| Ok(connection.prepare_cached("COMMIT")?.execute([])?)) {
            Ok(_) => return Ok(()),
            // Without a WAL, readers are in the way of a commit; the transaction stays open meanwhile.
            Err(Halt::Busy) => {
                if let Err(over) = wait.pause() {
                    break over;
                }
            }
            Err(halt) => break halt,
        }
    };
    roll_back(link);
    match halt {
        Halt::Failed(error)
            if matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::Timeout | ErrorKind::Cancelled
            ) =>
        {
            Err(error.into())
        }
        Halt::Busy => Err(Error::new(ErrorKind::Unavailable, "the store cannot be written at present").into()),
        other => {
            // A sync that failed says nothing about what is on the disk, and a second one would lie.
            let text = "the commit failed, and whether it reached the disk cannot be known";
            Err(Error::new(ErrorKind::OutcomeUnknown, text)
                .with_source(other.into_error())
                .into())
        }
    }
}
