//! `strongroom restore`

use clap::Args;

use crate::args::Global;
use crate::commands::version;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};

const EXAMPLES: &str = "\
Examples:
  strongroom restore API_KEY                     bring back what was deleted";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
}

/// Brings back a secret that was removed, where the backend still keeps it.
pub(crate) fn run(global: &Global, args: &RestoreArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let manager = session::open(global, Access::Change)?;
    let outcome = manager.restore(&key)?;
    output::notice(global, &format!("restored {key}{}", version(&outcome)));
    Ok(())
}
