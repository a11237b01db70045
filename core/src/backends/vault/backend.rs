//! The backend: every method of the contract, and nothing else.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::auth::Login;
use super::client::Client;
use super::config::Config;
use super::engine::Engine;
use super::names::{Part, of};
use super::write::Writer;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, DeleteRequest, Description, ExplainStep, GetManyRequest, GetRequest,
    Health, ListPage, ListRequest, Operation, Persistence, ResolveRequest, RestoreRequest, RollbackRequest,
    SetManyOutcome, SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VersionEntry, VersionsRequest,
};
use crate::backends::remote::together::together;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

pub(super) const NAME: &str = "vault";
/// The longest value in bytes: an entry of raft storage, the usual one, holds 1 MiB. Round the value it has 330 bytes where
/// nothing else is known of the secret, and 12,814 with the most metadata that a secret may have (measured with OpenBao
/// 2.7.2). A value that JSON writes longer than it is, or as base64, takes more; then the server says so.
pub(super) const MAX_VALUE: usize = (1 << 20) - (16 << 10);
/// The longest key with the prefix, in bytes: longer than any key, and a fourth of what raft storage was seen to take.
const MAX_PATH: usize = 4096;

/// A server as a backend.
#[derive(Debug)]
pub(super) struct Vault {
    engine: Engine,
    place: String,
    custom_metadata: bool,
    concurrency: usize,
    is_closed: AtomicBool,
    capabilities: Capabilities,
}

impl Vault {
    pub(super) fn new(config: Config, login: Login) -> Self {
        let connection = &config.connection;
        let namespace = connection.namespace.as_ref().and_then(|name| name.to_str().ok());
        let address = connection.address.as_str().trim_end_matches('/');
        let place = match namespace {
            Some(namespace) => format!("{address} {namespace}/{}", config.names.place()),
            None => format!("{address} {}", config.names.place()),
        };
        let mut capabilities = Capabilities::complete(Persistence::Remote, MAX_VALUE);
        capabilities.atomic_batch = false;
        capabilities.verify = false;
        capabilities.restore = true;
        capabilities.max_key = MAX_PATH.saturating_sub(config.names.within("").len());
        Self {
            place,
            custom_metadata: config.custom_metadata,
            concurrency: config.concurrency,
            engine: Engine::new(Client::new(config.connection), login, config.names),
            is_closed: AtomicBool::new(false),
            capabilities,
        }
    }

    /// Runs a call, unless the backend was closed.
    fn run<'a, T: Send + 'a>(
        &'a self,
        operation: Operation,
        work: impl Future<Output = Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let outcome = match self.is_closed.load(Ordering::Acquire) {
                true => Err(Error::new(ErrorKind::Closed, "the backend was closed")),
                false => work.await,
            };
            outcome.map_err(|error| error.with_operation(operation).with_backend(NAME))
        })
    }

    fn writer(&self) -> Writer<'_> {
        Writer {
            engine: &self.engine,
            custom_metadata: self.custom_metadata,
        }
    }
}

impl Backend for Vault {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn location(&self) -> Option<String> {
        Some(self.place.clone())
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.run(Operation::Get, async move {
            let found = self.engine.get(cx, req.key, req.version).await;
            found.map_err(|error| error.with_key(req.key))
        })
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        let reads = req.keys.iter().map(|key| self.get(cx, GetRequest::new(key))).collect();
        self.run(Operation::Get, async move {
            Ok(together(cx, self.concurrency, reads).await)
        })
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        self.run(Operation::Describe, async move {
            let found = self.engine.describe(cx, req.key, req.version).await;
            found.map_err(|error| error.with_key(req.key))
        })
    }

    /// One step, with the path that the server was asked for.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        Box::pin(async move {
            let begun = Instant::now();
            let found = self.describe(cx, req).await;
            let names = &self.engine.names;
            let asked = of(names.mount(), Part::Data, &names.path(req.key));
            let step = ExplainStep::told(req.key, NAME, found, begun.elapsed());
            Ok(vec![step.with_detail(format!("{} ({asked})", self.place))])
        })
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        self.run(Operation::List, async move {
            if req.limit == Some(0) {
                let text = "a page of a list has at least one entry";
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
            self.engine.list(cx, req, self.concurrency).await
        })
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.run(Operation::Set, async move {
            let limit = self.capabilities.max_value;
            let written = match req.secret.value.len() > limit {
                true => Err(Error::new(
                    ErrorKind::TooLarge,
                    format!("the value is longer than {limit} bytes"),
                )),
                false => self.writer().set(cx, req).await,
            };
            written.map_err(|error| error.with_key(req.key))
        })
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        let writes = req.requests().map(|request| self.set(cx, request)).collect();
        self.run(Operation::Set, async move {
            Ok(SetManyOutcome::new(together(cx, self.concurrency, writes).await))
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        self.run(Operation::UpdateMetadata, async move {
            let written = self.writer().update_metadata(cx, req).await;
            written.map_err(|error| error.with_key(req.key))
        })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        self.run(Operation::Delete, async move {
            let removed = self.engine.delete(cx, req).await;
            removed.map_err(|error| error.with_key(req.key))?;
            Ok(ChangeStep::default())
        })
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        self.run(Operation::Versions, async move {
            let listed = self.engine.list_versions(cx, req).await;
            listed.map_err(|error| error.with_key(req.key))
        })
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.run(Operation::Rollback, async move {
            let written = self.writer().rollback(cx, req).await;
            written.map_err(|error| error.with_key(req.key))
        })
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        self.run(Operation::Restore, async move {
            let restored = self.engine.restore(cx, req).await;
            restored.map_err(|error| error.with_key(req.key))
        })
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.run(Operation::Resolve, self.engine.resolve(cx, req))
    }

    /// The token is looked for again; connections stay.
    fn refresh<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.run(Operation::Refresh, async move {
            self.engine.login.refresh();
            Ok(())
        })
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.engine.client.counts()
    }

    /// Also renews a token that nobody uses.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.run(Operation::Health, async move {
            self.engine.login.tend(&self.engine.client);
            self.engine.client.health(cx).await
        })
    }

    /// Gives up a token that a login got, and the connections.
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.run(Operation::Lock, async move {
            self.engine.login.lock(cx, &self.engine.client).await;
            self.engine.client.forget();
            Ok(())
        })
    }

    /// Gives up a token that a login got, and the connections.
    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if !self.is_closed.swap(true, Ordering::AcqRel) {
                self.engine.login.close(cx, &self.engine.client).await;
                self.engine.client.forget();
            }
            Ok(())
        })
    }
}
