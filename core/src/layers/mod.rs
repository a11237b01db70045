//! The layers between the manager and a backend. Each is a [`Backend`] around another one.

mod around;
mod audit;
pub(crate) mod cache;
mod deadline;
mod trace;

use std::sync::Arc;

pub use audit::{AuditRecord, AuditSink};
pub(crate) use deadline::bounded;

use crate::backend::Backend;
use around::Layered;
use cache::Cache;

/// What a manager wraps its backend in.
#[derive(Debug)]
pub(crate) struct LayerOptions {
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Audit,
    Cache,
    Deadline,
    Trace,
}

/// Outermost first. Single flight stands between cache and deadline, concurrency, retry and breaker between deadline
/// and trace, once they are there.
const ORDER: [Layer; 4] = [Layer::Audit, Layer::Cache, Layer::Deadline, Layer::Trace];

/// Wraps a backend in its layers.
pub(crate) fn wrap(backend: Arc<dyn Backend>, options: &LayerOptions) -> Arc<dyn Backend> {
    ORDER.iter().rev().fold(backend, |inner, layer| match layer {
        Layer::Audit => match &options.audit {
            Some(sink) => Arc::new(Layered::new(inner, audit::Audit::new(Arc::clone(sink)))),
            None => inner,
        },
        Layer::Cache => match &options.cache {
            Some(cache) => Arc::new(cache::Cached::new(inner, Arc::clone(cache))),
            None => inner,
        },
        Layer::Deadline => Arc::new(Layered::new(inner, deadline::Deadline)),
        Layer::Trace => Arc::new(Layered::new(inner, trace::Trace)),
    })
}
