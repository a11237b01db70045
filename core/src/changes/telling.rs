//! A backend whose changes are told: what is written or removed through it, and how it is found to be.

use std::sync::Arc;

use super::{Change, ChangeKind, Changes};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteHow, DeleteRequest, Description, ExplainStep,
    GetManyRequest, GetRequest, Health, ListPage, ListRequest, Reach, ResolveRequest, RestoreRequest, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry,
    VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

/// Stands outside of all layers, so that what it tells has come to its end.
#[derive(Debug)]
pub(crate) struct Telling {
    inner: Arc<dyn Backend>,
    changes: Arc<Changes>,
}

impl Telling {
    pub(crate) fn new(inner: Arc<dyn Backend>, changes: Arc<Changes>) -> Self {
        Self { inner, changes }
    }

    /// The backend, which is about to be used.
    fn used(&self) -> &dyn Backend {
        self.changes.wake();
        &*self.inner
    }

    /// Waits for a write of one secret and tells what became of it.
    async fn write<T>(
        &self,
        key: &SecretKey,
        write: BoxFuture<'_, Result<T>>,
        told: impl FnOnce(&T) -> (Change, ChangeStep),
    ) -> Result<T> {
        let under_way = self.changes.begin_write();
        let left = Left::new(&self.changes, [key]);
        let outcome = write.await;
        left.answered();
        self.tell(key, &outcome, told);
        drop(under_way);
        outcome
    }

    fn tell<T>(&self, key: &SecretKey, outcome: &Result<T>, told: impl FnOnce(&T) -> (Change, ChangeStep)) {
        match outcome {
            Ok(answer) => {
                let (change, step) = told(answer);
                self.changes.stepped(step);
                self.changes.tell(change);
            }
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                self.changes.tell(Change::of(ChangeKind::Unknown, key, None));
            }
            Err(_) => {}
        }
    }

    async fn set_one(&self, key: &SecretKey, write: BoxFuture<'_, Result<SetOutcome>>) -> Result<SetOutcome> {
        self.write(key, write, |outcome| was_set(key, outcome)).await
    }
}

/// A write whose caller may leave before it ends: it goes on all the same, and nobody learns what became of it.
struct Left<'a, K: Iterator<Item = &'a SecretKey>> {
    changes: &'a Changes,
    keys: Option<K>,
}

impl<'a, K: Iterator<Item = &'a SecretKey>> Left<'a, K> {
    fn new(changes: &'a Changes, keys: impl IntoIterator<IntoIter = K>) -> Self {
        Self {
            changes,
            keys: Some(keys.into_iter()),
        }
    }

    fn answered(mut self) {
        self.keys = None;
    }
}

impl<'a, K: Iterator<Item = &'a SecretKey>> Drop for Left<'a, K> {
    fn drop(&mut self) {
        for key in self.keys.take().into_iter().flatten() {
            self.changes.tell(Change::of(ChangeKind::Unknown, key, None));
        }
    }
}

/// Ends all subscriptions when it is dropped.
struct Ending<'a>(&'a Changes);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn was_set(key: &SecretKey, outcome: &SetOutcome) -> (Change, ChangeStep) {
    (Change::of(ChangeKind::Set, key, outcome.version.clone()), outcome.step)
}

impl Backend for Telling {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn needs_runtime(&self) -> bool {
        self.inner.needs_runtime()
    }

    fn reach(&self) -> Reach {
        self.inner.reach()
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
        self.used().get(cx, req)
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        self.used().get_many(cx, req)
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        self.used().describe(cx, req)
    }

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.used().explain(cx, req)
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        self.used().list(cx, req)
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.set_one(req.key, self.used().set(cx, req)))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            let under_way = self.changes.begin_write();
            let keys = req.entries.iter().map(|(key, _)| key);
            let left = Left::new(&self.changes, keys.clone());
            let outcome = self.used().set_many(cx, req).await;
            left.answered();
            match &outcome {
                Ok(many) => {
                    for (key, one) in keys.zip(&many.outcomes) {
                        self.tell(key, one, |outcome| was_set(key, outcome));
                    }
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    for key in keys {
                        self.changes.tell(Change::of(ChangeKind::Unknown, key, None));
                    }
                }
                Err(_) => {}
            }
            drop(under_way);
            outcome
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.set_one(req.key, self.used().update_metadata(cx, req)))
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        // Without one of its versions the secret may still be there.
        let kind = match req.how {
            DeleteHow::Version(_) => ChangeKind::Unknown,
            DeleteHow::Usual | DeleteHow::Soft | DeleteHow::Force => ChangeKind::Deleted,
        };
        let removal = self.used().delete(cx, req);
        Box::pin(self.write(req.key, removal, move |step| (Change::of(kind, req.key, None), *step)))
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.used().versions(cx, req)
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.set_one(req.key, self.used().rollback(cx, req)))
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.set_one(req.key, self.used().restore(cx, req)))
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.used().resolve(cx, req)
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.refresh(cx)
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner.requests()
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move {
            let outcome = self.inner.health(cx).await;
            match &outcome {
                Ok(health) => self.changes.observe(self.name(), health),
                // They say nothing about the backend.
                Err(error) if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Closed) => {}
                Err(error) => self.changes.observe(self.name(), &Health::unavailable(error.clone())),
            }
            outcome
        })
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.used().verify(cx)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.changes.sleep();
            self.inner.lock(cx).await
        })
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // Last: a write that finishes first is still told. Also where the caller leaves half-way.
            let _end = Ending(&self.changes);
            self.inner.close(cx).await
        })
    }
}
