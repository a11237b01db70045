//! What a place tells of a secret, as a read would.

use std::time::Instant;

use crate::backend::{Backend, BoxFuture, Description, ExplainStep, GetRequest};
use crate::context::CallContext;
use crate::error::Result;

/// One step by a read, whose value is dropped: what others put there may be too long or no text, and what a read would
/// refuse is not found.
pub(crate) fn explain<'a>(
    backend: &'a dyn Backend,
    cx: &'a CallContext,
    req: GetRequest<'a>,
    detail: Option<String>,
) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
    Box::pin(async move {
        let begun = Instant::now();
        let found = backend.get(cx, req).await;
        let found = found.map(|found| found.map(|secret| Description::new(secret.metadata)));
        let mut step = ExplainStep::told(req.key, backend.name(), found, begun.elapsed());
        step.detail = detail;
        Ok(vec![step])
    })
}
