//! `cargo xtask check`: what can be judged without running the code. The last line counts.

use std::process::Command;

use crate::run::{cargo, logged, pass, read, root, target};
use crate::suites::{self, FEATURES};
use crate::{Outcome, exports, header, node, parity, python, readme, tables, tools};

/// A file longer than this has more than one subject.
const LONGEST_FILE: usize = 500;

/// The platforms for which the pure Rust part is checked. They compile from here without a linker or a C compiler.
const PLATFORMS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: Vec<String>,
}

impl Tally {
    fn step(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok      {name}");
            }
            Err(reason) => {
                self.failed += 1;
                println!("FAILED  {name}: {reason}");
            }
        }
    }

    fn skip(&mut self, name: &str, reason: &str) {
        println!("-       {name}");
        self.skipped.push(format!("{name}: {reason}"));
    }
}

/// Runs every check; with `fix`, what can mend itself is mended first.
pub(crate) fn check(fix: bool) -> Outcome {
    let mut tally = Tally::default();
    if fix {
        tally.step("fmt, mended", pass(cargo(["fmt", "--all"]).args(["--"])));
        let mut clippy = clippy();
        tally.step(
            "clippy, mended",
            pass(clippy.args(["--fix", "--allow-dirty", "--allow-staged"])),
        );
        tally.step("Python's format and lints, mended", python::lint(true));
        tally.step("JavaScript's format and lints, mended", node::lint(true));
        tally.step("docs/errors.md, written", tables::write(tables::ERRORS));
        tally.step("docs/settings.md, written", tables::write(tables::SETTINGS_PAGE));
        tally.step("docs/config.schema.json, written", tables::write(tables::SCHEMA));
        tally.step("the C header, written", header::write());
    }
    tally.step("fmt", pass(&mut cargo(["fmt", "--all", "--check"])));
    tally.step("Python's format and lints", python::lint(false));
    tally.step("JavaScript's format and lints", node::lint(false));
    tally.step("manifests of the Node.js packages", node::check_manifests());
    tally.step("length of files", length_of_files());
    tally.step("docs/errors.md", tables::compare(tables::ERRORS));
    tally.step("docs/settings.md", tables::compare(tables::SETTINGS_PAGE));
    tally.step("docs/config.schema.json", tables::compare(tables::SCHEMA));
    tally.step("the C header and list of symbols", header::compare());
    tally.step("guards of the C ABI", exports::check_guards());
    tally.step("docs/parity.md", parity::look());
    deny(&mut tally);
    tally.step("clippy", pass(clippy().args(["--", "-D", "warnings"])));
    // Without what only tests have: what a user builds must be clean as well.
    for arguments in [
        &["-p", "strongroom", "-p", "strongroom-ffi", "-p", "strongroom-cli"][..],
        &["-p", "strongroom", "--no-default-features"],
        &["-p", "strongroom-python", "--no-default-features", "--features", "full"],
        &["-p", "strongroom-node", "--no-default-features", "--features", "full"],
    ] {
        let mut released = cargo(["clippy"]);
        released.args(arguments).args(["--", "-D", "warnings"]);
        tally.step(&format!("clippy {}", arguments.join(" ")), pass(&mut released));
    }
    // The library alone: its documentation and those of the command and of the C ABI, which have the same name, would
    // overwrite each other.
    let mut doc = cargo(["doc", "-p", "strongroom", "--lib", "--no-deps"]);
    doc.args(["--no-default-features", "--features", "full,testing"]);
    tally.step("doc", pass(doc.env("RUSTDOCFLAGS", "-D warnings")));
    for triple in PLATFORMS {
        let name = format!("pure Rust part for {triple}");
        match tools::platform(triple) {
            Ok(()) => {
                let args = [
                    "check",
                    "-p",
                    "strongroom",
                    "--lib",
                    "--no-default-features",
                    "--features",
                    "testing",
                ];
                let mut check = cargo(args);
                tally.step(
                    &name,
                    pass(check.args(["--target", triple]).env("RUSTFLAGS", "-D warnings")),
                );
            }
            Err(reason) => tally.skip(&name, &format!("its standard library cannot be had ({reason})")),
        }
    }
    if root().join(readme::PATH).exists() {
        let outcome = suites::build().and_then(|_| readme::run_shell_blocks());
        tally.step("README's shell blocks", outcome);
    } else {
        tally.skip("README's shell blocks", "there is no README.md");
    }
    for what in &tally.skipped {
        println!("skipped: {what}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 {
        Ok(())
    } else {
        Err("not every check passed".to_owned())
    }
}

fn clippy() -> Command {
    let mut clippy = cargo(["clippy", "--workspace", "--all-targets"]);
    clippy.args(FEATURES);
    clippy
}

/// Licences, bans and sources need nothing but the lock file; advisories need a database from the network.
fn deny(tally: &mut Tally) {
    let program = match tools::cargo_deny() {
        Ok(program) => program,
        Err(reason) => return tally.skip("cargo deny", &format!("it cannot be installed ({reason})")),
    };
    let deny = |words: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(["--workspace", "--all-features", "--locked"])
            .args(words)
            .current_dir(root());
        command
    };
    let mut lists = deny(&[
        "--offline",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]);
    tally.step("cargo deny: bans, licences, sources", pass(&mut lists));
    match fetched(deny(&["fetch", "db"])) {
        Ok(()) => tally.step("cargo deny: advisories", pass(&mut deny(&["check", "advisories"]))),
        Err(reason) => tally.skip("cargo deny: advisories", &reason),
    }
}

fn fetched(mut fetch: Command) -> Outcome {
    let path = target().join("deny-fetch.log");
    let log = std::fs::File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let status = logged(&mut fetch, &log)?;
    if status.success() {
        Ok(())
    } else {
        Err("the advisory database cannot be fetched here".to_owned())
    }
}

fn length_of_files() -> Outcome {
    let output = Command::new("git")
        .args([
            "ls-files", "*.rs", "*.py", "*.sh", "*.js", "*.mjs", "*.cjs", "*.ts", "*.mts", "*.cts",
        ])
        .current_dir(root())
        .output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    let mut long = Vec::new();
    for name in String::from_utf8_lossy(&output.stdout).lines() {
        // A file that git knows may have been removed and not yet committed.
        let Ok(text) = read(&root().join(name)) else { continue };
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{name} has {lines} lines"));
        }
    }
    if long.is_empty() {
        Ok(())
    } else {
        Err(format!("more than {LONGEST_FILE} lines: {}", long.join(", ")))
    }
}
