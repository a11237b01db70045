//! Forks of a process that uses the store.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::{Duration, Instant};

use strongroom_crash::rig::{Home, Ledger, Subject, Watchdog, knob, say};

const EXE: &str = env!("CARGO_BIN_EXE_strongroom-crash");
const LIMIT: Duration = Duration::from_secs(180);

/// Runs a mode over the encrypted store; see [`run_over`].
fn run(args: &[&str]) -> impl Fn(&str) -> usize + use<> {
    run_over("encrypted", args)
}

/// Runs a mode, reads everything back that it acknowledged, and answers its figures by name.
fn run_over(backend: &'static str, args: &[&str]) -> impl Fn(&str) -> usize + use<> {
    let watchdog = Watchdog::new("forks", LIMIT);
    let begin = Instant::now();
    let home = Home::of(backend);
    let (lines, status) = Subject::start(EXE, &home, args).finish(LIMIT / 2);
    let mut ledger = Ledger::default();
    ledger.enter(&lines);
    let summary = lines
        .iter()
        .rfind(|line| line.starts_with("note ") && line.contains(" forks, "))
        .unwrap_or_else(|| panic!("no summary: {status}, {:?}", ledger.errors))
        .trim_start_matches("note ")
        .to_owned();
    let found = ledger.check(EXE, &home, "check");
    say(&format!(
        "fork {summary}; {} acknowledged, {} lost, {:.1} s",
        ledger.len(),
        found.lost.len(),
        begin.elapsed().as_secs_f64()
    ));
    assert!(status.success(), "{status}");
    assert_eq!(
        ledger.errors,
        Vec::<String>::new(),
        "neither parent nor children see an error"
    );
    found.assert_nothing_lost(&summary);
    drop(watchdog);
    move |name: &str| {
        let mut words = summary.split([' ', ',']).skip_while(|word| *word != name).skip(1);
        words.next().unwrap().parse().unwrap()
    }
}

#[test]
fn five_hundred_forks_under_load_lose_nothing_and_hang_nothing() {
    let forks = knob("STRONGROOM_CRASH_FORKS").unwrap_or(500);
    let figure = run(&["fork", &forks.to_string()]);
    assert_eq!(figure("hung"), 0);
    assert_eq!(figure("failed"), 0);
    let (worked, unavailable) = (figure("worked"), figure("unavailable"));
    assert_eq!((worked + unavailable) as u64, forks);
    assert!(
        unavailable * 20 <= worked,
        "{unavailable} children of {forks} could not use the store"
    );
}

#[test]
fn grandchildren_use_the_store_whether_their_parent_did_or_not() {
    let figure = run(&["fork-grandchildren", "50"]);
    assert_eq!((figure("hung"), figure("failed")), (0, 0));
    assert!(figure("worked") >= 45, "{} worked", figure("worked"));
}

#[test]
fn a_fork_before_the_first_use_leaves_one_store_for_both() {
    let figure = run(&["fork-first"]);
    assert_eq!(figure("worked"), 2);
}

#[test]
fn a_child_works_although_a_call_of_its_parent_hangs_on_a_worker() {
    let figure = run(&["fork-hanging"]);
    assert_eq!(figure("worked"), 10);
}

#[test]
fn a_child_works_although_calls_of_its_parent_share_wait_and_are_refused() {
    let figure = run(&["fork-around"]);
    assert_eq!(figure("worked"), 15);
}

#[test]
fn both_faces_work_in_a_child_of_a_process_that_used_both() {
    let figure = run(&["fork-faces"]);
    assert_eq!(figure("worked"), 20);
}

#[test]
fn a_child_reads_cached_values_and_its_parent_sees_what_it_writes() {
    let figure = run(&["fork-cached"]);
    assert_eq!(figure("worked"), 20);
}

#[test]
fn forks_of_a_process_that_uses_the_plain_file_lose_nothing_and_hang_nothing() {
    let forks = knob("STRONGROOM_CRASH_FORKS").unwrap_or(500) / 5;
    let figure = run_over("file", &["fork", &forks.to_string()]);
    assert_eq!((figure("hung"), figure("failed")), (0, 0));
    let (worked, unavailable) = (figure("worked"), figure("unavailable"));
    assert_eq!((worked + unavailable) as u64, forks);
    assert!(unavailable * 20 <= worked, "{unavailable} children of {forks}");
}

#[test]
fn children_and_grandchildren_use_the_plain_file_cached_or_not() {
    let figure = run_over("file", &["fork-grandchildren", "20"]);
    assert_eq!((figure("hung"), figure("failed")), (0, 0));
    assert_eq!(run_over("file", &["fork-first"])("worked"), 2);
    assert_eq!(run_over("file", &["fork-cached"])("worked"), 20);
}
