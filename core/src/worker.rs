//! A backend's own bounded worker thread.
//!
//! STAND-IN of part/store: runs the job inline; replaced at the merge by the real one.

use std::future::Future;

use crate::backend::Operation;
use crate::context::CallContext;
use crate::error::Result;

/// The worker.
pub(crate) struct Worker;

impl Worker {
    pub(crate) fn new(_name: &'static str) -> Self {
        Self
    }

    pub(crate) fn run<T, F>(
        &self,
        cx: &CallContext,
        _operation: Operation,
        job: F,
    ) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&CallContext) -> Result<T> + Send + 'static,
    {
        std::future::ready(job(cx))
    }
}
