//! A target that lies.

use strongroom::backend::{BoxFuture, GetRequest, Health, SetOutcome, SetRequest};
use strongroom::{CallContext, Result};

use super::*;

#[test]
fn a_target_that_does_not_keep_what_was_written_is_found_out() {
    let source = in_memory();
    fill(&source);
    let target = LimitedBackend::without(Arc::new(Forgetful(memory())), |can| can.cas = false);
    let error = source
        .copy_to(&over(target), CopyOptions::new().delete_source())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(names(&source).len(), 3);
}

/// A backend that keeps another value than it was given.
#[derive(Debug)]
struct Forgetful(Arc<dyn Backend>);

impl Backend for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }
    fn needs_runtime(&self) -> bool {
        false
    }
    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.0.get(cx, req)
    }
    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(async move {
            let other = Secret::new("other").with_metadata(req.secret.metadata.clone());
            self.0.set(cx, SetRequest::new(req.key, &other)).await
        })
    }
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.0.health(cx)
    }
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.0.lock(cx)
    }
    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.0.close(cx)
    }
}
