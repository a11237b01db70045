//! The backend: every method of the contract, and nothing else.

use std::future::Future;

use super::client::Service;
use super::config::{Config, Format};
use super::error::Refusal;
use super::names;
use super::read::AT_ONCE;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, DeleteRequest, ExplainStep, GetManyRequest, GetRequest, Health,
    ListPage, ListRequest, Operation, Persistence, ResolveRequest, RestoreRequest, RollbackRequest, SetManyOutcome,
    SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VersionEntry, VersionsRequest, explain_at,
};
use crate::backends::remote::together::together;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, Version};

pub(super) const NAME: &str = "aws";
/// The longest value in bytes that the service takes; of a document all of it counts.
pub(super) const MAX_VALUE: usize = 65_536;

/// Secrets in AWS Secrets Manager.
#[derive(Debug)]
pub(super) struct Aws {
    service: Service,
    capabilities: Capabilities,
}

impl Aws {
    pub(super) fn new(config: Config) -> Self {
        let mut capabilities = Capabilities::complete(Persistence::Remote, MAX_VALUE);
        capabilities.atomic_batch = false;
        capabilities.verify = false;
        capabilities.restore = true;
        capabilities.empty_value = config.format == Format::Document;
        capabilities.max_key = names::LONGEST - names::start(&config.prefix).len();
        Self {
            service: Service::new(config),
            capabilities,
        }
    }

    fn name_of(&self, key: &SecretKey) -> Result<String> {
        names::name(&self.service.config.prefix, key)
    }
}

fn called(error: Error, operation: Operation) -> Error {
    error.with_operation(operation).with_backend(NAME)
}

/// A call whose errors say what it was.
fn call<'a, T: Send + 'a>(
    operation: Operation,
    run: impl Future<Output = Result<T>> + Send + 'a,
) -> BoxFuture<'a, Result<T>> {
    Box::pin(async move { run.await.map_err(|error| called(error, operation)) })
}

/// A call about one key, whose errors name it.
fn on_key<'a, T: Send + 'a>(
    operation: Operation,
    key: &'a SecretKey,
    run: impl Future<Output = Result<T>> + Send + 'a,
) -> BoxFuture<'a, Result<T>> {
    Box::pin(async move { run.await.map_err(|error| called(error, operation).with_key(key)) })
}

impl Backend for Aws {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn location(&self) -> Option<String> {
        Some(self.service.config.place())
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        on_key(Operation::Get, req.key, async move {
            let name = self.name_of(req.key)?;
            let stored = self.service.get(cx, &name, req.version.map(Version::as_str)).await?;
            Ok(stored.map(|stored| stored.secret))
        })
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        call(Operation::GetMany, async move {
            let named: Vec<Result<String>> = req.keys.iter().map(|key| self.name_of(key)).collect();
            let names: Vec<String> = named.iter().filter_map(|name| name.as_ref().ok().cloned()).collect();
            let read = match names.is_empty() {
                true => Vec::new(),
                false => self.service.get_many(cx, &names).await?,
            };
            let mut read = read.into_iter();
            let outcomes = req.keys.iter().zip(named).map(|(key, name)| {
                let outcome = name.and_then(|_| read.next().unwrap_or(Ok(None)));
                let secret = outcome.map(|found| found.map(|stored| stored.secret));
                secret.map_err(|error| called(error, Operation::GetMany).with_key(key))
            });
            Ok(outcomes.collect())
        })
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        self.name_of(key).map(drop)
    }

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        let place = self.name_of(req.key).ok();
        explain_at(self, cx, req, place.or_else(|| self.location()))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        call(Operation::List, async move { self.service.list(cx, &req).await })
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        on_key(Operation::Set, req.key, async move {
            let name = self.name_of(req.key)?;
            let written = self.service.set(cx, &name, req.secret, req.condition, req.created_at);
            written.await
        })
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            let writes: Vec<_> = req.requests().map(|request| self.set(cx, request)).collect();
            Ok(SetManyOutcome::new(together(cx, AT_ONCE, writes).await))
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        on_key(Operation::UpdateMetadata, req.key, async move {
            let name = self.name_of(req.key)?;
            self.service.update_metadata(cx, &name, req.update, req.condition).await
        })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        on_key(Operation::Delete, req.key, async move {
            let name = self.name_of(req.key)?;
            self.service
                .delete(cx, &name, req.how, req.condition, req.missing_ok)
                .await
        })
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        on_key(Operation::Versions, req.key, async move {
            let name = self.name_of(req.key)?;
            self.service.versions(cx, &name).await
        })
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        on_key(Operation::Rollback, req.key, async move {
            let name = self.name_of(req.key)?;
            self.service.rollback(cx, &name, req.version).await
        })
    }

    fn restore<'a>(&'a self, cx: &'a CallContext, req: RestoreRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        on_key(Operation::Restore, req.key, async move {
            let name = self.name_of(req.key)?;
            self.service.restore(cx, &name).await
        })
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        call(Operation::Resolve, async move { self.service.resolve(cx, req).await })
    }

    /// The next call finds credentials, region and endpoint anew.
    fn refresh<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.service.forget();
        Box::pin(std::future::ready(Ok(())))
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        self.service.told()
    }

    /// Asks the service about a secret that no key leads to: credentials, clock and connection are found to work, no
    /// value is read, and a policy that denies the question is an answer as good as any. Nothing that costs nothing tells
    /// as much: a connection says nothing of credentials, and asking STS who we are is another service at another
    /// address. The task asks while the backend is in use, by default 1440 times a day, which is less than a cent.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        call(Operation::Health, async move {
            let nobody = format!("{}strongroom.health", names::start(&self.service.config.prefix));
            match self.service.state(cx, &nobody).await {
                Ok(_) => Ok(Health::ok()),
                Err(failure) if failure.refusal == Refusal::Denied => Ok(Health::ok()),
                Err(failure) if failure.error.kind() == ErrorKind::RateLimited => {
                    Ok(Health::degraded("the service asks for fewer calls"))
                }
                Err(failure) if matches!(failure.error.kind(), ErrorKind::Closed | ErrorKind::Cancelled) => {
                    Err(failure.error)
                }
                Err(failure) => Ok(Health::unavailable(called(failure.error, Operation::Health))),
            }
        })
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.service.forget();
        Box::pin(std::future::ready(Ok(())))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.service.close();
        Box::pin(std::future::ready(Ok(())))
    }
}
