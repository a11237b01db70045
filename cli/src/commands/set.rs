//! `strongroom set`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use strongroom::SetOptions;

use crate::args::{Global, MetadataArgs};
use crate::commands::{tell_made, written};
use crate::failure::Failure;
use crate::session;
use crate::{input, output};

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct SetArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    // Taken so that it can be refused without being shown: an argument is seen by every process of the machine.
    #[arg(hide = true, num_args = 0..)]
    pub(crate) refused: Vec<OsString>,
    /// Read the value from this file (`-` is stdin), exactly as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// Keep a newline at the end of stdin (one is dropped otherwise)
    #[arg(long, conflicts_with = "from_file")]
    pub(crate) raw: bool,
    /// Accept an empty value
    #[arg(long)]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    /// Only where there is no such secret yet
    #[arg(long, conflicts_with = "if_version")]
    pub(crate) if_absent: bool,
    /// Only where this is the current version
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<String>,
}

/// Sets a secret. Everything that can be wrong with the arguments is told before a person is asked for a value.
pub(crate) fn run(global: &Global, args: &SetArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let metadata = input::metadata(&args.metadata)?;
    metadata.check()?;
    let secret = strongroom::Secret::new(input::value(args)?).with_metadata(metadata);
    let mut options = SetOptions::new();
    if args.if_absent {
        options = options.if_absent();
    }
    if let Some(version) = &args.if_version {
        options = options.if_version(input::version(version));
    }
    let (manager, made) = session::open_or_make(global)?;
    tell_made(global, &manager, made)?;
    let outcome = manager.set_with(&key, &secret, options)?;
    output::notice(global, &written(&key, &outcome));
    Ok(())
}
