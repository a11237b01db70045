//! `cargo xtask python-wheel`: README's lines for Python, exactly as a reader would run them, and the wheel alone in
//! every CPython of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{QUICKSTART, TESTS, python_in};
use crate::Outcome;
use crate::quickstarts::with_toolchain;
use crate::readme::{self, one_block};
use crate::run::{in_home, quiet, read, root, target};
use crate::tools;

/// The first version that the wheel is for.
const FIRST: Version = (3, 11);

type Version = (u32, u32);

/// Runs them; the last line counts.
pub(crate) fn everywhere() -> Outcome {
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut passed = readme_blocks(home.path())?;
    let wheel = wheel_of_readme()?;
    let found = interpreters();
    for (version, interpreter) in &found {
        let name = format!("CPython {}.{}", version.0, version.1);
        if *version >= FIRST {
            smoke(interpreter, &wheel, home.path()).map_err(|reason| format!("{name}: {reason}"))?;
            println!("ok      {name}: installed alone, works");
            passed += 1;
        }
    }
    match found.range(..FIRST).next_back() {
        Some((version, interpreter)) => {
            refused(interpreter, &wheel, home.path())?;
            println!("ok      CPython {}.{}: refused", version.0, version.1);
            passed += 1;
        }
        None => println!(
            "skipped: that an older Python is refused: there is none before {}.{}",
            FIRST.0, FIRST.1
        ),
    }
    println!("{passed} passed, 0 failed");
    Ok(())
}

/// README's lines in an environment that has nothing but them, and the quickstart in the same.
fn readme_blocks(home: &Path) -> Outcome<u32> {
    let page = read(&root().join(readme::PATH))?;
    let python = tools::venv(&home.join("readme"))?;
    let programs = python.parent().ok_or("the environment has no folder")?;
    let mut path = programs.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    one_block(&page, "sh wheel")?.run(&root(), home, |shell| {
        with_toolchain(shell);
        shell.env("PATH", &path);
    })?;
    println!("ok      the block marked `sh wheel`");
    let hello = home.join("hello.py");
    one_block(&page, "python")?.save(&hello)?;
    for program in [hello, root().join(QUICKSTART)] {
        let mut command = python_in(&python, home);
        in_home(&mut command, home);
        print!("{}", quiet(command.args(["-W", "error"]).arg(&program))?);
    }
    println!("ok      the block marked `python`\nok      {QUICKSTART}");
    Ok(3)
}

/// The wheel that README's lines have made.
fn wheel_of_readme() -> Outcome<PathBuf> {
    super::wheel::only_wheel(&target().join("wheels"))
}

/// An environment of this interpreter. Without pip, which not every Python brings; ours installs in it.
pub(super) fn bare(interpreter: &Path, folder: &Path) -> Outcome<PathBuf> {
    let mut make = Command::new(interpreter);
    quiet(make.args(["-m", "venv", "--without-pip", "--clear"]).arg(folder))?;
    Ok(folder.join("bin/python"))
}

/// Our pip, for another Python.
pub(super) fn pip_for(python: &Path) -> Outcome<Command> {
    let mut pip = tools::pip(&tools::venv(&target().join("venv"))?);
    pip.arg("--python").arg(python);
    Ok(pip)
}

fn smoke(interpreter: &Path, wheel: &Path, home: &Path) -> Outcome {
    let python = bare(interpreter, &home.join("alone"))?;
    // Without an index: it needs nothing besides itself.
    quiet(pip_for(&python)?.args(["install", "--no-index"]).arg(wheel))?;
    quiet(pip_for(&python)?.arg("check"))?;
    let run = |words: &[&str], program: Option<&str>| {
        let mut command = python_in(&python, home);
        in_home(&mut command, home);
        command.args(["-I", "-W", "error"]).args(words);
        command.args(program.map(|name| root().join(TESTS).join("packaging").join(name)));
        quiet(&mut command)
    };
    run(&[], Some("smoke.py"))?;
    run(&[], Some("released.py"))?;
    run(&["-m", "strongroom", "--help"], None).map(|_| ())
}

/// That pip says why it does not install the wheel.
fn refused(interpreter: &Path, wheel: &Path, home: &Path) -> Outcome {
    let python = bare(interpreter, &home.join("older"))?;
    match quiet(pip_for(&python)?.args(["install", "--no-index"]).arg(wheel)) {
        Ok(_) => Err(format!(
            "pip installed {} in {}",
            wheel.display(),
            interpreter.display()
        )),
        Err(said) if said.contains("is not a supported wheel on this platform") => Ok(()),
        Err(said) => Err(format!("pip does not say why it refuses: {said}")),
    }
}

/// The newest CPython of this machine, where it is newer than that of an environment.
pub(super) fn newer_than(python: &Path) -> Option<PathBuf> {
    let (newest, interpreter) = interpreters().into_iter().next_back()?;
    (version(python)? < newest).then_some(interpreter)
}

/// One CPython of each version.
fn interpreters() -> BTreeMap<Version, PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let pyenv = std::env::home_dir().map(|home| home.join(".pyenv/versions"));
    let versions = pyenv.and_then(|folder| std::fs::read_dir(folder).ok());
    folders.extend(
        versions
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin"))),
    );
    let mut found = BTreeMap::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            if is_interpreter(&entry.file_name().to_string_lossy())
                && let Some(version) = version(&entry.path())
            {
                found.entry(version).or_insert(entry.path());
            }
        }
    }
    found
}

/// Whether a file has the name of an interpreter: `python3`, `python3.12`.
fn is_interpreter(name: &str) -> bool {
    let rest = name.strip_prefix("python3");
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('.')
                .is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// The version of a CPython that the wheel may be for: none of another implementation, none without a GIL, and none that
/// cannot make environments.
fn version(interpreter: &Path) -> Option<Version> {
    const ASKED: &str = "import sys, sysconfig, venv\n\
                         free = sysconfig.get_config_var('Py_GIL_DISABLED')\n\
                         fits = sys.implementation.name == 'cpython' and not free\n\
                         print('%d.%d' % sys.version_info[:2] if fits else 'other')";
    let said = quiet(Command::new(interpreter).args(["-c", ASKED])).ok()?;
    let (major, minor) = said.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_are_known_by_their_names() {
        for name in ["python3", "python3.11", "python3.9"] {
            assert!(is_interpreter(name), "{name}");
        }
        for name in [
            "python",
            "python3-config",
            "python3.11-config",
            "python3.13t",
            "python2.7",
        ] {
            assert!(!is_interpreter(name), "{name}");
        }
    }
}
