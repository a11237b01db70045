//! One program moves from place to place by one setting: the quickstart of each language, unchanged, against the
//! encrypted store, OpenBao and AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use strongroom_fakes::{Moto, OpenBao};

/// What the places need besides the one setting, stated once, for all of them at the same time.
struct Surroundings {
    home: tempfile::TempDir,
    bao: OpenBao,
    moto: Moto,
}

static SURROUNDINGS: LazyLock<Surroundings> = LazyLock::new(|| Surroundings {
    home: tempfile::tempdir().unwrap(),
    bao: OpenBao::dev(),
    moto: Moto::start(),
});

/// They all have the same secret.
static TURN: Mutex<()> = Mutex::new(());

const PLACES: [&str; 3] = ["encrypted", "vault", "aws"];

fn target() -> PathBuf {
    // target/debug/deps/<this program>
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart")
}

/// What a suite before this one has made; without it there is nothing to run.
fn made(path: &str) -> PathBuf {
    let path = target().join(path);
    assert!(
        path.exists(),
        "{} is not there: `cargo xtask test` makes it",
        path.display()
    );
    path
}

/// Runs a program in every place; only the one setting differs.
fn everywhere(language: &str, program: impl Fn() -> Command) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let around = &*SURROUNDINGS;
    let home = around.home.path();
    for place in PLACES {
        let mut command = program();
        command.env_clear().env("HOME", home).current_dir(home);
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("VAULT_ADDR", around.bao.address());
        command.env("VAULT_TOKEN", around.bao.root_token());
        command.envs(around.moto.environment());
        let output = command.env("STRONGROOM_SECRETS_BACKEND", place).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{language} with {place}: {said}{complained}");
        for line in [
            "app/quickstart/api_key: 6 bytes",
            "provider: example",
            "- app/quickstart/api_key",
            "expected: not_found",
        ] {
            assert!(
                said.contains(line),
                "{language} with {place} does not say `{line}`: {said}"
            );
        }
        assert!(!said.contains("s3cret") && !complained.contains("s3cret"));
    }
}

#[test]
fn the_program_in_rust() {
    let program = made("debug/quickstart-rust");
    everywhere("Rust", || Command::new(&program));
}

#[test]
fn the_program_in_c() {
    let prefix = made("prefix");
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("quickstart");
    let mut compiler = Command::new("cc");
    compiler.arg(examples().join("c/main.c")).arg("-o").arg(&program);
    compiler
        .arg("-I")
        .arg(prefix.join("include"))
        .arg("-L")
        .arg(prefix.join("lib"));
    compiler
        .arg("-lstrongroom")
        .arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()));
    let compiled = compiler.output().unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    everywhere("C", || Command::new(&program));
}

#[test]
fn the_program_in_python() {
    let python = made("venv-python/bin/python");
    everywhere("Python", || {
        let mut command = Command::new(&python);
        command.arg("-I").arg(examples().join("python/main.py"));
        command
    });
}

#[test]
fn the_program_in_node() {
    let stage = made("node/stage");
    let folder = tempfile::tempdir().unwrap();
    let modules = folder.path().join("node_modules");
    std::fs::create_dir(&modules).unwrap();
    std::os::unix::fs::symlink(&stage, modules.join("strongroom")).unwrap();
    let program = folder.path().join("main.mjs");
    std::fs::copy(examples().join("node/main.mjs"), &program).unwrap();
    // Where the suites found it; the environment that the program gets has no other.
    let node = Command::new("node").args(["-p", "process.execPath"]).output().unwrap();
    let node = String::from_utf8(node.stdout).unwrap();
    everywhere("Node.js", || {
        let mut command = Command::new(node.trim());
        command.arg(&program);
        command
    });
}
