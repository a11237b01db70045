//! `strongroom delete`

use clap::Args;
use strongroom::{DeleteOptions, ErrorKind, SecretKey};

use crate::args::Global;
use crate::failure::{Failure, report};
use crate::session::{self, Access};
use crate::terminal;
use crate::{completion, input, output};

const EXAMPLES: &str = "\
Examples:
  strongroom delete API_KEY org/acme/old         remove two
  strongroom delete --missing-ok API_KEY         fine where it is gone already
  strongroom delete --soft API_KEY               Vault: `restore` brings it back
  strongroom delete --force API_KEY              AWS: without the days of recovery";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteArgs {
    /// The keys
    #[arg(required = true, value_name = "KEY", add = completion::keys())]
    pub(crate) keys: Vec<String>,
    /// Do not mind where there is no such secret
    #[arg(long)]
    pub(crate) missing_ok: bool,
    /// Remove the current version only, where the backend keeps what was removed
    #[arg(long, conflicts_with_all = ["force", "version"])]
    pub(crate) soft: bool,
    /// Remove for good, also where the backend would keep it for a while
    #[arg(long, conflicts_with = "version")]
    pub(crate) force: bool,
    /// Remove only the value of this version, for good
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Do not ask before several are removed
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Removes secrets with their history. A wrong key among them stops before the first.
pub(crate) fn run(global: &Global, args: &DeleteArgs) -> Result<(), Failure> {
    let keys = args
        .keys
        .iter()
        .map(|text| session::key(text))
        .collect::<Result<Vec<_>, _>>()?;
    if keys.len() > 1 && !args.yes && terminal::is_there() {
        terminal::confirm(&format!("Remove {} secrets with their history?", keys.len()))?;
    }
    let mut how = DeleteOptions::new();
    how.soft = args.soft;
    how.force = args.force;
    how.version = args.version.as_deref().map(input::version);
    remove(global, &keys, args.missing_ok, &how)
}

/// Removes the secrets; an error of one does not stop the others, and the first one gives the exit code.
pub(crate) fn remove(
    global: &Global,
    keys: &[SecretKey],
    missing_ok: bool,
    how: &DeleteOptions,
) -> Result<(), Failure> {
    let manager = session::open(global, Access::Change)?;
    let mut first = None;
    for key in keys {
        // Not the library's own option: it would not say which of the two happened.
        match manager.delete_with(key, how.clone()) {
            Ok(()) => output::notice(global, &format!("deleted {key}")),
            Err(error) if missing_ok && error.kind() == ErrorKind::NotFound => {
                output::notice(global, &format!("there was no such secret: {key}"));
            }
            Err(error) => {
                let code = report(&error);
                first.get_or_insert(code);
            }
        }
    }
    first.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}
