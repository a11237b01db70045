//! The cache as a layer: reads of current versions are answered from it, writes pass and take their entries with them.

use std::sync::Arc;

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
    inner: Arc<dyn Backend>,
    cache: Arc<Cache>,
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
    cache: &'a Cache,
    keys: Vec<&'a SecretKey>,
    step: Option<ChangeStep>,
    /// Whether the write has come to an end that is known. One whose caller left may still land.
    is_over: bool,
}

impl<'a> Write<'a> {
    fn begin(cache: &'a Cache, keys: Vec<&'a SecretKey>) -> Self {
        cache.begin_write();
        Self {
            cache,
            keys,
            step: None,
            is_over: false,
        }
    }
}

impl Write<'_> {
    fn end<T>(&mut self, outcome: &Result<T>) {
        self.is_over = !outcome
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::OutcomeUnknown);
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.cache.doubt();
        }
        self.cache
            .end_write(self.keys.iter().map(|key| cache_key(key)), self.step);
    }
}

/// Whether an error says that a value once read may not be served any longer.
fn revokes(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::NotFound | ErrorKind::Unauthenticated
    )
}

impl Cached {
    pub(crate) fn new(inner: Arc<dyn Backend>, cache: Arc<Cache>) -> Self {
        Self { inner, cache }
    }

    async fn write_one<T>(
        &self,
        key: &SecretKey,
        write: BoxFuture<'_, Result<T>>,
        step: impl FnOnce(&T) -> ChangeStep,
    ) -> Result<T> {
        let mut guard = Write::begin(&self.cache, vec![key]);
        let outcome = write.await;
        guard.end(&outcome);
        guard.step = outcome.as_ref().ok().map(step);
        outcome
    }
}

impl Backend for Cached {
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
        if req.version.is_some() {
            return self.inner.get(cx, req);
        }
        Box::pin(async move {
            let key = cache_key(req.key);
            // Under a required audit sink the fast path was passed over; the value may be here all the same.
            if !req.fresh
                && let Some(secret) = self.cache.audited_secret(&*self.inner, key)
            {
                return Ok(Some(secret));
            }
            let ticket = self.cache.begin_fill(&*self.inner);
            let outcome = self.inner.get(cx, req).await;
            match &outcome {
                Ok(Some(secret)) => self.cache.fill(&*self.inner, ticket, key, secret),
                Ok(None) => self.cache.remove(key),
                Err(error) if revokes(error) => self.cache.remove(key),
                Err(_) => {}
            }
            outcome
        })
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            let mut outcomes: Vec<Option<Result<Option<Secret>>>> = req
                .keys
                .iter()
                .map(|key| {
                    self.cache
                        .audited_secret(&*self.inner, cache_key(key))
                        .map(|secret| Ok(Some(secret)))
                })
                .collect();
            let missing: Vec<SecretKey> = req
                .keys
                .iter()
                .zip(&outcomes)
                .filter(|(_, outcome)| outcome.is_none())
                .map(|(key, _)| key.clone())
                .collect();
            if !missing.is_empty() {
                let ticket = self.cache.begin_fill(&*self.inner);
                let fetched = self.inner.get_many(cx, GetManyRequest::new(&missing)).await?;
                for (key, outcome) in missing.iter().zip(&fetched) {
                    if let Ok(Some(secret)) = outcome {
                        self.cache.fill(&*self.inner, ticket, cache_key(key), secret);
                    }
                }
                let holes = outcomes.iter_mut().filter(|outcome| outcome.is_none());
                for (hole, outcome) in holes.zip(fetched) {
                    *hole = Some(outcome);
                }
            }
            let unanswered = || {
                Err(Error::new(
                    ErrorKind::Internal,
                    "the backend answered fewer keys than were asked",
                ))
            };
            Ok(outcomes
                .into_iter()
                .map(|outcome| outcome.unwrap_or_else(unanswered))
                .collect())
        })
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        self.inner.describe(cx, req)
    }

    /// Past the cache: what it holds is no answer to where a secret is.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.inner.explain(cx, req)
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        self.inner.list(cx, req)
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner.set(cx, req), |outcome| outcome.step))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            let mut guard = Write::begin(&self.cache, req.entries.iter().map(|(key, _)| key).collect());
            let outcome = self.inner.set_many(cx, req).await;
            guard.end(&outcome);
            let outcome = outcome?;
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
        Box::pin(self.write_one(req.key, self.inner.update_metadata(cx, req), |outcome| outcome.step))
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        Box::pin(self.write_one(req.key, self.inner.delete(cx, req), |step| *step))
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.inner.versions(cx, req)
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner.rollback(cx, req), |outcome| outcome.step))
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.write_one(req.key, self.inner.restore(cx, req), |outcome| outcome.step))
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.inner.resolve(cx, req)
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let outcome = self.inner.refresh(cx).await;
            self.cache.clear();
            outcome
        })
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner.requests()
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.inner.health(cx)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.inner.verify(cx)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let outcome = self.inner.lock(cx).await;
            // Last, so that a read that overlaps with the locking leaves nothing behind.
            self.cache.clear();
            outcome
        })
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.cache.shut(Gate::Closed);
        Box::pin(async move {
            let outcome = self.inner.close(cx).await;
            self.cache.clear();
            outcome
        })
    }
}
