//! What most layers are: something done around a call, whatever the verb.

use std::fmt;
use std::sync::Arc;

use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, ExplainStep, GetManyRequest,
    GetRequest, Health, HealthState, ListPage, ListRequest, Location, Operation, Reach, ResolveRequest, RestoreRequest,
    RollbackRequest, SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport,
    VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

/// A call on its way through a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    pub(super) backend: &'static str,
    /// Whether the inner call is polled inside our runtime.
    pub(super) needs_runtime: bool,
    pub(super) keys: Keys<'a>,
    pub(super) cx: &'a CallContext,
}

impl Call<'_> {
    /// Says in an error where it happened, unless a layer further in has said so.
    pub(super) fn name(&self, error: Error) -> Error {
        let error = error.with_operation(self.operation).with_backend(self.backend);
        match self.keys.one() {
            Some(key) => error.with_key(key),
            None => error,
        }
    }
}

/// The secrets that a call concerns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keys<'a> {
    None,
    One(&'a SecretKey),
    Many(&'a [SecretKey]),
    Entries(&'a [(SecretKey, Secret)]),
}

impl<'a> Keys<'a> {
    /// The key of a call that concerns exactly one.
    pub(super) fn one(self) -> Option<&'a SecretKey> {
        match self {
            Self::One(key) => Some(key),
            _ => None,
        }
    }
}

/// What a call answers, as a layer sees it that does not care which verb it is.
pub(super) trait Answer: Send {
    /// The error that an answer tells inside: a batch has one for each key, health tells what is wrong.
    fn failure(&self) -> Option<&Error> {
        None
    }
}

impl Answer for () {}
impl Answer for Option<Secret> {}
impl Answer for Option<Description> {}
impl Answer for Vec<ExplainStep> {}
impl Answer for Vec<VersionEntry> {}
impl Answer for ListPage {}
impl Answer for SetOutcome {}
impl Answer for ChangeStep {}
impl Answer for VerifyReport {}

impl Answer for Vec<Result<Option<Secret>>> {
    /// Where one key has an answer, the backend answers.
    fn failure(&self) -> Option<&Error> {
        let first = self.first()?.as_ref().err()?;
        self.iter().all(Result::is_err).then_some(first)
    }
}

impl Answer for SetManyOutcome {
    fn failure(&self) -> Option<&Error> {
        let first = self.outcomes.first()?.as_ref().err()?;
        self.outcomes.iter().all(Result::is_err).then_some(first)
    }
}

impl Answer for Health {
    fn failure(&self) -> Option<&Error> {
        match self.state {
            HealthState::Unavailable => self.error.as_ref(),
            _ => None,
        }
    }
}

/// Something done around a call. `run` makes the inner call's future; a layer may call it more than once (retry) or
/// not at all (breaker). What a layer does otherwise for one verb, it does in that verb's own method.
pub(super) trait Around: fmt::Debug + Send + Sync + 'static {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>>;

    fn get<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetRequest<'a>,
    ) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.around(call, move || inner.get(call.cx, req))
    }

    fn get_many<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        self.around(call, move || inner.get_many(call.cx, req))
    }

    fn describe<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetRequest<'a>,
    ) -> BoxFuture<'a, Result<Option<Description>>> {
        self.around(call, move || inner.describe(call.cx, req))
    }

    fn list<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: ListRequest<'a>,
    ) -> BoxFuture<'a, Result<ListPage>> {
        self.around(call, move || inner.list(call.cx, req))
    }

    fn set_many<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: SetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<SetManyOutcome>> {
        self.around(call, move || inner.set_many(call.cx, req))
    }

    fn health<'a>(&'a self, call: Call<'a>, inner: &'a Arc<dyn Backend>) -> BoxFuture<'a, Result<Health>> {
        self.around(call, move || inner.health(call.cx))
    }
}

/// A backend with something done around its calls.
#[derive(Debug)]
pub(super) struct Layered<L> {
    inner: Arc<dyn Backend>,
    layer: L,
}

impl<L: Around> Layered<L> {
    pub(super) fn new(inner: Arc<dyn Backend>, layer: L) -> Self {
        Self { inner, layer }
    }

    fn call<'a>(&'a self, operation: Operation, keys: Keys<'a>, cx: &'a CallContext) -> Call<'a> {
        Call {
            operation,
            backend: self.inner.name(),
            needs_runtime: self.inner.needs_runtime(),
            keys,
            cx,
        }
    }

    fn pass<'a, T: Answer + 'a>(
        &'a self,
        operation: Operation,
        keys: Keys<'a>,
        cx: &'a CallContext,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        self.layer.around(self.call(operation, keys, cx), run)
    }
}

impl<L: Around> Backend for Layered<L> {
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
        let call = self.call(Operation::Get, Keys::One(req.key), cx);
        self.layer.get(call, &self.inner, req)
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        let call = self.call(Operation::GetMany, Keys::Many(req.keys), cx);
        self.layer.get_many(call, &self.inner, req)
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        let call = self.call(Operation::Describe, Keys::One(req.key), cx);
        self.layer.describe(call, &self.inner, req)
    }

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        self.pass(Operation::Explain, Keys::One(req.key), cx, move || {
            self.inner.explain(cx, req)
        })
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        let call = self.call(Operation::List, Keys::None, cx);
        self.layer.list(call, &self.inner, req)
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.pass(Operation::Set, Keys::One(req.key), cx, move || self.inner.set(cx, req))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        let call = self.call(Operation::SetMany, Keys::Entries(req.entries), cx);
        self.layer.set_many(call, &self.inner, req)
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        self.pass(Operation::UpdateMetadata, Keys::One(req.key), cx, move || {
            self.inner.update_metadata(cx, req)
        })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        self.pass(Operation::Delete, Keys::One(req.key), cx, move || {
            self.inner.delete(cx, req)
        })
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.pass(Operation::Versions, Keys::One(req.key), cx, move || {
            self.inner.versions(cx, req)
        })
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.pass(Operation::Rollback, Keys::One(req.key), cx, move || {
            self.inner.rollback(cx, req)
        })
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.pass(Operation::Restore, Keys::One(req.key), cx, move || {
            self.inner.restore(cx, req)
        })
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.pass(Operation::Resolve, Keys::None, cx, move || self.inner.resolve(cx, req))
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.pass(Operation::Refresh, Keys::None, cx, move || self.inner.refresh(cx))
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner.requests()
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.layer
            .health(self.call(Operation::Health, Keys::None, cx), &self.inner)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.pass(Operation::Verify, Keys::None, cx, move || self.inner.verify(cx))
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.pass(Operation::Lock, Keys::None, cx, move || self.inner.lock(cx))
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.pass(Operation::Close, Keys::None, cx, move || self.inner.close(cx))
    }
}
