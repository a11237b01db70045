//! The benchmarks of the Node.js package: `bindings/node/bench` with the packages as they are shipped, beside what else
//! Node.js programs read secrets with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::session;
use crate::Outcome;
use crate::node::{self, Packages};
use crate::run::{copy_folder, pass, quiet, root, target};

/// What measures, and a manifest of what ours is measured beside.
const SOURCES: &str = "bindings/node/bench";

/// Runs them all.
pub(super) fn bench() -> Outcome {
    if !cfg!(target_os = "linux") {
        println!("\n## Node.js\n\nnot measured: `npm` makes packages for Linux only, so far");
        return Ok(());
    }
    node::npm(&[])?;
    let rows = target().join("bench");
    let folder = rows.join("node");
    let run = install(&folder, &Packages::made())?;
    // On the disk of the build, because a folder for temporary files may lie in memory.
    let stores = tempfile::TempDir::with_prefix_in("stores-", &folder);
    let stores = stores.map_err(|error| format!("cannot make a folder for stores: {error}"))?;
    let arguments = [run.as_path(), stores.path(), &rows];
    match session::tools() {
        Ok(()) => session::run(Path::new("node"), &arguments),
        Err(reason) => {
            println!("\nwithout a keyring: {reason}");
            pass(
                Command::new("node")
                    .args(arguments)
                    .env_remove("DBUS_SESSION_BUS_ADDRESS"),
            )
        }
    }
}

/// Installs all packages beside the programs, which find them as any program finds its own, and gives the one to run.
fn install(folder: &Path, packages: &Packages) -> Outcome<PathBuf> {
    // Of ours another build may be there under the same version.
    for ours in ["strongroom", "strongroom-linux-x64-gnu", ".package-lock.json"] {
        let earlier = folder.join("node_modules").join(ours);
        let removed = if earlier.is_dir() {
            fs::remove_dir_all(&earlier)
        } else if earlier.exists() {
            fs::remove_file(&earlier)
        } else {
            Ok(())
        };
        removed.map_err(|error| format!("cannot remove {}: {error}", earlier.display()))?;
    }
    copy_folder(&root().join(SOURCES), folder)?;
    let mut install = node::npm_program();
    // With its script, which fetches or builds keytar's native half. Where that fails there is no keytar.
    install.args(["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]);
    install.arg("--prefix").arg(folder);
    quiet(install.arg(&packages.main).arg(&packages.platform))?;
    Ok(folder.join("run.js"))
}
