//! The `strongroom` command: secrets at a terminal and in scripts.
//!
//! Data goes to stdout, everything else to stderr. Values stand in arguments only as `KEY=VALUE`, with a notice, and no
//! message repeats them. The command only translates: what a verb means is decided in the core.

mod args;
mod assignments;
mod commands;
mod completion;
mod document;
mod document_format;
mod events;
mod failure;
mod input;
mod output;
mod project;
mod reveal;
mod session;
mod terminal;
mod transport;
mod trust;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::failure::Failure;

/// Every block is wiped when it is freed, also those of libraries that know nothing of secrets.
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

fn main() -> ExitCode {
    if completion::answer() {
        return ExitCode::SUCCESS;
    }
    strongroom::harden_process();
    let outcome = Arguments::try_parse()
        .map_err(Failure::from)
        .and_then(|arguments| commands::run(&arguments.global, &arguments.command));
    session::close_all();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.report()),
    }
}
