//! How the programs of tests/c are compiled and linked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{file_name, folder, is_cpp, sources};
use crate::Outcome;
use crate::dist::STATIC_LIBRARIES;
use crate::run::target;

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];
const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// What a program is linked with, and whether the compiler watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// The shared library, sanitizers.
    Sanitized,
    /// The shared library.
    Plain,
    /// The static library.
    Static,
}

impl Flavour {
    fn flags(self) -> &'static [&'static str] {
        if self == Self::Sanitized { &SANITIZERS } else { &[] }
    }

    /// Where its objects and programs are.
    fn folder(self) -> PathBuf {
        target().join("c").join(match self {
            Self::Sanitized => "sanitized",
            Self::Plain => "plain",
            Self::Static => "static",
        })
    }
}

/// A program to be made.
pub(super) struct Build {
    /// All in one language.
    pub(super) sources: Vec<PathBuf>,
    pub(super) flavour: Flavour,
    /// Whether it uses what is in tests/c/support.
    pub(super) with_support: bool,
    /// Others than ours.
    pub(super) libraries: Vec<String>,
    /// Of the compiler, beyond the usual.
    pub(super) flags: Vec<String>,
}

impl Build {
    /// Compiles and links it.
    pub(super) fn compile(&self, name: &str, prefix: &Path) -> Outcome<PathBuf> {
        let program = self.flavour.folder().join(plain(name));
        let first = self.sources.first().ok_or_else(|| format!("{name} has no sources"))?;
        let mut command = compiler(first, None, self.flavour, prefix);
        command.args(&self.flags).args(&self.sources);
        if self.with_support {
            command.args(support_objects(self.flavour)?);
        }
        let lib = prefix.join("lib");
        if self.flavour == Flavour::Static {
            command.arg(lib.join("libstrongroom.a"));
        } else {
            command.arg("-L").arg(&lib).arg("-lstrongroom");
            command.arg(format!("-Wl,-rpath,{}", lib.display()));
        }
        command.arg("-L").arg(target().join("c"));
        command.args(self.libraries.iter().map(|name| format!("-l{name}")));
        command.args(STATIC_LIBRARIES.map(|name| format!("-l{name}")));
        quiet(command.arg("-o").arg(&program))?;
        Ok(program)
    }
}

/// Compiles what every program is linked with, once for each flavour.
pub(super) fn support(prefix: &Path) -> Outcome {
    for flavour in [Flavour::Sanitized, Flavour::Plain, Flavour::Static] {
        let folder = flavour.folder();
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    for flavour in [Flavour::Sanitized, Flavour::Plain, Flavour::Static] {
        let sources = sources("support")?;
        for (source, object) in sources.iter().zip(support_objects(flavour)?) {
            let mut command = compiler(source, None, flavour, prefix);
            quiet(command.arg("-c").arg(source).arg("-o").arg(object))?;
        }
    }
    Ok(())
}

/// Builds the other Rust library that programs link as `neighbour`.
pub(super) fn neighbour() -> Outcome {
    let source = folder("neighbour.rs");
    if !source.exists() {
        return Ok(());
    }
    let mut compiler = Command::new("rustc");
    compiler.args(["--edition=2024", "--crate-type=staticlib", "-O", "-o"]);
    quiet(compiler.arg(target().join("c").join("libneighbour.a")).arg(source))
}

fn support_objects(flavour: Flavour) -> Outcome<Vec<PathBuf>> {
    let object = |source: &PathBuf| flavour.folder().join(format!("{}.o", file_name(source)));
    Ok(sources("support")?.iter().map(object).collect())
}

/// Compiles a file for the compiler's opinion only.
pub(super) fn check_header(source: &Path, standard: &str, prefix: &Path) -> Outcome {
    let mut command = compiler(source, Some(standard), Flavour::Plain, prefix);
    quiet(command.arg("-fsyntax-only").arg(source))
}

fn compiler(source: &Path, standard: Option<&str>, flavour: Flavour, prefix: &Path) -> Command {
    let (name, usual) = if is_cpp(source) {
        ("c++", "c++17")
    } else {
        ("cc", "c11")
    };
    let mut command = Command::new(name);
    command.arg(format!("-std={}", standard.unwrap_or(usual)));
    command.args(WARNINGS).args(["-g", "-pthread"]).args(flavour.flags());
    command.arg("-I").arg(prefix.join("include"));
    command.arg("-I").arg(folder("support"));
    if flavour == Flavour::Static {
        command.arg("-DSTRONGROOM_STATIC");
    }
    command
}

/// Runs a compiler; what it says is the error.
fn quiet(command: &mut Command) -> Outcome {
    let output = command.output();
    let output = output.map_err(|error| format!("cannot run {}: {error}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "it does not compile\n{}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}

/// A name that can be that of a file.
pub(super) fn plain(name: &str) -> String {
    let letters = name
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' });
    letters.collect()
}
