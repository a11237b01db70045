//! `strongroom get` as a whole process: what a script pays for one secret.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use support::stores::{self, KEY, VALUE, name, seed};
use support::{Report, Target, median, percentile, subject};

const RUNS: usize = 150;

fn main() {
    if let Some(words) = subject() {
        assert_eq!(words.len(), 2);
        return seed(&stores::open(Path::new(&words[1]), false), 0, 1000);
    }
    let mut report = Report::new("process");
    let Some(program) = build() else {
        return report.skipped("`strongroom get`, whole process", "the command does not build");
    };
    let folder = stores::folder();
    // In a process of its own: a child begins with the parent's peak of memory, which must stay small.
    let seeded = support::subject_command("seed", &[folder.path().to_str().unwrap()]).status();
    assert!(seeded.unwrap().success());
    let get = || {
        let mut command = Command::new(&program);
        command
            .env_clear()
            .env("STRONGROOM_SECRETS_ENCRYPTED_PATH", stores::path(folder.path()))
            .env("STRONGROOM_SECRETS_KEY", KEY)
            .args(["get", &name(7)]);
        command
    };
    let said = get().output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim_end(), VALUE);
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    let (mut busy, mut bare_busy, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let floor = run(Command::new("/bin/true").env_clear());
        floors.push(floor.took);
        bare_busy.push(floor.busy);
        let get = run(&mut get());
        ours.push(get.took);
        busy.push(get.busy);
        peaks.push(get.peak);
    }
    report.beside(
        "`strongroom get`, whole process, over /bin/true",
        "ns",
        median(&mut floors),
        median(&mut ours),
        Target::Ours(6e6),
    );
    let (floor, busy) = (median(&mut bare_busy), median(&mut busy));
    report.beside(
        "the same in processor time, which a busy machine changes little",
        "ns",
        floor,
        busy,
        Target::None,
    );
    let most = percentile(&mut peaks, 100);
    report.alone(
        "`strongroom get`, peak memory",
        "B",
        most,
        Target::Ours(12.0 * 1_048_576.0),
    );
}

/// Builds the command as it ships and tells where it is.
fn build() -> Option<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "-p", "strongroom-cli"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent()?)
        .status();
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("release")
        .join("strongroom");
    (status.is_ok_and(|status| status.success()) && program.exists()).then_some(program)
}

/// What a command took from start to end.
struct Usage {
    /// Nanoseconds on the wall's clock.
    took: f64,
    /// Nanoseconds of processors, of program and system.
    busy: f64,
    /// The most memory, in bytes.
    peak: f64,
}

/// Runs a command to its end, and asks the system what it used.
#[expect(unsafe_code, reason = "the standard library does not tell a child's usage of memory")]
#[expect(clippy::zombie_processes, reason = "`wait4` waits for it")]
fn run(command: &mut Command) -> Usage {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let child = command.spawn().unwrap();
    let mut status = 0;
    // SAFETY: all zeroes is a value of `rusage`, and both places outlive the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let id = child.id() as i32;
        assert_eq!(libc::wait4(id, &mut status, 0, &mut usage), id);
        usage
    };
    let took = begun.elapsed().as_nanos() as f64;
    assert!(std::process::ExitStatus::from_raw(status).success());
    let nanos = |time: libc::timeval| time.tv_sec as f64 * 1e9 + time.tv_usec as f64 * 1e3;
    Usage {
        took,
        busy: nanos(usage.ru_utime) + nanos(usage.ru_stime),
        peak: usage.ru_maxrss as f64 * 1024.0,
    }
}
