//! The trace layer: one event a call, with names and the outcome's kind, never a value. It also completes errors with
//! operation, backend and key, and counts.

use std::sync::Arc;
use std::time::Instant;

use super::TARGET;
use super::around::{Answer, Around, Call};
use super::counters::Counters;
use crate::backend::BoxFuture;
use crate::error::Result;
use crate::key::SecretKey;

#[derive(Debug)]
pub(super) struct Trace {
    counters: Arc<Counters>,
    /// Whether events name the secrets that they are about.
    tells_names: bool,
}

impl Trace {
    pub(super) fn new(counters: Arc<Counters>, tells_names: bool) -> Self {
        Self { counters, tells_names }
    }
}

impl Around for Trace {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        let inner = run();
        Box::pin(async move {
            let mut event = Event {
                layer: self,
                call,
                begun: Instant::now(),
                outcome: "left",
            };
            let outcome = inner.await.map_err(|error| call.name(error));
            event.outcome = outcome.as_ref().err().map_or(OK, |error| error.kind().token());
            outcome
        })
    }
}

const OK: &str = "ok";

/// The event of a call, told when it ends: by its answer, or because the caller or a deadline left it.
struct Event<'a> {
    layer: &'a Trace,
    call: Call<'a>,
    begun: Instant,
    outcome: &'static str,
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.layer.counters.call(self.call.operation, took, self.outcome != OK);
        tracing::debug!(
            target: TARGET,
            operation = self.call.operation.word(),
            backend = self.call.backend,
            key = self.call.keys.one().filter(|_| self.layer.tells_names).map(SecretKey::as_str),
            request_id = self.call.cx.request_id(),
            outcome = self.outcome,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
    }
}
