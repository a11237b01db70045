//! README's shell blocks are commands that work: they are run.

use std::process::Command;

use crate::Outcome;
use crate::run::{cli, in_home, read, root};

pub(crate) const PATH: &str = "README.md";

/// Runs every block that is marked `sh`, in the order of the page and in one temporary home. A block that is not to be
/// run (installation, this very command) is marked `sh ignore` or `console`.
pub(crate) fn run_shell_blocks() -> Outcome {
    let blocks = shell_blocks(&read(&root().join(PATH))?);
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let programs = cli();
    let folder = programs.parent().ok_or("the command has no folder")?;
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    for (line, block) in &blocks {
        let mut shell = Command::new("sh");
        in_home(&mut shell, home.path());
        shell
            .args(["-eu", "-c", block])
            .env("PATH", &path)
            .current_dir(home.path());
        let output = shell.output().map_err(|error| format!("cannot run sh: {error}"))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "the block at {PATH}:{line} failed ({}): {stderr}",
                output.status
            ));
        }
    }
    println!("{} shell blocks of {PATH} ran", blocks.len());
    Ok(())
}

/// The blocks with the numbers of their first lines.
fn shell_blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines
            .by_ref()
            .map(|(line, _)| line)
            .take_while(|line| *line != "```")
            .collect();
        if kind == "sh" {
            blocks.push((number, body.join("\n")));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_marked_sh_are_run() {
        let page = "text\n```sh\na\nb\n```\n```sh ignore\nc\n```\n```rust\n// ```sh\n```\n```sh\nd\n```\n";
        assert_eq!(shell_blocks(page), [(2, "a\nb".to_owned()), (12, "d".to_owned())]);
    }
}
