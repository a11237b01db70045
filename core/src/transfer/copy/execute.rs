//! Writing, reading back, and removing at the source.

use std::collections::BTreeSet;

use super::Keeper;
use super::compare;
use super::journal::Step;
use super::options::CopyOptions;
use super::plan::{CopyAction, CopyLoss, CopyPlan, PlannedCopy, Unfit, fit, in_the_way_of, read};
use super::report::{CopiedSecret, CopyOutcome, CopyPhase, CopyProgress, CopyReport};
use crate::backend::{DeleteRequest, IfVersion, Operation, SetRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::manager::SecretManager;
use crate::secret::Secret;
use crate::transfer::IfExists;

/// The two ends and what they were told.
struct Copy<'a> {
    source: &'a SecretManager,
    target: &'a SecretManager,
    options: &'a CopyOptions,
    journal: &'a Keeper,
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
    for (index, planned) in plan.secrets.into_iter().enumerate() {
        let copied = copy.one(planned).await?;
        options.tell(&CopyProgress {
            phase: CopyPhase::Copying,
            done: index + 1,
            total,
            key: &copied.key,
        });
        report.secrets.push(copied);
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
        let PlannedCopy {
            key,
            action,
            losses,
            error,
        } = planned;
        let outcome = match action {
            CopyAction::Create | CopyAction::Replace => self.write(&key, &losses).await?,
            CopyAction::Same => CopyOutcome::Same,
            CopyAction::Skip | CopyAction::Refuse => CopyOutcome::Skipped,
        };
        Ok(CopiedSecret {
            key,
            outcome,
            losses,
            deleted: false,
            error,
        })
    }

    /// Writes one secret as it is in the source now, which may differ from what was planned, and reads it back.
    async fn write(&self, key: &SecretKey, losses: &[CopyLoss]) -> Result<CopyOutcome> {
        let Some(secret) = read(self.source, key).await? else {
            return Ok(CopyOutcome::Gone);
        };
        let created_at = secret.metadata.created_at;
        let mut losses_now = compare::losses(&secret.metadata, self.target.backend().capabilities());
        losses_now.extend(losses.iter().filter(|loss| **loss == CopyLoss::History));
        let secret = fit(self.target, key, secret, &losses_now, self.options).map_err(Unfit::into_error)?;
        let present = read(self.target, key).await?;
        if let Some(present) = &present {
            if self.is_same(&secret, present) {
                return Ok(CopyOutcome::Same);
            }
            if self.options.if_exists != IfExists::Replace {
                return Err(in_the_way_of(self.target, key));
            }
        }
        self.journal.enter(self.source, Step::Write(key.clone())).await?;
        let version = present.and_then(|present| present.metadata.version);
        let written = self.send(key, &secret, version.as_ref(), created_at).await;
        // A write without an answer, and one that was refused because someone else was faster, may have left exactly
        // what was wanted: a look tells.
        let refused = match written {
            Ok(()) => None,
            Err(error) if matches!(error.kind(), ErrorKind::OutcomeUnknown | ErrorKind::Conflict) => Some(error),
            Err(error) => return Err(error),
        };
        let back = read(self.target, key).await?;
        if !back.is_some_and(|back| self.is_same(&secret, &back)) {
            return Err(refused.unwrap_or_else(|| self.not_what_was_written(key)));
        }
        self.journal.enter(self.source, Step::Copied(key.clone())).await?;
        Ok(CopyOutcome::Copied)
    }

    async fn send(
        &self,
        key: &SecretKey,
        secret: &Secret,
        present: Option<&crate::secret::Version>,
        created_at: Option<time::OffsetDateTime>,
    ) -> Result<()> {
        let condition = match present {
            _ if !self.target.backend().capabilities().cas => IfVersion::Any,
            Some(version) => IfVersion::Is(version),
            None => IfVersion::Absent,
        };
        let cx = self.target.context()?;
        let mut request = SetRequest::new(key, secret).when(condition);
        request.created_at = created_at;
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
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => match read(self.source, key).await? {
                None => true,
                Some(_) => return Err(error.with_key(key)),
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

    fn is_same(&self, source: &Secret, target: &Secret) -> bool {
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

    fn not_what_was_written(&self, key: &SecretKey) -> Error {
        let error = Error::new(
            ErrorKind::Integrity,
            "what was read back from the target is not what was written",
        );
        let error = error.with_help("look for another writer of this key; the source has it unchanged");
        self.target.name(error, Operation::Set, key)
    }
}
