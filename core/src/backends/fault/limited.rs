//! A backend that can do less than the one it wraps, so that the refusals of SEMANTICS are tested, too.

use std::sync::Arc;

use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, GetManyRequest, GetRequest,
    Health, IfVersion, ListPage, ListRequest, Operation, RollbackRequest, SetManyOutcome, SetManyRequest, SetOutcome,
    SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry, VersionsRequest, cannot_write, lacks,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata};

const NAME: &str = "limited";

/// Another backend, of which only some capabilities are left. Refuses as the contract says, naming the field.
#[derive(Debug)]
pub struct LimitedBackend {
    inner: Arc<dyn Backend>,
    capabilities: Capabilities,
}

impl LimitedBackend {
    /// Leaves `capabilities` of `inner`; the caller leaves only what `inner` has.
    pub fn new(inner: Arc<dyn Backend>, capabilities: Capabilities) -> Arc<Self> {
        Arc::new(Self { inner, capabilities })
    }

    /// Takes capabilities away, starting from those of `inner`.
    pub fn without(inner: Arc<dyn Backend>, change: impl FnOnce(&mut Capabilities)) -> Arc<Self> {
        let mut capabilities = inner.capabilities().clone();
        change(&mut capabilities);
        Self::new(inner, capabilities)
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        let limit = self.capabilities.max_key;
        if key.as_str().len() > limit {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the key is longer than {limit} bytes"),
            ));
        }
        Ok(())
    }

    fn check_metadata(&self, metadata: &SecretMetadata) -> Result<()> {
        let can = &self.capabilities;
        for (holds, given, field) in [
            (can.metadata, metadata.provider.is_some(), "provider"),
            (can.metadata, metadata.scope_of_use.is_some(), "scope_of_use"),
            (can.metadata, !metadata.labels.is_empty(), "labels"),
            (can.expiry, metadata.expires_at.is_some(), "expires_at"),
        ] {
            if given && !holds {
                return Err(unsupported(format!("this backend cannot hold `{field}`")));
            }
        }
        Ok(())
    }

    fn check_write(&self, key: &SecretKey, secret: &Secret, condition: IfVersion<'_>) -> Result<()> {
        let can = &self.capabilities;
        if can.read_only {
            return Err(Error::new(ErrorKind::ReadOnly, "this backend cannot write"));
        }
        self.check_key(key)?;
        self.check_condition(condition)?;
        if secret.value.len() > can.max_value {
            let limit = can.max_value;
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the value is longer than {limit} bytes"),
            ));
        }
        if secret.value.is_empty() && !can.empty_value {
            return Err(unsupported("this backend cannot hold an empty `value`"));
        }
        if !can.binary && secret.value.expose_str().is_err() {
            return Err(unsupported("this backend cannot hold a `value` that is no UTF-8"));
        }
        self.check_metadata(&secret.metadata)
    }

    fn check_condition(&self, condition: IfVersion<'_>) -> Result<()> {
        match condition {
            IfVersion::Absent if !self.capabilities.cas => Err(unsupported("this backend has no `if_absent`")),
            IfVersion::Is(_) if !self.capabilities.cas => Err(unsupported("this backend has no `if_version`")),
            _ => Ok(()),
        }
    }
}

fn unsupported(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// Passes the call on where the check holds, else answers what it found.
fn checked<'a, T: Send + 'a>(
    check: Result<()>,
    operation: Operation,
    call: impl FnOnce() -> BoxFuture<'a, Result<T>>,
) -> BoxFuture<'a, Result<T>> {
    match check {
        Ok(()) => call(),
        Err(error) => Box::pin(std::future::ready(Err(error
            .with_operation(operation)
            .with_backend(NAME)))),
    }
}

impl Backend for LimitedBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        self.inner.needs_runtime()
    }

    fn change_token(&self) -> Option<ChangeToken> {
        self.inner.change_token()
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        if req.version.is_some() && !self.capabilities.versions {
            return lacks(NAME, Operation::Get);
        }
        checked(self.check_key(req.key), Operation::Get, || self.inner.get(cx, req))
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        self.inner.get_many(cx, req)
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        checked(self.check_key(req.key), Operation::Describe, || {
            self.inner.describe(cx, req)
        })
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        if self.capabilities.list {
            self.inner.list(cx, req)
        } else {
            lacks(NAME, Operation::List)
        }
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let check = self.check_write(req.key, req.secret, req.condition);
        checked(check, Operation::Set, || self.inner.set(cx, req))
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::SetMany);
        }
        if self.capabilities.atomic_batch {
            let check = req
                .entries
                .iter()
                .try_for_each(|(key, secret)| self.check_write(key, secret, IfVersion::Any));
            return checked(check, Operation::SetMany, || self.inner.set_many(cx, req));
        }
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(req.entries.len());
            for (key, secret) in req.entries {
                outcomes.push(self.set(cx, SetRequest::new(key, secret)).await);
            }
            Ok(SetManyOutcome::new(outcomes))
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::UpdateMetadata);
        }
        let mut wanted = SecretMetadata::new();
        req.update.apply(&mut wanted);
        let check = self
            .check_condition(req.condition)
            .and_then(|()| self.check_metadata(&wanted));
        checked(check, Operation::UpdateMetadata, || self.inner.update_metadata(cx, req))
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::Delete);
        }
        self.inner.delete(cx, req)
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        if self.capabilities.versions {
            self.inner.versions(cx, req)
        } else {
            lacks(NAME, Operation::Versions)
        }
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        if self.capabilities.read_only {
            return cannot_write(NAME, Operation::Rollback);
        }
        if self.capabilities.versions {
            self.inner.rollback(cx, req)
        } else {
            lacks(NAME, Operation::Rollback)
        }
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.inner.health(cx)
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        if self.capabilities.verify {
            self.inner.verify(cx)
        } else {
            lacks(NAME, Operation::Verify)
        }
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.lock(cx)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.inner.close(cx)
    }
}
