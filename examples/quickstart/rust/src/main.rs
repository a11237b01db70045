//! The quickstart in Rust.
//!
//! Opens the store that the `strongroom` command uses (the environment says which), writes a secret, reads one (its own,
//! or the key on the command line), lists, and shows what a failure looks like.

#![expect(clippy::print_stdout, reason = "the program shows what it does")]

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, ListOptions, Secret};

const OWN_KEY: &str = "app/quickstart/api_key";

fn run(key: &str) -> strongroom::Result<()> {
    // Nothing stated: the application `strongroom`, with the settings of the environment.
    let secrets = SecretManager::init()?;

    // Write a secret and who issued it.
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    secrets.set(
        OWN_KEY,
        &Secret::with_provider("s3cret", "example").with_expiry(tomorrow),
    )?;

    // Read one. A missing secret is `None`; the value is wiped when it is dropped.
    let Some(found) = secrets.get(key)? else {
        return Err(ErrorKind::NotFound.into());
    };
    println!("{key}: {} bytes", found.value.expose().len());

    // What is known about it, without its value.
    if let Some(known) = secrets.describe(key)? {
        println!("provider: {}", known.metadata.provider.as_deref().unwrap_or("none"));
    }

    // Names, never values.
    for entry in secrets.list(ListOptions::new())?.entries {
        println!("- {}", entry.name);
    }

    // A failure says what is wrong and what to do. This one is expected: only what is there can be updated.
    if let Err(error) = secrets.update_value("app/quickstart/missing", "s3cret") {
        println!("expected: {} ({})", error.kind(), error.help());
    }

    secrets.delete(OWN_KEY)?;
    secrets.close()
}

fn main() -> ExitCode {
    let key = std::env::args().nth(1);
    match run(key.as_deref().unwrap_or(OWN_KEY)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n{}", error.help());
            ExitCode::from(error.kind().exit_code())
        }
    }
}
