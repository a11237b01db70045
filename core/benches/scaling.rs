//! What happens as a store grows from ten to a hundred thousand secrets; also as a chart.
//!
//! `cargo bench … --bench scaling -- --docs` also puts the chart into `docs/`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::path::{Path, PathBuf};
use std::time::Instant;

use strongroom::ListOptions;

use support::chart::{self, Point};
use support::stores::{self, name, secret, seed};
use support::{Report, Target, median, subject, subject_command};

const SIZES: [usize; 4] = [10, 1000, 10_000, 100_000];
const OPENS: usize = 60;
const SETS: usize = 600;

fn main() {
    if let Some(words) = subject() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        return match words[..] {
            ["memory-get", folder] => peak(Path::new(folder), false),
            ["memory-list", folder] => peak(Path::new(folder), true),
            _ => panic!("no such subject"),
        };
    }
    let mut report = Report::new("scaling");
    let folders = SIZES.map(|_| stores::folder());
    for (n, folder) in SIZES.iter().zip(&folders) {
        let begun = Instant::now();
        seed(&stores::open(folder.path(), false), 0, *n);
        if *n == 100_000 {
            let each = begun.elapsed().as_nanos() as f64 / *n as f64;
            report.alone(
                "set_many in batches of 1,000 up to 100,000, a secret",
                "ns",
                each,
                Target::None,
            );
        }
    }
    let opens = opens(&folders);
    let bytes = |folder: &tempfile::TempDir, n: usize| set(folder.path(), n);
    let mut points: Vec<Point> = Vec::new();
    for ((n, folder), open) in SIZES.into_iter().zip(&folders).zip(opens) {
        let (set, bytes) = bytes(folder, n);
        let (cold, warm) = list(folder.path(), n);
        points.push(Point {
            n,
            open,
            set,
            bytes,
            cold,
            warm,
        });
    }
    rows(&mut report, &points);
    let last = folders[SIZES.len() - 1].path();
    for (word, what) in [("memory-get", "open and one get"), ("memory-list", "open and list")] {
        match peak_of(word, last) {
            Some(bytes) => {
                report.alone(&format!("peak memory at 100,000: {what}"), "B", bytes, Target::None);
            }
            None => report.skipped("peak memory at 100,000", "/proc is not here"),
        }
    }
    let chart = support::report::folder().join("performance-scaling.svg");
    std::fs::create_dir_all(support::report::folder()).unwrap();
    chart::draw(&chart, &points);
    if std::env::args().any(|argument| argument == "--docs") {
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).with_file_name("docs");
        std::fs::copy(&chart, docs.join("performance-scaling.svg")).unwrap();
    }
}

/// Open and first get by size, in turns, so that no size has a quieter machine than another.
fn opens(folders: &[tempfile::TempDir; 4]) -> [f64; 4] {
    let mut samples: [Vec<f64>; 4] = Default::default();
    for turn in 0..OPENS {
        for ((n, folder), samples) in SIZES.iter().zip(folders).zip(&mut samples) {
            let key = name(turn * 617 % n);
            let begun = Instant::now();
            let manager = stores::open(folder.path(), true);
            let secret = manager.get(key.as_str()).unwrap();
            samples.push(begun.elapsed().as_nanos() as f64);
            assert!(secret.is_some());
        }
    }
    samples.map(|mut samples| median(&mut samples))
}

/// The median of one set, and the bytes that a set writes, checkpoints included.
fn set(folder: &Path, n: usize) -> (f64, f64) {
    let manager = stores::open(folder, true);
    let secret = secret();
    let mut took = Vec::new();
    let before = written();
    for turn in 0..SETS {
        let key = name(turn * 617 % n);
        let begun = Instant::now();
        manager.set(key.as_str(), &secret).unwrap();
        took.push(begun.elapsed().as_nanos() as f64);
    }
    (median(&mut took), (written() - before) / SETS as f64)
}

/// The bytes that this process has given to `write` and its relatives.
fn written() -> f64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let figure = text.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok());
    figure.unwrap_or_default()
}

fn list(folder: &Path, n: usize) -> (f64, f64) {
    let (mut colds, mut warms) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let manager = stores::open(folder, true);
        let timed = || {
            let begun = Instant::now();
            let page = manager.list(ListOptions::new()).unwrap();
            assert_eq!(page.entries.len(), n);
            begun.elapsed().as_nanos() as f64
        };
        colds.push(timed());
        warms.push(timed());
        warms.push(timed());
    }
    (median(&mut colds), median(&mut warms))
}

fn rows(report: &mut Report, points: &[Point]) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    for point in points {
        let n = point.n;
        report.alone(&format!("open and first get at {n}"), "ns", point.open, Target::None);
        report.alone(&format!("durable set at {n}, p50"), "ns", point.set, Target::None);
        report.alone(&format!("bytes written a set at {n}"), "B", point.bytes, Target::None);
        report.alone(
            &format!("list of {n}, cold, a secret"),
            "ns",
            point.cold / n as f64,
            Target::None,
        );
        report.alone(
            &format!("list of {n}, warm, a secret"),
            "ns",
            point.warm / n as f64,
            Target::None,
        );
    }
    let spread = |of: fn(&Point) -> f64| {
        let all = || points.iter().map(of);
        (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max))
    };
    let (least, most) = spread(|point| point.open);
    report.beside(
        "open and first get, 10 to 100,000: dearest over cheapest",
        "ns",
        least,
        most,
        Target::Ratio(2.0),
    );
    let (least, most) = spread(|point| point.bytes);
    report.beside(
        "bytes written a set, 10 to 100,000: most over least",
        "B",
        least,
        most,
        Target::Ratio(2.0),
    );
    report.beside(
        "durable set, p50, at 100,000 over at 10",
        "ns",
        first.set,
        last.set,
        Target::None,
    );
}

/// The subject of the figures of memory: opens, reads or lists, and tells its peak.
#[expect(clippy::print_stdout, reason = "the other end of the pipe reads it")]
fn peak(folder: &Path, list: bool) {
    let manager = stores::open(folder, true);
    if list {
        assert!(!manager.list(ListOptions::new()).unwrap().entries.is_empty());
    } else {
        assert!(manager.get(name(7)).unwrap().is_some());
    }
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
    println!("{kib}");
}

fn peak_of(word: &str, folder: &Path) -> Option<f64> {
    let output = subject_command(word, &[folder.to_str()?]).output().ok()?;
    let kib: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(kib * 1024.0)
}
