//! The contract between the manager and the places where secrets live.
//!
//! Layers and the manager on one side, backends on the other, know each other only through this module.

mod capabilities;
mod explain;
mod location;
mod open;
mod report;
mod request;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use capabilities::{Capabilities, Persistence, Reach};
pub use explain::{ExplainAnswer, ExplainStep, Explanation};
pub use location::Location;
pub(crate) use open::OpenRequest;
pub use report::{
    BatchFailure, BatchResult, ChangeStep, ChangeToken, Description, EntryName, Health, HealthState, ListEntry,
    ListPage, SetManyOutcome, SetOutcome, VerifyReport, VersionEntry,
};
pub use request::{
    DeleteHow, DeleteRequest, GetManyRequest, GetRequest, IfVersion, ListFilter, ListRequest, MetadataUpdate,
    ResolveRequest, RestoreRequest, RollbackRequest, SetManyRequest, SetRequest, Terms, UpdateMetadataRequest,
    VersionsRequest,
};

pub use crate::operation::Operation;

use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

/// A future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place where secrets live.
///
/// # For every method
/// - Keys in requests have been checked; a backend that cannot hold a key's form answers [`ErrorKind::InvalidKey`],
///   one that is too long for it [`ErrorKind::TooLarge`] naming the limit.
/// - Nothing blocks the thread that polls, beyond a read of a local file. Whatever may block longer runs on the
///   backend's own bounded worker. No method may wait beyond `cx.deadline()`.
/// - Dropping a read's future cancels it. Dropping a write's future leaves the write to finish once it was handed to
///   the worker or sent; before that it withdraws it.
/// - Absent, locked, denied, down and slow are five different answers: `None` or [`ErrorKind::NotFound`],
///   [`ErrorKind::Locked`], [`ErrorKind::PermissionDenied`], [`ErrorKind::Unavailable`], [`ErrorKind::Timeout`].
/// - A method whose capability is missing answers [`ErrorKind::Unsupported`] (writes of a read-only backend:
///   [`ErrorKind::ReadOnly`]). The default bodies do.
/// - Errors never carry a value, a token or a raw reply.
/// - After [`close`](Self::close) every method answers [`ErrorKind::Closed`].
pub trait Backend: fmt::Debug + Send + Sync {
    /// The one word that this kind of backend is known by everywhere.
    fn name(&self) -> &'static str;

    /// What this opened instance can do. Constant from opening to closing.
    fn capabilities(&self) -> &Capabilities;

    /// Where its calls go. The default is what [`Capabilities::persistence`] says; a backend that asks others overrides it.
    /// Constant from opening to closing.
    fn reach(&self) -> Reach {
        match self.capabilities().persistence {
            Persistence::Remote => Reach::Remote,
            _ => Reach::Local,
        }
    }

    /// Whether a pending future of this backend needs timers or sockets of the runtime. A local backend says `false`,
    /// so that a blocking call never starts the runtime.
    fn needs_runtime(&self) -> bool {
        true
    }

    /// Where the secrets lie, so that two managers of one place are known as such: for a file its canonical path, for
    /// a server its address and path. Never a secret, and the same text in every process. `None` for what ends with
    /// this instance.
    fn location(&self) -> Option<String> {
        None
    }

    /// Every place where it reads or writes secrets: its own, or where it asks other backends theirs. A copy between two
    /// that share one is refused, because what is removed in one of them would be gone from the other.
    fn locations(&self) -> Vec<Location> {
        let own = self.location().map(|place| Location::new(self.name(), place));
        own.into_iter().collect()
    }

    /// A value that differs after any change of what is stored, by whomever. Synchronous, at most some microseconds,
    /// no I/O beyond `stat` and a shared-memory read. `None` where the backend has no such thing: then time decides
    /// how long the cache trusts its entries.
    fn change_token(&self) -> Option<ChangeToken> {
        None
    }

    /// Reads a secret, or with `req.version` a former version of it. Needs `versions` where a version is given.
    ///
    /// # Behavior
    /// - Missing: `None`; a missing version of an existing secret too.
    /// - Expired: the secret is returned all the same; the manager decides what that means.
    /// - Empty values are returned as such.
    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>>;

    /// Reads several secrets. The default asks key by key; a backend with a batch call overrides it.
    ///
    /// # Behavior
    /// - The answer has one outcome a key, in the order of the request; `Ok(None)` is a missing one.
    /// - An error of one key does not end the others.
    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(req.keys.len());
            for key in req.keys {
                outcomes.push(self.get(cx, GetRequest::new(key)).await);
            }
            Ok(outcomes)
        })
    }

    /// Whether these keys can be asked for together: not where two of them share one name in the backend, so that one's
    /// value would be the other's answer. Synchronous, no I/O. The manager asks before a batch, of which a cache may
    /// answer a part.
    ///
    /// # Errors
    /// [`ErrorKind::Ambiguous`] naming two keys and what they share.
    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        let _ = keys;
        Ok(())
    }

    /// Whether the backend could hold a secret of such a key at all: its form, and its length beyond what
    /// [`Capabilities::max_key`] says. Synchronous, no I/O. A chain asks before it asks for a secret, so that a member's
    /// error about a key is told from one about what is stored.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`], [`ErrorKind::TooLarge`].
    fn check_key(&self, key: &SecretKey) -> Result<()> {
        let _ = key;
        Ok(())
    }

    /// Reads what is known about a secret besides its value. The default reads the secret and drops its value; a
    /// backend that can tell without reading the value overrides it.
    ///
    /// # Behavior
    /// - Missing: `None`. Expired: described all the same.
    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        Box::pin(async move { Ok(self.get(cx, req).await?.map(|secret| Description::new(secret.metadata))) })
    }

    /// Tells where a secret is looked for and what is found there, never its value. The default is one step by
    /// [`describe`](Self::describe) whose [`detail`](ExplainStep::detail) is the [`location`](Self::location); a backend
    /// that can say more about the place (a variable, a file) overrides it, one that asks others has a step for each.
    ///
    /// # Behavior
    /// - What `describe` would fail with is told in the step, not answered as an error.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        explain_at(self, cx, req, self.location())
    }

    /// Lists names, sorted by key. Needs `list`.
    ///
    /// # Behavior
    /// - Expired secrets are listed. Nothing stored: an empty page.
    /// - Names that are no keys come back as [`EntryName::Reference`], after the keys.
    /// - Values are never read for it, except by a backend that has no other way.
    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        let _ = (cx, req);
        lacks(self.name(), Operation::List)
    }

    /// Writes a secret, creating or replacing it. Needs to be writable; `req.condition` needs `cas`.
    ///
    /// # Behavior
    /// - Existing: `created_at` is kept, everything else is replaced, the version grows, the former version stays
    ///   readable where `versions` says so.
    /// - A field that the backend cannot hold: [`ErrorKind::Unsupported`] naming the field; nothing is written.
    /// - A value above `max_value`: [`ErrorKind::TooLarge`] naming the limit, before anything is sent.
    /// - The condition does not hold: [`ErrorKind::Conflict`]; nothing is written.
    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let _ = (cx, req);
        cannot_write(self.name(), Operation::Set)
    }

    /// Writes several secrets. All or nothing where `atomic_batch` says so, else each outcome is told; the default
    /// writes key by key.
    ///
    /// # Behavior
    /// - No key comes twice: the manager has refused that.
    /// - The condition of one does not hold, where `atomic_batch`: [`ErrorKind::Conflict`]; none is written.
    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        set_one_by_one(self, cx, req)
    }

    /// Changes metadata, not the value. Needs to be writable and `metadata`.
    ///
    /// # Behavior
    /// - Missing: [`ErrorKind::NotFound`]. Expired: allowed.
    /// - The version stays, except where the backend cannot but write a new one.
    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        let _ = (cx, req);
        match self.capabilities().read_only {
            true => cannot_write(self.name(), Operation::UpdateMetadata),
            false => lacks(self.name(), Operation::UpdateMetadata),
        }
    }

    /// Removes a secret and its history, or what `req.how` says. Needs to be writable; `req.condition` needs `cas`.
    ///
    /// # Behavior
    /// - Missing: [`ErrorKind::NotFound`], under a condition too; with `req.missing_ok` a backend that would have to ask
    ///   for it may leave that. Expired: removed.
    /// - A way of removal that the backend does not have: [`ErrorKind::Unsupported`]; nothing is removed.
    /// - The condition does not hold: [`ErrorKind::Conflict`]; nothing is removed.
    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        let _ = (cx, req);
        cannot_write(self.name(), Operation::Delete)
    }

    /// Lists the versions that are kept, newest first. Needs `versions`.
    ///
    /// # Behavior
    /// - Missing: [`ErrorKind::NotFound`].
    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        let _ = (cx, req);
        lacks(self.name(), Operation::Versions)
    }

    /// Writes a former version again, as a new version: its value and metadata, without its expiry. Needs to be
    /// writable and `versions`.
    ///
    /// # Behavior
    /// - Missing secret or version: [`ErrorKind::NotFound`].
    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let _ = (cx, req);
        match self.capabilities().read_only {
            true => cannot_write(self.name(), Operation::Rollback),
            false => lacks(self.name(), Operation::Rollback),
        }
    }

    /// Brings back a secret that was removed, where the backend still keeps it. Needs `restore`.
    ///
    /// # Behavior
    /// - Nothing removed is kept under this key: [`ErrorKind::NotFound`]. The secret is there: [`ErrorKind::Conflict`].
    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let _ = (cx, req);
        match self.capabilities().read_only {
            true => cannot_write(self.name(), Operation::Restore),
            false => lacks(self.name(), Operation::Restore),
        }
    }

    /// Reads what a reference of this backend's scheme (`vault:…`, `aws:…`) leads to, wherever on the server that is.
    ///
    /// # Behavior
    /// - Missing: `None`. What no such thing can be called: [`ErrorKind::InvalidArgument`].
    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let _ = (cx, req);
        lacks(self.name(), Operation::Resolve)
    }

    /// Reads again, at the next need, what was read outside of the store when the backend was opened or logged in:
    /// token files, credentials, addresses. Does not wait for another machine.
    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        let _ = cx;
        Box::pin(std::future::ready(Ok(())))
    }

    /// How many requests went to another machine so far, by the service's own names of them. Synchronous, no I/O.
    fn requests(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Tells how the backend is, without a prompt and without using up a quota.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>>;

    /// Checks everything that is stored, as far as the backend can. Needs `verify`.
    ///
    /// # Behavior
    /// - Damage: [`ErrorKind::Integrity`], saying what is damaged.
    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        let _ = cx;
        lacks(self.name(), Operation::Verify)
    }

    /// Forgets keys and whatever else opens the backend; the next use unlocks it again. Idempotent.
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>>;

    /// Gives up connections, keys and workers. Idempotent; writes that were sent finish first.
    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>>;
}

/// `explain` of a backend that looks in one place, called `detail`.
pub(crate) fn explain_at<'a, B: Backend + ?Sized>(
    backend: &'a B,
    cx: &'a CallContext,
    req: GetRequest<'a>,
    detail: Option<String>,
) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
    Box::pin(async move {
        let begun = std::time::Instant::now();
        let found = backend.describe(cx, req).await;
        let mut step = ExplainStep::told(req.key, backend.name(), found, begun.elapsed());
        step.detail = detail;
        Ok(vec![step])
    })
}

/// `set_many` where there is no batch: key by key, each with its own outcome.
pub(crate) fn set_one_by_one<'a, B: Backend + ?Sized>(
    backend: &'a B,
    cx: &'a CallContext,
    req: SetManyRequest<'a>,
) -> BoxFuture<'a, Result<SetManyOutcome>> {
    Box::pin(async move {
        let mut outcomes = Vec::with_capacity(req.entries.len());
        for request in req.requests() {
            outcomes.push(backend.set(cx, request).await);
        }
        Ok(SetManyOutcome::new(outcomes))
    })
}

/// The answer of an operation that a backend lacks.
pub(crate) fn lacks<'a, T: Send + 'a>(backend: &'static str, operation: Operation) -> BoxFuture<'a, Result<T>> {
    refuse(
        ErrorKind::Unsupported,
        "this backend lacks the operation",
        backend,
        operation,
    )
}

/// The answer of a write to a backend that cannot write.
pub(crate) fn cannot_write<'a, T: Send + 'a>(backend: &'static str, operation: Operation) -> BoxFuture<'a, Result<T>> {
    refuse(ErrorKind::ReadOnly, "this backend cannot write", backend, operation)
}

fn refuse<'a, T: Send + 'a>(
    kind: ErrorKind,
    message: &'static str,
    backend: &'static str,
    operation: Operation,
) -> BoxFuture<'a, Result<T>> {
    let error = Error::new(kind, message)
        .with_operation(operation)
        .with_backend(backend);
    Box::pin(std::future::ready(Err(error)))
}
