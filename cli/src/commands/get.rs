//! `strongroom get`

use std::path::PathBuf;

use clap::Args;
use strongroom::GetOptions;

use crate::args::Global;
use crate::failure::Failure;
use crate::session::{self, Access};
use crate::{input, output};

const EXAMPLES: &str = "\
Examples:
  strongroom get org/acme/api_key                write the exact bytes
  strongroom get TLS_KEY --out key.pem           make a file of your own alone
  strongroom get API_KEY --version 3             read a former version";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GetArgs {
    /// The key, `[kind/id/]name[@target]`
    #[arg(add = crate::completion::keys())]
    pub(crate) key: String,
    /// Read this version
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Read it even where it has expired
    #[arg(long)]
    pub(crate) include_expired: bool,
    /// Ask the backend even where a cache has it
    #[arg(long, conflicts_with = "offline")]
    pub(crate) fresh: bool,
    /// Write to this file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Writes a value's exact bytes.
pub(crate) fn run(global: &Global, args: &GetArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let mut options = GetOptions::new();
    if let Some(version) = &args.version {
        options = options.version(input::version(version));
    }
    if args.include_expired {
        options = options.include_expired();
    }
    if args.fresh {
        options = options.fresh();
    }
    if let Some(path) = &args.out {
        session::spare_own_files(global, path)?;
    }
    let manager = session::open(global, Access::Look)?;
    let secret = manager
        .get_with(&key, options)?
        .ok_or_else(|| session::missing(&key, args.version.as_deref()))?;
    match &args.out {
        Some(path) => output::value_to_file(path, secret.value.expose()),
        None => output::value(secret.value.expose()),
    }
}
