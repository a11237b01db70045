//! `strongroom rollback`

use clap::Args;
use strongroom::RollbackTo;

use crate::args::Global;
use crate::commands::version;
use crate::failure::Failure;
use crate::session::{self, Access};
use crate::{input, output};

const EXAMPLES: &str = "\
Examples:
  strongroom rollback API_KEY --back 1           the value before the current one
  strongroom rollback API_KEY 3                  the value of version 3";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RollbackArgs {
    /// The key, `[kind/id/]name[@target]`
    #[arg(add = crate::completion::keys())]
    pub(crate) key: String,
    /// The version to go back to
    #[arg(required_unless_present = "back", conflicts_with = "back")]
    pub(crate) version: Option<String>,
    /// Go back so many versions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) back: Option<u32>,
}

/// Writes a former version again, as a new one.
pub(crate) fn run(global: &Global, args: &RollbackArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let to = match (&args.version, args.back) {
        (_, Some(steps)) => RollbackTo::back(steps as usize),
        (Some(version), None) => input::version(version).into(),
        (None, None) => return Err(Failure::usage("no version is named", "give a version, or `--back 1`")),
    };
    let manager = session::open(global, Access::Change)?;
    let outcome = manager.rollback(&key, to)?;
    output::notice(global, &format!("rolled back {key}{}", version(&outcome)));
    Ok(())
}
