//! `cargo xtask bench`: runs every benchmark and prints what they print.

mod c;
mod node;
mod python;
mod session;

use crate::Outcome;
use crate::run::{cargo, pass, root};
use crate::tools;

/// The names of the benchmarks of the C ABI and of the packages, beside those of `core/benches`.
const C: &str = "c";
const NODE: &str = "node";
const PYTHON: &str = "python";
/// The one of `core/benches` that fetches from servers.
const REMOTE: &str = "remote";

/// Runs every benchmark: those in `core/benches`, sorted by name, those of the C ABI and those of the packages
/// for Node.js and Python. Each prints rows of its own.
pub(crate) fn all() -> Outcome {
    let mut names = of_core()?;
    names.extend([C, NODE, PYTHON].map(str::to_owned));
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
    match name {
        C => return c::bench(),
        NODE => return node::bench(),
        PYTHON => return python::bench(),
        _ => {}
    }
    let known = of_core()?;
    if !known.iter().any(|known| known == name) {
        return Err(format!(
            "there is no benchmark `{name}`, but {}, {C}, {NODE}, {PYTHON}",
            known.join(", ")
        ));
    }
    if name == REMOTE {
        tools::servers()?;
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
