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

/// Bash splits words at `@`, `=` and `:` too, and replaces only what stands behind the last of them, an `@` included.
/// Keys with a target and `--app=NAME` are one word to us.
const BASH_WORDS: &str = r#"
_strongroom() {
    local line="${COMP_LINE:0:COMP_POINT}" words current kept breaks="" sign
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local COMP_CWORD=$((${#words[@]} - 1))
    local COMP_WORDS=("${words[@]}")
    current="${words[COMP_CWORD]}"
    _clap_complete_strongroom "$1" "$current" "$3"
    for sign in @ = :; do
        [[ $COMP_WORDBREAKS == *$sign* ]] && breaks+=$sign
    done
    if [[ -n $breaks && $current == *[$breaks]* ]]; then
        kept="${current%"${current##*[$breaks]}"}"
        COMPREPLY=("${COMPREPLY[@]#"${kept%@}"}")
    fi
}
complete -o nospace -o bashdefault -F _strongroom strongroom
"#;

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
    if args.shell == Shell::Bash {
        script.extend_from_slice(BASH_WORDS.as_bytes());
    }
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
