//! The benchmarks of the Python package: `bindings/python/bench` with the wheel as it is shipped, beside what else Python
//! programs read secrets with.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::session;
use crate::Outcome;
use crate::python;
use crate::run::{pass, root, target};
use crate::tools;

/// Runs them all.
pub(super) fn bench() -> Outcome {
    if !cfg!(target_os = "linux") {
        println!("\n## Python\n\nnot measured: `wheel` makes wheels for Linux only, so far");
        return Ok(());
    }
    let wheel = python::build()?;
    let sources = root().join("bindings/python/bench");
    let rows = target().join("bench");
    let folder = rows.join("python");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    // On the disk of the build, because a folder for temporary files may lie in memory.
    let stores = tempfile::TempDir::with_prefix_in("stores-", &folder);
    let stores = stores.map_err(|error| format!("cannot make a folder for stores: {error}"))?;
    let python = tools::venv(&folder.join("venv"))?;
    let install = |arguments: &[&str], what: &Path| pass(tools::pip(&python).arg("install").args(arguments).arg(what));
    install(&["--requirement"], &sources.join("requirements.txt"))?;
    install(&["--force-reinstall", "--no-deps"], &wheel)?;
    let run = sources.join("run.py");
    let arguments = [&run, Path::new("--stores"), stores.path(), Path::new("--rows"), &rows];
    match session::tools() {
        Ok(()) => session::run(&python, &arguments),
        Err(reason) => {
            println!("\nwithout a keyring: {reason}");
            pass(
                Command::new(&python)
                    .args(arguments)
                    .env_remove("DBUS_SESSION_BUS_ADDRESS"),
            )
        }
    }
}
