//! A backend that can do less than the one it wraps, so that refusals are tested, too.

use std::sync::Arc;

use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, ExplainStep, GetManyRequest,
    GetRequest, Health, ListPage, ListRequest, Location, Operation, Persistence, Reach, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry,
    VersionsRequest, cannot_write, lacks, set_one_by_one,
};
use crate::context::CallContext;
use crate::error::Result;
use crate::key::SecretKey;
use crate::secret::Secret;

const NAME: &str = "limited";

/// Another backend, of which only some capabilities are left. It refuses whole operations, as the contract's default
/// bodies do; fields that it cannot hold are refused by the manager, from the capabilities.
#[derive(Debug)]
pub struct LimitedBackend {
    inner: Arc<dyn Backend>,
    capabilities: Capabilities,
}

impl LimitedBackend {
    /// Leaves `capabilities` of `inner`; the caller leaves only what `inner` has.
    pub fn new(inner: Arc<dyn Backend>, capabilities: Capabilities) -> Arc<Self> {
        Arc::new(Self { inner, capabilities })
    }

    /// Takes capabilities away, starting from those of `inner`.
    pub fn without(inner: Arc<dyn Backend>, change: impl FnOnce(&mut Capabilities)) -> Arc<Self> {
        let mut capabilities = inner.capabilities().clone();
        change(&mut capabilities);
        Self::new(inner, capabilities)
    }
}

impl Backend for LimitedBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        self.inner.needs_runtime()
    }

    fn location(&self) -> Option<String> {
        self.inner.location()
    }

    fn locations(&self) -> Vec<Location> {
        self.inner.locations()
    }

    fn reach(&self) -> Reach {
        match (self.inner.reach(), self.capabilities.persistence) {
            (Reach::Local, Persistence::Remote) => Reach::Remote,
            (reach, _) => reach,
        }
    }

    /// Another machine cannot be looked at in between.
    fn change_token(&self) -> Option<ChangeToken> {
        match self.reach() {
            Reach::Remote => None,
            _ => self.inner.change_token(),
        }
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        self.inner.check_key(key)
    }

    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        self.inner.check_together(keys)
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        if req.version.is_some() && !self.capabilities.versions {
            return lacks(NAME, Operation::Get);
        }
        self.inner.get(cx, req)
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        self.inner.get_many(cx, req)
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        self.inner.describe(cx, req)
    }

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.inner.explain(cx, req)
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        if self.capabilities.list {
            self.inner.list(cx, req)
        } else {
            lacks(NAME, Operation::List)
        }
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        if self.capabilities.read_only {
            cannot_write(NAME, Operation::Set)
        } else {
            self.inner.set(cx, req)
        }
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::SetMany);
        }
        if self.capabilities.atomic_batch {
            return self.inner.set_many(cx, req);
        }
        set_one_by_one(self, cx, req)
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::UpdateMetadata);
        }
        self.inner.update_metadata(cx, req)
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::Delete);
        }
        self.inner.delete(cx, req)
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        if self.capabilities.versions {
            self.inner.versions(cx, req)
        } else {
            lacks(NAME, Operation::Versions)
        }
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::Rollback);
        }
        if self.capabilities.versions {
            self.inner.rollback(cx, req)
        } else {
            lacks(NAME, Operation::Rollback)
        }
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.inner.health(cx)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        if self.capabilities.verify {
            self.inner.verify(cx)
        } else {
            lacks(NAME, Operation::Verify)
        }
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.lock(cx)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.close(cx)
    }
}
