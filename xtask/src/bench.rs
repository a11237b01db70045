//! `cargo xtask bench`: runs every benchmark of the core and prints what they print.

use crate::Outcome;
use crate::run::{cargo, pass, root};

/// Runs the benchmarks in `core/benches`, sorted by name. Each prints rows of its own.
pub(crate) fn bench() -> Outcome {
    let folder = root().join("core/benches");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            entry
                .ok()?
                .path()
                .file_name()?
                .to_str()?
                .strip_suffix(".rs")
                .map(str::to_owned)
        })
        .collect();
    names.sort();
    let mut failed = Vec::new();
    for name in &names {
        println!("\n{name}");
        let mut command = cargo(["bench", "--quiet", "-p", "strongroom", "--features", "full,testing"]);
        if pass(command.args(["--bench", name])).is_err() {
            failed.push(name.as_str());
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("these benchmarks failed: {}", failed.join(", ")))
    }
}
