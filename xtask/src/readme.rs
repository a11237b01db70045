//! README's shell blocks are commands that work: they are run.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::run::{cli, in_home, read, root};

pub(crate) const PATH: &str = "README.md";

/// Runs every block that is marked `sh`, in the order of the page and in one temporary home. A block that is not to be
/// run (installation, this very command) is marked `sh ignore` or `console`, one for C or C++ `sh dist`, `sh c`, `sh cpp`, `sh cmake`
/// (see `quickstarts`), which compile the blocks that are marked `c` and `cpp`.
pub(crate) fn run_shell_blocks() -> Outcome {
    let found = blocks(&read(&root().join(PATH))?, "sh");
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let programs = cli();
    let folder = programs.parent().ok_or("the command has no folder")?;
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    for block in &found {
        block.run(home.path(), home.path(), |shell| {
            shell.env("PATH", &path);
        })?;
    }
    println!("{} shell blocks of {PATH} ran", found.len());
    Ok(())
}

/// A block of the page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The number of its first line.
    line: usize,
    text: String,
}

impl Block {
    /// Runs it in a folder, with a home, and whatever else the command needs.
    pub(crate) fn run(&self, folder: &Path, home: &Path, prepare: impl FnOnce(&mut Command)) -> Outcome {
        let mut shell = Command::new("sh");
        in_home(&mut shell, home);
        shell.args(["-eu", "-c", &self.text]).current_dir(folder);
        prepare(&mut shell);
        let output = shell.output().map_err(|error| format!("cannot run sh: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!(
            "the block at {PATH}:{} failed ({}): {}",
            self.line,
            output.status,
            String::from_utf8_lossy(&said)
        ))
    }

    /// Saves it as a file.
    pub(crate) fn save(&self, file: &Path) -> Outcome {
        std::fs::write(file, &self.text).map_err(|error| format!("cannot write {}: {error}", file.display()))
    }
}

/// The one block of README of a kind.
pub(crate) fn one_block(page: &str, kind: &str) -> Outcome<Block> {
    let mut found = blocks(page, kind).into_iter();
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(block),
        _ => Err(format!("{PATH} has not exactly one block marked `{kind}`")),
    }
}

/// The blocks of a kind.
pub(crate) fn blocks(page: &str, wanted: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines
            .by_ref()
            .map(|(line, _)| line)
            .take_while(|line| *line != "```")
            .collect();
        if kind == wanted {
            blocks.push(Block {
                line: number,
                text: body.join("\n"),
            });
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_of_the_kind_are_run() {
        let page = "text\n```sh\na\nb\n```\n```sh ignore\nc\n```\n```rust\n// ```sh\n```\n```sh\nd\n```\n";
        let block = |line, text: &str| Block {
            line,
            text: text.to_owned(),
        };
        assert_eq!(blocks(page, "sh"), [block(2, "a\nb"), block(12, "d")]);
        assert_eq!(blocks(page, "sh ignore"), [block(6, "c")]);
    }
}
