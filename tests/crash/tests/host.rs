//! Hosts that open and close the store's files, other SQLites, and two copies of the library in one process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use strongroom_crash::rig::{Home, Ledger, Subject, Watchdog, say};

const EXE: &str = env!("CARGO_BIN_EXE_strongroom-crash");
const LIMIT: Duration = Duration::from_secs(180);

/// Starts Python with the preamble and a script.
fn python(home: &Home, script: &str, args: &[&str]) -> Subject {
    let program = format!("{}\n{script}", include_str!("../py/preamble.py"));
    let mut all = vec!["-c", program.as_str()];
    all.extend_from_slice(args);
    Subject::start("python3", home, &all)
}

/// Waits for all subjects and enters their lines; answers their notes.
fn finish(subjects: Vec<Subject>, ledger: &mut Ledger) -> Vec<String> {
    let mut notes = Vec::new();
    for subject in subjects {
        let (lines, status) = subject.finish(LIMIT / 2);
        ledger.enter(&lines);
        notes.extend(
            lines
                .iter()
                .filter_map(|line| line.strip_prefix("note ").map(str::to_owned)),
        );
        assert!(status.success(), "{status}: {:?}", ledger.errors);
    }
    notes
}

fn settle(name: &str, begin: Instant, home: &Home, ledger: &Ledger, notes: &[String]) {
    let found = ledger.check(EXE, home, "check");
    say(&format!(
        "host {name}: {} acknowledged, {} lost, {} outcome unknown ({}), {:.1} s",
        ledger.len(),
        found.lost.len(),
        ledger.unknown,
        notes.join("; "),
        begin.elapsed().as_secs_f64()
    ));
    assert_eq!(ledger.errors, Vec::<String>::new());
    found.assert_nothing_lost(name);
}

#[test]
fn a_host_that_opens_and_closes_the_files_of_its_store_loses_nothing() {
    let _watchdog = Watchdog::new("the meddling host", LIMIT);
    let (begin, home, mut ledger) = (Instant::now(), Home::new(), Ledger::default());
    let host = Subject::start(EXE, &home, &["host", "0", "500"]);
    // The second process comes and goes, so that now and then it is the last one to close.
    let mut notes = Vec::new();
    for round in 0..10 {
        let second = Subject::start(EXE, &home, &["write", "1", &(round * 1000).to_string(), "50"]);
        notes.extend(finish(vec![second], &mut ledger));
    }
    notes.extend(finish(vec![host], &mut ledger));
    assert_eq!(ledger.len() + ledger.unknown, 1000);
    settle(
        "that opens and closes all files, and a second process",
        begin,
        &home,
        &ledger,
        &notes,
    );
}

#[test]
fn another_process_whose_sqlite_opens_the_store_loses_nothing() {
    let _watchdog = Watchdog::new("the looking Python", LIMIT);
    let (begin, home, mut ledger) = (Instant::now(), Home::new(), Ledger::default());
    let first = Subject::start(EXE, &home, &["write", "0", "0", "400"]);
    assert!(first.wait_for(2, LIMIT), "the store is there");
    let looker = python(&home, include_str!("../py/looker.py"), &[]);
    let second = Subject::start(EXE, &home, &["write", "1", "0", "400"]);
    let mut notes = finish(vec![first, second], &mut ledger);
    std::fs::write(home.path().join("stop"), "").unwrap();
    notes.extend(finish(vec![looker], &mut ledger));
    settle("Python's sqlite3 and two writers", begin, &home, &ledger, &notes);
}

/// The shared object of the crate `strongroom-crash-copy`, which cargo builds beside this test.
fn shared_object() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.with_file_name("libstrongroom_crash_copy.so");
    assert!(path.exists(), "{} was not built", path.display());
    path
}

#[test]
fn two_copies_of_the_library_and_another_sqlite_in_one_process_lose_nothing() {
    let _watchdog = Watchdog::new("two copies", LIMIT);
    let (begin, home, mut ledger) = (Instant::now(), Home::new(), Ledger::default());
    let copies = ["one", "two"].map(|name| {
        let path = home.path().join(format!("lib{name}.so"));
        std::fs::copy(shared_object(), &path).unwrap();
        path.display().to_string()
    });
    let both = python(&home, include_str!("../py/copies.py"), &[&copies[0], &copies[1], "200"]);
    let mut notes = Vec::new();
    for round in 0..4 {
        let second = Subject::start(EXE, &home, &["write", "2", &(round * 1000).to_string(), "50"]);
        notes.extend(finish(vec![second], &mut ledger));
    }
    notes.extend(finish(vec![both], &mut ledger));
    assert!(ledger.len() >= 400, "{} acknowledged", ledger.len());
    settle(
        "with two copies, its own sqlite3, and a second process",
        begin,
        &home,
        &ledger,
        &notes,
    );
}

#[test]
fn the_rig_finds_the_losses_of_posix_locks() {
    let _watchdog = Watchdog::new("the control with POSIX locks", LIMIT);
    let (begin, mut tries) = (Instant::now(), 0);
    while tries < 10 {
        tries += 1;
        let home = Home::new();
        let (lines, _) = python(&home, include_str!("../py/posix_control.py"), &["3"]).finish(LIMIT / 2);
        let figures: Vec<usize> = lines
            .iter()
            .find_map(|line| line.strip_prefix("control "))
            .map(|line| line.split(' ').filter_map(|word| word.parse().ok()).collect())
            // The host died, as SQLite does when its mapping is cut off under it: damage enough.
            .unwrap_or_else(|| vec![0, 0, 1]);
        say(&format!(
            "host control with POSIX locks, try {tries}: {} acknowledged, {} lost, {} damaged, {:.1} s",
            figures[0],
            figures[1],
            figures[2],
            begin.elapsed().as_secs_f64()
        ));
        if figures[1] + figures[2] > 0 {
            return;
        }
    }
    panic!("the control lost nothing, so the rig proves nothing");
}
