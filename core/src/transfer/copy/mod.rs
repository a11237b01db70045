//! Secrets from one manager to another: planned, written, read back, and only then, on request, removed at the source.
//!
//! Whether a secret is done is decided by a look at both places, never by the journal. So a copy that was interrupted
//! anywhere, also between the target's commit and the journal's record of it, goes on where it was.

mod batch;
mod compare;
mod execute;
mod journal;
mod options;
mod plan;
mod report;

use std::collections::BTreeSet;
use std::path::PathBuf;

pub(crate) use compare::losses;
pub use options::CopyOptions;
pub use plan::{CopyAction, CopyLoss, CopyPlan, PlannedCopy};
pub use report::{CopiedSecret, CopyOutcome, CopyPhase, CopyProgress, CopyReport};

use crate::backend::Operation;
use crate::config::locations;
use crate::error::{Error, ErrorKind, Result};
use crate::manager::{SecretManager, check};
use crate::worker::Worker;
use journal::Journal;

impl SecretManager {
    /// Looks at what copying to `target` would do: every key, whether it is new there, there already or in the way, and
    /// what the target cannot hold. Values are read and compared; nothing is written.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] where both managers have secrets in one place, be it that of one member of a chain
    /// (what is read there would count as copied), and for options that exclude
    /// each other; [`ErrorKind::ReadOnly`] where the target, or a source whose secrets are to be removed, cannot be
    /// written; [`ErrorKind::Unsupported`] where the source cannot list and no keys are named; what the source's `list`
    /// and `get` and the target's `get` answer. What stands in the way of single secrets is part of the plan.
    pub async fn copy_plan(&self, target: &Self, options: &CopyOptions) -> Result<CopyPlan> {
        check_ends(self, target, options)?;
        plan::make(self, target, options, &BTreeSet::new()).await
    }

    /// Copies secrets to `target`: values, metadata and creation time, the current version of each. Every secret is
    /// read back and compared. One that is there already with the same value and metadata counts as done, so a copy
    /// that was interrupted is begun again with the same options and goes on. With
    /// [`delete_source`](CopyOptions::delete_source) the source's secrets are removed after all of them were copied;
    /// one that has changed meanwhile is kept, and the report says so.
    ///
    /// With [`journal`](CopyOptions::journal) the keys and steps, never a value, stand in a file of the caller's alone
    /// until the copy has ended.
    ///
    /// # Errors
    /// As [`copy_plan`](Self::copy_plan); [`ErrorKind::InvalidArgument`] also where the source's secrets are to be removed
    /// and the target keeps what it holds less long, by its capability `persistence`; before anything is written, what stands in the way of the first such secret:
    /// [`ErrorKind::Conflict`] where the target has another one of that key, [`ErrorKind::Unsupported`] or
    /// [`ErrorKind::TooLarge`] where it cannot hold it, [`ErrorKind::NotFound`] for a key that the source does not have.
    /// [`ErrorKind::Conflict`] where another copy holds the journal; [`ErrorKind::Integrity`] where what was read back
    /// is not what was written; what the target's `set` answers. An error on the way ends the copy: what was copied
    /// stays, and nothing was removed.
    pub async fn copy_to(&self, target: &Self, options: CopyOptions) -> Result<CopyReport> {
        check_ends(self, target, &options)?;
        check_lasting(self, target, &options)?;
        let journal = Keeper::open(self, target, &options).await?;
        let plan = plan::make(self, target, &options, &journal.before().deleting).await?;
        if let Some(error) = plan.refusal() {
            return Err(error);
        }
        execute::run(self, target, &options, plan, &journal).await
    }

    /// The journal that a copy to `target` has by default: `migrations/<source>-<target>-<number>.jsonl` in the state
    /// folder of this manager's application. The same two places have the same one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] where there is no state folder.
    pub fn copy_journal(&self, target: &Self) -> Result<PathBuf> {
        let (from, to) = (self.place(), target.place());
        let name = format!(
            "{}-{}-{:016x}.jsonl",
            self.backend().name(),
            target.backend().name(),
            journal::number(&from, &to)
        );
        Ok(locations::migrations(self.app())?.join(name))
    }
}

/// What can be said before any secret is looked at.
fn check_ends(source: &SecretManager, target: &SecretManager, options: &CopyOptions) -> Result<()> {
    options.check()?;
    if let Some((ours, theirs)) = source.shared_place(target) {
        let end = |name: &str, manager: &SecretManager, word: &str| match manager.backend().name() == word {
            true => name.to_owned(),
            false => format!("`{word}` in the {name}"),
        };
        let (from, to) = (end("source", source, ours), end("target", target, theirs));
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{from} and {to} are one and the same place"),
        )
        .with_help("name another backend, or another path, for one of them; of a chain, the member itself")
        .with_backend(target.backend().name()));
    }
    let writable = |manager: &SecretManager, operation| {
        let backend = manager.backend();
        check::writable(backend.capabilities())
            .map_err(|error| error.with_operation(operation).with_backend(backend.name()))
    };
    writable(target, Operation::Set)?;
    if options.delete_source {
        writable(source, Operation::Delete)?;
    }
    Ok(())
}

/// Refuses to remove secrets that would then be only where they last shorter.
fn check_lasting(source: &SecretManager, target: &SecretManager, options: &CopyOptions) -> Result<()> {
    let lasts = |manager: &SecretManager| manager.backend().capabilities().persistence;
    if !options.delete_source || lasts(target) >= lasts(source) {
        return Ok(());
    }
    let (from, to) = (lasts(source).word(), lasts(target).word());
    let message =
        format!("the source's secrets are not removed: they last as `{from}`, and in the target only as `{to}`");
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .with_help("name a target that lasts as long, or do not have the source's secrets removed")
        .with_backend(target.backend().name()))
}

/// The journal, where there is one, kept off the threads of other people's executors.
struct Keeper {
    journal: Option<Journal>,
    worker: Worker,
}

impl Keeper {
    async fn open(source: &SecretManager, target: &SecretManager, options: &CopyOptions) -> Result<Self> {
        let mut keeper = Self {
            journal: None,
            worker: Worker::new("copy"),
        };
        if let Some(path) = options.journal.clone() {
            let (from, to) = (source.place(), target.place());
            let journal = keeper.run(source, move || Journal::open(&path, &from, &to)).await?;
            keeper.journal = Some(journal);
        }
        Ok(keeper)
    }

    /// How far an interrupted copy between the two was.
    fn before(&self) -> journal::Before {
        self.journal.as_ref().map(Journal::before).unwrap_or_default()
    }

    /// Enters a step. It is on the disk when this returns.
    async fn enter(&self, source: &SecretManager, step: journal::Step) -> Result<()> {
        self.enter_all(source, vec![step]).await
    }

    /// Enters steps that are taken together.
    async fn enter_all(&self, source: &SecretManager, steps: Vec<journal::Step>) -> Result<()> {
        match self.journal.clone() {
            Some(journal) => self.run(source, move || journal.enter(&steps)).await,
            None => Ok(()),
        }
    }

    /// Ends the journal; its names do not outlive the copy.
    async fn finish(&self, source: &SecretManager) -> Result<()> {
        match self.journal.clone() {
            Some(journal) => self.run(source, move || journal.finish()).await,
            None => Ok(()),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        source: &SecretManager,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let cx = source.context()?;
        if cx.face().may_sleep() {
            job()
        } else {
            self.worker.run(&cx, Operation::Set, move |_| job()).await
        }
    }
}
