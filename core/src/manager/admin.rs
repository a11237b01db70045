//! The verbs that concern the backend as a whole.

use std::sync::atomic::Ordering;

use super::SecretManager;
use crate::backend::{Health, VerifyReport};
use crate::context::{CallContext, CallOptions};
use crate::error::{ErrorKind, Result};

impl SecretManager {
    /// Tells how the backend is, without a prompt and without using up a quota.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`], [`ErrorKind::Cancelled`]. A backend that does not work is an answer, not an error.
    pub async fn health(&self) -> Result<Health> {
        let cx = self.context()?;
        match self.layered().health(&cx).await {
            Err(error) if error.kind() != ErrorKind::Cancelled => Ok(Health::unavailable(error)),
            outcome => outcome,
        }
    }

    /// Makes the next read of every secret ask the backend, and the backend read again what it has from outside of the
    /// store: token files, credentials, and for `env` the variables. Does not wait for another machine. What the cache
    /// has stays for as long as `cache_max_stale` says, for the case that the backend is out of reach.
    ///
    /// # Errors
    /// What every verb may answer.
    pub async fn refresh(&self) -> Result<()> {
        let cx = self.context()?;
        let mut outcome = self.layered().refresh(&cx).await;
        for source in self.shared.sources.others() {
            outcome = outcome.and(source.refresh(&cx).await);
        }
        outcome
    }

    /// Checks everything that is stored, as far as the backend can.
    ///
    /// # Errors
    /// [`ErrorKind::Integrity`](crate::ErrorKind::Integrity) saying what is damaged;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    pub async fn verify(&self) -> Result<VerifyReport> {
        let cx = self.context()?;
        self.layered().verify(&cx).await
    }

    /// Forgets keys and cached values; the next use unlocks the backend again. Idempotent.
    ///
    /// # Errors
    /// What every verb may answer.
    pub async fn lock(&self) -> Result<()> {
        let cx = self.context()?;
        let mut outcome = self.layered().lock(&cx).await;
        for source in self.shared.sources.others() {
            outcome = outcome.and(source.lock(&cx).await);
        }
        outcome
    }

    /// Gives up connections, keys and cached values; every view of this manager answers
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) from then on. Writes that were sent finish first; then the backend's thread ends. Idempotent.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) where a write does not finish in time; the manager is closed
    /// all the same.
    pub async fn close(&self) -> Result<()> {
        self.shared.closed.store(true, Ordering::Release);
        if let Some(task) = &self.shared.health {
            task.end();
        }
        // Neither a cancelled token nor an empty timeout of this view keeps keys and connections alive, and a close that
        // was left half-way is made whole by the next one.
        let shared = &self.shared;
        let timeout = self
            .options
            .timeout
            .filter(|timeout| !timeout.is_zero())
            .unwrap_or(shared.timeout);
        let cx = CallContext::with_options(self.face, timeout, shared.prompt, CallOptions::default());
        let mut outcome = self.layered().close(&cx).await;
        for source in shared.sources.others() {
            outcome = outcome.and(source.close(&cx).await);
        }
        outcome
    }
}
