//! `strongroom migrate`

use std::path::PathBuf;

use clap::Args;
use strongroom::SecretScope;

use crate::args::{Format, Global};
use crate::failure::Failure;
use crate::transport::{self, What};

/// What the verb takes.
#[derive(Args, Debug)]
#[command(override_usage = "strongroom migrate [--from <BACKEND>] --to <BACKEND> [OPTIONS]")]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) ends: EndArgs,
    /// Only secrets of this scope, such as `global` or `org/acme`
    #[arg(long, value_name = "SCOPE", add = crate::completion::scopes())]
    pub(crate) scope: Option<String>,
    /// Only keys that begin so, such as `org/acme/db_`
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Remove the secrets at their old place, once all are copied and read back; asks first
    #[arg(long, conflicts_with_all = ["skip_existing", "skip_unfit"])]
    pub(crate) delete_source: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// From where, and where to.
#[derive(Args, Debug)]
pub(crate) struct EndArgs {
    /// The backend that has the secrets; the one of the settings where it is not given
    #[arg(long, value_name = "BACKEND", add = crate::completion::backends())]
    pub(crate) from: Option<String>,
    /// A setting of that place, such as `encrypted.path=/old/s.strongroom`; may be given again
    #[arg(long = "from-option", value_name = "SETTING=VALUE", add = crate::completion::settings())]
    pub(crate) from_options: Vec<String>,
    /// A file of settings of that place
    #[arg(long, value_name = "FILE")]
    pub(crate) from_config: Option<PathBuf>,
    /// The backend that gets them
    #[arg(long, value_name = "BACKEND", required_unless_present = "to_config", add = crate::completion::backends())]
    pub(crate) to: Option<String>,
    /// A setting of that place; may be given again
    #[arg(long = "to-option", value_name = "SETTING=VALUE", add = crate::completion::settings())]
    pub(crate) to_options: Vec<String>,
    /// A file of settings of that place
    #[arg(long, value_name = "FILE")]
    pub(crate) to_config: Option<PathBuf>,
}

/// What is done about what stands in the way.
#[derive(Args, Debug)]
pub(crate) struct HowArgs {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Do not ask before it begins
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Replace a secret that the new place has with another value
    #[arg(long, conflicts_with = "skip_existing")]
    pub(crate) replace: bool,
    /// Pass over a secret that the new place has with another value
    #[arg(long)]
    pub(crate) skip_existing: bool,
    /// Leave behind metadata that the new place cannot hold
    #[arg(long)]
    pub(crate) allow_loss: bool,
    /// Pass over secrets that the new place cannot hold at all
    #[arg(long)]
    pub(crate) skip_unfit: bool,
    /// Keep track in this file instead of the one in the state folder; never holds a value
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// How to write the plan; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
}

/// Copies every secret, and removes them at the source on request.
pub(crate) fn run(global: &Global, args: &MigrateArgs) -> Result<(), Failure> {
    let what = What {
        keys: Vec::new(),
        scope: args.scope.as_deref().map(SecretScope::parse).transpose()?,
        prefix: args.prefix.clone(),
        delete_source: args.delete_source,
        is_migration: true,
    };
    transport::run(global, &args.ends, &args.how, &what)
}
