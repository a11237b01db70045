//! Where a backend's reads run: on the caller's thread, or on a worker where they may wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::{BoxFuture, Operation};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork;
use crate::worker::Worker;

/// What a backend reads from, until it is closed.
pub(crate) struct Reader<T> {
    name: &'static str,
    /// Whoever holds the lock stands inside the fork gate, so that a child never finds it held.
    opened: Mutex<Arc<T>>,
    /// Where files are read that lie on another machine, which may not answer.
    worker: Option<Worker>,
    closed: AtomicBool,
}

impl<T: Send + Sync + 'static> Reader<T> {
    /// For the backend `name`; `is_remote` says whether files lie on another machine.
    pub(crate) fn new(name: &'static str, opened: T, is_remote: bool) -> Self {
        Self {
            name,
            opened: Mutex::new(Arc::new(opened)),
            worker: is_remote.then(|| Worker::new(name)),
            closed: AtomicBool::new(false),
        }
    }

    /// What answers without a read.
    pub(crate) fn opened(&self) -> Arc<T> {
        self.with(|opened| Arc::clone(opened))
    }

    /// Reads from this from now on.
    #[cfg(feature = "env")]
    pub(crate) fn replace(&self, opened: T) {
        drop(self.with(|former| std::mem::replace(former, Arc::new(opened))));
    }

    fn with<R>(&self, look: impl FnOnce(&mut Arc<T>) -> R) -> R {
        let _inside = fork::enter();
        // No code of others runs under the lock.
        look(&mut self.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a look at the files may keep the caller waiting.
    pub(crate) fn is_remote(&self) -> bool {
        self.worker.is_some()
    }

    /// Runs a read on this thread, or on the worker where a file may keep it waiting.
    pub(crate) fn run<'a, R: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl FnOnce(&T) -> Result<R> + Send + 'static,
    ) -> BoxFuture<'a, Result<R>> {
        Box::pin(async move {
            let outcome = if self.closed.load(Ordering::Acquire) {
                Err(Error::new(ErrorKind::Closed, "the backend was closed"))
            } else if let Some(worker) = &self.worker {
                let opened = self.opened();
                worker.run(cx, operation, move |_| job(&opened)).await
            } else {
                job(&self.opened())
            };
            outcome.map_err(|error| error.with_operation(operation).with_backend(self.name))
        })
    }

    /// Answers no more reads.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(worker) = &self.worker {
            worker.retire();
        }
    }
}
