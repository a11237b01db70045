//! The benchmarks of the Node.js package: `bindings/node/bench` with the package as it is shipped, beside what else Node.js
//! programs read secrets with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::session;
use crate::Outcome;
use crate::run::{cargo, files, pass, quiet, root, target};
use crate::tools;

/// The package: its manifest, its JavaScript, and what measures it.
const PACKAGE: &str = "bindings/node";
/// The native half, as the package has it where it was built there.
const NATIVE: &str = "strongroom.node";

/// Runs them all.
pub(super) fn bench() -> Outcome {
    if !cfg!(target_os = "linux") {
        println!("\n## Node.js\n\nnot measured: the keyrings that it is measured beside are those of Linux");
        return Ok(());
    }
    tools::system("node", "nodejs")?;
    tools::system("npm", "npm")?;
    let rows = target().join("bench");
    let folder = rows.join("node");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let run = prepare(&folder)?;
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
fn prepare(folder: &Path) -> Outcome<PathBuf> {
    let sources = root().join(PACKAGE);
    copy_all(&sources.join("bench"), folder)?;
    let mut install = Command::new("npm");
    // The scripts of what is installed fetch the built half of keytar.
    install.args(["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]);
    quiet(install.arg("--prefix").arg(folder))?;
    let mut build = cargo(["build", "--quiet", "--release", "-p", "strongroom-node"]);
    pass(build.args(["--no-default-features", "--features", "strongroom-node/full"]))?;
    let ours = folder.join("node_modules/strongroom");
    copy_all(&sources.join("lib"), &ours.join("lib"))?;
    copy(&sources.join("package.json"), &ours.join("package.json"))?;
    copy(&target().join("release/libstrongroom_node.so"), &ours.join(NATIVE))?;
    Ok(folder.join("run.js"))
}

/// Copies what is in a folder.
fn copy_all(from: &Path, to: &Path) -> Outcome {
    for file in files(from)? {
        let name = file.strip_prefix(from).map_err(|error| error.to_string())?;
        copy(&file, &to.join(name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let cannot = |error: std::io::Error| format!("cannot copy {} to {}: {error}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    fs::copy(from, to).map_err(cannot)?;
    Ok(())
}
