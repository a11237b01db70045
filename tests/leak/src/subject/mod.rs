//! The subject: one case a way of handling a value or a key.
//!
//! At each stage it says `stage <name> <found|nothing|any>` and waits for a line. What follows a name is what the
//! scanner must find then.

mod cache;
mod errors;
mod keys;
mod reads;
mod writes;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use strongroom::blocking::SecretManager;
use strongroom::{Result, Secret, SecretValue};

use crate::canary::{masked, unmasked_vec};

/// The key under which the canary lies.
const KEY: &str = "app/leak/value";
/// A value that is no secret.
const OTHER: &str = "nothing to see here";

/// What a scan must find at a stage.
#[derive(Clone, Copy)]
enum Expect {
    Found,
    Nothing,
    Any,
}

/// What is in the store before the subject starts; another process puts it there.
#[derive(Clone, Copy, PartialEq)]
enum Seed {
    Nothing,
    /// The canary is the current value.
    Current,
    /// The canary is the version before.
    Former,
}

struct Case {
    name: &'static str,
    seed: Seed,
    run: fn(&Scene) -> Result<()>,
}

/// What a case works with.
struct Scene {
    masked: String,
    manager: SecretManager,
}

impl Scene {
    /// The canary as a value of exactly its size.
    fn value(&self) -> SecretValue {
        SecretValue::from(unmasked_vec(&self.masked))
    }

    /// The canary as a secret.
    fn secret(&self) -> Secret {
        Secret::new(self.value())
    }
}

/// Says where the subject stands and waits until the scan is done.
fn stage(name: &str, expect: Expect) {
    let expect = match expect {
        Expect::Found => "found",
        Expect::Nothing => "nothing",
        Expect::Any => "any",
    };
    say(&format!("stage {name} {expect}"));
    let mut line = String::new();
    if !std::io::stdin().lock().read_line(&mut line).is_ok_and(|read| read > 0) {
        // Nobody scans any more.
        std::process::exit(3);
    }
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
        std::process::exit(3);
    }
}

/// Tells the scanner a canary that the library made.
fn announce(bytes: &[u8]) {
    say(&format!("canary {}", masked(bytes)));
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [writes::CASES, reads::CASES, cache::CASES, errors::CASES]
        .into_iter()
        .flatten()
}

fn open(cache: &str) -> Result<SecretManager> {
    SecretManager::builder()
        .app("rig")
        .option("cache", cache)
        .option("cache_entries", "1")
        .open_blocking()
}

/// Runs what the arguments name: `list <group>`, `seed <case> <masked>`, or a case and the masked canary.
pub fn main() -> ExitCode {
    // Whoever started us may die first.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let word = |index: usize| args.get(index).map(String::as_str).unwrap_or_default();
    let outcome = match word(0) {
        "list" => {
            let group = match word(1) {
                "writes" => writes::CASES,
                "reads" => reads::CASES,
                "cache" => cache::CASES,
                "errors" => errors::CASES,
                _ => &[],
            };
            group.iter().for_each(|case| say(case.name));
            Ok(())
        }
        "seed" => seed(word(1), word(2)),
        "string" => {
            plain_string(word(1));
            Ok(())
        }
        "key" => keys::run(word(1), word(2)),
        name => run(name, word(1)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error {} {}", error.kind().token(), error.message()));
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, masked: &str) -> Result<()> {
    let Some(case) = cases().find(|case| case.name == name) else {
        say("error no such case");
        return Ok(());
    };
    let cached = cache::CASES.iter().any(|case| case.name == name);
    let scene = Scene {
        masked: masked.to_owned(),
        manager: open(if cached { "on" } else { "off" })?,
    };
    (case.run)(&scene)?;
    stage("dropped", Expect::Nothing);
    scene.manager.close()?;
    drop(scene);
    stage("closed", Expect::Nothing);
    churn();
    stage("churned", Expect::Nothing);
    Ok(())
}

/// Fills the store before a case; in a process of its own.
fn seed(name: &str, masked: &str) -> Result<()> {
    let Some(case) = cases().find(|case| case.name == name) else {
        return Ok(());
    };
    let manager = open("off")?;
    let canary = || Secret::new(SecretValue::from(unmasked_vec(masked)));
    match case.seed {
        Seed::Nothing => {}
        Seed::Current => {
            manager.set(KEY, &Secret::new(OTHER))?;
            manager.set(KEY, &canary())?;
        }
        Seed::Former => {
            manager.set(KEY, &canary())?;
            manager.set(KEY, &Secret::new(OTHER))?;
        }
    }
    manager.close()
}

/// The control: a `String` that nobody wipes.
fn plain_string(masked: &str) {
    let text = String::from_utf8(unmasked_vec(masked)).unwrap_or_default();
    stage("live", Expect::Found);
    drop(text);
    // Under the default allocator its tail is still there; under ours nothing is.
    stage("dropped", Expect::Any);
}

/// Allocates and frees blocks of many sizes: a freed block that was reused may give its content up again.
fn churn() {
    for round in 0..50_usize {
        let blocks: Vec<Vec<u8>> = (0..64).map(|step| vec![0xee; 8 + step * (round + 1)]).collect();
        drop(std::hint::black_box(blocks));
    }
}
