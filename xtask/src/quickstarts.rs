//! `cargo xtask quickstarts`: README's lines for C and C++, exactly as a reader would run them, and what else a program
//! may do with an installed Strongroom.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::readme::{self, blocks};
use crate::run::{copy_folder, in_home, quiet, read, root, without_package};
use crate::tools;

/// Where README's blocks of each kind are run: the repository, or a copy of a folder, in which README's program of that
/// language is saved, too.
const KINDS: [(&str, Option<(&str, &str)>); 5] = [
    ("sh dist", None),
    ("sh c", Some((QUICKSTARTS[0], "c"))),
    ("sh cpp", Some((QUICKSTARTS[1], "cpp"))),
    ("sh cmake", Some((QUICKSTARTS[0], "c"))),
    ("sh cmake", Some((QUICKSTARTS[1], "cpp"))),
];
const QUICKSTARTS: [&str; 2] = ["examples/quickstart/c", "examples/quickstart/cpp"];
/// Where README installs, below the home.
const PREFIX: &str = ".local";
const CONSUMER: &str = "tests/packaging";

/// Runs them; the last line counts.
pub(crate) fn run() -> Outcome {
    for (program, package) in [
        ("cc", "gcc"),
        ("c++", "g++"),
        ("pkg-config", "pkgconf"),
        ("cmake", "cmake"),
        ("make", "make"),
    ] {
        tools::system(program, package)?;
    }
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut passed = readme_blocks(home.path())?;
    // Moved away from where it was installed, so that nothing may lean on that place.
    let moved = home.path().join("moved/elsewhere");
    fs::create_dir_all(&moved).map_err(|error| error.to_string())?;
    let moved = moved.join("prefix");
    fs::rename(home.path().join(PREFIX), &moved).map_err(|error| format!("cannot move the prefix: {error}"))?;
    passed += with_cmake(&moved, home.path())?;
    passed += with_pkg_config(&moved, home.path())?;
    println!("{passed} passed, 0 failed");
    Ok(())
}

fn readme_blocks(home: &Path) -> Outcome<u32> {
    let page = read(&root().join(readme::PATH))?;
    let mut passed = 0;
    for (kind, folder) in KINDS {
        let missing = |kind: &str| format!("{} has no block marked `{kind}`", readme::PATH);
        let lines = blocks(&page, kind);
        if lines.is_empty() {
            return Err(missing(kind));
        }
        let folder = match folder {
            Some((folder, language)) => {
                let copy = copied(folder, home)?;
                let program = blocks(&page, language);
                let program = program.first().ok_or_else(|| missing(language))?;
                program.save(&copy.join(format!("hello.{language}")))?;
                copy
            }
            None => root(),
        };
        for block in lines {
            block.run(&folder, home, with_toolchain)?;
            println!("ok      a block marked `{kind}`");
            passed += 1;
        }
    }
    Ok(passed)
}

/// Cargo and rustup keep what they have in the real home.
pub(crate) fn with_toolchain(command: &mut Command) {
    without_package(command);
    let Some(home) = std::env::home_dir() else { return };
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() {
            command.env(name, home.join(folder));
        }
    }
}

/// A copy, so that what is built leaves nothing in the repository.
fn copied(folder: &str, home: &Path) -> Outcome<PathBuf> {
    let (from, to) = (root().join(folder), home.join(folder));
    copy_folder(&from, &to)?;
    Ok(to)
}

/// Both targets of the CMake package, from C and C++, and its versions.
fn with_cmake(prefix: &Path, home: &Path) -> Outcome<u32> {
    let build = home.join("consumer");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(root().join(CONSUMER)).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    quiet(configure.arg(format!("-DWANTED={}", env!("CARGO_PKG_VERSION"))))?;
    quiet(Command::new("cmake").arg("--build").arg(&build))?;
    quiet(
        Command::new("ctest")
            .arg("--test-dir")
            .arg(&build)
            .arg("--no-tests=error"),
    )?;
    println!("ok      CMake: shared and static, C and C++, versions");
    Ok(1)
}

/// The quickstarts by pkg-config, and the static library in a program that is all static.
fn with_pkg_config(prefix: &Path, home: &Path) -> Outcome<u32> {
    let asked = |words: &[&str]| {
        let mut command = Command::new("pkg-config");
        command
            .args(words)
            .arg("strongroom")
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        quiet(&mut command)
    };
    let version = asked(&["--modversion"])?;
    if version.trim() != env!("CARGO_PKG_VERSION") {
        return Err(format!("pkg-config knows another version: {version}"));
    }
    let flags = asked(&["--cflags", "--libs"])?;
    for (folder, compiler, source) in [(QUICKSTARTS[0], "cc", "main.c"), (QUICKSTARTS[1], "c++", "main.cpp")] {
        let program = home.join("quickstart");
        let mut compiler = Command::new(compiler);
        compiler
            .arg(root().join(folder).join(source))
            .args(flags.split_whitespace());
        compiler.arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()));
        quiet(compiler.arg("-o").arg(&program))?;
        let mut quickstart = Command::new(&program);
        in_home(&mut quickstart, home);
        quiet(&mut quickstart)?;
        println!("ok      pkg-config: {folder}");
    }
    let flags = asked(&["--static", "--cflags", "--libs"])?;
    let program = home.join("all-static");
    let mut compiler = Command::new("cc");
    compiler.arg("-static").arg(root().join(CONSUMER).join("main.c"));
    quiet(compiler.args(flags.split_whitespace()).arg("-o").arg(&program))?;
    quiet(Command::new(&program).arg(env!("CARGO_PKG_VERSION")))?;
    println!("ok      pkg-config: a program that is all static");
    Ok(3)
}
