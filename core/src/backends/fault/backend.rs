//! The contract over the wrapper: every method is a call that the script may stand in the way of.

use super::control::{FaultBackend, NAME};
use super::gate;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteHow, DeleteRequest, Description, ExplainStep,
    GetManyRequest, GetRequest, Health, IfVersion, ListPage, ListRequest, Location, Operation, Reach, ResolveRequest,
    RestoreRequest, RollbackRequest, SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, Terms,
    UpdateMetadataRequest, VerifyReport, VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::Result;
use crate::key::SecretKey;
use crate::secret::{Secret, Version};

/// A condition, owned.
enum Condition {
    Any,
    Absent,
    Is(Version),
}

impl Condition {
    fn own(condition: IfVersion<'_>) -> Self {
        match condition {
            IfVersion::Any => Self::Any,
            IfVersion::Absent => Self::Absent,
            IfVersion::Is(version) => Self::Is(version.clone()),
        }
    }

    fn borrow(&self) -> IfVersion<'_> {
        match self {
            Self::Any => IfVersion::Any,
            Self::Absent => IfVersion::Absent,
            Self::Is(version) => IfVersion::Is(version),
        }
    }
}

/// A way of removal, owned.
enum Removal {
    Usual,
    Soft,
    Force,
    Version(Version),
}

impl Removal {
    fn own(how: DeleteHow<'_>) -> Self {
        match how {
            DeleteHow::Usual => Self::Usual,
            DeleteHow::Soft => Self::Soft,
            DeleteHow::Force => Self::Force,
            DeleteHow::Version(version) => Self::Version(version.clone()),
        }
    }

    fn borrow(&self) -> DeleteHow<'_> {
        match self {
            Self::Usual => DeleteHow::Usual,
            Self::Soft => DeleteHow::Soft,
            Self::Force => DeleteHow::Force,
            Self::Version(version) => DeleteHow::Version(version),
        }
    }
}

impl Backend for FaultBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn reach(&self) -> Reach {
        self.inner.reach()
    }

    /// Latency needs timers; hanging and yielding need nothing.
    fn needs_runtime(&self) -> bool {
        self.inner.needs_runtime() || self.rules().has_latency()
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
        Box::pin(self.call(
            cx,
            Operation::Get,
            move || self.inner.get(cx, req),
            move || {
                let (key, version) = (req.key.clone(), req.version.cloned());
                Box::new(move |inner, cx| {
                    gate::finish(inner.get(
                        cx,
                        GetRequest {
                            key: &key,
                            version: version.as_ref(),
                            fresh: req.fresh,
                        },
                    ))
                })
            },
        ))
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(self.call(
            cx,
            Operation::GetMany,
            move || self.inner.get_many(cx, req),
            move || {
                let keys = req.keys.to_vec();
                Box::new(move |inner, cx| gate::finish(inner.get_many(cx, GetManyRequest { keys: &keys })))
            },
        ))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        Box::pin(self.call(
            cx,
            Operation::Describe,
            move || self.inner.describe(cx, req),
            move || {
                let (key, version) = (req.key.clone(), req.version.cloned());
                Box::new(move |inner, cx| {
                    gate::finish(inner.describe(
                        cx,
                        GetRequest {
                            key: &key,
                            version: version.as_ref(),
                            fresh: req.fresh,
                        },
                    ))
                })
            },
        ))
    }

    /// A fault that is an error is what is found, as for any backend.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        Box::pin(async move {
            let begun = std::time::Instant::now();
            let answer = self
                .call(
                    cx,
                    Operation::Explain,
                    move || self.inner.explain(cx, req),
                    move || {
                        let key = req.key.clone();
                        Box::new(move |inner, cx| gate::finish(inner.explain(cx, GetRequest::new(&key))))
                    },
                )
                .await;
            answer.or_else(|error| Ok(vec![ExplainStep::told(req.key, NAME, Err(error), begun.elapsed())]))
        })
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        Box::pin(self.call(
            cx,
            Operation::List,
            move || self.inner.list(cx, req),
            move || {
                let (filter, after) = (req.filter.clone(), req.after.cloned());
                Box::new(move |inner, cx| {
                    let req = ListRequest {
                        filter: &filter,
                        after: after.as_ref(),
                        limit: req.limit,
                        full_metadata: req.full_metadata,
                    };
                    gate::finish(inner.list(cx, req))
                })
            },
        ))
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.call(
            cx,
            Operation::Set,
            move || self.inner.set(cx, req),
            move || {
                let (key, secret) = (req.key.clone(), req.secret.duplicate());
                let (condition, created_at) = (Condition::own(req.condition), req.created_at);
                Box::new(move |inner, cx| {
                    let req = SetRequest {
                        key: &key,
                        secret: &secret,
                        condition: condition.borrow(),
                        created_at,
                    };
                    gate::finish(inner.set(cx, req))
                })
            },
        ))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(self.call(
            cx,
            Operation::SetMany,
            move || self.inner.set_many(cx, req),
            move || {
                let entries: Vec<_> = req
                    .entries
                    .iter()
                    .map(|(key, secret)| (key.clone(), secret.duplicate()))
                    .collect();
                let terms: Vec<_> = req
                    .terms
                    .iter()
                    .map(|terms| (Condition::own(terms.condition), terms.created_at))
                    .collect();
                Box::new(move |inner, cx| {
                    let terms: Vec<_> = terms
                        .iter()
                        .map(|(condition, at)| Terms::new(condition.borrow(), *at))
                        .collect();
                    gate::finish(inner.set_many(cx, SetManyRequest::new(&entries).under(&terms)))
                })
            },
        ))
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.call(
            cx,
            Operation::UpdateMetadata,
            move || self.inner.update_metadata(cx, req),
            move || {
                let (key, update) = (req.key.clone(), req.update.clone());
                let condition = Condition::own(req.condition);
                Box::new(move |inner, cx| {
                    let req = UpdateMetadataRequest {
                        key: &key,
                        update: &update,
                        condition: condition.borrow(),
                    };
                    gate::finish(inner.update_metadata(cx, req))
                })
            },
        ))
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        Box::pin(self.call(
            cx,
            Operation::Delete,
            move || self.inner.delete(cx, req),
            move || {
                let (key, condition) = (req.key.clone(), Condition::own(req.condition));
                let (how, missing_ok) = (Removal::own(req.how), req.missing_ok);
                Box::new(move |inner, cx| {
                    let request = DeleteRequest::new(&key).when(condition.borrow());
                    gate::finish(inner.delete(cx, request.how(how.borrow()).missing_ok(missing_ok)))
                })
            },
        ))
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        Box::pin(self.call(
            cx,
            Operation::Versions,
            move || self.inner.versions(cx, req),
            move || {
                let key = req.key.clone();
                Box::new(move |inner, cx| gate::finish(inner.versions(cx, VersionsRequest { key: &key })))
            },
        ))
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.call(
            cx,
            Operation::Rollback,
            move || self.inner.rollback(cx, req),
            move || {
                let (key, version) = (req.key.clone(), req.version.clone());
                Box::new(move |inner, cx| {
                    gate::finish(inner.rollback(
                        cx,
                        RollbackRequest {
                            key: &key,
                            version: &version,
                        },
                    ))
                })
            },
        ))
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(self.call(
            cx,
            Operation::Restore,
            move || self.inner.restore(cx, req),
            move || {
                let key = req.key.clone();
                Box::new(move |inner, cx| gate::finish(inner.restore(cx, RestoreRequest::new(&key))))
            },
        ))
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(self.call(
            cx,
            Operation::Resolve,
            move || self.inner.resolve(cx, req),
            move || {
                let path = req.path.to_owned();
                let [version, part] = [req.version, req.part].map(|part| part.map(str::to_owned));
                Box::new(move |inner, cx| {
                    let request = ResolveRequest::new(&path).version(version.as_deref());
                    gate::finish(inner.resolve(cx, request.part(part.as_deref())))
                })
            },
        ))
    }

    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.call(
            cx,
            Operation::Refresh,
            move || self.inner.refresh(cx),
            || Box::new(|inner, cx| gate::finish(inner.refresh(cx))),
        ))
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.inner.requests()
    }

    /// A fault that is an error is what health tells, not an error of telling it.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move {
            let answer = self
                .call(
                    cx,
                    Operation::Health,
                    move || Box::pin(async move { Ok(self.inner.health(cx).await) }),
                    || Box::new(|inner, cx| Ok(gate::finish(inner.health(cx)))),
                )
                .await;
            match answer {
                Ok(inner) => inner,
                Err(error) => Ok(Health::unavailable(error)),
            }
        })
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        Box::pin(self.call(
            cx,
            Operation::Verify,
            move || self.inner.verify(cx),
            || Box::new(|inner, cx| gate::finish(inner.verify(cx))),
        ))
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.call(
            cx,
            Operation::Lock,
            move || self.inner.lock(cx),
            || Box::new(|inner, cx| gate::finish(inner.lock(cx))),
        ))
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.retire();
        Box::pin(self.call(
            cx,
            Operation::Close,
            move || self.inner.close(cx),
            || Box::new(|inner, cx| gate::finish(inner.close(cx))),
        ))
    }
}
