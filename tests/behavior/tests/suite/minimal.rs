//! The least that a backend outside this project has to write, and what a listing with foreign names looks like.

use std::sync::Arc;

use strongroom::Result;
use strongroom::backend::{
    Backend, BoxFuture, Capabilities, EntryName, GetRequest, Health, ListEntry, ListPage, ListRequest,
};
use strongroom::{CallContext, Secret, SecretKey, SecretMetadata};

/// Holds one secret, `global/ONE`, and cannot write.
#[derive(Debug)]
pub(crate) struct Minimal {
    can: Capabilities,
}

impl Minimal {
    pub(crate) fn new(can: Capabilities) -> Arc<Self> {
        Arc::new(Self { can })
    }
}

impl Backend for Minimal {
    fn name(&self) -> &'static str {
        "minimal"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    fn get<'a>(&'a self, _cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let found = (req.key.as_str() == "global/ONE").then(|| Secret::new("one"));
        Box::pin(std::future::ready(Ok(found)))
    }

    /// One key, and a name that is no key; said only where the test gave it the capability.
    fn list<'a>(&'a self, _cx: &'a CallContext, _req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        let entries = vec![
            ListEntry::new(EntryName::Key(SecretKey::new("ONE")), SecretMetadata::new()),
            ListEntry::new(
                EntryName::Reference("some one else's: item".to_owned()),
                SecretMetadata::new(),
            ),
        ];
        Box::pin(std::future::ready(if self.can.list {
            Ok(ListPage::new(entries, None))
        } else {
            Err(strongroom::Error::new(
                strongroom::ErrorKind::Unsupported,
                "this backend cannot list",
            ))
        }))
    }

    fn health<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(std::future::ready(Ok(Health::ok())))
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
