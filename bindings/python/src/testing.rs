//! What our own tests need from outside: panics, and the strings of the `fault` backend. In no wheel.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use strongroom::testing::faults;
use strongroom::{Error, ErrorKind};

use crate::call::Call;
use crate::error::{fault, raised};
use crate::manager::Manager;

fn counted() -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    let none = strongroom::testing::Counters::default();
    for counters in faults().iter().map(|backend| backend.counters()).chain([none]) {
        for (name, count) in [
            ("started", counters.started),
            ("finished", counters.finished),
            ("cancelled", counters.cancelled),
            ("in_flight", counters.in_flight),
            ("waiting", counters.waiting),
        ] {
            *sums.entry(name).or_default() += count;
        }
    }
    sums
}

/// The sums of the counters of all `fault` backends that are open.
#[pyfunction]
pub(crate) fn testing_fault_counters(py: Python<'_>) -> BTreeMap<&'static str, u64> {
    py.detach(counted)
}

/// Releases every call that hangs or blocks now.
#[pyfunction]
pub(crate) fn testing_fault_wake(py: Python<'_>) {
    py.detach(|| faults().iter().for_each(|backend| backend.wake()));
}

/// Waits until a counter has reached a number, at most so many seconds.
#[pyfunction]
pub(crate) fn testing_fault_wait(py: Python<'_>, counter: &str, at_least: u64, patience: f64) -> PyResult<()> {
    let end = Instant::now() + Duration::from_secs_f64(patience);
    loop {
        let reached = py.detach(|| counted().get(counter).copied());
        if reached.ok_or_else(|| fault("counter", "is none of the five"))? >= at_least {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(raised(Error::new(
                ErrorKind::Timeout,
                "the counter did not reach the number",
            )));
        }
        py.check_signals()?;
        py.detach(|| std::thread::sleep(Duration::from_millis(1)));
    }
}

/// Lets what a manager's cache holds be so many seconds older.
#[pyfunction]
pub(crate) fn testing_age_cache(manager: &Bound<'_, Manager>, by: f64) {
    let inner = &manager.get().inner;
    let by = Duration::from_secs_f64(by);
    manager.py().detach(|| strongroom::testing::age_cache(inner, by));
}

/// A call that panics.
#[pyfunction]
pub(crate) fn testing_panic() -> Call {
    Call::new::<()>(async { panic!("a panic whose text holds canary-of-a-panic") })
}

/// Whether the library has built its runtime.
#[pyfunction]
pub(crate) fn testing_runtime_is_built() -> bool {
    strongroom::testing::runtime_is_built()
}
