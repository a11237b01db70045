//! What talks to servers, against real servers, behind connections that break.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub mod command;
#[cfg(unix)]
pub mod fork;
pub mod guide;
mod place;
pub mod scenario;
mod service;

use std::process::{Command, exit};

use libtest_mimic::{Arguments, Trial};
use strongroom_fakes::{Moto, missing};

pub use place::{Place, ends_by, fails};
pub use service::Service;

/// The session token of AWS in the environment of these programs.
pub const SESSION_TOKEN: &str = "canary-of-the-session-2e88";

/// Set where this process has the environment that it is to have.
const PREPARED: &str = "REMOTE_PREPARED";

/// The `main` of a test program: starts itself again with AWS credentials in its environment, because that is where the
/// AWS SDK looks for them, and with none of the variables of whoever runs it.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
pub fn run(trials: impl FnOnce() -> Vec<Trial>) -> ! {
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(8);
    if std::env::vars_os().any(|(name, _)| name == PREPARED) {
        if let Some(why) = missing() {
            println!("skipped: everything that needs a server: {why}");
            libtest_mimic::run(&arguments, Vec::new()).exit();
        }
        libtest_mimic::run(&arguments, trials()).exit();
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(std::env::args_os().skip(1)).env(PREPARED, "1");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["AWS_", "VAULT_", "BAO_"].iter().any(|begin| text.starts_with(begin)) {
            again.env_remove(&name);
        }
    }
    again
        .env("AWS_ACCESS_KEY_ID", Moto::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", Moto::SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Who asks the SDK to show secrets is not to get any of them either.
        .env("LOG_SENSITIVE_BODIES", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    exit(again.status().unwrap().code().unwrap_or(1));
}

/// Makes trials of functions that take a [`Service`], one for each service.
#[macro_export]
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {{
        let mut trials = Vec::new();
        for service in $crate::Service::ALL {
            $(trials.push(libtest_mimic::Trial::test(
                format!("{}::{}", service.word(), stringify!($name)),
                move || { $name(service); Ok(()) },
            ));)+
        }
        trials
    }};
}
