//! The plain file, whose writer is killed at each of the system calls that change something.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use strongroom::blocking::SecretManager;
use strongroom::{ListOptions, Secret};
use strongroom_crash::rig::{Home, Watchdog, say};
use strongroom_crash::subject::STATES;

const EXE: &str = env!("CARGO_BIN_EXE_strongroom-crash");
const LIMIT: Duration = Duration::from_secs(300);
/// More than a run has of any thread's calls; a run that is never killed ends the search.
const MOST: usize = 200;

/// The calls that change a file, a name or what is on the disk. `strace` counts each of them apart.
const CALLS: [&str; 12] = [
    "write",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "fsync",
    "fdatasync",
    "fchmod",
    "mkdir",
];

/// Runs the steps and kills them as a thread enters its `at`-th call of this name. The lines, and whether it was killed.
fn run(home: &Home, call: &str, at: usize) -> (Vec<String>, bool) {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={at}")])
        .args([EXE, "steps"])
        .stdin(Stdio::null());
    home.equip(&mut command);
    let output = command.output().expect("strace, which CI has, is here");
    let lines = String::from_utf8(output.stdout).unwrap();
    (lines.lines().map(str::to_owned).collect(), !output.status.success())
}

fn open(home: &Home) -> SecretManager {
    let builder = SecretManager::builder().app("rig").without_environment();
    let path = home.plain_file();
    let builder = builder.backend("file").option("file.path", path.to_str().unwrap());
    builder.open_blocking().unwrap()
}

/// What a fresh manager finds of the steps, as they tell it.
fn found(manager: &SecretManager) -> Vec<String> {
    let page = manager.list(ListOptions::new().prefix("app/steps/")).unwrap();
    let value = |key: &str| manager.get_value(key).unwrap().unwrap();
    let names = page.entries.iter().map(|entry| entry.name.to_string());
    names.map(|name| format!("{name}={}", value(&name))).collect()
}

/// Puts a file there that nobody is writing any more.
fn plant(home: &Home, text: &str) {
    fs::create_dir_all(home.plain_file().parent().unwrap()).unwrap();
    let mut open = fs::File::options();
    let file = open
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(home.plain_file())
        .unwrap();
    std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .unwrap();
}

/// Kills at one call after the other, each time in a new home; `check` gets the home after each.
fn kill_at_each(name: &str, planted: Option<&str>, check: impl Fn(&Home, &str)) {
    let _watchdog = Watchdog::new("kills at system calls", LIMIT);
    let (mut kills, mut landed) = (0, 0);
    for call in CALLS {
        let end = (1..MOST).find(|at| {
            let home = Home::of("file");
            if let Some(text) = planted {
                plant(&home, text);
            }
            let (lines, was_killed) = run(&home, call, *at);
            let context = format!("{name}, killed at {call} {at}, {lines:?}, {:?}", home.files());
            assert!(
                lines.iter().all(|line| line == "open" || line.starts_with("did ")),
                "{context}"
            );
            let acknowledged = lines.iter().filter(|line| line.starts_with("did ")).count();
            check(&home, &context);
            let manager = open(&home);
            let found = found(&manager);
            // What was acknowledged, or one step more.
            let states = &STATES[acknowledged..STATES.len().min(acknowledged + 2)];
            let state = states.iter().position(|state| *state == found);
            assert!(state.is_some(), "{context}: {found:?}");
            landed += state.unwrap_or_default();
            manager.set("app/rig/after", &Secret::new("v")).unwrap();
            assert!(!home.files().iter().any(|file| file.ends_with(".new")), "{context}");
            assert!(was_killed || acknowledged + 1 == STATES.len(), "{context}");
            kills += usize::from(was_killed);
            !was_killed
        });
        assert!(end.is_some(), "{name}: {call} never ended");
    }
    say(&format!(
        "crash file, {name}: killed at each of {kills} calls, {landed} times a step was done and not acknowledged, \
         nothing lost"
    ));
    assert!(kills > 20, "the kills fell into the writes");
}

#[test]
fn a_writer_that_is_killed_at_any_call_leaves_a_whole_file() {
    kill_at_each("writes", None, |home, context| {
        if let Ok(text) = fs::read_to_string(home.plain_file()) {
            assert!(text.starts_with("{\n") && text.ends_with("\n}"), "{context}: {text}");
        }
        assert!(!home.files().iter().any(|file| file.contains(".corrupt.")), "{context}");
    });
}

const V1: &str = r#"{"secrets":{"old":{"value":"precious","metadata":{"created_at":"2023-05-06T07:08:09Z","updated_at":"2023-05-06T07:08:09Z"}}}}"#;

#[test]
fn a_migration_that_is_killed_at_any_call_loses_nothing() {
    kill_at_each("migration", Some(V1), |home, context| {
        let text = fs::read_to_string(home.plain_file()).unwrap();
        let kept = home
            .files()
            .into_iter()
            .filter(|file| file.contains("secrets.json.v1."));
        let kept: Vec<_> = kept
            .map(|file| fs::read_to_string(home.path().join(file)).unwrap())
            .collect();
        assert!(kept.iter().all(|kept| kept == V1), "{context}: {kept:?}");
        assert!(text == V1 || !kept.is_empty(), "{context}: the old file is nowhere");
        assert_eq!(
            open(home).get_value("old").unwrap().as_deref(),
            Some("precious"),
            "{context}"
        );
    });
}

#[test]
fn setting_a_corrupt_file_aside_that_is_killed_at_any_call_loses_nothing() {
    kill_at_each("corrupt file", Some("{\"corrupt"), |home, context| {
        let texts = home
            .files()
            .into_iter()
            .map(|file| fs::read_to_string(home.path().join(file)));
        assert_eq!(
            texts
                .filter(|text| text.as_deref().is_ok_and(|text| text == "{\"corrupt"))
                .count(),
            1,
            "{context}"
        );
    });
}
