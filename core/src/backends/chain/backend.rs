//! The contract over the members.

use super::Chain;
use super::members::NAME;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, ExplainStep, GetManyRequest,
    GetRequest, Health, ListPage, ListRequest, Location, Operation, Reach, RestoreRequest, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry,
    VersionsRequest, cannot_write, lacks,
};
use crate::context::CallContext;
use crate::error::Result;
use crate::key::SecretKey;
use crate::secret::Secret;

impl Backend for Chain {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reach(&self) -> Reach {
        let is_local = self.members.iter().all(|member| member.reach() == Reach::Local);
        if is_local { Reach::Local } else { Reach::Through }
    }

    fn needs_runtime(&self) -> bool {
        self.members.iter().any(|member| member.needs_runtime())
    }

    /// The places of all members, and who writes: two chains are one where both are the same.
    fn location(&self) -> Option<String> {
        let members: Vec<_> = self.members.iter().map(|member| told(&**member)).collect();
        let writer = self.writer.map_or("nobody", |writer| self.members[writer].name());
        Some(format!("{}; {writer} writes", members.join(", ")))
    }

    fn locations(&self) -> Vec<Location> {
        self.members.iter().flat_map(|member| member.locations()).collect()
    }

    fn change_token(&self) -> Option<ChangeToken> {
        self.token()
    }

    /// Keys that share a name in any member cannot be asked for together: that one may hold them.
    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        for at in 0..self.members.len() {
            let held: Vec<_> = keys.iter().filter(|key| self.fits(at, key)).cloned().collect();
            let checked = self.members[at].check_together(&held);
            checked.map_err(|error| self.named(error, at, Operation::GetMany))?;
        }
        Ok(())
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        match req.version {
            None => Box::pin(self.read(cx, req)),
            Some(version) if self.capabilities.versions => Box::pin(self.read_version(cx, req.key, version)),
            Some(_) => lacks(NAME, Operation::Get),
        }
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(self.read_many(cx, req.keys))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        match req.version {
            None => Box::pin(async move { Ok(self.visible(cx, req).await?.map(|(_, found)| found)) }),
            Some(version) if self.capabilities.versions => Box::pin(self.describe_version(cx, req.key, version)),
            Some(_) => lacks(NAME, Operation::Describe),
        }
    }

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        Box::pin(self.explain_all(cx, req.key))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        Box::pin(self.list_all(cx, req))
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        match self.writer {
            Some(writer) => Box::pin(self.set_in(cx, writer, req)),
            None => cannot_write(NAME, Operation::Set),
        }
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        match self.writer {
            Some(writer) => Box::pin(self.set_many_in(cx, writer, req)),
            None => cannot_write(NAME, Operation::SetMany),
        }
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        match self.writer {
            Some(writer) => Box::pin(self.update_metadata_in(cx, writer, req)),
            None => cannot_write(NAME, Operation::UpdateMetadata),
        }
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        match self.writer {
            Some(writer) => Box::pin(self.delete_in(cx, writer, req)),
            None => cannot_write(NAME, Operation::Delete),
        }
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        if self.capabilities.versions {
            Box::pin(self.versions_of(cx, req.key))
        } else {
            lacks(NAME, Operation::Versions)
        }
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        match self.writer {
            None => cannot_write(NAME, Operation::Rollback),
            Some(writer) if self.capabilities.versions => Box::pin(self.rollback_in(cx, writer, req)),
            Some(_) => lacks(NAME, Operation::Rollback),
        }
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        match self.writer {
            Some(writer) => Box::pin(self.restore_in(cx, writer, req)),
            None => cannot_write(NAME, Operation::Restore),
        }
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(self.health_of_all(cx))
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        if self.capabilities.verify {
            Box::pin(self.verify_all(cx))
        } else {
            lacks(NAME, Operation::Verify)
        }
    }

    /// Every member, also where one fails.
    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let ended = self.ask_all(cx, Operation::Refresh, |member| member.refresh(cx), &self.members);
            ended.await.into_iter().collect()
        })
    }

    /// Those of all members, by their names.
    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.members.iter().flat_map(|member| member.requests()).collect()
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let ended = self.ask_all(cx, Operation::Lock, |member| member.lock(cx), &self.members);
            ended.await.into_iter().collect()
        })
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let ended = self.ask_all(cx, Operation::Close, |member| member.close(cx), &self.members);
            ended.await.into_iter().collect()
        })
    }
}

/// A member's word and place.
fn told(member: &dyn Backend) -> String {
    match member.location() {
        Some(place) => format!("{} {place}", member.name()),
        None => member.name().to_owned(),
    }
}
