//! What the tests share: homes, subjects, the ledger of acknowledged writes, random numbers, watchdogs.

mod child;
mod executor;
mod home;
mod ledger;
#[cfg(target_os = "linux")]
mod tracer;

use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use child::Subject;
pub use executor::block_on;
pub use home::Home;
pub use ledger::{Check, Ledger};
#[cfg(target_os = "linux")]
pub use tracer::{End, run_until_write};

/// Says something past the harness's capture, so that CI logs hold the figures.
pub fn say(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A knob of the rig from the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the rig's own knobs, which the library does not read"
)]
pub fn knob(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Random numbers that can be had again (SplitMix64).
#[derive(Debug)]
pub struct Rng(u64);

impl Rng {
    /// From `STRONGROOM_CRASH_SEED`, else from the clock. The test prints the seed.
    pub fn from_environment() -> (Self, u64) {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = knob("STRONGROOM_CRASH_SEED").unwrap_or(u64::from(clock.subsec_nanos()) ^ clock.as_secs());
        (Self(seed), seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.number() % end }
    }

    /// A time span below `end`.
    pub fn span(&mut self, end: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(end.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Ends the whole test process when it is not dropped in time; the subjects end with it.
#[derive(Debug)]
pub struct Watchdog(#[expect(dead_code, reason = "its drop is the signal")] mpsc::Sender<()>);

impl Watchdog {
    /// Begins to wait.
    pub fn new(what: &'static str, limit: Duration) -> Self {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            if receiver.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
                say(&format!("WATCHDOG: {what} did not end within {limit:?}"));
                std::process::abort();
            }
        });
        Self(sender)
    }
}
