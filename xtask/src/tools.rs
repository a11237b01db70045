//! Tools that the suites need, installed where they are missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::node;
use crate::run::{cargo, copy, pass, read, root, target};

const CARGO_DENY: &str = "0.20.2";
/// What the second reader of the store's format is written with; one exact version.
const CRYPTOGRAPHY: &str = "cryptography==50.0.2";
/// What makes wheels; the same version stands in `bindings/python/pyproject.toml`.
pub(crate) const MATURIN: &str = "maturin==1.16.0";
/// What packs the wheel that the suites install.
pub(crate) const WHEEL: &str = "wheel==0.48.0";
/// What formats and lints Python.
pub(crate) const RUFF: &str = "ruff==0.17.6";

/// The readers of `.env` files that our documents are checked with; one exact version each. That of Docker Compose is
/// pinned in its `go.mod`.
const PYTHON_DOTENV: &str = "python-dotenv==1.2.4";
const NODE_DOTENV: &str = "dotenv@18.0.10";
const COMPOSE_READER: &str = "tests/transfer/compose";

/// Whether a program can be started.
pub(crate) fn works(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok()
}

/// Installs a program of the system where it is missing and may be installed.
pub(crate) fn system(program: &str, package: &str) -> Outcome {
    if works(program) {
        return Ok(());
    }
    install(program, package)
}

/// Installs a header for C or C++ where it is missing and may be installed.
pub(crate) fn header(name: &str, package: &str) -> Outcome {
    let is_there = || {
        let mut compiler = Command::new("c++");
        compiler.args(["-fsyntax-only", "-x", "c++", "-include", name, "/dev/null"]);
        compiler
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if is_there() {
        return Ok(());
    }
    install(name, package)
}

/// Installs a library that `pkg-config` knows where it is missing and may be installed.
pub(crate) fn module(name: &str, package: &str) -> Outcome {
    system("pkg-config", "pkg-config")?;
    let known = Command::new("pkg-config").args(["--exists", name]).status();
    if known.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    install(name, package)
}

fn install(what: &str, package: &str) -> Outcome {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root || !works("apt-get") {
        return Err(format!(
            "{what} is missing and cannot be installed here (needs root and apt-get); it is in Debian's package {package}"
        ));
    }
    let install = || {
        let words = ["install", "--yes", "--quiet", "--no-install-recommends", package];
        pass(Command::new("apt-get").args(words).stdout(Stdio::null()))
    };
    install().or_else(|_| pass(Command::new("apt-get").args(["update", "--quiet"])).and_then(|()| install()))
}

/// The Python of `target/venv`, with what the store's second reader needs.
pub(crate) fn python() -> Outcome<PathBuf> {
    let python = venv(&target().join("venv"))?;
    python_package(&python, CRYPTOGRAPHY)?;
    Ok(python)
}

/// The Python of a virtual environment, which is made where it is missing.
pub(crate) fn venv(folder: &Path) -> Outcome<PathBuf> {
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if !python.exists() {
        system("python3", "python3")?;
        let make = || pass(Command::new("python3").args(["-m", "venv"]).arg(folder));
        make().or_else(|_| {
            // Debian's Python comes without `ensurepip`.
            pass(Command::new("apt-get").args(["install", "--yes", "--quiet", "python3-venv"])).and_then(|()| make())
        })?;
    }
    Ok(python)
}

/// A program that is a Python package, at its pinned version, and the Python that has it.
pub(crate) fn python_tool(requirement: &str) -> Outcome<(PathBuf, PathBuf)> {
    let python = venv(&target().join("venv"))?;
    python_package(&python, requirement)?;
    let name = requirement.split("==").next().unwrap_or(requirement);
    Ok((python.with_file_name(name), python))
}

/// The Python that has the servers and clients of `tests/fakes`, in an environment of its own. Installing takes a minute,
/// so it is done again only when the list has changed.
pub(crate) fn servers() -> Outcome<PathBuf> {
    let folder = target().join("venv-remote");
    let requirements = root().join("tests/fakes/requirements.txt");
    let python = venv(&folder)?;
    let (wanted, installed) = (read(&requirements)?, folder.join("installed.txt"));
    if read(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    pass(pip(&python).args(["install", "--requirement"]).arg(&requirements))?;
    copy(&requirements, &installed)?;
    Ok(python)
}

/// What pip is called with, whatever it is to do.
pub(crate) fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
    pip
}

/// Installs a Python package where this version of it is missing.
fn python_package(python: &Path, requirement: &str) -> Outcome {
    let has = Command::new(python)
        .args([
            "-c",
            "import sys, importlib.metadata as m; n, v = sys.argv[1].split('=='); sys.exit(m.version(n) != v)",
            requirement,
        ])
        .stderr(Stdio::null())
        .status();
    if has.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    pass(pip(python).args(["install", requirement]))
}

/// The readers of `.env` files, each with the variable that names it to `tests/transfer`. What this machine has no
/// language for is left out, and its tests say that they were skipped.
pub(crate) fn dotenv_readers() -> Outcome<Vec<(&'static str, PathBuf)>> {
    let python = python()?;
    python_package(&python, PYTHON_DOTENV)?;
    let mut readers = vec![("STRONGROOM_PYTHON", python)];
    if works("node") && works("npm") {
        readers.push(("STRONGROOM_NODE_MODULES", node::packages("dotenv", &[NODE_DOTENV])?));
    }
    if Command::new("go").arg("version").output().is_ok() {
        let reader = target().join("tools/bin/compose-reader");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&reader).arg(".");
        pass(build.current_dir(root().join(COMPOSE_READER)))?;
        readers.push(("STRONGROOM_COMPOSE_READER", reader));
    }
    Ok(readers)
}

/// `cargo-deny` at its pinned version: ours, the system's, or installed now.
pub(crate) fn cargo_deny() -> Outcome<PathBuf> {
    let ours = target()
        .join("tools/bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let fits = |path: &PathBuf| {
        let output = Command::new(path).arg("--version").current_dir(root()).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY))
    };
    if let Some(found) = [ours.clone(), PathBuf::from("cargo-deny")].into_iter().find(fits) {
        return Ok(found);
    }
    let mut install = cargo([
        "install",
        "cargo-deny",
        "--version",
        CARGO_DENY,
        "--locked",
        "--debug",
        "--root",
    ]);
    pass(install.arg(target().join("tools")))?;
    Ok(ours)
}

/// Whether the standard library of a platform is there; it is fetched where it is not.
pub(crate) fn platform(triple: &str) -> Outcome {
    let installed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(root())
        .output();
    if installed.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| line == triple)
    }) {
        return Ok(());
    }
    pass(
        Command::new("rustup")
            .args(["target", "add", triple])
            .current_dir(root()),
    )
}
