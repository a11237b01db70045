//! `strongroom copy`

use clap::Args;

use crate::args::Global;
use crate::commands::migrate::{EndArgs, HowArgs};
use crate::failure::Failure;
use crate::session;
use crate::transport::{self, What};

/// What the verb takes.
#[derive(Args, Debug)]
#[command(override_usage = "strongroom copy [--from <BACKEND>] --to <BACKEND> [OPTIONS] <KEY>...")]
pub(crate) struct CopyArgs {
    /// The keys
    #[arg(required = true, value_name = "KEY", add = crate::completion::keys())]
    pub(crate) keys: Vec<String>,
    #[command(flatten)]
    pub(crate) ends: EndArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// Copies the secrets that are named; they stay where they are.
pub(crate) fn run(global: &Global, args: &CopyArgs) -> Result<(), Failure> {
    let keys = args.keys.iter().map(|text| session::key(text));
    let what = What {
        keys: keys.collect::<Result<_, _>>()?,
        ..What::default()
    };
    transport::run(global, &args.ends, &args.how, &what)
}
