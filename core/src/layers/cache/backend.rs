//! The cache as a layer: reads of current versions are answered from it, writes pass and take their entries with them.

use std::sync::Arc;

use super::reader::Reader;
use super::remote::offline;
use super::{Cache, Gate};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, ExplainStep, GetManyRequest,
    GetRequest, Health, ListPage, ListRequest, Operation, Reach, ResolveRequest, RestoreRequest, RollbackRequest,
    SetManyOutcome,
    SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

/// A backend with a cache in front.
#[derive(Debug)]
pub(crate) struct Cached {
    reader: Arc<Reader>,
}

/// The bytes that a key is cached under: its canonical text, without `global/`.
pub(crate) fn cache_key(key: &SecretKey) -> &[u8] {
    cache_text(key.as_str().as_bytes())
}

/// The bytes that a text would be cached under if it is a valid key. `global/` goes only where no further scope
/// follows: `global/org/acme/k` is no key, and must not become one.
#[inline]
pub(crate) fn cache_text(text: &[u8]) -> &[u8] {
    match text.strip_prefix(b"global/") {
        Some(name) if !name.contains(&b'/') => name,
        _ => text,
    }
}

/// Ends the write that it began, also when the caller leaves before the answer.
struct Write<'a> {
    reader: &'a Reader,
    keys: Vec<&'a SecretKey>,
    step: Option<ChangeStep>,
    /// Whether the write has come to an end that is known. One whose caller left may still land.
    is_over: bool,
    /// Whether it is known to have changed nothing, so that what was read before may be answered on.
    is_undone: bool,
}

impl<'a> Write<'a> {
    fn begin(reader: &'a Reader, keys: Vec<&'a SecretKey>) -> Self {
        reader.cache.begin_write();
        Self {
            reader,
            keys,
            step: None,
            is_over: false,
            is_undone: false,
        }
    }
}

impl Write<'_> {
    fn end<T>(&mut self, outcome: &Result<T>) {
        let kind = outcome.as_ref().err().map(Error::kind);
        self.is_over = kind != Some(ErrorKind::OutcomeUnknown);
        self.is_undone = matches!(kind, Some(ErrorKind::Unavailable | ErrorKind::RateLimited));
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let cache = &self.reader.cache;
        if !self.is_over {
            cache.doubt();
        }
        if self.is_undone && cache.keeps_stale() {
            self.keys.clear();
        }
        cache.end_write(self.keys.iter().map(|key| cache_key(key)), self.step);
        for key in &self.keys {
            self.reader.forget_on_disk(key);
        }
    }
}

impl Cached {
    pub(crate) fn new(inner: Arc<dyn Backend>, cache: Arc<Cache>) -> Self {
        Self {
            reader: Arc::new(Reader::new(inner, cache)),
        }
    }

    fn inner(&self) -> &dyn Backend {
        &*self.reader.inner
    }

    fn cache(&self) -> &Cache {
        &self.reader.cache
    }

    /// A call that only the backend can answer.
    fn online<'a, T: Send + 'a>(
        &'a self,
        operation: Operation,
        call: impl FnOnce(&'a dyn Backend) -> BoxFuture<'a, Result<T>>,
    ) -> BoxFuture<'a, Result<T>> {
        let inner = self.inner();
        self.cache().online(inner.name(), operation, || call(inner))
    }

    fn write_one<'a, T: Send + 'a>(
        &'a self,
        operation: Operation,
        key: &'a SecretKey,
        write: impl FnOnce(&'a dyn Backend) -> BoxFuture<'a, Result<T>> + Send + 'a,
        step: impl FnOnce(&T) -> ChangeStep + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        self.online(operation, |inner| {
            Box::pin(async move {
                let mut guard = Write::begin(&self.reader, vec![key]);
                let outcome = write(inner).await;
                guard.end(&outcome);
                guard.step = outcome.as_ref().ok().map(step);
                outcome
            })
        })
    }
}

impl Backend for Cached {
    fn name(&self) -> &'static str {
        self.inner().name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner().capabilities()
    }

    fn needs_runtime(&self) -> bool {
        self.inner().needs_runtime()
    }

    fn reach(&self) -> Reach {
        self.inner().reach()
    }

    fn change_token(&self) -> Option<ChangeToken> {
        self.inner().change_token()
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        self.inner().check_key(key)
    }

    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        self.inner().check_together(keys)
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        if req.version.is_some() {
            return self.online(Operation::Get, |inner| inner.get(cx, req));
        }
        Box::pin(self.reader.get(cx, req))
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(self.reader.get_many(cx, req.keys))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        if !self.cache().is_offline() {
            return self.inner().describe(cx, req);
        }
        Box::pin(async move {
            let left = match req.version {
                Some(_) => None,
                None => self.reader.left(cx, req.key).await,
            };
            let secret = left.ok_or_else(|| offline().with_operation(Operation::Describe).with_key(req.key))?;
            Ok(Some(Description::new(secret.metadata)))
        })
    }

    /// Past the cache: what it holds is no answer to where a secret is.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.online(Operation::Explain, |inner| inner.explain(cx, req))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        self.online(Operation::List, |inner| inner.list(cx, req))
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.write_one(Operation::Set, req.key, move |inner| inner.set(cx, req), |outcome| outcome.step)
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        self.online(Operation::SetMany, |inner| {
            Box::pin(async move {
                let mut guard = Write::begin(&self.reader, req.entries.iter().map(|(key, _)| key).collect());
                let outcome = inner.set_many(cx, req).await;
                guard.end(&outcome);
                let outcome = outcome?;
                // One step for the whole batch where all tell the same one; else the next check finds the change.
                let mut steps = outcome.outcomes.iter().flatten().map(|outcome| outcome.step);
                guard.step = steps.next().filter(|first| steps.all(|step| step == *first));
                Ok(outcome)
            })
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        self.write_one(Operation::UpdateMetadata, req.key, move |inner| inner.update_metadata(cx, req), |outcome| outcome.step)
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        self.write_one(Operation::Delete, req.key, move |inner| inner.delete(cx, req), |step| *step)
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.online(Operation::Versions, |inner| inner.versions(cx, req))
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.write_one(Operation::Rollback, req.key, move |inner| inner.rollback(cx, req), |outcome| outcome.step)
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.write_one(Operation::Restore, req.key, move |inner| inner.restore(cx, req), |outcome| outcome.step)
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.online(Operation::Resolve, |inner| inner.resolve(cx, req))
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let outcome = self.inner().refresh(cx).await;
            if !self.cache().is_offline() {
                self.cache().distrust();
            }
            outcome
        })
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner().requests()
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        match self.cache().offline_health() {
            Some(health) => Box::pin(std::future::ready(Ok(health))),
            None => self.inner().health(cx),
        }
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.online(Operation::Verify, |inner| inner.verify(cx))
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let outcome = self.inner().lock(cx).await;
            // Last, so that a read that overlaps with the locking leaves nothing behind.
            self.cache().clear();
            match self.cache().last_known() {
                Some(disk) => outcome.and(disk.lock(cx).await),
                None => outcome,
            }
        })
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.cache().shut(Gate::Closed);
        Box::pin(async move {
            let outcome = self.inner().close(cx).await;
            self.cache().clear();
            match self.cache().last_known() {
                Some(disk) => outcome.and(disk.close(cx).await),
                None => outcome,
            }
        })
    }
}
