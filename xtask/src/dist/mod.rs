//! `cargo xtask dist --prefix DIR`: what a C or C++ program needs, in one folder.

pub(crate) mod elf;
mod install;
pub(crate) mod notices;
mod static_library;

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use install::shared as shared_library;

use crate::Outcome;
use crate::exports;
use crate::run::{cargo, pass, root, target};

/// The version in the shared library's name: that of the C ABI (ffi/build.rs gives it to the library itself).
const ABI_VERSION: u32 = 1;

/// What a program links besides the static library. Without libgcc_s, which every C compiler adds by itself, and which
/// does not exist for programs that are linked `-static`.
pub(crate) const STATIC_LIBRARIES: [&str; 3] = ["pthread", "dl", "m"];

/// How a library was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it is shipped: optimised and stripped.
    Release,
    /// As the test suites build it.
    Dev,
}

/// Libraries that cargo has built.
pub(crate) struct Artefacts {
    folder: PathBuf,
    profile: Profile,
    /// Whether exports that only tests have are let through; never into a prefix of a user.
    with_testing: bool,
}

impl Artefacts {
    /// What the suites' one build has left in the dev profile.
    pub(crate) fn of_suites() -> Self {
        Self {
            folder: target().join("debug"),
            profile: Profile::Dev,
            with_testing: true,
        }
    }

    fn shared(&self) -> PathBuf {
        self.folder.join("libstrongroom.so")
    }

    fn archive(&self) -> PathBuf {
        self.folder.join("libstrongroom.a")
    }
}

/// The command.
pub(crate) fn dist(words: &[&str]) -> Outcome {
    let (prefix, profile) = arguments(words)?;
    if !cfg!(target_os = "linux") {
        return Err("`dist` makes libraries for Linux only, so far".to_owned());
    }
    let prefix = std::path::absolute(&prefix).map_err(|error| format!("cannot find {}: {error}", prefix.display()))?;
    install(&prefix, &build(profile)?)?;
    for (what, library) in [
        ("shared", install::shared(&prefix)),
        ("static", install::archive(&prefix)),
    ] {
        println!("{what} library: {} bytes", elf::size(&library)?);
    }
    println!("installed in {}", prefix.display());
    Ok(())
}

/// Installs libraries in a prefix, and judges what was installed.
pub(crate) fn install(prefix: &Path, artefacts: &Artefacts) -> Outcome {
    let sources = exports::sources()?;
    let symbols = if artefacts.with_testing {
        sources.symbols_with_testing()
    } else {
        sources.symbols()
    };
    // Before anything is replaced.
    elf::check_exports(&artefacts.shared(), &symbols)?;
    install::install(prefix, artefacts, &symbols)?;
    elf::check_shared(&install::shared(prefix), &symbols, artefacts.profile)?;
    if artefacts.profile == Profile::Release {
        check_paths(&install::shared(prefix))?;
    }
    elf::check_static(&install::archive(prefix), &symbols)
}

/// The folders of this machine, and what they are called in what is built.
fn folders_here() -> Vec<(PathBuf, &'static str)> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let mut folders = vec![(target(), "/target"), (root(), "/strongroom")];
    folders.extend(cargo.map(|cargo| (cargo, "/cargo")));
    folders
}

/// Whether a library names a folder of this machine.
pub(crate) fn check_paths(library: &Path) -> Outcome {
    let bytes = std::fs::read(library).map_err(|error| format!("cannot read {}: {error}", library.display()))?;
    let names = |folder: &Path| {
        let folder = folder.as_os_str().as_encoded_bytes();
        bytes.windows(folder.len()).any(|window| window == folder)
    };
    match folders_here().into_iter().find(|(folder, _)| names(folder)) {
        Some((folder, _)) => Err(format!("{} names {}", library.display(), folder.display())),
        None => Ok(()),
    }
}

/// Keeps the folders of the machine that builds out of what is built: messages of panics and of C code name their files.
pub(crate) fn without_paths(command: &mut Command) {
    let (mut rust, mut c) = (Vec::new(), std::env::var("CFLAGS").unwrap_or_default());
    for (folder, name) in folders_here() {
        let folder = folder.display();
        rust.push(format!("--remap-path-prefix={folder}={name}"));
        c.push_str(&format!(" -ffile-prefix-map={folder}={name}"));
    }
    // rustc takes the last prefix that fits.
    rust.reverse();
    command
        .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\u{1f}"))
        .env("CFLAGS", c);
}

/// Builds the libraries with every backend, and without what tests need.
fn build(profile: Profile) -> Outcome<Artefacts> {
    // A folder of its own: a release is built with other flags than anything else, and each change of flags builds all.
    let (name, folder) = match profile {
        Profile::Release => ("release", target().join("dist/release")),
        Profile::Dev => ("dev", target().join("debug")),
    };
    let mut command = cargo([
        "build",
        "--quiet",
        "-p",
        "strongroom-ffi",
        "--lib",
        "--no-default-features",
    ]);
    command.args(["--features", "full", "--profile", name]);
    if profile == Profile::Release {
        command.arg("--target-dir").arg(target().join("dist"));
        without_paths(&mut command);
    }
    pass(&mut command)?;
    Ok(Artefacts {
        folder,
        profile,
        with_testing: false,
    })
}

fn arguments(words: &[&str]) -> Outcome<(PathBuf, Profile)> {
    let usage = || "usage: cargo xtask dist --prefix DIR [--profile release|dev]".to_owned();
    let mut prefix = None;
    let mut profile = Profile::Release;
    let mut words = words.iter().flat_map(|word| match word.split_once('=') {
        Some((name, value)) if name.starts_with("--") => vec![name, value],
        _ => vec![*word],
    });
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("--prefix", Some(folder)) if !folder.is_empty() => prefix = Some(PathBuf::from(folder)),
            ("--profile", Some("release")) => profile = Profile::Release,
            ("--profile", Some("dev")) => profile = Profile::Dev,
            _ => return Err(usage()),
        }
    }
    Ok((prefix.ok_or_else(usage)?, profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        assert_eq!(arguments(&["--prefix", "a"]), Ok(("a".into(), Profile::Release)));
        assert_eq!(
            arguments(&["--profile=dev", "--prefix=b"]),
            Ok(("b".into(), Profile::Dev))
        );
        for wrong in [
            &[][..],
            &["--prefix"],
            &["--prefix="],
            &["a"],
            &["--prefix", "a", "--profile", "x"],
        ] {
            assert!(arguments(wrong).is_err(), "{wrong:?}");
        }
    }
}
