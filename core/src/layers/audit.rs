//! The audit layer: a required sink takes its record before a value is released or a write is sent.
//!
//! The sinks themselves come with their own issue; the place in the order and the gate of the fast path are decided
//! here.

use std::fmt;
use std::sync::Arc;

use super::around::{Answer, Around, Call, Keys};
use crate::backend::{BoxFuture, Operation};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;

/// What is told about a call. Never a value.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuditRecord<'a> {
    /// The verb.
    pub operation: Operation,
    /// The backend's word.
    pub backend: &'static str,
    /// The key's canonical text; `None` for a verb that concerns no key in particular. A batch has a record for each key.
    pub key: Option<&'a str>,
    /// On whose behalf.
    pub actor: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// The caller's id of the request.
    pub request_id: Option<&'a str>,
    /// The error's kind where the call failed; writes are told before they are sent.
    pub failed: Option<ErrorKind>,
}

/// A place that takes audit records and must have taken one before the call goes on.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Takes a record.
    ///
    /// # Errors
    /// Any: the call is then refused with [`ErrorKind::AuditUnavailable`].
    fn record(&self, record: &AuditRecord<'_>) -> Result<()>;
}

#[derive(Debug)]
pub(super) struct Audit {
    sink: Arc<dyn AuditSink>,
}

impl Audit {
    pub(super) fn new(sink: Arc<dyn AuditSink>) -> Self {
        Self { sink }
    }

    /// One record for each key of the call; one without a key where it concerns none in particular.
    fn record(&self, call: Call<'_>, failed: Option<ErrorKind>) -> Result<()> {
        match call.keys {
            Keys::None => self.record_one(call, None, failed),
            Keys::One(key) => self.record_one(call, Some(key), failed),
            Keys::Many(keys) => keys.iter().try_for_each(|key| self.record_one(call, Some(key), failed)),
            Keys::Entries(entries) => entries
                .iter()
                .try_for_each(|(key, _)| self.record_one(call, Some(key), failed)),
        }
    }

    fn record_one(&self, call: Call<'_>, key: Option<&SecretKey>, failed: Option<ErrorKind>) -> Result<()> {
        let record = AuditRecord {
            operation: call.operation,
            backend: call.backend,
            key: key.map(SecretKey::as_str),
            actor: call.cx.actor(),
            reason: call.cx.reason(),
            request_id: call.cx.request_id(),
            failed,
        };
        self.sink.record(&record).map_err(|error| {
            Error::new(
                ErrorKind::AuditUnavailable,
                "a required audit sink did not take the record",
            )
            .with_operation(call.operation)
            .with_source(error)
        })
    }
}

impl Around for Audit {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        match call.operation {
            // These reveal nothing and change no secret; refusing them would keep a process from shutting down.
            Operation::Health | Operation::Lock | Operation::Close => run(),
            operation if operation.is_write() => Box::pin(async move {
                self.record(call, None)?;
                run().await
            }),
            _ => Box::pin(async move {
                let outcome = run().await;
                self.record(call, outcome.as_ref().err().map(Error::kind))?;
                outcome
            }),
        }
    }
}
