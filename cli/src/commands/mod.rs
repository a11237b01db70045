//! One file a verb.

pub(crate) mod completions;
pub(crate) mod component;
pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fernet;
pub(crate) mod generate;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod migrate;
pub(crate) mod resolve;
pub(crate) mod restore;
pub(crate) mod rollback;
pub(crate) mod servers;
pub(crate) mod set;
pub(crate) mod status;
pub(crate) mod verify;
pub(crate) mod versions;
pub(crate) mod watch;

use strongroom::SecretKey;
use strongroom::backend::SetOutcome;
use strongroom::blocking::SecretManager;

use crate::args::{Command, Global};
use crate::failure::Failure;

/// Runs the verb.
pub(crate) fn run(global: &Global, command: &Command) -> Result<(), Failure> {
    crate::events::show(global.quiet);
    match command {
        Command::Init => init::run(global),
        Command::Set(args) => set::run(global, args),
        Command::Get(args) => get::run(global, args),
        Command::List(args) => list::run(global, args),
        Command::Delete(args) => delete::run(global, args),
        Command::Versions(args) => versions::run(global, args),
        Command::Rollback(args) => rollback::run(global, args),
        Command::Restore(args) => restore::run(global, args),
        Command::Resolve(args) => resolve::run(global, args),
        Command::Watch(args) => watch::run(global, args),
        Command::Generate(args) => generate::run(global, args),
        Command::Import(args) => import::run(global, args),
        Command::Export(args) => export::run(global, args),
        Command::Copy(args) => copy::run(global, args),
        Command::Migrate(args) => migrate::run(global, args),
        Command::Component(command) => component::run(global, command),
        Command::Fernet(command) => fernet::run(global, command),
        Command::Status(args) => status::run(global, args),
        Command::Explain(args) => explain::run(global, args),
        Command::Verify => verify::run(global),
        Command::Doctor(args) => doctor::run(global, args),
        Command::Config(command) => config::run(global, command),
        Command::Completions(args) => completions::run(args),
    }
}

/// Says where a store was made for a secret: an empty one in the place of one that is lost must not go unnoticed.
fn tell_made(global: &Global, manager: &SecretManager, made: bool) -> Result<(), Failure> {
    if let (true, Some(store)) = (made, status::place(manager)?.store) {
        crate::output::notice(global, &format!("made the store {}", store.display()));
    }
    Ok(())
}

/// What a write did.
fn written(key: &SecretKey, outcome: &SetOutcome) -> String {
    let verb = if outcome.created { "created" } else { "replaced" };
    format!("{verb} {key}{}", version(outcome))
}

/// ` (version 7)`, where there is one.
fn version(outcome: &SetOutcome) -> String {
    outcome
        .version
        .as_ref()
        .map(|version| format!(" (version {version})"))
        .unwrap_or_default()
}
