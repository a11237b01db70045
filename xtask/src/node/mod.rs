//! The Node.js package: the suites that run it as it is staged, its types, its format.

mod npm;
mod package;
mod sources;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use npm::{Packages, check_manifests, npm};
pub(crate) use package::package;
pub(crate) use tools::{node, npm as npm_program, packages};

use crate::Outcome;
use crate::run::{cargo, copy, copy_folder, empty, files, in_home, pass, quiet, root, target};
use crate::suites::FEATURES;
use crate::{c, parity};

/// The package: its manifests, sources and tests.
const PACKAGE: &str = "bindings/node";
/// The native half, as it lies in the package where it was built there.
const NATIVE: &str = "strongroom.node";
/// Tells tests where the repository is: they run in a copy of the package.
const REPOSITORY: &str = "STRONGROOM_REPOSITORY";
/// The folder of the tests of threads, forks, signals and ends.
const ROBUST: &str = "robust";
/// What the type checker must accept, but for the lines that say that it must not.
const TYPES: &str = "tests/types";
/// What is formatted and linted.
const SOURCES: [&str; 2] = ["bindings/node", "examples/quickstart/node"];

/// What the suites run with.
pub(crate) struct Environment {
    types: tools::TypeChecker,
    /// Later versions are stricter with threads and ends.
    later: Vec<(String, PathBuf)>,
}

/// Installs what the suites run with.
pub(crate) fn environment() -> Outcome<Environment> {
    node()?;
    Ok(Environment {
        types: tools::TypeChecker::installed()?,
        later: tools::later()?,
    })
}

/// The package as the suites run it.
fn staged() -> PathBuf {
    target().join("node/stage")
}

/// Lays out the package of what the suites' one build has left.
pub(crate) fn stage() -> Outcome {
    let stage = staged();
    // A program that has the earlier one loaded keeps it: what is copied is another file.
    empty(&stage)?;
    let package = root().join(PACKAGE);
    for folder in ["lib", "bin", "tests"] {
        copy_folder(&package.join(folder), &stage.join(folder))?;
    }
    copy(&package.join("package.json"), &stage.join("package.json"))?;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = target().join("debug").join(format!("{prefix}strongroom_node{suffix}"));
    copy(&library, &stage.join(NATIVE))
}

/// The suites, and the commands of each.
pub(crate) fn suites(environment: &Environment) -> Outcome<Vec<(&'static str, Vec<Command>)>> {
    let all = tests(&staged().join("tests"))?;
    let mut suites = vec![("node", vec![run_tests(Path::new("node"), &all)])];
    suites.push(("node types", types(environment)));
    if let Some((_, newest)) = environment.later.last() {
        let robust = tests(&staged().join("tests").join(ROBUST))?;
        suites.push(("node (newest)", vec![run_tests(newest, &robust)]));
    }
    Ok(suites)
}

/// Whether types and modules have the same names, and what the types must accept and refuse.
fn types(environment: &Environment) -> Vec<Command> {
    let stage = staged();
    let mut names = node_in(Path::new("node"), &stage);
    names.arg(Path::new(TYPES).join("names.mjs"));
    let mut check = environment.types.check(&stage.join(TYPES));
    check.current_dir(&stage);
    vec![names, check]
}

/// `cargo xtask node`: the suites alone. With words only the tests: words that begin with `-` go to Node.js, of the others
/// one must be in the name of a file that is run.
pub(crate) fn alone(words: &[&str]) -> Outcome {
    let mut build = cargo(["build", "--quiet", "--workspace", "--lib", "--bins"]);
    pass(build.args(FEATURES))?;
    c::install()?;
    let environment = environment()?;
    stage()?;
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let run = |mut command: Command| {
        in_home(&mut command, home.path());
        command.env(parity::FOLDER, parity::folder());
        pass(&mut command).err()
    };
    let failed: Vec<_> = if words.is_empty() {
        let suites = suites(&environment)?.into_iter();
        suites.flat_map(|(_, commands)| commands).filter_map(run).collect()
    } else {
        let (flags, parts): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
        let mut chosen = tests(&staged().join("tests"))?;
        chosen.retain(|file| parts.is_empty() || parts.iter().any(|part| file.to_string_lossy().contains(part)));
        if chosen.is_empty() {
            return Err(format!("no file of tests has {} in its name", parts.join(" or ")));
        }
        let mut command = node_in(Path::new("node"), &staged());
        command.args(flags).args(RUNNER).args(chosen);
        run(command).into_iter().collect()
    };
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

/// How tests are run; `suites` reads what this reporter says. A test that takes ten minutes hangs.
const RUNNER: [&str; 3] = ["--test", "--test-reporter=spec", "--test-timeout=600000"];

fn run_tests(node: &Path, files: &[PathBuf]) -> Command {
    let mut command = node_in(node, &staged());
    command.args(RUNNER).args(files);
    command
}

fn node_in(node: &Path, folder: &Path) -> Command {
    let mut command = Command::new(node);
    command.current_dir(folder).env(REPOSITORY, root());
    command
}

/// The tests in a folder of the package, named from the package. There are some: without any name Node.js would look for
/// them itself.
fn tests(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let is_test = |file: &Path| {
        let name = file.to_string_lossy();
        name.ends_with(".test.js") || name.ends_with(".test.mjs")
    };
    let mut found = files(folder)?;
    found.retain(|file| is_test(file));
    if found.is_empty() {
        return Err(format!("{} has no tests", folder.display()));
    }
    let stage = staged();
    Ok(found
        .iter()
        .map(|file| file.strip_prefix(&stage).unwrap_or(file).to_owned())
        .collect())
}

/// Formats JavaScript and TypeScript, or judges its format; and lints it.
pub(crate) fn lint(fix: bool) -> Outcome {
    node()?;
    let mut biome = tools::biome()?;
    biome.args(["check", "--error-on-warnings", "--colors=off"]);
    if fix {
        biome.arg("--write");
    }
    let sources = SOURCES.iter().filter(|folder| root().join(folder).exists());
    quiet(biome.args(sources).current_dir(root())).map(|_| ())
}
