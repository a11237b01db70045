//! The trace layer: one event a call, with names and the outcome's kind, never a value. It also completes errors with
//! operation, backend and key.

use std::time::Instant;

use super::around::{Around, Call};
use crate::backend::BoxFuture;
use crate::error::Result;

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
            let begun = tracing::enabled!(target: TARGET, tracing::Level::DEBUG).then(Instant::now);
            let outcome = inner.await.map_err(|error| call.name(error));
            if let Some(begun) = begun {
                tracing::debug!(
                    target: TARGET,
                    operation = call.operation.word(),
                    backend = call.backend,
                    key = call.key.map(crate::key::SecretKey::as_str),
                    request_id = call.cx.request_id(),
                    outcome = outcome.as_ref().err().map_or("ok", |error| error.kind().token()),
                    micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
                );
            }
            outcome
        })
    }
}
