//! Writes: to the writer alone, after a look at the members that stand before and behind it.

use std::ops::Range;

use super::Chain;
use super::members::{Share, cannot_hold};
use crate::backend::{
    ChangeStep, DeleteRequest, Description, GetRequest, IfVersion, Operation, RestoreRequest, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, Terms, UpdateMetadataRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;

impl Chain {
    /// Writes one secret. What an earlier member has would shadow it; what a later one has it covers, so a condition
    /// looks at that too.
    pub(super) async fn set_in(&self, cx: &CallContext, writer: usize, req: SetRequest<'_>) -> Result<SetOutcome> {
        let key = req.key;
        self.check_length(writer, key, Operation::Set)?;
        self.check_not_shadowed(cx, writer, key, Operation::Set).await?;
        let condition = self.condition_in(cx, writer, &req, Operation::Set).await?;
        cx.check()?;
        let call = self.members[writer].set(cx, req.when(condition));
        let mut outcome = self.ask(cx, writer, Operation::Set, call).await?;
        outcome.step = self.step(outcome.step);
        Ok(outcome)
    }

    /// A condition as the writer is to look at it: it is about what the whole chain has.
    async fn condition_in<'a>(
        &self,
        cx: &CallContext,
        writer: usize,
        req: &SetRequest<'a>,
        operation: Operation,
    ) -> Result<IfVersion<'a>> {
        let key = req.key;
        Ok(match req.condition {
            IfVersion::Any => IfVersion::Any,
            IfVersion::Absent => {
                let holder = self.holder(cx, key, self.after(writer)).await?;
                if let Some((at, _)) = holder {
                    let message = format!("the member `{}` of the chain has this secret", self.members[at].name());
                    return Err(self.about(at, ErrorKind::Conflict, operation, message).with_key(key));
                }
                IfVersion::Absent
            }
            IfVersion::Is(version) => {
                // The version that the caller saw may be that of a later member, which the writer then covers.
                let own = self.describe_in(cx, writer, GetRequest::new(key), Share::Rest).await?;
                let seen = match own {
                    Some(_) => None,
                    None => self.holder(cx, key, self.after(writer)).await?,
                };
                match seen {
                    Some((_, found)) if found.metadata.version.as_ref() == Some(version) => IfVersion::Absent,
                    _ => IfVersion::Is(version),
                }
            }
        })
    }

    pub(super) async fn set_many_in(
        &self,
        cx: &CallContext,
        writer: usize,
        req: SetManyRequest<'_>,
    ) -> Result<SetManyOutcome> {
        for (key, _) in req.entries {
            self.check_length(writer, key, Operation::SetMany)?;
            self.check_not_shadowed(cx, writer, key, Operation::SetMany).await?;
        }
        let mut terms = Vec::with_capacity(req.terms.len());
        if !req.terms.is_empty() {
            for req in req.requests() {
                let condition = self.condition_in(cx, writer, &req, Operation::SetMany).await?;
                terms.push(Terms::new(condition, req.created_at));
            }
        }
        cx.check()?;
        let call = self.members[writer].set_many(cx, SetManyRequest::new(req.entries).under(&terms));
        let mut outcome = self.ask(cx, writer, Operation::SetMany, call).await?;
        for one in outcome.outcomes.iter_mut().flatten() {
            one.step = self.step(one.step);
        }
        Ok(outcome)
    }

    pub(super) async fn update_metadata_in(
        &self,
        cx: &CallContext,
        writer: usize,
        req: UpdateMetadataRequest<'_>,
    ) -> Result<SetOutcome> {
        let operation = Operation::UpdateMetadata;
        self.check_not_shadowed(cx, writer, req.key, operation).await?;
        cx.check()?;
        let call = self.members[writer].update_metadata(cx, req);
        let outcome = self.ask(cx, writer, operation, call).await;
        self.changed(cx, writer, req.key, operation, outcome).await
    }

    pub(super) async fn rollback_in(
        &self,
        cx: &CallContext,
        writer: usize,
        req: RollbackRequest<'_>,
    ) -> Result<SetOutcome> {
        let operation = Operation::Rollback;
        self.check_not_shadowed(cx, writer, req.key, operation).await?;
        cx.check()?;
        let call = self.members[writer].rollback(cx, req);
        let outcome = self.ask(cx, writer, operation, call).await;
        self.changed(cx, writer, req.key, operation, outcome).await
    }

    /// Brings back the writer's secret.
    pub(super) async fn restore_in(
        &self,
        cx: &CallContext,
        writer: usize,
        req: RestoreRequest<'_>,
    ) -> Result<SetOutcome> {
        let operation = Operation::Restore;
        self.check_not_shadowed(cx, writer, req.key, operation).await?;
        cx.check()?;
        let call = self.members[writer].restore(cx, req);
        let mut outcome = self.ask(cx, writer, operation, call).await?;
        outcome.step = self.step(outcome.step);
        Ok(outcome)
    }

    /// Removes the writer's secret, if nobody else has one of that key: what is deleted is gone.
    pub(super) async fn delete_in(
        &self,
        cx: &CallContext,
        writer: usize,
        req: DeleteRequest<'_>,
    ) -> Result<ChangeStep> {
        for others in [0..writer, self.after(writer)] {
            if let Some((at, _)) = self.holder(cx, req.key, others).await? {
                let name = self.members[at].name();
                let message = format!(
                    "the member `{name}` of the chain has this secret too, and only `{}` is written to; nothing was deleted",
                    self.members[writer].name(),
                );
                let error = self.about(at, ErrorKind::Conflict, Operation::Delete, message);
                return Err(error
                    .with_key(req.key)
                    .with_help("remove it from the member that the message names first"));
            }
        }
        cx.check()?;
        let call = self.members[writer].delete(cx, req);
        self.ask(cx, writer, Operation::Delete, call)
            .await
            .map(|step| self.step(step))
    }

    /// The answer to a change of a secret that must be there: where the writer has none, a later member may.
    async fn changed(
        &self,
        cx: &CallContext,
        writer: usize,
        key: &SecretKey,
        operation: Operation,
        outcome: Result<SetOutcome>,
    ) -> Result<SetOutcome> {
        match outcome {
            Ok(mut outcome) => {
                outcome.step = self.step(outcome.step);
                Ok(outcome)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // The writer may have the secret and lack only the version.
                if self
                    .describe_in(cx, writer, GetRequest::new(key), Share::Rest)
                    .await?
                    .is_none()
                    && let Some((at, _)) = self.holder(cx, key, self.after(writer)).await?
                {
                    let message = format!(
                        "the secret is in the member `{}` of the chain, and only `{}` is written to; nothing was changed",
                        self.members[at].name(),
                        self.members[writer].name(),
                    );
                    return Err(self.about(at, ErrorKind::Conflict, operation, message).with_key(key));
                }
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn check_not_shadowed(
        &self,
        cx: &CallContext,
        writer: usize,
        key: &SecretKey,
        operation: Operation,
    ) -> Result<()> {
        let Some((at, _)) = self.holder(cx, key, 0..writer).await? else {
            return Ok(());
        };
        let message = format!(
            "the member `{}` of the chain has this secret and comes before `{}`, which is written to; nothing was written",
            self.members[at].name(),
            self.members[writer].name(),
        );
        let error = self.about(at, ErrorKind::Conflict, operation, message);
        Err(error
            .with_key(key)
            .with_help("change it in the member that the message names, or remove it there first"))
    }

    /// The first of some members that has the secret. A write must know for certain, so that every error stops.
    async fn holder(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        members: Range<usize>,
    ) -> Result<Option<(usize, Description)>> {
        for at in members {
            match self.describe_in(cx, at, GetRequest::new(key), Share::Rest).await {
                Ok(Some(found)) => return Ok(Some((at, found))),
                Ok(None) => {}
                Err(error) if cannot_hold(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn after(&self, writer: usize) -> Range<usize> {
        writer + 1..self.members.len()
    }

    fn check_length(&self, writer: usize, key: &SecretKey, operation: Operation) -> Result<()> {
        if self.fits(writer, key) {
            return Ok(());
        }
        let limit = self.members[writer].capabilities().max_key;
        let message = format!("the key is longer than the {limit} bytes that the chain's writer takes");
        Err(Error::new(ErrorKind::TooLarge, message)
            .with_operation(operation)
            .with_backend(self.members[writer].name())
            .with_key(key))
    }
}
