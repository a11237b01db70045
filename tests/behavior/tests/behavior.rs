//! One suite of behaviour over every backend: `docs/SEMANTICS` as tests, one file an operation.
//!
//! A trial is called `<backend>::<operation>::<sentence>` and runs through both faces, async without any executor of
//! ours and blocking. Which trials a backend gets follows from its capabilities in `suite/backends.rs`: what a backend
//! lacks is tested, too, as a refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod suite;

/// Set where this process has the variables that the backend `env` is tested with.
const PREPARED: &str = "BEHAVIOR_PREPARED";

fn main() {
    let mut arguments = libtest_mimic::Arguments::from_args();
    // They wait, for disks and servers, more than they work.
    arguments.test_threads.get_or_insert(6);
    if std::env::vars_os().any(|(name, _)| name == PREPARED) {
        libtest_mimic::run(&arguments, suite::trials()).exit();
    }
    // A process cannot safely change its own environment, so it starts itself again with another one.
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(std::env::args_os().skip(1)).env(PREPARED, "1");
    let ended = again.envs(suite::variables()).status().unwrap();
    std::process::exit(ended.code().unwrap_or(1));
}
