//! `strongroom completions`

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;
use strongroom::{Error, ErrorKind};

use crate::completion::VARIABLE;
use crate::failure::{Failure, local};
use crate::output;

const EXAMPLES: &str = "\
Put one of these where your shell starts:
  bash        source <(strongroom completions bash)
  zsh         source <(strongroom completions zsh)
  fish        strongroom completions fish | source
  powershell  strongroom completions powershell | Out-String | Invoke-Expression
  elvish      eval (strongroom completions elvish | slurp)";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// Writes the script. It calls this very command, which then offers the names that are stored.
pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell.to_string())
        .ok_or_else(|| Error::from(ErrorKind::Internal))?;
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "strongroom", "strongroom", &own_path(), &mut script)
        .map_err(|error| local(&error, "cannot write the script"))?;
    output::text(&String::from_utf8_lossy(&script))
}

/// The command as it was called; where that was by a path, from the root, so that it is found from any folder.
fn own_path() -> String {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_else(|| "strongroom".into()));
    let path = match std::env::current_dir() {
        Ok(folder) if called.components().count() > 1 => folder.join(called),
        _ => called,
    };
    path.to_string_lossy().into_owned()
}
