//! One suite of behaviour over every backend: `docs/SEMANTICS` as tests, one file an operation.
//!
//! A trial is called `<backend>::<operation>::<sentence>` and runs through both faces, async without any executor of
//! ours and blocking. Which trials a backend gets follows from its capabilities in `suite/backends.rs`: what a backend
//! lacks is tested, too, as a refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod suite;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, suite::trials()).exit();
}
