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

/// What stands in a script where the command's path belongs.
const PLACE: &str = "strongroom_own_path";

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
    let path = own_path()?;
    // A plain word, which every shell's script takes as it is; ours for it are safe wherever the command lies.
    let (place, word, quoted) = match args.shell {
        Shell::Bash => (PLACE, format!("\"{PLACE}\""), posix(&path)),
        Shell::Zsh => (PLACE, PLACE.to_owned(), posix(&path)),
        Shell::Elvish => (PLACE, PLACE.to_owned(), doubled(&path, &['\''])),
        Shell::PowerShell => (PLACE, PLACE.to_owned(), powershell(&path)),
        // Fish reads it twice, and its script is quoted for that.
        _ => (&path[..], PLACE.to_owned(), PLACE.to_owned()),
    };
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "strongroom", "strongroom", place, &mut script)
        .map_err(|error| local(&error, "cannot write the script"))?;
    let mut script = String::from_utf8_lossy(&script).replace(&word, &quoted);
    if args.shell == Shell::Bash {
        script.push_str(BASH_WORDS);
    }
    output::bytes(script.as_bytes())
}

/// As one word of a POSIX shell, in which nothing has a meaning.
fn posix(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// In single quotes; a quote among it stands twice.
fn doubled(path: &str, quotes: &[char]) -> String {
    let mut word = String::from("'");
    for c in path.chars() {
        word.push(c);
        if quotes.contains(&c) {
            word.push(c);
        }
    }
    word.push('\'');
    word
}

/// PowerShell takes typographic quotes for its own, and the word stands in a text that is expanded once before.
fn powershell(path: &str) -> String {
    let word = doubled(path, &['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}']);
    word.replace('`', "``").replace('$', "`$")
}

/// The command as it was called; where that was by a path, from the root, so that it is found from any folder.
fn own_path() -> Result<String, Failure> {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_else(|| "strongroom".into()));
    let path = match std::env::current_dir() {
        Ok(folder) if called.components().count() > 1 => folder.join(called),
        _ => called,
    };
    match path.into_os_string().into_string() {
        Ok(path) if !path.contains(char::is_control) => Ok(path),
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            "the path of this command has signs that no script can hold",
        )
        .with_help("call it by its name, from the PATH, or move it to another folder")
        .into()),
    }
}
