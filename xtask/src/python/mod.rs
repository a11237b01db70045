//! The Python package: its wheels, and the suites that run what was installed from them.

mod everywhere;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use everywhere::everywhere;
pub(crate) use wheel::{build, wheel};

use crate::Outcome;
use crate::readme::{self, blocks};
use crate::run::{cargo, empty, in_home, pass, quiet, read, root, target};
use crate::suites::FEATURES;
use crate::{c, dist, tools};

const TESTS: &str = "bindings/python/tests";
const CONFIGURATION: &str = "bindings/python/pyproject.toml";
/// What the tests of threads, forks, signals and ends are run with.
const ROBUST_NEEDS: [&str; 3] = ["pytest", "anyio", "uvloop"];
/// Programs that users copy from, and that are type-checked like the package.
const QUICKSTART: &str = "examples/quickstart/python/main.py";
/// The pages with Python that is type-checked.
const PAGES: [&str; 2] = [readme::PATH, "bindings/python/README.md"];

/// Where the suites run.
pub(crate) struct Environments {
    /// The Python that has all that the tests need.
    python: PathBuf,
    /// The newest one of this machine, where that is another: later versions are stricter with threads, forks and ends.
    newest: Option<PathBuf>,
}

/// Makes the suites' environments anew, without the package.
pub(crate) fn environments() -> Outcome<Environments> {
    let folder = target().join("venv-python");
    empty(&folder)?;
    let python = tools::venv(&folder)?;
    let requirements = root().join(TESTS).join("requirements.txt");
    pass(
        tools::pip(&python)
            .args(["install", "--requirement"])
            .arg(&requirements),
    )?;
    let newest = match everywhere::newer_than(&python) {
        None => None,
        Some(interpreter) => {
            let newest = everywhere::bare(&interpreter, &target().join("venv-python-newest"))?;
            let mut install = everywhere::pip_for(&newest)?;
            install
                .args(["install", "--constraint"])
                .arg(&requirements)
                .args(ROBUST_NEEDS);
            pass(&mut install)?;
            Some(newest)
        }
    };
    Ok(Environments { python, newest })
}

/// Installs what the suites' one build has left.
pub(crate) fn install(environments: &Environments) -> Outcome {
    let wheel = wheel::of_suites()?;
    // It comes without dependencies: whatever it needed would be missing here.
    let words = ["install", "--force-reinstall", "--no-index"];
    pass(tools::pip(&environments.python).args(words).arg(&wheel))?;
    match &environments.newest {
        Some(newest) => pass(everywhere::pip_for(newest)?.args(words).arg(&wheel)),
        None => Ok(()),
    }
}

/// The suites that run in the environments, and the commands of each.
pub(crate) fn suites(environments: &Environments) -> Outcome<Vec<(&'static str, Vec<Command>)>> {
    let python = &environments.python;
    let mut suites = vec![("python", vec![pytest(python)]), ("python types", type_checks(python)?)];
    if let Some(newest) = &environments.newest {
        let mut robust = pytest(newest);
        robust.arg("robust");
        suites.push(("python (newest)", vec![robust]));
    }
    Ok(suites)
}

/// `cargo xtask python`: the suites alone; words go to pytest, and then nothing else is run.
pub(crate) fn alone(words: &[&str]) -> Outcome {
    let mut build = cargo(["build", "--quiet", "--workspace", "--lib", "--bins"]);
    pass(build.args(FEATURES))?;
    c::install()?;
    let environments = environments()?;
    install(&environments)?;
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut failed = Vec::new();
    for (_, commands) in suites(&environments)? {
        for mut command in commands {
            in_home(&mut command, home.path());
            failed.extend(pass(command.args(words)).err());
        }
        if !words.is_empty() {
            break;
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

fn python_in(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    // Nothing that one run leaves behind may change the next, or lie in the repository.
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn pytest(python: &Path) -> Command {
    let mut pytest = python_in(python, &root().join(TESTS));
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider"]);
    // What some tests load besides, in the same process.
    pytest.env("STRONGROOM_LIBRARY", dist::shared_library(&c::prefix()));
    pytest
}

/// The package as a strict checker sees it, what users copy, and whether the stubs are what the module has.
fn type_checks(python: &Path) -> Outcome<Vec<Command>> {
    let folder = target().join("python/types");
    empty(&folder)?;
    let mut copied = vec![root().join(QUICKSTART)];
    for page in PAGES {
        for (block, number) in blocks(&read(&root().join(page))?, "python").iter().zip(1..) {
            let name = page.replace(['/', '.'], "_");
            let file = folder.join(format!("{name}_{number}.py"));
            block.save(&file)?;
            copied.push(file);
        }
    }
    let configuration = root().join(CONFIGURATION);
    let checked = |what: &[PathBuf]| {
        let mut mypy = python_in(python, &folder);
        mypy.args(["-m", "mypy", "--strict", "--config-file"])
            .arg(&configuration);
        mypy.args(["--cache-dir", ".mypy_cache"]).args(what);
        mypy
    };
    let mut package = checked(&[]);
    package.args(["--package", "strongroom"]);
    let mut stubs = python_in(python, &folder);
    stubs.args(["-m", "mypy.stubtest", "strongroom._native", "--ignore-unused-allowlist"]);
    stubs
        .arg("--allowlist")
        .arg(root().join(TESTS).join("packaging/not-in-stubs.txt"));
    stubs.arg("--mypy-config-file").arg(&configuration);
    Ok(vec![package, checked(&copied), stubs])
}

/// Formats Python, or judges its format; and lints it.
pub(crate) fn lint(fix: bool) -> Outcome {
    let (ruff, _) = tools::python_tool(tools::RUFF)?;
    let run = |words: &[&str]| {
        let mut command = Command::new(&ruff);
        command.args(words).arg("--config").arg(root().join(CONFIGURATION));
        command.args(["--no-cache", "bindings/python", "examples/quickstart/python"]);
        quiet(command.current_dir(root())).map(|_| ())
    };
    if fix {
        // Imports first: what is moved is formatted after.
        run(&["check", "--quiet", "--fix"])?;
        return run(&["format", "--quiet"]);
    }
    run(&["format", "--quiet", "--diff"])?;
    run(&["check", "--output-format", "concise"])
}
