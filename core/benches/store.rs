//! The encrypted store's writes and lists beside SQLite with nothing around it, on the same disk, in turns.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::path::Path;
use std::time::Instant;

use strongroom::ListOptions;

use support::bare::{BareReader, BareTable};
use support::stores::{self, KEY_BYTES, name, path, secret, seed};
use support::{Report, Target, median, percentile, subject, subject_command};

const SETS: usize = 1000;
const KEYS: usize = 1000;
const LISTED: usize = 10_000;

fn main() {
    if let Some(words) = subject() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        return match words[..] {
            ["sets", folder] => sets(Path::new(folder)),
            ["timed-sets", folder] => tell(timed_sets(Path::new(folder))),
            ["timed-bare", folder] => tell(timed_bare(Path::new(folder))),
            _ => panic!("no such subject"),
        };
    }
    let mut report = Report::new("store");
    // `cargo bench --bench store -- lists`: the lists alone, which need no quiet disk.
    if std::env::args().any(|argument| argument == "lists") {
        return lists(&mut report);
    }
    let folder = stores::folder();
    let folder = folder.path();
    seed(&stores::open(folder, false), 0, KEYS);
    durable_set(&mut report, folder);
    syncs(&mut report, folder);
    two_writers(&mut report, folder);
    lists(&mut report);
}

fn durable_set(report: &mut Report, folder: &Path) {
    let manager = stores::open(folder, true);
    let bare = BareTable::open(&folder.join("bare.db"), KEYS);
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    let secret = secret();
    for n in 0..SETS {
        let key = name(n * 617 % KEYS);
        let begun = Instant::now();
        manager.set(key.as_str(), &secret).unwrap();
        ours.push(begun.elapsed().as_nanos() as f64);
        let begun = Instant::now();
        bare.set(n * 617 % KEYS);
        floor.push(begun.elapsed().as_nanos() as f64);
    }
    let mut at = |percent| (percentile(&mut floor, percent), percentile(&mut ours, percent));
    let (floor, ours) = at(50);
    report.beside(
        "durable set, p50, over a bare WAL/FULL commit",
        "ns",
        floor,
        ours,
        Target::Ratio(1.5),
    );
    let (floor, ours) = at(99);
    report.beside("durable set, p99", "ns", floor, ours, Target::None);
    let (floor, ours) = at(100);
    report.beside("durable set, slowest of 1,000", "ns", floor, ours, Target::None);
}

/// The subject of the count of syncs: nothing but opening and setting.
fn sets(folder: &Path) {
    let manager = stores::open(folder, true);
    let secret = secret();
    for n in 0..SETS {
        manager.set(name(n * 617 % KEYS), &secret).unwrap();
    }
}

fn syncs(report: &mut Report, folder: &Path) {
    let row = "syncs a durable set (strace, 1,000 sets)";
    let counts = folder.join("strace");
    let this = std::env::current_exe().unwrap();
    let traced = std::process::Command::new("strace")
        .args(["-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"])
        .arg(&counts)
        .arg(this)
        .arg("--subject=sets")
        .arg(folder)
        .status();
    if !traced.is_ok_and(|status| status.success()) {
        return report.skipped(row, "strace is not here or may not trace");
    }
    // Columns: % time, seconds, usecs/call, calls, [errors], syscall.
    let table = std::fs::read_to_string(&counts).unwrap();
    let calls: f64 = table
        .lines()
        .filter(|line| ["sync", "sync_file_range"].iter().any(|name| line.ends_with(name)))
        .filter_map(|line| line.split_whitespace().nth(3)?.parse::<f64>().ok())
        .sum();
    report.alone(row, "", calls / SETS as f64, Target::Ours(1.05));
}

fn timed_sets(folder: &Path) -> Vec<f64> {
    let manager = stores::open(folder, true);
    let secret = secret();
    let set = |n: usize| {
        let key = name(n * 617 % KEYS);
        let begun = Instant::now();
        manager.set(key.as_str(), &secret).unwrap();
        begun.elapsed().as_nanos() as f64
    };
    (0..SETS).map(set).collect()
}

fn timed_bare(folder: &Path) -> Vec<f64> {
    let bare = BareTable::open(&folder.join("bare.db"), KEYS);
    let set = |n: usize| {
        let begun = Instant::now();
        bare.set(n * 617 % KEYS);
        begun.elapsed().as_nanos() as f64
    };
    (0..SETS).map(set).collect()
}

/// What a subject says: median, 99th percentile, slowest.
#[expect(clippy::print_stdout, reason = "the other end of the pipe reads it")]
fn tell(mut samples: Vec<f64>) {
    println!(
        "{} {} {}",
        percentile(&mut samples, 50),
        percentile(&mut samples, 99),
        percentile(&mut samples, 100)
    );
}

fn two_writers(report: &mut Report, folder: &Path) {
    let run = |word: &str| -> [f64; 3] {
        let children = [(); 2].map(|()| {
            let mut command = subject_command(word, &[folder.to_str().unwrap()]);
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        });
        let told = children.map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "a writer failed");
            let text = String::from_utf8(output.stdout).unwrap();
            let figures: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
            <[f64; 3]>::try_from(figures).unwrap()
        });
        // The writer whose slowest set was slowest beside its median.
        told.into_iter()
            .max_by(|a, b| (a[2] / a[0]).total_cmp(&(b[2] / b[0])))
            .unwrap()
    };
    let ours = run("timed-sets");
    let bare = run("timed-bare");
    let name = "two writing processes: slowest of 1,000 sets over the median";
    report.beside(name, "ns", ours[0], ours[2], Target::Ratio(20.0));
    report.beside(
        "two writing processes: p99 over the median",
        "ns",
        ours[0],
        ours[1],
        Target::None,
    );
    let name = "the same of bare SQLite with its busy timeout: slowest over the median";
    report.beside(name, "ns", bare[0], bare[2], Target::None);
    report.beside(
        "two writing processes: median over bare SQLite's",
        "ns",
        bare[0],
        ours[0],
        Target::None,
    );
}

fn lists(report: &mut Report) {
    let folder = stores::folder();
    let folder = folder.path();
    seed(&stores::open(folder, false), 0, LISTED);
    let (mut floors, mut colds, mut ratios, mut warms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for turn in 0..25 {
        let bare = || {
            let reader = BareReader::open(&path(folder), &KEY_BYTES);
            let begun = Instant::now();
            let heads = reader.list();
            let took = begun.elapsed().as_nanos() as f64;
            assert_eq!(heads.len(), LISTED);
            took
        };
        let mut ours = || {
            let manager = stores::open(folder, true);
            let begun = Instant::now();
            let page = manager.list(ListOptions::new()).unwrap();
            let took = begun.elapsed().as_nanos() as f64;
            assert_eq!(page.entries.len(), LISTED);
            for _ in 0..5 {
                let begun = Instant::now();
                let page = manager.list(ListOptions::new()).unwrap();
                warms.push(begun.elapsed().as_nanos() as f64);
                assert_eq!(page.entries.len(), LISTED);
            }
            took
        };
        let (floor, cold) = if turn % 2 == 0 {
            (bare(), ours())
        } else {
            let cold = ours();
            (bare(), cold)
        };
        floors.push(floor);
        colds.push(cold);
        ratios.push(cold / floor);
    }
    let pair = support::Pair {
        floor: median(&mut floors),
        ours: median(&mut colds),
        ratio: median(&mut ratios),
    };
    report.pair(
        "list of 10,000, cold, over a bare scan, derive, open and decode",
        pair,
        Target::Ratio(1.4),
    );
    report.alone("list of 10,000, warm", "ns", median(&mut warms), Target::Ours(2e6));
}
