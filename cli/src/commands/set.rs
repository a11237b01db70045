//! `strongroom set`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use strongroom::{Result, Secret, SecretKey, SecretMetadata, SecretValue, SetOptions};

use crate::args::{Global, MetadataArgs};
use crate::assignments::{self, Reading, Words};
use crate::commands::{tell_made, written};
use crate::failure::{Failure, report};
use crate::input::{self, Source};
use crate::output;
use crate::session;

const EXAMPLES: &str = "\
Examples:
  strongroom set API_KEY                         ask for the value, hidden
  pass show api | strongroom set org/acme/key    take it from stdin
  strongroom set TLS_KEY --from-file key.pem     take a file exactly as it is
  strongroom set A=1 B=2                         several at once; process listings
                                                 and shell histories show them";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetArgs {
    /// One key, or several `KEY=VALUE`
    // Bytes, not text: whatever stands behind the `=` is a value. What is refused here is never shown.
    #[arg(required = true, value_name = "KEY|KEY=VALUE", add = crate::completion::keys())]
    pub(crate) words: Vec<OsString>,
    /// Read the value from this file (`-` is stdin), exactly as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// Keep a newline at the end of stdin (one is dropped otherwise)
    #[arg(long, conflicts_with = "from_file")]
    pub(crate) raw: bool,
    /// The words are KEY=VALUE, and no notice about it is wanted
    #[arg(long, conflicts_with_all = ["from_file", "raw"])]
    pub(crate) insecure_arg: bool,
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

/// Sets secrets whose keys are written in full.
pub(crate) fn run(global: &Global, args: &SetArgs) -> Result<(), Failure> {
    set(global, args, SecretKey::parse)
}

/// Sets secrets; `key` reads one key. Everything that can be wrong with the arguments is told before a person is asked
/// for a value, and before anything is opened.
pub(crate) fn set(global: &Global, args: &SetArgs, key: impl Fn(&str) -> Result<SecretKey>) -> Result<(), Failure> {
    let reading = match args {
        SetArgs { insecure_arg: true, .. } => Reading::Pairs,
        SetArgs { from_file: Some(_), .. } | SetArgs { raw: true, .. } => Reading::Key,
        _ => Reading::open(),
    };
    let words = assignments::read(&args.words, reading, key)?;
    let metadata = input::metadata(&args.metadata)?;
    metadata.check()?;
    match words {
        Words::Key(key) => {
            let source = Source {
                file: args.from_file.as_deref(),
                raw: args.raw,
            };
            let value = input::value(key.as_str(), &source)?;
            input::check_empty(&value, args.allow_empty)?;
            one(global, args, &key, Secret::new(value).with_metadata(metadata))
        }
        Words::Pairs(pairs) => {
            for (key, value) in &pairs {
                input::check_empty(value, args.allow_empty).map_err(|error| error.with_key(key))?;
            }
            if pairs.len() > 1 && (args.if_absent || args.if_version.is_some()) {
                return Err(Failure::usage(
                    "`--if-absent` and `--if-version` go with one secret",
                    "set the secrets one by one",
                ));
            }
            if !args.insecure_arg {
                output::notice(
                    global,
                    "note: process listings and shell histories show arguments; a prompt, stdin or `--from-file` does not",
                );
            }
            several(global, args, pairs, &metadata)
        }
    }
}

fn one(global: &Global, args: &SetArgs, key: &SecretKey, secret: Secret) -> Result<(), Failure> {
    let mut options = SetOptions::new();
    if args.if_absent {
        options = options.if_absent();
    }
    if let Some(version) = &args.if_version {
        options = options.if_version(input::version(version));
    }
    let (manager, made) = session::open_or_make(global)?;
    tell_made(global, &manager, made)?;
    let outcome = manager.set_with(key, &secret, options)?;
    output::notice(global, &written(key, &outcome));
    Ok(())
}

/// All or none where the backend can; else each outcome is told, and the first failure gives the exit code.
fn several(
    global: &Global,
    args: &SetArgs,
    pairs: Vec<(SecretKey, SecretValue)>,
    metadata: &SecretMetadata,
) -> Result<(), Failure> {
    let mut entries: Vec<_> = pairs
        .into_iter()
        .map(|(key, value)| (key, Secret::new(value).with_metadata(metadata.clone())))
        .collect();
    if entries.len() == 1
        && let Some((key, secret)) = entries.pop()
    {
        return one(global, args, &key, secret);
    }
    let (manager, made) = session::open_or_make(global)?;
    tell_made(global, &manager, made)?;
    let outcome = manager.set_many(&entries)?;
    let mut first = None;
    for ((key, _), outcome) in entries.iter().zip(outcome.outcomes) {
        match outcome {
            Ok(outcome) => output::notice(global, &written(key, &outcome)),
            Err(error) => {
                let code = report(&error.with_key(key));
                first.get_or_insert(code);
            }
        }
    }
    first.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}
