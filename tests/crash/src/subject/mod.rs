//! What is killed, forked and meddled with: one mode a way of using the library.

mod check;
mod control;
mod fork;
mod fork_faces;
mod forked;
mod host;
pub mod migrate;
mod steps;
mod write;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

pub use steps::STATES;
use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, Result};

/// Runs the mode that the arguments name. 0 when it ended by itself, 2 for wrong arguments.
pub fn main() -> ExitCode {
    // Whoever started us may die first; a rig that hangs CI is worse than one that fails.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mode = args.first().map(String::as_str).unwrap_or_default();
    let number = |index: usize| {
        args.get(index)
            .and_then(|word| word.parse::<u64>().ok())
            .unwrap_or_default()
    };
    let id = u32::try_from(number(1)).unwrap_or_default();
    match mode {
        "write" => write::write(id, number(2), number(3)),
        "rmw" => write::rmw(id),
        "steps" => steps::steps(),
        "check" => check::check(),
        "check-plain" => control::check(),
        "control-early" => control::early(id, number(2)),
        "control-rmw" => control::rmw(id),
        "fork" => fork::fork_many(number(1)),
        "fork-grandchildren" => fork::grandchildren(number(1)),
        "fork-first" => fork::before_first_use(),
        "fork-hanging" => fork_faces::hanging(),
        "fork-around" => fork_faces::around(),
        "fork-faces" => fork_faces::faces(),
        "fork-cached" => fork_faces::cached(),
        "host" => host::meddle(id, number(2)),
        "migrate" => {
            let word = |index: usize| args.get(index).map(String::as_str).unwrap_or_default();
            if !migrate::run(word(2).as_ref(), word(1)) {
                return ExitCode::FAILURE;
            }
        }
        _ => {
            say(format_args!("error: no mode `{mode}`"));
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// One line, written at once. A reader that is gone ends the subject: nobody would learn what it does.
fn say(line: impl Display) {
    let text = format!("{line}\n");
    let mut stdout = std::io::stdout().lock();
    if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        std::process::exit(3);
    }
}

/// An error in the words of the lines.
fn complain(what: impl Display, error: &Error) {
    say(format_args!(
        "error {what} {} {}",
        error.kind().token(),
        error.message()
    ));
}

/// Opens the store of the home that the environment names.
fn open(cache: &str) -> Option<SecretManager> {
    SecretManager::builder()
        .app("rig")
        .option("cache", cache)
        .open_blocking()
        .inspect_err(|error| complain("open", error))
        .ok()
}

/// The key under which writer `id` keeps its value `n`.
fn key(id: u32, n: u64) -> String {
    format!("app/w{id}/n{n}")
}

/// The value that writer `id` writes as its `n`-th: of many lengths, and telling what it is.
fn value(id: u32, n: u64) -> String {
    let filler = usize::try_from(n * 7 % 200).unwrap_or_default();
    format!("w{id}:{n}:{}", "x".repeat(filler))
}

/// Says whether a write was acknowledged; answers whether to go on.
fn acknowledge<T>(outcome: Result<T>, line: impl Display) -> bool {
    match outcome {
        Ok(_) => say(line),
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => say(format_args!("unknown {line}")),
        Err(error) => {
            complain(line, &error);
            return false;
        }
    }
    true
}
