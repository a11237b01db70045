//! The trace layer: one event a call, with names and the outcome's kind, never a value. It also completes errors with
//! operation, backend and key.

use std::time::Instant;

use super::around::{Around, Call};
use crate::backend::BoxFuture;
use crate::error::Result;
use crate::key::SecretKey;

/// The target of all our events.
const TARGET: &str = "strongroom";

#[derive(Debug)]
pub(super) struct Trace;

impl Around for Trace {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        let inner = run();
        Box::pin(async move {
            let mut event = Event {
                call,
                begun: None,
                outcome: "left",
            };
            event.begun = tracing::enabled!(target: TARGET, tracing::Level::DEBUG).then(Instant::now);
            let outcome = inner.await.map_err(|error| call.name(error));
            event.outcome = outcome.as_ref().err().map_or("ok", |error| error.kind().token());
            outcome
        })
    }
}

/// The event of a call, told when it ends: by its answer, or because the caller or a deadline left it.
struct Event<'a> {
    call: Call<'a>,
    begun: Option<Instant>,
    outcome: &'static str,
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        let Some(begun) = self.begun else { return };
        tracing::debug!(
            target: TARGET,
            operation = self.call.operation.word(),
            backend = self.call.backend,
            key = self.call.keys.one().map(SecretKey::as_str),
            request_id = self.call.cx.request_id(),
            outcome = self.outcome,
            micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        );
    }
}
