//! `cargo xtask bench`: runs every benchmark and prints what they print.

mod c;

use crate::Outcome;
use crate::run::{cargo, pass, root};

/// The name of the benchmarks of the C ABI, beside those of `core/benches`.
const C: &str = "c";

/// Runs every benchmark: those in `core/benches`, sorted by name, and those of the C ABI. Each prints rows of its own.
pub(crate) fn all() -> Outcome {
    let mut names = of_core()?;
    names.push(C.to_owned());
    let mut failed = Vec::new();
    for name in &names {
        if let Err(reason) = one(name) {
            eprintln!("{reason}");
            failed.push(name.as_str());
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("these benchmarks failed: {}", failed.join(", ")))
    }
}

/// Runs the benchmark of this name.
pub(crate) fn one(name: &str) -> Outcome {
    if name == C {
        return c::bench();
    }
    let known = of_core()?;
    if !known.iter().any(|known| known == name) {
        return Err(format!("there is no benchmark `{name}`, but {}, {C}", known.join(", ")));
    }
    println!("\n{name}");
    let mut command = cargo(["bench", "--quiet", "-p", "strongroom", "--features", "full,testing"]);
    pass(command.args(["--bench", name]))
}

fn of_core() -> Outcome<Vec<String>> {
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
    Ok(names)
}
