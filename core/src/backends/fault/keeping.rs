//! A backend that keeps what was removed from the one it wraps, so that bringing it back is tested without a server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::inherited::unpoisoned;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteHow, DeleteRequest, Description, ExplainStep,
    GetManyRequest, GetRequest, Health, ListPage, ListRequest, Location, Operation, RestoreRequest, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry,
    VersionsRequest, lacks,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

const NAME: &str = "keeping";

/// Another backend, with a place for what was removed. A forked child shares nothing of that place.
#[derive(Debug)]
pub(super) struct Keeping {
    inner: Arc<dyn Backend>,
    capabilities: Capabilities,
    removed: Mutex<BTreeMap<SecretKey, Secret>>,
}

impl Keeping {
    pub(super) fn new(inner: Arc<dyn Backend>) -> Arc<Self> {
        let mut capabilities = inner.capabilities().clone();
        capabilities.restore = true;
        Arc::new(Self {
            inner,
            capabilities,
            removed: Mutex::default(),
        })
    }

    fn removed(&self) -> MutexGuard<'_, BTreeMap<SecretKey, Secret>> {
        unpoisoned(self.removed.lock())
    }

    fn error(kind: ErrorKind, message: &'static str, operation: Operation, key: &SecretKey) -> Error {
        let error = Error::new(kind, message).with_operation(operation);
        error.with_backend(NAME).with_key(key)
    }
}

impl Backend for Keeping {
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

    fn change_token(&self) -> Option<ChangeToken> {
        self.inner.change_token()
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        self.inner.check_key(key)
    }

    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        self.inner.check_together(keys)
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
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
        self.inner.list(cx, req)
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.inner.set(cx, req)
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        self.inner.set_many(cx, req)
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        self.inner.update_metadata(cx, req)
    }

    /// Keeps the current value, unless it is removed by force. Its history is not kept.
    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        Box::pin(async move {
            let kept = match req.how {
                DeleteHow::Version(_) => return lacks(NAME, Operation::Delete).await,
                DeleteHow::Force => None,
                DeleteHow::Usual | DeleteHow::Soft => self.inner.get(cx, GetRequest::new(req.key)).await?,
            };
            let step = self.inner.delete(cx, req).await?;
            match kept {
                Some(secret) => drop(self.removed().insert(req.key.clone(), secret)),
                None => drop(self.removed().remove(req.key)),
            }
            Ok(step)
        })
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.inner.versions(cx, req)
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.inner.rollback(cx, req)
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(async move {
            if self.inner.describe(cx, GetRequest::new(req.key)).await?.is_some() {
                let message = "the secret is there";
                return Err(Self::error(ErrorKind::Conflict, message, Operation::Restore, req.key));
            }
            let Some(secret) = self.removed().remove(req.key) else {
                let message = "nothing that was removed is kept under this key";
                return Err(Self::error(ErrorKind::NotFound, message, Operation::Restore, req.key));
            };
            let mut request = SetRequest::new(req.key, &secret);
            request.created_at = secret.metadata.created_at;
            let outcome = self.inner.set(cx, request).await;
            if outcome.is_err() {
                self.removed().insert(req.key.clone(), secret);
            }
            outcome
        })
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.inner.health(cx)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.inner.verify(cx)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.lock(cx)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.removed().clear();
        self.inner.close(cx)
    }
}
