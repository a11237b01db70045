//! `strongroom resolve`

use std::path::PathBuf;

use clap::Args;
use strongroom::{Error, ErrorKind};

use crate::args::Global;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};

const EXAMPLES: &str = "\
Examples:
  strongroom resolve secret://org/acme/db#/password         a part of a JSON value
  strongroom resolve 'vault:team/app?version=2#token'       a field of another secret of Vault
  strongroom resolve aws:arn:aws:secretsmanager:…           a secret by its ARN

Schemes other than `secret` are followed only where the setting `references` allows them.";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResolveArgs {
    /// The reference: its scheme, what is there called so, and after `#` a part of it
    pub(crate) reference: String,
    /// Write to this file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Writes the exact bytes that a reference leads to.
pub(crate) fn run(global: &Global, args: &ResolveArgs) -> Result<(), Failure> {
    if let Some(path) = &args.out {
        session::spare_own_files(global, path)?;
    }
    let manager = session::open(global, Access::Look)?;
    let secret = manager
        .resolve(&args.reference)?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "the reference leads to nothing"))?;
    match &args.out {
        Some(path) => output::value_to_file(path, secret.value.expose()),
        None => output::value(secret.value.expose()),
    }
}
