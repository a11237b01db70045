//! The task that asks a remote backend how it is, from the first call on. It keeps neither the manager nor the process
//! alive, and no call waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Shared;
use crate::backend::{Backend, Reach};
use crate::config::Settings;
use crate::context::{CallContext, CancellationToken, Face};
use crate::runtime;
use crate::sys::fork::ForkCell;

/// The setting that says how often.
const INTERVAL: &str = "health_interval";

/// Asks how the backend is, again and again. A forked child, and whoever calls after a shutdown of the runtime, begins
/// anew.
pub(super) struct HealthTask {
    interval: Duration,
    state: ForkCell<Arc<State>, fn() -> Arc<State>>,
}

#[derive(Default)]
struct State {
    is_running: AtomicBool,
    /// Fires once, so that whoever starts the task while the manager is closed starts nothing.
    end: CancellationToken,
}

/// While it lives, the task runs.
struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::Release);
    }
}

impl HealthTask {
    /// The task of a backend; none for one that is on this machine.
    pub(super) fn of(settings: &Settings, backend: &dyn Backend) -> Option<Self> {
        let interval = settings.duration(INTERVAL)?;
        (backend.reach() != Reach::Local).then(|| Self {
            interval,
            state: ForkCell::with(Arc::default),
        })
    }

    /// Starts the task, where it does not run.
    #[inline]
    pub(super) fn ensure(&self, shared: &Arc<Shared>) {
        let state = self.state.get();
        if !state.is_running.load(Ordering::Acquire) {
            self.start(state, shared);
        }
    }

    #[cold]
    fn start(&self, state: &Arc<State>, shared: &Arc<Shared>) {
        if state.is_running.swap(true, Ordering::AcqRel) {
            return;
        }
        let running = Running(Arc::clone(state));
        // Without a runtime there is no task; the next call tries again.
        let _ = runtime::spawn(run(
            running,
            Arc::downgrade(&shared.layered),
            shared.timeout,
            self.interval,
        ));
    }

    /// Ends the task.
    pub(super) fn end(&self) {
        if let Some(state) = self.state.get_if_made() {
            state.end.cancel();
        }
    }
}

impl Drop for HealthTask {
    fn drop(&mut self) {
        self.end();
    }
}

async fn run(running: Running, layered: Weak<dyn Backend>, timeout: Duration, interval: Duration) {
    let ask = async {
        loop {
            tokio::time::sleep(interval).await;
            let Some(layered) = layered.upgrade() else { return };
            // What it finds is told on the way, where it is another state than before.
            let _ = layered.health(&CallContext::new(Face::Async, timeout)).await;
        }
    };
    // Whoever closes the manager, or drops it, does not have it kept by a server that is slow.
    running.0.end.run_until_cancelled(ask).await;
}
