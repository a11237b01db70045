//! The benchmarks of the C ABI: programs of tests/c/bench against the library as it is shipped, beside floors that
//! tests/c/bench/floor exports.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::session;
use crate::Outcome;
use crate::dist;
use crate::run::{cargo, pass, root, target};
use crate::tools;

const FLOOR: &str = "libstrongroom_floor.so";
const FLAGS: [&str; 7] = [
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
    "-pthread",
];
/// Runs them all.
pub(super) fn bench() -> Outcome {
    if !cfg!(target_os = "linux") {
        println!("\n## C ABI\n\nnot measured: `dist` makes libraries for Linux only, so far");
        return Ok(());
    }
    let place = Place::new()?;
    build(&place)?;
    let library = dist::shared_library(&place.prefix);
    pass(ready(&place.program("loading", None)?).args([&library, &place.reports]))?;
    let shipped = place.prefix.join("lib");
    let cached = place.program("cached", Some(&shipped))?;
    pass(ready(&cached).args([place.stores.path(), &place.reports]))?;
    let waiting = place.program("waiting", Some(&place.testing))?;
    pass(ready(&waiting).arg(&place.reports))?;
    match keyring_tools() {
        Ok(()) => keyring(&place, &shipped),
        Err(reason) => {
            println!("\n## C ABI: keyring\n\nnot measured: {reason}");
            Ok(())
        }
    }
}

/// Where everything is.
struct Place {
    /// An installed library, as a user has it.
    prefix: PathBuf,
    /// The folder of the library with the feature `testing`.
    testing: PathBuf,
    /// The folder of the floors.
    floor: PathBuf,
    /// Where benchmarks leave their rows.
    reports: PathBuf,
    /// Where stores are made: on the disk of the build, because a folder for temporary files may lie in memory.
    stores: tempfile::TempDir,
}

impl Place {
    fn new() -> Outcome<Self> {
        let reports = target().join("bench");
        let folder = reports.join("c");
        let place = Self {
            prefix: folder.join("prefix"),
            testing: folder.join("testing"),
            floor: folder.join("floor"),
            stores: {
                fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
                let made = tempfile::TempDir::with_prefix_in("stores-", &folder);
                made.map_err(|error| format!("cannot make a folder for stores: {error}"))?
            },
            reports,
        };
        for folder in [&place.testing, &place.floor] {
            fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        Ok(place)
    }

    /// Compiles a program; with the library of a folder, and then with the floors, or without.
    fn program(&self, name: &str, library: Option<&Path>) -> Outcome<PathBuf> {
        let sources = root().join("tests/c/bench");
        let program = self.reports.join("c").join(name);
        let mut command = Command::new("cc");
        command.args(FLAGS).arg("-I").arg(self.prefix.join("include"));
        command.args([name, "bench", "report"].map(|file| sources.join(format!("{file}.c"))));
        if let Some(library) = library {
            command.arg(sources.join("store.c"));
            for (folder, name) in [(library, "strongroom"), (self.floor.as_path(), "strongroom_floor")] {
                command.arg("-L").arg(folder).arg(format!("-l{name}"));
                command.arg(format!("-Wl,-rpath,{}", folder.display()));
            }
        }
        if name == "keyring" {
            command.args(pkg_config("libsecret-1")?);
        }
        pass(command.arg("-ldl").arg("-o").arg(&program))?;
        Ok(program)
    }
}

/// A program that finds the libraries it was linked with: where cargo runs us, it names the folder of the debug builds.
fn ready(file: &Path) -> Command {
    let mut command = Command::new(file);
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Builds the floors and both libraries. The one that ships comes last, so that it is what is left in cargo's folder.
fn build(place: &Place) -> Outcome {
    let mut command = cargo(["build", "--quiet", "--release", "--lib", "--no-default-features"]);
    command.args(["-p", "strongroom-ffi", "-p", "strongroom-bench-floor"]);
    pass(command.args(["--features", "strongroom-ffi/full,strongroom-ffi/testing"]))?;
    let built = target().join("release");
    copy(&built.join(FLOOR), &place.floor.join(FLOOR))?;
    // The linker looks for the one name, the program for the other.
    let (link, library) = (
        place.testing.join("libstrongroom.so"),
        dist::shared_library(&place.prefix),
    );
    let name = library.file_name().unwrap_or_default();
    copy(&built.join("libstrongroom.so"), &place.testing.join(name))?;
    let _ = fs::remove_file(&link);
    symlink(name, &link).map_err(|error| format!("cannot link {}: {error}", link.display()))?;
    let prefix = place.prefix.to_string_lossy();
    dist::dist(&["--prefix", &prefix])
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let cannot = |error: std::io::Error| format!("cannot copy {} to {}: {error}", from.display(), to.display());
    fs::copy(from, to).map_err(cannot)?;
    Ok(())
}

fn keyring_tools() -> Outcome {
    session::tools()?;
    tools::module("libsecret-1", "libsecret-1-dev")
}

/// Runs the comparison with libsecret in a private session.
fn keyring(place: &Place, library: &Path) -> Outcome {
    let program = place.program("keyring", Some(library))?;
    session::run(&program, &[place.stores.path(), &place.reports])
}

/// What the compiler is to be told to use a library of the system.
fn pkg_config(module: &str) -> Outcome<Vec<String>> {
    let output = Command::new("pkg-config").args(["--cflags", "--libs", module]).output();
    let output = output.map_err(|error| format!("cannot run pkg-config: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
