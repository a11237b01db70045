//! kill -9 against acknowledged writes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::time::{Duration, Instant};

use strongroom_crash::rig::{Home, Ledger, Rng, Subject, Watchdog, knob, say};

const EXE: &str = env!("CARGO_BIN_EXE_strongroom-crash");
/// How long a subject may take to write a few lines on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
fn limit() -> Duration {
    Duration::from_secs(180) + Duration::from_millis(500) * u32::try_from(kills()).unwrap()
}

/// How many kills in all, shared among the tests.
fn kills() -> u64 {
    knob("STRONGROOM_CRASH_KILLS").unwrap_or(300)
}

/// After how many kills the store is read back and verified.
const ROUND: u64 = 25;

/// Waits for a random moment of the subject's life: somewhere in its start, or after a few of its lines.
fn random_moment(subject: &Subject, rng: &mut Rng) {
    if rng.below(4) == 0 {
        std::thread::sleep(rng.span(Duration::from_millis(25)));
    } else {
        let lines = 1 + usize::try_from(rng.below(25)).unwrap();
        subject.wait_for(lines, PATIENCE);
        std::thread::sleep(rng.span(Duration::from_millis(2)));
    }
}

struct Figures {
    kills: u64,
    acknowledged: usize,
    increments: usize,
    unknown: usize,
    lost: usize,
    twice: usize,
}

/// Kills one of `modes.len()` writers at a time, at random moments, while the others go on; a fresh one takes its place.
fn kill_writers(backend: &'static str, modes: &[&str], check: &str, kills: u64, rng: &mut Rng) -> Figures {
    let mut figures = Figures {
        kills: 0,
        acknowledged: 0,
        increments: 0,
        unknown: 0,
        lost: 0,
        twice: 0,
    };
    while figures.kills < kills {
        let home = Home::of(backend);
        let mut ledger = Ledger::default();
        let mut incarnation = 0_u64;
        let mut start = |index: usize| {
            incarnation += 1_000_000;
            Subject::start(
                EXE,
                &home,
                &[modes[index], &index.to_string(), &incarnation.to_string()],
            )
        };
        // The two rounds of a home begin on no store and on one that was killed before.
        let mut last = (0, 0);
        for _ in 0..2 {
            let mut subjects: Vec<Subject> = (0..modes.len()).map(&mut start).collect();
            let round = ROUND.min(kills - figures.kills.min(kills));
            for _ in 0..round {
                let victim = usize::try_from(rng.below(modes.len() as u64)).unwrap();
                random_moment(&subjects[victim], rng);
                // Dead before its successor starts: only then is the order of their writes known.
                ledger.enter(&subjects.swap_remove(victim).kill());
                subjects.push(start(victim));
                let last = subjects.len() - 1;
                subjects.swap(victim, last);
                figures.kills += 1;
            }
            for subject in subjects {
                ledger.enter(&subject.kill());
                figures.kills += 1;
            }
            let found = ledger.check(EXE, &home, check);
            if check == "check" {
                assert_eq!(
                    ledger.errors,
                    Vec::<String>::new(),
                    "every writer opens the store and writes"
                );
                found.assert_nothing_lost(&format!("after {} kills", figures.kills));
                // Each kill may leave one increment that was made and not acknowledged, and no more.
                let spare = found.counter.unwrap_or_default() - ledger.increments() as u64;
                assert!(spare <= figures.kills, "{spare} increments that nobody made");
            }
            // The second round's check covers the first's writes.
            last = (found.lost.len(), found.twice);
        }
        figures.lost += last.0;
        figures.twice += last.1;
        figures.acknowledged += ledger.len();
        figures.increments += ledger.increments();
        figures.unknown += ledger.unknown;
    }
    figures
}

fn report(name: &str, seed: u64, begin: Instant, figures: &Figures) {
    say(&format!(
        "crash {name}: {} kills, {} acknowledged ({} of them increments), {} lost, {} increments twice, {} outcome \
         unknown, {:.1} s, seed {seed}",
        figures.kills,
        figures.acknowledged,
        figures.increments,
        figures.lost,
        figures.twice,
        figures.unknown,
        begin.elapsed().as_secs_f64()
    ));
}

#[test]
fn one_writer_that_is_killed_loses_no_acknowledged_write() {
    let _watchdog = Watchdog::new("kills of one writer", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers("encrypted", &["write"], "check", kills() / 3, &mut rng);
    report("1 writer", seed, begin, &figures);
    assert!(figures.acknowledged as u64 > figures.kills, "the writers wrote");
}

#[test]
fn four_writers_that_are_killed_in_turn_lose_no_acknowledged_write() {
    let _watchdog = Watchdog::new("kills of four writers", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers(
        "encrypted",
        &["write", "write", "write", "write"],
        "check",
        kills() / 4,
        &mut rng,
    );
    report("4 writers", seed, begin, &figures);
    assert!(figures.acknowledged as u64 > figures.kills, "the writers wrote");
}

#[test]
fn four_processes_that_are_killed_in_turn_lose_no_acknowledged_increment() {
    let _watchdog = Watchdog::new("kills of four incrementing processes", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers(
        "encrypted",
        &["rmw", "rmw", "rmw", "rmw"],
        "check",
        kills() / 4,
        &mut rng,
    );
    report("4 read-modify-writers", seed, begin, &figures);
    assert!(figures.increments as u64 > figures.kills, "the counter was counted");
}

#[test]
fn writers_of_the_plain_file_that_are_killed_in_turn_lose_no_acknowledged_write() {
    let _watchdog = Watchdog::new("kills of writers of the plain file", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers("file", &["write", "write"], "check", kills() / 4, &mut rng);
    report("2 writers of the plain file", seed, begin, &figures);
    assert!(figures.acknowledged as u64 > figures.kills, "the writers wrote");
}

#[test]
fn processes_that_share_the_plain_file_and_are_killed_in_turn_lose_no_acknowledged_increment() {
    let _watchdog = Watchdog::new("kills of incrementing processes over the plain file", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers("file", &["rmw", "rmw"], "check", kills() / 4, &mut rng);
    report("2 read-modify-writers of the plain file", seed, begin, &figures);
    assert!(figures.increments as u64 > figures.kills, "the counter was counted");
}

#[test]
fn creation_that_is_killed_anywhere_leaves_exactly_one_store_that_opens() {
    let _watchdog = Watchdog::new("kills during creation", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    // How long creation takes when nobody disturbs it, so that the kills fall into it.
    let undisturbed = {
        let home = Home::new();
        let begin = Instant::now();
        let subject = Subject::start(EXE, &home, &["write", "0", "0", "1"]);
        assert!(subject.wait_for(2, PATIENCE), "a first write is acknowledged");
        begin.elapsed()
    };
    let (mut killed, mut acknowledged, mut half_made, mut left_over) = (0, 0, 0, 0);
    for round in 0..kills() / 8 {
        // The machine may be many times faster now than when it was measured.
        let span = undisturbed / (1 << (round % 6));
        let home = Home::new();
        let mut ledger = Ledger::default();
        let start = |id| Subject::start(EXE, &home, &["write", id, "0"]);
        let both = [start("0"), start("1")];
        for subject in both {
            std::thread::sleep(rng.span(span));
            ledger.enter(&subject.kill());
            killed += 1;
        }
        half_made += usize::from(ledger.is_empty());
        // The next ones find whatever was left, and there are two of them again.
        let begin_again = [2, 3].map(|id: u32| Subject::start(EXE, &home, &["write", &id.to_string(), "0", "3"]));
        for subject in begin_again {
            let (lines, status) = subject.finish(PATIENCE);
            assert!(status.success(), "{status}: {lines:?}");
            ledger.enter(&lines);
        }
        assert_eq!(ledger.errors, Vec::<String>::new(), "files: {:?}", home.files());
        ledger
            .check(EXE, &home, "check")
            .assert_nothing_lost(&format!("files: {:?}", home.files()));
        acknowledged += ledger.len();
        let files = home.files();
        let count = |ending: &str| files.iter().filter(|name| name.ends_with(ending)).count();
        assert_eq!((count(".strongroom"), count(".key")), (1, 1), "{files:?}");
        left_over += files
            .iter()
            .filter(|name| {
                ![".strongroom", ".key", "-wal", "-shm", ".lock"]
                    .iter()
                    .any(|end| name.ends_with(end))
            })
            .inspect(|name| say(&format!("crash creation: left over: {name}")))
            .count();
    }
    say(&format!(
        "crash creation by two: {killed} kills, {half_made} homes without any acknowledged write, {acknowledged} \
         acknowledged, 0 lost, 1 store and 1 key each time, {left_over} other files left, {:.1} s, seed {seed}",
        begin.elapsed().as_secs_f64()
    ));
    assert!(half_made > 0, "no kill fell into the creation");
}

#[test]
fn the_rig_finds_the_losses_of_a_store_that_acknowledges_too_early() {
    let _watchdog = Watchdog::new("the early control", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let mut lost = 0;
    for _ in 0..20 {
        let figures = kill_writers("encrypted", &["control-early"], "check-plain", 2 * ROUND, &mut rng);
        report("control that acknowledges early", seed, begin, &figures);
        lost += figures.lost;
        if lost > 0 {
            return;
        }
    }
    panic!("the control lost nothing, so the rig proves nothing");
}

#[test]
fn the_rig_finds_the_lost_updates_of_a_store_without_locks() {
    let _watchdog = Watchdog::new("the unlocked control", limit());
    let (begin, (mut rng, seed)) = (Instant::now(), Rng::from_environment());
    let figures = kill_writers("encrypted", &["control-rmw"; 4], "check-plain", ROUND, &mut rng);
    report("control without locks", seed, begin, &figures);
    assert!(figures.twice > 0, "the control lost nothing, so the rig proves nothing");
}
