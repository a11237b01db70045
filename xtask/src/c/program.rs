//! How a program of tests/c is run, and what it counts.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use super::Arguments;
use super::compile::plain;
use crate::Outcome;
use crate::header::SYMBOLS;
use crate::run::{in_home, logged, root, target};

/// Ends with 99 where valgrind found something.
const VALGRIND: [&str; 5] = [
    "-q",
    "--leak-check=full",
    // What is only possibly lost is no error and would stand behind the program's last line.
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
    "--error-exitcode=99",
];

/// What a program has counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) checks: u64,
    pub(super) skipped: Vec<String>,
}

impl Counted {
    pub(super) fn one() -> Self {
        Self {
            checks: 1,
            skipped: Vec::new(),
        }
    }
}

/// Runs it in a folder of its own, which is its home too.
pub(super) fn run(program: &Path, name: &str, arguments: &Arguments, with_valgrind: bool) -> Outcome<Counted> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut command = if with_valgrind {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(VALGRIND);
        valgrind.arg(program);
        valgrind
    } else {
        Command::new(program)
    };
    match arguments {
        Arguments::Folder => command.arg(folder.path()),
        Arguments::Random(operations, seed) => {
            let seed = seed.as_ref().map(u64::to_string);
            command.arg(folder.path()).arg(operations.to_string()).args(seed)
        }
        Arguments::Vectors(report) => {
            let parent = report.parent().unwrap_or(report);
            fs::create_dir_all(parent).map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
            command.arg(root().join("tests/vectors")).arg(folder.path()).arg(report)
        }
    };
    in_home(&mut command, folder.path());
    for name in ["CONFIG", "DATA", "STATE", "CACHE"] {
        command.env(format!("XDG_{name}_HOME"), folder.path().join(name.to_lowercase()));
    }
    // For the program that calls every function, to know that it does.
    command.env("STRONGROOM_SYMBOLS", root().join(SYMBOLS));
    command.env("XDG_RUNTIME_DIR", folder.path().join("runtime"));
    command.env("ASAN_OPTIONS", "detect_leaks=1").current_dir(folder.path());

    let logs = target().join("c/logs");
    let log = logs.join(format!("{}.log", plain(name)));
    fs::create_dir_all(&logs).map_err(|error| format!("cannot make {}: {error}", logs.display()))?;
    let file = File::create(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let status = logged(&mut command, &file)?;
    let said = fs::read(&log).map_err(|error| format!("cannot read {}: {error}", log.display()))?;
    let said = String::from_utf8_lossy(&said);
    if !status.success() {
        return Err(format!("it ended with {status}\n{said}"));
    }
    counted(&said).ok_or_else(|| format!("its last line does not count its checks\n{said}"))
}

fn counted(said: &str) -> Option<Counted> {
    let checks = said.lines().last()?.strip_suffix(" checks passed")?.parse().ok()?;
    let skipped = said.lines().filter_map(|line| line.strip_prefix("skipped: "));
    Some(Counted {
        checks,
        skipped: skipped.map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let said = "something\nskipped: no network\n12 checks passed\n";
        let wanted = Counted {
            checks: 12,
            skipped: vec!["no network".to_owned()],
        };
        assert_eq!(counted(said), Some(wanted));
        assert_eq!(counted("12 checks passed\nmore\n"), None);
        assert_eq!(counted(""), None);
    }
}
