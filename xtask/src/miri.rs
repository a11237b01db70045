//! `cargo xtask miri`: the exports of the C ABI under Miri, which sees what no run on the machine shows: a pointer used
//! beyond its right, a race between two threads. It cannot run C, so the encrypted store stays out.

use std::process::{Command, Stdio};

use crate::Outcome;
use crate::run::{pass, root, target};

/// Miri comes with nightly compilers only; one exact day.
const TOOLCHAIN: &str = "nightly-2026-10-30";

/// Installs Miri where it is missing, and runs the tests of `ffi` under it.
pub(crate) fn miri() -> Outcome {
    if let Err(reason) = install() {
        println!("skipped: Miri: {reason}");
        return Ok(());
    }
    let mut test = Command::new("rustup");
    test.args(["run", TOOLCHAIN, "cargo", "miri", "test"]).args([
        "--package",
        "strongroom-ffi",
        "--lib",
        "--no-default-features",
    ]);
    // What cargo set for this program names another compiler and another package.
    let of_cargo = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|begin| name.starts_with(begin))
            || ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "LD_LIBRARY_PATH"].contains(&name)
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_cargo(&name.to_string_lossy())) {
        test.env_remove(name);
    }
    test.current_dir(root())
        .env("CARGO_TARGET_DIR", target().join("miri"))
        // Clocks and random numbers are the machine's.
        .env("MIRIFLAGS", "-Zmiri-disable-isolation");
    pass(&mut test)
}

fn install() -> Outcome {
    let has = |words: &[&str]| {
        let mut command = Command::new("rustup");
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if has(&["run", TOOLCHAIN, "cargo", "miri", "--version"]) {
        return Ok(());
    }
    let install = [
        "toolchain",
        "install",
        TOOLCHAIN,
        "--profile",
        "minimal",
        "--no-self-update",
    ];
    pass(
        Command::new("rustup")
            .args(install)
            .args(["--component", "miri", "--component", "rust-src"]),
    )
    .map_err(|error| format!("{TOOLCHAIN} cannot be installed: {error}"))
}
