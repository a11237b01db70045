//! Tests of the system layer. Those that fork or change the process run in a process of their own.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, which the lint does not see"
)]
#![allow(
    clippy::print_stdout,
    reason = "processes of a test talk over it, and a skipped test says why"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test tells its own processes apart by the environment"
)]

mod alloc;
mod arena;
#[cfg(all(feature = "encrypted", feature = "file", feature = "testing"))]
mod cache;
#[cfg(feature = "encrypted")]
mod exit;
mod files;
mod fork;
mod lock;
mod runtime;
#[cfg(feature = "encrypted")]
mod sqlite;
#[cfg(feature = "encrypted")]
mod sqlite_fork;
#[cfg(feature = "testing")]
mod watch;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "STRONGROOM_SYS_TEST_ROLE";
const PLACE: &str = "STRONGROOM_SYS_TEST_PLACE";

/// The command that runs one test of this binary in a process of its own, in a role.
fn again(test: &str, role: &str, place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(PLACE, place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The role this process was started in.
fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// The folder that the starting test chose.
fn place() -> PathBuf {
    PathBuf::from(std::env::var_os(PLACE).unwrap())
}

/// Runs `body` in a process of its own: `test` is the full name of the calling test.
fn alone(test: &str, body: impl FnOnce()) {
    if role().as_deref() == Some("alone") {
        return body();
    }
    let output = again(test, "alone", Path::new("/")).output().unwrap();
    assert!(
        output.status.success(),
        "{test} in its own process: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // A wrong name would run nothing and succeed.
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{test} names no test"
    );
}

/// Forks; the child runs `body` and ends with 0 where it returns `true`. The child's number.
fn fork(body: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child runs on with the forking thread alone, which is what these tests are about, and ends without
    // running destructors that belong to the parent.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(i32::from(!good)) }
        }
        child => child,
    }
}

/// Whether the child ended with 0, within ten seconds.
fn ended_well(child: i32) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    let mut status = 0;
    while Instant::now() < end {
        // SAFETY: a child of ours; the status is written to a local.
        match unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } {
            0 => std::thread::sleep(Duration::from_millis(1)),
            found => return found == child && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        }
    }
    // SAFETY: a child of ours that hangs.
    unsafe {
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, &raw mut status, 0);
    }
    false
}

/// Waits for `word` on a process's standard output.
fn wait_for(output: &mut impl Read, word: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(word) {
        assert!(
            output.read(&mut byte).unwrap() == 1,
            "ended before `{word}`: {}",
            String::from_utf8_lossy(&seen)
        );
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}
