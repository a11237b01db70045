//! `cargo xtask test`: one build, every suite, minutes and totals.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::count::{self, Count};
use crate::json::{self, Executable};
use crate::run::{cargo, cli, in_home, logged, parallel, read, root, target};
use crate::{c, node, parity, python, tools};

/// The one feature set that everything is built with in the dev profile. Without defaults, so that `cargo xtask`, which
/// selects itself alone, and the whole workspace come to the same set for every crate and nothing is built twice.
pub(crate) const FEATURES: [&str; 2] = [
    "--no-default-features",
    "--features=strongroom/full,strongroom/testing,strongroom-cli/testing,strongroom-ffi/full,strongroom-ffi/testing,\
     strongroom-python/full,strongroom-python/testing,strongroom-node/full,strongroom-node/testing",
];

/// Suites that are commands of this program.
const OWN_SUITES: [(&str, &[&str]); 7] = [
    ("quickstarts", &["quickstarts"]),
    ("c", &["c", "--installed"]),
    ("miri", &["miri"]),
    ("check", &["check"]),
    // Well after the quickstarts: they build a release too, in the same folder.
    ("python wheel", &["python-wheel"]),
    ("node package", &["node-package"]),
    // The other command of the README. All that it builds is there by then.
    ("demo", &["demo"]),
];

/// Programs in Python: what reads and writes our formats besides us.
const READERS: [(&str, &str); 2] = [
    ("store reader (Python)", "tests/vectors/store/run.py"),
    ("fernet (Python)", "tests/vectors/fernet.py"),
];

/// Builds everything that the suites run.
pub(crate) fn build() -> Outcome<Vec<Executable>> {
    // Not `cargo test --no-run`: that leaves out the programs of packages without integration tests.
    let mut command = cargo(["build", "--workspace", "--lib", "--bins", "--tests", "--examples"]);
    command.args(FEATURES).arg("--message-format=json-render-diagnostics");
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the build failed".to_owned());
    }
    Ok(json::executables(&String::from_utf8_lossy(&output.stdout)))
}

/// Programs that are run one after the other and counted together.
struct Suite {
    name: String,
    commands: Vec<Command>,
    /// Where the programs of the suite find a home; emptied with the suite.
    _home: tempfile::TempDir,
}

impl Suite {
    fn new(name: &str, mut commands: Vec<Command>) -> Outcome<Self> {
        let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
        // Cargo and rustup keep what they have in the real home.
        for command in commands
            .iter_mut()
            .filter(|command| command.get_current_dir() != Some(root().as_path()))
        {
            in_home(command, home.path());
        }
        Ok(Self {
            name: name.to_owned(),
            commands,
            _home: home,
        })
    }
}

struct Report {
    name: String,
    count: Count,
    took: Duration,
    log: PathBuf,
    /// Why the suite failed beyond its own count.
    reason: Option<String>,
}

impl Report {
    /// What is no suite, but judged once the suites have run.
    fn of_step(name: &str, outcome: Outcome) -> Self {
        let (passed, failed) = if outcome.is_ok() { (1, 0) } else { (0, 1) };
        Self {
            name: name.to_owned(),
            count: Count {
                passed,
                failed,
                ..Count::default()
            },
            took: Duration::ZERO,
            log: PathBuf::new(),
            reason: outcome.err(),
        }
    }
}

/// Builds, runs every suite, and reports.
pub(crate) fn test() -> Outcome {
    let start = Instant::now();
    let mut skipped = Vec::new();
    for (program, package) in [
        ("setpriv", "util-linux"),
        ("strace", "strace"),
        ("zsh", "zsh"),
        ("fish", "fish"),
    ] {
        if let Err(reason) = tools::system(program, package) {
            skipped.push(format!("what needs {program}: {reason}"));
        }
    }
    parity::clear()?;
    // One of them waits for the compiler, the other for the network.
    let (executables, environments, node_environment, servers) = std::thread::scope(|scope| {
        let environments = scope.spawn(|| (python::environments(), node::environment(), tools::servers()));
        let executables = build();
        let joined = environments.join();
        let (python, node, servers) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok::<_, String>((executables?, python?, node?, servers?))
    })?;
    // Before any suite: some of them build as well, and cargo replaces what this copies.
    c::install()?;
    python::install(&environments)?;
    node::stage()?;
    let built = start.elapsed();
    let mut suites = suites(&executables, &environments, &node_environment, &servers)?;
    for (name, script) in READERS {
        if root().join(script).exists() {
            let mut command = Command::new(tools::python()?);
            command.arg(script).arg("--cli").arg(cli()).current_dir(root());
            suites.push(Suite::new(name, vec![command])?);
        } else {
            skipped.push(format!("{name}: {script} is not there"));
        }
    }

    let logs = target().join("xtask/logs");
    fs::create_dir_all(&logs).map_err(|error| format!("cannot make {}: {error}", logs.display()))?;
    let suites: Vec<_> = suites.into_iter().map(std::sync::Mutex::new).collect();
    // Two: some suites measure time, and the machines that run this have two cores at least.
    let mut reports = parallel(2, &suites, |suite| {
        let mut suite = suite.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let report = run(&mut suite, &logs);
        if is_good(&report) {
            println!("ok     {}", report.name);
        } else {
            // At once, and in short: what is printed last may be cut off where this runs.
            println!(
                "FAILED {}\n{}",
                report.name,
                faults(&read(&report.log).unwrap_or_default())
            );
        }
        report
    });
    reports.push(Report::of_step("parity", parity::compare()));
    tell(&reports, built, start.elapsed(), skipped)
}

fn suites(
    executables: &[Executable],
    python_environments: &python::Environments,
    node_environment: &node::Environment,
    servers: &Path,
) -> Outcome<Vec<Suite>> {
    // In this order they begin: the longest first.
    let folders = [
        ("crash", "tests/crash"),
        ("behavior", "tests/behavior"),
        ("remote", "tests/remote"),
        ("cli", "cli"),
        ("leak", "tests/leak"),
        ("unit", "core"),
        ("unit (C ABI)", "ffi"),
        ("servers", "tests/fakes"),
        ("transfer", "tests/transfer"),
        ("vectors", "tests/vectors"),
        ("quickstart", "examples/quickstart/rust"),
        ("xtask", "xtask"),
    ];
    let readers = tools::dotenv_readers()?;
    let mut suites = Vec::new();
    for (name, folder) in folders {
        let package = root().join(folder);
        // The other programs are subjects that tests start.
        let is_program = name == "quickstart";
        let commands = executables
            .iter()
            .filter(|executable| executable.package == package && (executable.is_test || is_program))
            .map(|executable| {
                let mut command = Command::new(&executable.path);
                command.current_dir(&package).env("CARGO_MANIFEST_DIR", &package);
                if name == "leak" {
                    // Its subject in C is compiled against what was installed.
                    command.env("STRONGROOM_PREFIX", c::prefix());
                }
                if ["behavior", "remote", "servers"].contains(&name) {
                    command.env("STRONGROOM_TEST_PYTHON", servers);
                }
                if name == "transfer" {
                    command.envs(readers.iter().map(|(variable, path)| (variable, path)));
                }
                command
            })
            .collect();
        suites.push(Suite::new(name, commands)?);
        if name == "behavior" {
            // Not this process's own file: the build may have replaced it.
            let mut itself = executables
                .iter()
                .filter(|executable| executable.name == "xtask" && !executable.is_test);
            let itself = itself.next().ok_or("cargo did not build xtask")?;
            for (name, words) in OWN_SUITES {
                let mut command = Command::new(&itself.path);
                command.args(words).current_dir(root());
                suites.push(Suite::new(name, vec![command])?);
            }
            let bindings = [python::suites(python_environments)?, node::suites(node_environment)?];
            for (name, commands) in bindings.into_iter().flatten() {
                suites.push(Suite::new(name, commands)?);
            }
            let mut doctests = cargo(["test", "--doc", "--workspace"]);
            doctests.args(FEATURES);
            suites.push(Suite::new("doctests", vec![doctests])?);
        }
    }
    Ok(suites)
}

fn run(suite: &mut Suite, logs: &Path) -> Report {
    let start = Instant::now();
    let log = logs.join(format!("{}.log", suite.name.replace([' ', '(', ')'], "")));
    let mut reason = None;
    let mut silent = 0;
    match File::create(&log) {
        Err(error) => reason = Some(format!("cannot write the log: {error}")),
        Ok(file) => {
            let lines = |log: &Path| read(log).map(|text| count::lines(&text)).unwrap_or_default();
            for command in &mut suite.commands {
                let before = lines(&log);
                match logged(command.env(parity::FOLDER, parity::folder()), &file) {
                    Err(error) => reason = Some(error),
                    Ok(status) if !status.success() => reason = Some(format!("ended with {status}")),
                    // A program that counts nothing itself counts as one.
                    Ok(_) if lines(&log) == before => silent += 1,
                    Ok(_) => {}
                }
            }
        }
    }
    let mut count = read(&log).map(|text| count::count(&text)).unwrap_or_default();
    count.passed += silent;
    if reason.is_some() && count.failed == 0 {
        count.failed = 1;
    }
    Report {
        name: suite.name.clone(),
        count,
        took: start.elapsed(),
        log,
        reason,
    }
}

fn is_good(report: &Report) -> bool {
    report.count.failed == 0 && report.reason.is_none()
}

/// What failed, by a log: the lines that say so, each with what stands below it.
fn faults(log: &str) -> String {
    const BELOW: usize = 8;
    const MOST: usize = 60;
    let mut text = String::new();
    let mut left = 0;
    for line in log.lines().filter(|line| !line.ends_with("... ok")) {
        let is_fault = ["FAILED", "panicked at", "HUNG", "error:", "✖ "]
            .iter()
            .any(|word| line.contains(word));
        left = if is_fault { BELOW } else { left };
        if left > 0 && text.lines().count() < MOST {
            left -= 1;
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

fn tell(reports: &[Report], built: Duration, took: Duration, mut skipped: Vec<String>) -> Outcome {
    for report in reports.iter().filter(|report| !is_good(report)) {
        println!("\n──── {} ────", report.name);
        print!("{}", read(&report.log).unwrap_or_default());
        println!(
            "──── {} failed: {}",
            report.name,
            report.reason.as_deref().unwrap_or("see above")
        );
    }
    let minutes = |took: Duration| took.as_secs_f64() / 60.0;
    println!("\nminutes  passed  failed  suite");
    println!("{:7.2}  {:>6}  {:>6}  build", minutes(built), "", "");
    for report in reports {
        let Count { passed, failed, .. } = report.count;
        println!(
            "{:7.2}  {passed:>6}  {failed:>6}  {}",
            minutes(report.took),
            report.name
        );
        skipped.extend(
            report
                .count
                .skipped
                .iter()
                .map(|what| format!("{}: {what}", report.name)),
        );
        if report.count.ignored > 0 {
            skipped.push(format!(
                "{}: {} tests are marked as ignored",
                report.name, report.count.ignored
            ));
        }
    }
    println!("{:7.2}  in all", minutes(took));
    skipped.sort();
    skipped.dedup();
    for what in &skipped {
        println!("skipped: {what}");
    }
    let passed: u64 = reports.iter().map(|report| report.count.passed).sum();
    let failed: u64 = reports.iter().map(|report| report.count.failed).sum();
    println!("{passed} passed, {failed} failed");
    if reports.iter().all(is_good) {
        Ok(())
    } else {
        Err("not every suite passed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_with_what_stands_below() {
        let log = "ok      a.c: 1\nFAILED  b.c: it ended with 1\nb.c:7: expected 1\ntest x ... ok\n";
        assert_eq!(faults(log), "    FAILED  b.c: it ended with 1\n    b.c:7: expected 1\n");
        assert_eq!(faults("ok      a.c: 1\ntest x ... ok\n"), "");
    }
}
