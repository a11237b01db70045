//! The rows that a benchmark prints and leaves behind as JSON lines.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::Pair;

/// What a row has to keep.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Ours is at most so many times the floor.
    Ratio(f64),
    /// Ours is at most this, in the row's unit.
    Ours(f64),
    /// Ours lies at most this above the floor, in the row's unit.
    Above(f64),
    /// Nothing is asked; the figure is for the reader.
    None,
}

impl Target {
    fn text(self, unit: &str) -> String {
        match self {
            Self::Ratio(most) => format!("<= {most}x"),
            Self::Ours(most) => format!("<= {}", with_unit(most, unit)),
            Self::Above(most) => format!("floor + <= {}", with_unit(most, unit)),
            Self::None => "-".to_owned(),
        }
    }
}

/// The rows of one benchmark. They are written when it is dropped.
pub struct Report {
    bench: &'static str,
    lines: Vec<String>,
}

impl Report {
    pub fn new(bench: &'static str) -> Self {
        println!("\n## {bench}\n");
        println!("| name | floor | ours | ratio | target | ok? |");
        println!("|---|---|---|---|---|---|");
        Self {
            bench,
            lines: Vec::new(),
        }
    }

    /// A subject beside its floor, in nanoseconds.
    pub fn pair(&mut self, name: &str, pair: Pair, target: Target) {
        self.add(name, "ns", Some(pair.floor), pair.ours, Some(pair.ratio), target);
    }

    /// A figure beside another one of the same unit.
    pub fn beside(&mut self, name: &str, unit: &str, floor: f64, ours: f64, target: Target) {
        self.add(name, unit, Some(floor), ours, Some(ours / floor), target);
    }

    /// A figure that stands alone.
    pub fn alone(&mut self, name: &str, unit: &str, ours: f64, target: Target) {
        self.add(name, unit, None, ours, None, target);
    }

    /// Something that could not be measured here, and why.
    pub fn skipped(&mut self, name: &str, why: &str) {
        println!("| {name} | - | - | - | not measured: {why} | - |");
        let line = json!({ "bench": self.bench, "name": name, "skipped": why });
        self.lines.push(line.to_string());
    }

    fn add(&mut self, name: &str, unit: &str, floor: Option<f64>, ours: f64, ratio: Option<f64>, target: Target) {
        let ok = match target {
            Target::Ratio(most) => Some(ratio.is_some_and(|ratio| ratio <= most)),
            Target::Ours(most) => Some(ours <= most),
            Target::Above(most) => Some(floor.is_some_and(|floor| ours - floor <= most)),
            Target::None => None,
        };
        let verdict = match ok {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        let dash = || "-".to_owned();
        println!(
            "| {name} | {} | {} | {} | {} | {verdict} |",
            floor.map_or_else(dash, |floor| with_unit(floor, unit)),
            with_unit(ours, unit),
            ratio.map_or_else(dash, |ratio| format!("{ratio:.2}x")),
            target.text(unit),
        );
        let line = json!({
            "bench": self.bench, "name": name, "unit": unit, "floor": floor, "ours": ours, "ratio": ratio,
            "target": target.text(unit), "ok": ok,
        });
        self.lines.push(line.to_string());
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let mut file = std::fs::File::create(folder.join(format!("{}.jsonl", self.bench))).unwrap();
        for line in &self.lines {
            writeln!(file, "{line}").unwrap();
        }
    }
}

/// `target/bench`.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench")
}

fn with_unit(value: f64, unit: &str) -> String {
    let (value, unit) = match unit {
        "ns" if value >= 1e6 => (value / 1e6, "ms"),
        "ns" if value >= 1e4 => (value / 1e3, "µs"),
        "B" if value >= 1_048_576.0 => (value / 1_048_576.0, "MiB"),
        "B" if value >= 10_000.0 => (value / 1024.0, "KiB"),
        _ => (value, unit),
    };
    let digits = if value >= 1000.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        3
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}
