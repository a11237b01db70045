//! `strongroom export`

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use strongroom::transfer::{Export, ExportOptions};
use strongroom::{ErrorKind, SecretScope};

use crate::args::Global;
use crate::document_format::{DialectArg, FormatArg, fernet_keys, of_file};
use crate::failure::Failure;
use crate::session::{self, Access};
use crate::{output, terminal};

const EXAMPLES: &str = "\
Examples:
  strongroom export --to .env --scope app/web    a file of your own alone
  strongroom export --format json | jq keys      to a pipe
  eval \"$(strongroom export --format env A B)\"   into a shell
  strongroom export --format dotenv --dialect node";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// Exactly these secrets; without any, all
    #[arg(value_name = "KEY", add = crate::completion::keys(), conflicts_with_all = ["scope", "prefix"])]
    pub(crate) keys: Vec<String>,
    /// The form of the document; where it is not given, the name of the file tells
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,
    /// Who is to read a dotenv file; `common` is for all of them
    #[arg(long, value_name = "DIALECT", default_value = "common")]
    pub(crate) dialect: DialectArg,
    /// Write to this file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Replace the file where there is one
    #[arg(long, requires = "to")]
    pub(crate) force: bool,
    /// Only secrets of this scope, such as `global` or `org/acme`
    #[arg(long, value_name = "SCOPE", add = crate::completion::scopes())]
    pub(crate) scope: Option<String>,
    /// Only keys that begin so, such as `org/acme/db_`
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Names that tell the whole key (`ORG_ACME_API_KEY`)
    #[arg(long)]
    pub(crate) full_names: bool,
    /// Export expired secrets too; they are left out otherwise
    #[arg(long)]
    pub(crate) include_expired: bool,
    /// Fail where something would be left out: secrets, their metadata, names that are no variables
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not ask before values are shown on a terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The file with the keys for Fernet tokens; else the variable FERNET_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Exports secrets.
pub(crate) fn run(global: &Global, args: &ExportArgs) -> Result<(), Failure> {
    let options = options(args)?;
    check_target(args)?;
    if let Some(path) = &args.to {
        session::spare_own_files(global, path)?;
    }
    let manager = session::open(global, Access::Look)?;
    let export = manager.export(options)?;
    if asks(args) && !export.exported.is_empty() {
        let secrets = if export.exported.len() == 1 {
            "secret"
        } else {
            "secrets"
        };
        terminal::confirm(&format!(
            "Show the values of {} {secrets} to whoever sees this?",
            export.exported.len()
        ))?;
    }
    for skipped in &export.skipped {
        output::notice(global, &format!("skipped {} ({})", skipped.name, skipped.reason.word()));
    }
    tell_lost(global, &export);
    write(global, args, &export)
}

/// Says what an import of the document would not bring back.
fn tell_lost(global: &Global, export: &Export) {
    let told = |what: &str, words: Vec<String>| {
        if !words.is_empty() {
            output::notice(global, &format!("{} {what}: {}", words.len(), few(&words)));
        }
    };
    let escaped = export.exported.iter().filter(|secret| secret.escaped);
    told(
        "names were escaped, and an import takes them as they stand (`json` and `yaml` keep them)",
        escaped
            .map(|secret| format!("{} as {}", secret.key, secret.name))
            .collect(),
    );
    let lossy = export.exported.iter().filter(|secret| !secret.losses.is_empty());
    told(
        "secrets have more than a value, which is not in the document",
        lossy
            .map(|secret| {
                let losses: Vec<_> = secret.losses.iter().map(|loss| loss.word()).collect();
                format!("{} of {}", losses.join(", "), secret.key)
            })
            .collect(),
    );
}

/// As many words as a notice bears.
fn few(words: &[String]) -> String {
    const SHOWN: usize = 10;
    let first = words[..words.len().min(SHOWN)].join("; ");
    match words.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

fn options(args: &ExportArgs) -> Result<ExportOptions, Failure> {
    let format = of_file(args.format, args.to.as_deref())?;
    let mut options = ExportOptions::new(format.into()).dialect(args.dialect.into());
    if let Some(scope) = &args.scope {
        options = options.scope(SecretScope::parse(scope)?);
    }
    options.prefix.clone_from(&args.prefix);
    for key in &args.keys {
        options = options.key(session::key(key)?.as_str());
    }
    options.full_names = args.full_names;
    options.include_expired = args.include_expired;
    options.strict = args.strict;
    options.fernet_keys = fernet_keys(format, args.key_file.as_deref())?;
    Ok(options)
}

/// Whether values would show on a terminal, and nobody said yes.
fn asks(args: &ExportArgs) -> bool {
    args.to.is_none() && !args.yes && io::stdout().is_terminal()
}

/// Refuses before anything is opened or read.
fn check_target(args: &ExportArgs) -> Result<(), Failure> {
    if asks(args) && !terminal::is_there() {
        return Err(Failure::usage(
            "values are shown on a terminal only after a yes, and nobody can be asked",
            "give `--yes`, or `--to FILE`",
        ));
    }
    match &args.to {
        Some(path) if !args.force && fs::symlink_metadata(path).is_ok() => {
            let message = format!("there is a file `{}` already", path.display());
            Err(strongroom::Error::new(ErrorKind::Conflict, message)
                .with_help("name another file, or give `--force` to replace it")
                .into())
        }
        _ => Ok(()),
    }
}

fn write(global: &Global, args: &ExportArgs, export: &Export) -> Result<(), Failure> {
    let Some(path) = &args.to else {
        return output::bytes(export.document.expose());
    };
    output::value_to_file(path, export.document.expose())?;
    let count = export.exported.len();
    output::notice(global, &format!("exported {count} to {}", path.display()));
    Ok(())
}
