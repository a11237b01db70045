//! What a backend on another machine has around it, driven over `fault`, which says that it is one.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

#[cfg(feature = "vault")]
mod batches;
mod breaker;
mod concurrency;
mod counting;
#[path = "../executor/mod.rs"]
mod executor;
mod members;
mod retry;
mod single_flight;

use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::backend::{Backend, Persistence};
use strongroom::blocking::SecretManager;
use strongroom::testing::{FaultBackend, LimitedBackend};

/// How long an event may take before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(15);

/// An empty backend that says that it is on another machine.
fn far_memory() -> Arc<dyn Backend> {
    LimitedBackend::without(strongroom::testing::memory(), |can| {
        can.persistence = Persistence::Remote
    })
}

/// A manager without a cache over such a backend, with these settings.
fn far(settings: &[(&str, &str)]) -> (Arc<FaultBackend>, SecretManager) {
    let fault = FaultBackend::new(far_memory());
    (fault.clone(), over(fault, settings))
}

fn over(backend: Arc<dyn Backend>, settings: &[(&str, &str)]) -> SecretManager {
    let builder = SecretManager::builder().without_environment().option("cache", "off");
    let builder = settings
        .iter()
        .fold(builder, |builder, (key, value)| builder.option(key, *value));
    builder.backend_instance(backend).open_blocking().unwrap()
}

fn number(manager: &SecretManager, name: &str) -> u64 {
    manager.metrics().get(name).unwrap_or_default()
}

/// Repeats until the event is there; fails loudly when it never comes.
fn await_event(what: &str, mut is_there: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::yield_now();
    }
}
