//! The backend: every method of the contract, and nothing else.

use crate::backend::{Backend, BoxFuture, Capabilities, GetRequest, Health, Operation, Persistence, lacks};
use crate::context::CallContext;
use crate::error::Result;
use crate::secret::Secret;

pub(super) const NAME: &str = "vault";
/// The longest value in bytes that the service takes.
pub(super) const MAX_VALUE: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Vault {
    capabilities: Capabilities,
}

impl Vault {
    pub(super) fn new() -> Self {
        Self {
            capabilities: Capabilities::minimal(Persistence::Remote, MAX_VALUE),
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

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let _ = (cx, req);
        lacks(NAME, Operation::Get)
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        let _ = cx;
        lacks(NAME, Operation::Health)
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
