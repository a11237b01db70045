//! `strongroom delete`

use clap::Args;
use strongroom::DeleteOptions;

use crate::args::Global;
use crate::failure::{Failure, report};
use crate::output;
use crate::session::{self, Create};

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct DeleteArgs {
    /// The keys
    #[arg(required = true, value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Do not mind where there is no such secret
    #[arg(long)]
    pub(crate) missing_ok: bool,
}

/// Removes secrets with their history. A wrong key among them stops before the first; an error of one secret does not
/// stop the others, and the first one gives the exit code.
pub(crate) fn run(global: &Global, args: &DeleteArgs) -> Result<(), Failure> {
    let keys = args
        .keys
        .iter()
        .map(|text| session::key(text))
        .collect::<Result<Vec<_>, _>>()?;
    let manager = session::open(global, Create::Never)?;
    let mut first = None;
    for key in &keys {
        let options = if args.missing_ok {
            DeleteOptions::new().missing_ok()
        } else {
            DeleteOptions::new()
        };
        match manager.delete_with(key, options) {
            Ok(()) => output::notice(global, &format!("deleted {key}")),
            Err(error) => {
                let code = report(&error);
                first.get_or_insert(code);
            }
        }
    }
    first.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}
