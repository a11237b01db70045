//! The cache as a layer: reads of current versions are answered from it, writes pass and take their entries with them.

use std::sync::Arc;

use super::reader::Reader;
use super::{Cache, Gate};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, ExplainStep, GetManyRequest,
    GetRequest, Health, ListPage, ListRequest, Reach, ResolveRequest, RestoreRequest, RollbackRequest, SetManyOutcome,
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

    async fn write_one<T>(
        &self,
        key: &SecretKey,
        write: BoxFuture<'_, Result<T>>,
        step: impl FnOnce(&T) -> ChangeStep,
    ) -> Result<T> {
        let mut guard = Write::begin(&self.reader, vec![key]);
        let outcome = write.await;
        guard.end(&outcome);
        guard.step = outcome.as_ref().ok().map(step);
        outcome
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
            return self.inner().get(cx, req);
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
        Box::pin(async move {
            let outcome = self.inner().describe(cx, req).await;
            let is_left = self.cache().is_offline() && req.version.is_none();
            match outcome {
                Err(error) if is_left && error.is_out_of_reach() => match self.reader.left(cx, req.key).await {
                    Some(secret) => Ok(Some(Description::new(secret.metadata))),
                    None => Err(error),
                },
                outcome => outcome,
            }
        })
    }

    /// Past the cache: what it holds is no answer to where a secret is.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.inner().explain(cx, req)
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        self.inner().list(cx, req)
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner().set(cx, req), |outcome| outcome.step))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            let mut guard = Write::begin(&self.reader, req.entries.iter().map(|(key, _)| key).collect());
            let outcome = self.inner().set_many(cx, req).await;
            guard.end(&outcome);
            let outcome = outcome?;
            let unknown = |error: &Error| error.kind() == ErrorKind::OutcomeUnknown;
            guard.is_over = !outcome
                .outcomes
                .iter()
                .filter_map(|one| one.as_ref().err())
                .any(unknown);
            // One step for the whole batch where all tell the same one; else the next check finds the change.
            let mut steps = outcome.outcomes.iter().flatten().map(|outcome| outcome.step);
            guard.step = steps.next().filter(|first| steps.all(|step| step == *first));
            Ok(outcome)
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner().update_metadata(cx, req), |outcome| outcome.step))
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        Box::pin(self.write_one(req.key, self.inner().delete(cx, req), |step| *step))
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.inner().versions(cx, req)
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner().rollback(cx, req), |outcome| outcome.step))
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner().restore(cx, req), |outcome| outcome.step))
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.inner().resolve(cx, req)
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let outcome = self.inner().refresh(cx).await;
            self.cache().distrust();
            outcome
        })
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner().requests()
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.inner().health(cx)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.inner().verify(cx)
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
