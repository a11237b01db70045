//! One file a verb.

mod delete;
mod generate;
mod get;
mod init;
mod list;
mod rollback;
mod set;
mod status;
mod verify;
mod versions;

use strongroom::backend::SetOutcome;

use crate::args::{Command, Global};
use crate::failure::Failure;

/// Runs the verb.
pub(crate) fn run(global: &Global, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Init => init::run(global),
        Command::Set(args) => set::run(global, args),
        Command::Get(args) => get::run(global, args),
        Command::List(args) => list::run(global, args),
        Command::Delete(args) => delete::run(global, args),
        Command::Versions(args) => versions::run(global, args),
        Command::Rollback(args) => rollback::run(global, args),
        Command::Generate(args) => generate::run(global, args),
        Command::Status(args) => status::run(global, args),
        Command::Verify => verify::run(global),
    }
}

/// `verb key (version 7)`.
fn written(verb: &str, key: &strongroom::SecretKey, outcome: &SetOutcome) -> String {
    match &outcome.version {
        Some(version) => format!("{verb} {key} (version {version})"),
        None => format!("{verb} {key}"),
    }
}
