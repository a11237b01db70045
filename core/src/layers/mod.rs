//! The layers between the manager and a backend. Each is a [`Backend`] around another one.

mod around;
mod audit;
mod breaker;
pub(crate) mod cache;
mod concurrency;
mod counters;
mod deadline;
mod offline;
mod remote;
mod retry;
mod single_flight;
mod timer;
mod trace;

use std::sync::Arc;

pub use audit::{AuditRecord, AuditSink};
pub(crate) use concurrency::{RequestPlace, Share};
pub(crate) use counters::Counters;
pub(crate) use deadline::bounded;
pub(crate) use remote::Remote;

use crate::backend::{Backend, Reach};
#[cfg(feature = "chain")]
use crate::config::Settings;
#[cfg(feature = "chain")]
use crate::error::Result;
use around::Layered;
use cache::Cache;

/// The target of all our events.
pub(crate) const TARGET: &str = "strongroom";

/// What a manager wraps its backend in.
#[derive(Debug)]
pub(crate) struct LayerOptions {
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
    /// What a backend on another machine gets besides.
    pub(crate) remote: Option<Remote>,
    pub(crate) counters: Arc<Counters>,
    /// Whether events name the secrets that they are about.
    pub(crate) tells_names: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Audit,
    Cache,
    SingleFlight,
    Deadline,
    Concurrency,
    Retry,
    Breaker,
    Trace,
}

/// Outermost first.
const ORDER: [Layer; 8] = [
    Layer::Audit,
    Layer::Cache,
    Layer::SingleFlight,
    Layer::Deadline,
    Layer::Concurrency,
    Layer::Retry,
    Layer::Breaker,
    Layer::Trace,
];

/// Wraps a backend in its layers. A local one gets none of those that are there for other machines; one that asks others,
/// some of them on other machines, has wrapped them itself and gets single flight for all of them together.
pub(crate) fn wrap(backend: Arc<dyn Backend>, options: &LayerOptions) -> Arc<dyn Backend> {
    let is_far = backend.reach() != Reach::Local;
    ORDER.iter().rev().fold(backend, |inner, layer| match layer {
        Layer::Audit => match &options.audit {
            Some(sink) => Arc::new(Layered::new(inner, audit::Audit::new(Arc::clone(sink)))),
            None => inner,
        },
        Layer::Cache => match &options.cache {
            Some(cache) => Arc::new(cache::Cached::new(inner, Arc::clone(cache))),
            None => inner,
        },
        Layer::SingleFlight if is_far => {
            let layer = single_flight::SingleFlight::new(Arc::clone(&options.counters));
            Arc::new(Layered::new(inner, layer))
        }
        Layer::SingleFlight => inner,
        Layer::Deadline => Arc::new(Layered::new(inner, deadline::Deadline)),
        Layer::Concurrency | Layer::Retry | Layer::Breaker => match &options.remote {
            Some(remote) => remote.wrap(*layer, inner),
            None => inner,
        },
        Layer::Trace => {
            let layer = trace::Trace::new(Arc::clone(&options.counters), options.tells_names);
            Arc::new(Layered::new(inner, layer))
        }
    })
}

/// Wraps what another backend asks in the layers that each remote one has for itself. All else is the asking one's.
///
/// # Errors
/// As [`Remote::of`].
#[cfg(feature = "chain")]
pub(crate) fn wrap_member(
    member: Arc<dyn Backend>,
    settings: &Settings,
    counters: &Arc<Counters>,
) -> Result<Arc<dyn Backend>> {
    let Some(remote) = Remote::of(&*member, settings, counters)? else {
        return Ok(member);
    };
    Ok(ORDER
        .iter()
        .rev()
        .fold(member, |inner, layer| remote.wrap(*layer, inner)))
}
