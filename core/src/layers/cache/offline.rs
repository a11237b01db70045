//! What the verbs answer while the backend is not asked.

use super::Cache;
use super::remote::offline;
use crate::backend::{BoxFuture, Health, Operation};
use crate::error::Result;

impl Cache {
    /// The call itself, or its refusal while the backend is not to be asked.
    pub(super) fn online<'a, T: Send + 'a>(
        &self,
        backend: &'static str,
        operation: Operation,
        call: impl FnOnce() -> BoxFuture<'a, Result<T>>,
    ) -> BoxFuture<'a, Result<T>> {
        if !self.is_offline() {
            return call();
        }
        let error = offline().with_operation(operation).with_backend(backend);
        Box::pin(std::future::ready(Err(error)))
    }

    /// How a backend is that is not asked.
    pub(super) fn offline_health(&self) -> Option<Health> {
        self.is_offline()
            .then(|| Health::degraded("offline: the backend is not asked; the cache answers what it has"))
    }
}
