//! Writing, reading back, and removing at the source.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::Keeper;
use super::compare;
use super::journal::Step;
use super::options::CopyOptions;
use super::plan::{CopyAction, CopyLoss, CopyPlan, PlannedCopy, Unfit, fit, in_the_way_of, read};
use super::report::{CopiedSecret, CopyOutcome, CopyPhase, CopyProgress, CopyReport};
use crate::backend::{DeleteRequest, IfVersion, Operation, SetRequest, Terms};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::manager::SecretManager;
use crate::secret::{Secret, Version};
use crate::transfer::IfExists;

/// The two ends and what they were told.
pub(super) struct Copy<'a> {
    pub(super) source: &'a SecretManager,
    pub(super) target: &'a SecretManager,
    options: &'a CopyOptions,
    pub(super) journal: &'a Keeper,
}

/// What is found when a secret is to be written.
pub(super) enum Found {
    /// The source has it no more.
    Gone,
    /// The target has it already.
    Same,
    /// It is to be written.
    Due(Box<Due>),
}

/// A secret that is to be written, as it is in the source now.
pub(super) struct Due {
    pub(super) secret: Secret,
    /// The version of what the target has.
    present: Option<Version>,
    created_at: Option<OffsetDateTime>,
}

/// Does what the plan says.
pub(super) async fn run(
    source: &SecretManager,
    target: &SecretManager,
    options: &CopyOptions,
    plan: CopyPlan,
    journal: &Keeper,
) -> Result<CopyReport> {
    let copy = Copy {
        source,
        target,
        options,
        journal,
    };
    let before = journal.before();
    let mut report = CopyReport {
        secrets: Vec::with_capacity(plan.secrets.len()),
        references: plan.references,
        resumed: before.unfinished,
        deleted_before: Vec::new(),
    };
    let total = plan.secrets.len();
    let mut planned = plan.secrets.into_iter();
    while planned.len() > 0 {
        let ahead = copy.ahead(planned.as_slice()).await?;
        for planned in planned.by_ref().take(ahead.count) {
            let copied = if ahead.copied.contains(&planned.key) {
                copied(planned, CopyOutcome::Copied)
            } else {
                copy.one(planned).await?
            };
            options.tell(&CopyProgress {
                phase: CopyPhase::Copying,
                done: report.secrets.len() + 1,
                total,
                key: &copied.key,
            });
            report.secrets.push(copied);
        }
    }
    if options.delete_source {
        copy.remove_all(&mut report.secrets).await?;
    }
    let now: BTreeSet<SecretKey> = report.secrets.iter().map(|secret| secret.key.clone()).collect();
    for key in before.deleting.difference(&now) {
        // The record of the removal may be what the interruption cut off.
        if read(source, key).await?.is_none() {
            report.deleted_before.push(key.clone());
        }
    }
    journal.finish(source).await?;
    Ok(report)
}

impl Copy<'_> {
    async fn one(&self, planned: PlannedCopy) -> Result<CopiedSecret> {
        let outcome = match planned.action {
            CopyAction::Create | CopyAction::Replace => self.write(&planned.key, &planned.losses).await?,
            CopyAction::Same => CopyOutcome::Same,
            CopyAction::Skip | CopyAction::Refuse => CopyOutcome::Skipped,
        };
        Ok(copied(planned, outcome))
    }

    /// Looks at one secret as it is in both places now, which may differ from what was planned.
    pub(super) async fn look(&self, key: &SecretKey, losses: &[CopyLoss]) -> Result<Found> {
        let Some(secret) = read(self.source, key).await? else {
            return Ok(Found::Gone);
        };
        let created_at = secret.metadata.created_at;
        let mut losses_now = compare::losses(&secret.metadata, self.target.backend().capabilities());
        losses_now.extend(losses.iter().filter(|loss| **loss == CopyLoss::History));
        let secret = fit(self.target, key, secret, &losses_now, self.options).map_err(Unfit::into_error)?;
        let present = read(self.target, key).await?;
        if let Some(present) = &present {
            if self.is_same(&secret, present) {
                return Ok(Found::Same);
            }
            if self.options.if_exists != IfExists::Replace {
                return Err(in_the_way_of(self.target, key));
            }
        }
        Ok(Found::Due(Box::new(Due {
            secret,
            present: present.and_then(|present| present.metadata.version),
            created_at,
        })))
    }

    /// Writes one secret and reads it back.
    async fn write(&self, key: &SecretKey, losses: &[CopyLoss]) -> Result<CopyOutcome> {
        let due = match self.look(key, losses).await? {
            Found::Gone => return Ok(CopyOutcome::Gone),
            Found::Same => return Ok(CopyOutcome::Same),
            Found::Due(due) => due,
        };
        self.journal.enter(self.source, Step::Write(key.clone())).await?;
        let written = self.send(key, &due).await;
        // A write without an answer, and one that was refused because someone else was faster, may have left exactly
        // what was wanted: a look tells.
        let refused = match written {
            Ok(()) => None,
            Err(error) if matches!(error.kind(), ErrorKind::OutcomeUnknown | ErrorKind::Conflict) => Some(error),
            Err(error) => return Err(error),
        };
        let back = match (read(self.target, key).await, &refused) {
            // What keeps us from looking, such as the cancellation that took the answer, says less than the write does.
            (Err(_), Some(unknown)) if unknown.kind() == ErrorKind::OutcomeUnknown => None,
            (looked, _) => looked?,
        };
        if !back.is_some_and(|back| self.is_same(&due.secret, &back)) {
            return Err(refused.unwrap_or_else(|| self.not_what_was_written(key)));
        }
        self.journal.enter(self.source, Step::Copied(key.clone())).await?;
        Ok(CopyOutcome::Copied)
    }

    /// On what the target is to write it: that it has what was seen, where it knows conditions.
    pub(super) fn terms<'d>(&self, due: &'d Due) -> Terms<'d> {
        let condition = match &due.present {
            _ if !self.target.backend().capabilities().cas => IfVersion::Any,
            Some(version) => IfVersion::Is(version),
            None => IfVersion::Absent,
        };
        Terms::new(condition, due.created_at)
    }

    async fn send(&self, key: &SecretKey, due: &Due) -> Result<()> {
        let cx = self.target.context()?;
        let terms = self.terms(due);
        let mut request = SetRequest::new(key, &due.secret).when(terms.condition);
        request.created_at = terms.created_at;
        let outcome = self.target.send_set(&cx, request).await;
        outcome.map(drop).map_err(|error| error.with_key(key))
    }

    /// Removes what was copied, secret by secret. One that is not what the target has any more is kept.
    async fn remove_all(&self, secrets: &mut [CopiedSecret]) -> Result<()> {
        let total = secrets.len();
        for (index, copied) in secrets.iter_mut().enumerate() {
            if matches!(copied.outcome, CopyOutcome::Copied | CopyOutcome::Same) {
                match self.remove(&copied.key).await {
                    Ok(deleted) => copied.deleted = deleted,
                    Err(error) if error.kind() == ErrorKind::Conflict => copied.error = Some(error),
                    Err(error) => return Err(error),
                }
            }
            self.options.tell(&CopyProgress {
                phase: CopyPhase::Deleting,
                done: index + 1,
                total,
                key: &copied.key,
            });
        }
        Ok(())
    }

    /// Removes one secret at the source; `false` where it is gone already.
    async fn remove(&self, key: &SecretKey) -> Result<bool> {
        let Some(secret) = read(self.source, key).await? else {
            return Ok(false);
        };
        let copied = read(self.target, key).await?;
        if !copied.is_some_and(|copied| self.is_same(&secret, &copied)) {
            return Err(self.kept(key));
        }
        self.journal.enter(self.source, Step::Delete(key.clone())).await?;
        let condition = match &secret.metadata.version {
            Some(version) if self.source.backend().capabilities().cas => IfVersion::Is(version),
            _ => IfVersion::Any,
        };
        let cx = self.source.context()?;
        let request = DeleteRequest::new(key).when(condition);
        let deleted = match self.source.layered().delete(&cx, request).await {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) if error.kind() == ErrorKind::Conflict => return Err(self.kept(key)),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => match read(self.source, key).await {
                Ok(None) => true,
                // As for a write: that one cannot look says less.
                Ok(Some(_)) | Err(_) => return Err(error.with_key(key)),
            },
            Err(error) => return Err(error.with_key(key)),
        };
        if deleted && !self.is_left(key, &secret).await? {
            return Err(self.put_back(key, secret).await);
        }
        self.journal.enter(self.source, Step::Deleted(key.clone())).await?;
        Ok(deleted)
    }

    /// Whether the target has the secret still, now that the source has not.
    async fn is_left(&self, key: &SecretKey, removed: &Secret) -> Result<bool> {
        let left = read(self.target, key).await?;
        Ok(left.is_some_and(|left| self.is_same(removed, &left)))
    }

    /// Undoes a removal that took the secret from the target too, and tells of it.
    async fn put_back(&self, key: &SecretKey, secret: Secret) -> Error {
        let created_at = secret.metadata.created_at;
        let capabilities = self.source.backend().capabilities();
        let secret = compare::reduced(secret, capabilities);
        let outcome = async {
            let condition = if capabilities.cas {
                IfVersion::Absent
            } else {
                IfVersion::Any
            };
            let mut request = SetRequest::new(key, &secret).when(condition);
            request.created_at = created_at;
            self.source.send_set(&self.source.context()?, request).await
        };
        let end = match outcome.await {
            Ok(_) => "it was put back".to_owned(),
            Err(error) => format!("it could not be put back ({})", error.kind()),
        };
        let message = format!("with the source's secret the target's went or changed: they may share a place; {end}");
        let error = Error::new(ErrorKind::Integrity, message)
            .with_help("nothing else was removed; look where the two ends have their secrets");
        self.source.name(error, Operation::Delete, key)
    }

    pub(super) fn is_same(&self, source: &Secret, target: &Secret) -> bool {
        compare::same(source, target, self.target.backend().capabilities())
    }

    fn kept(&self, key: &SecretKey) -> Error {
        let error = Error::new(
            ErrorKind::Conflict,
            "source and target differ since the secret was copied; it was not removed",
        );
        let error = error.with_help("copy it again, then remove it");
        self.source.name(error, Operation::Delete, key)
    }

    pub(super) fn not_what_was_written(&self, key: &SecretKey) -> Error {
        let error = Error::new(
            ErrorKind::Integrity,
            "what was read back from the target is not what was written",
        );
        let error = error.with_help("look for another writer of this key; the source has it unchanged");
        self.target.name(error, Operation::Set, key)
    }
}

fn copied(planned: PlannedCopy, outcome: CopyOutcome) -> CopiedSecret {
    CopiedSecret {
        key: planned.key,
        outcome,
        losses: planned.losses,
        deleted: false,
        error: planned.error,
    }
}
