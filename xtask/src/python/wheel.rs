//! Wheels: the one that is shipped (`cargo xtask wheel`), and the one that the suites install.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::dist::{self, elf, notices};
use crate::run::{cargo, copy, empty, files, in_home, pass, quiet, read, root, target, without_package};
use crate::tools;

/// The package: its manifests, sources and tests.
const PACKAGE: &str = "bindings/python";
/// What must be the case of a module that users get.
const RELEASED: &str = "bindings/python/tests/packaging/released.py";
/// The native half, as the package has it.
const NATIVE: &str = "strongroom/_native.abi3.so";
/// Our licences, and the page of those of what is inside.
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
const NOTICES: &str = "THIRD-PARTY";
/// What a wheel must have besides the native half, so that type checkers believe it.
const TYPES: [&str; 2] = ["strongroom/py.typed", "strongroom/_native.pyi"];

/// The command.
pub(crate) fn wheel(words: &[&str]) -> Outcome {
    let ours = target().join("wheels");
    let out = out(words)?.unwrap_or_else(|| ours.clone());
    let built = build()?;
    if out == ours {
        // One wheel, so that `strongroom-*.whl` names it.
        empty(&out)?;
    }
    fs::create_dir_all(&out).map_err(|error| format!("cannot make {}: {error}", out.display()))?;
    let name = built.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let wheel = out.join(&name);
    fs::copy(&built, &wheel).map_err(|error| format!("cannot write {}: {error}", wheel.display()))?;
    println!("wheel: {} bytes, {}", elf::size(&wheel)?, tag(&name)?);
    println!("{}", wheel.display());
    Ok(())
}

/// Builds the wheel that is shipped, in the release profile with every backend, and judges it.
pub(crate) fn build() -> Outcome<PathBuf> {
    if !cfg!(target_os = "linux") {
        return Err("`wheel` makes wheels for Linux only, so far".to_owned());
    }
    let (maturin, python) = tools::python_tool(tools::MATURIN)?;
    // The folder of `dist`: both are built with the same flags, which differ from those of anything else.
    let folder = target().join("dist");
    let made = folder.join("wheel");
    empty(&made)?;
    let mut command = Command::new(maturin);
    command.args(["build", "--quiet", "--release", "--auditwheel", "check"]);
    command
        .arg("--manifest-path")
        .arg(root().join(PACKAGE).join("Cargo.toml"));
    command.arg("--interpreter").arg(&python);
    command.arg("--target-dir").arg(&folder).arg("--out").arg(&made);
    as_cargo(&mut command);
    dist::without_paths(&mut command);
    pass(&mut command)?;
    let bare = only_wheel(&made)?;
    let unpacked = made.join("unpacked");
    unpack(&bare, &unpacked, &python)?;
    fs::remove_file(&bare).map_err(|error| format!("cannot remove {}: {error}", bare.display()))?;
    add_licences(&unpacked)?;
    hide_paths(&unpacked)?;
    pack(&unpacked, &made)?;
    let wheel = only_wheel(&made)?;
    judge(&wheel, &python)?;
    Ok(wheel)
}

/// Adds our licences, and those of what is inside the module, which maturin does not know.
fn add_licences(unpacked: &Path) -> Outcome {
    let data = format!("strongroom-{}.dist-info", env!("CARGO_PKG_VERSION"));
    let folder = unpacked.join(&data).join("licenses");
    for name in LICENCES {
        copy(&root().join(name), &folder.join(name))?;
    }
    let cannot = |error: std::io::Error| format!("cannot write licences: {error}");
    fs::write(folder.join(NOTICES), notices::page("strongroom-python")?).map_err(cannot)?;
    let metadata = unpacked.join(&data).join("METADATA");
    let named: String = LICENCES
        .iter()
        .chain([&NOTICES])
        .map(|name| format!("License-File: {name}\n"))
        .collect();
    let text = read(&metadata)?.replacen("Requires-Python:", &format!("{named}Requires-Python:"), 1);
    fs::write(&metadata, text).map_err(cannot)
}

/// Takes the folder of the machine that builds out of the bill of materials.
fn hide_paths(unpacked: &Path) -> Outcome {
    let here = root().display().to_string();
    for file in files(unpacked)? {
        if file.extension().is_some_and(|extension| extension == "json") {
            let text = read(&file)?.replace(&here, "/strongroom");
            fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
    }
    Ok(())
}

fn unpack(wheel: &Path, folder: &Path, python: &Path) -> Outcome {
    let mut unpack = Command::new(python);
    pass(unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(folder))
}

/// Makes a wheel of a folder, with a record of what is in it.
fn pack(folder: &Path, out: &Path) -> Outcome {
    let (_, python) = tools::python_tool(tools::WHEEL)?;
    let mut pack = Command::new(python);
    pack.args(["-m", "wheel", "pack"]).arg(folder);
    quiet(pack.arg("--dest-dir").arg(out)).map(|_| ())
}

/// Packs a wheel of what the suites' one build has left. Not with `maturin build`, which selects this package alone: its
/// dependencies would be built a second time, with other features.
pub(crate) fn of_suites() -> Outcome<PathBuf> {
    let (maturin, python) = tools::python_tool(tools::MATURIN)?;
    let folder = target().join("python");
    empty(&folder)?;
    let staged = folder.join("staged");
    let sources = root().join(PACKAGE).join("python");
    for file in files(&sources)? {
        let inside = file.strip_prefix(&sources).unwrap_or(&file);
        if inside.extension().is_none_or(|extension| extension != "pyc") {
            copy(&file, &staged.join(inside))?;
        }
    }
    copy(&target().join("debug/libstrongroom_native.so"), &staged.join(NATIVE))?;
    let mut command = Command::new(maturin);
    command.args([
        "pep517",
        "write-dist-info",
        "--compatibility",
        "linux",
        "--auditwheel",
        "skip",
    ]);
    command
        .arg("--manifest-path")
        .arg(root().join(PACKAGE).join("Cargo.toml"));
    command.arg("--interpreter").arg(&python);
    as_cargo(command.arg("--metadata-directory").arg(&staged));
    quiet(&mut command)?;
    pack(&staged, &folder)?;
    only_wheel(&folder)
}

/// Whether this is a wheel for users.
fn judge(wheel: &Path, python: &Path) -> Outcome {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let unpacked = folder.path().join("wheel");
    unpack(wheel, &unpacked, python)?;
    elf::check_module(&unpacked.join(NATIVE))?;
    for file in files(&unpacked)? {
        dist::check_paths(&file)?;
    }
    if let Some(missing) = TYPES.iter().find(|name| !unpacked.join(name).exists()) {
        return Err(format!("{} has no {missing}", wheel.display()));
    }
    let stray = |file: &&PathBuf| {
        let parts = file.strip_prefix(&unpacked).unwrap_or(file).components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        let first = parts.first().map(AsRef::as_ref).unwrap_or_default();
        !(first == "strongroom" || first.ends_with(".dist-info")) || parts.iter().any(|part| part == "tests")
    };
    if let Some(stray) = files(&unpacked)?.iter().find(stray) {
        return Err(format!("{} holds {}", wheel.display(), stray.display()));
    }
    let mut released = Command::new(python);
    in_home(&mut released, folder.path());
    released.arg(root().join(RELEASED)).env("PYTHONPATH", &unpacked);
    pass(&mut released).map_err(|_| {
        format!(
            "{} was built with the feature `testing`, which is not for users",
            wheel.display()
        )
    })
}

/// Makes maturin call this program's cargo, as this program's own calls do.
fn as_cargo(command: &mut Command) {
    command.env("CARGO", cargo([]).get_program()).current_dir(root());
    without_package(command);
    // What changes how maturin builds.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MATURIN_") || text == "VIRTUAL_ENV" || text == "CONDA_PREFIX" {
            command.env_remove(&name);
        }
    }
}

pub(super) fn only_wheel(folder: &Path) -> Outcome<PathBuf> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut wheels = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    match (wheels.next(), wheels.next()) {
        (Some(wheel), None) => Ok(wheel),
        _ => Err(format!("{} has not exactly one wheel", folder.display())),
    }
}

/// What a wheel says that it runs on: Python, ABI and platform.
fn tag(name: &str) -> Outcome<&str> {
    let parts = name.strip_suffix(".whl").and_then(|stem| stem.splitn(3, '-').nth(2));
    parts.ok_or_else(|| format!("{name} is not the name of a wheel"))
}

/// Where the wheel is to be put. There is no choice of features: what only tests have is not for users.
fn out(words: &[&str]) -> Outcome<Option<PathBuf>> {
    let out = match words {
        [] => return Ok(None),
        ["--out", folder] => *folder,
        [word] => word.strip_prefix("--out=").unwrap_or_default(),
        _ => "",
    };
    if out.is_empty() {
        return Err("usage: cargo xtask wheel [--out DIR]; it is always a release with every backend".to_owned());
    }
    let out = std::path::absolute(out).map_err(|error| format!("cannot find {out}: {error}"))?;
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        assert_eq!(out(&[]), Ok(None));
        assert_eq!(out(&["--out", "/a"]), Ok(Some("/a".into())));
        assert_eq!(out(&["--out=/b"]), Ok(Some("/b".into())));
        for wrong in [
            &["--out"][..],
            &["--out="],
            &["a"],
            &["--features", "testing"],
            &["--out", "a", "--features=testing"],
        ] {
            assert!(out(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_wheel_tells_its_tag() {
        let name = "strongroom-0.1.0-cp311-abi3-manylinux_2_34_x86_64.whl";
        assert_eq!(tag(name), Ok("cp311-abi3-manylinux_2_34_x86_64"));
        assert!(tag("strongroom-0.1.0.tar.gz").is_err());
    }
}
