//! What all benchmarks share: measuring subject and floor in turns, and the table of what came out.

#![allow(dead_code, reason = "each benchmark uses its part")]
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]
#![allow(unreachable_pub, reason = "a module shared by binaries")]

pub mod bare;
pub mod chart;
pub mod clocks;
#[cfg(all(feature = "aws", feature = "vault"))]
pub mod peers;
pub mod report;
pub mod stores;

use std::time::Instant;

pub use report::{Report, Target};

/// The medians of a subject and its floor, in nanoseconds an operation, and the median of the ratios of neighbours.
///
/// The ratio is taken batch by batch: a batch and its neighbour ran under the same clock frequency and the same
/// neighbours on the machine, so their quotient is steadier than the quotient of the medians.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub floor: f64,
    pub ours: f64,
    pub ratio: f64,
}

/// Runs `floor` and `ours` in turns, `batches` times `operations` each, and alternates who goes first. Either is given
/// the number of operations it has to do.
pub fn in_turns(batches: usize, operations: u32, mut floor: impl FnMut(u32), mut ours: impl FnMut(u32)) -> Pair {
    let mut floors = Vec::with_capacity(batches);
    let mut subjects = Vec::with_capacity(batches);
    let mut ratios = Vec::with_capacity(batches);
    // Two batches of each go by unmeasured: caches, branch predictors, lazily made state.
    for batch in 0..batches + 2 {
        let (f, o) = if batch % 2 == 0 {
            let f = timed(operations, &mut floor);
            (f, timed(operations, &mut ours))
        } else {
            let o = timed(operations, &mut ours);
            (timed(operations, &mut floor), o)
        };
        if batch >= 2 {
            floors.push(f);
            subjects.push(o);
            ratios.push(o / f);
        }
    }
    Pair {
        floor: median(&mut floors),
        ours: median(&mut subjects),
        ratio: median(&mut ratios),
    }
}

/// Nanoseconds an operation of one batch.
pub fn timed(operations: u32, run: &mut impl FnMut(u32)) -> f64 {
    let begun = Instant::now();
    run(operations);
    begun.elapsed().as_nanos() as f64 / f64::from(operations)
}

/// The median; 0 for nothing.
pub fn median(samples: &mut [f64]) -> f64 {
    percentile(samples, 50)
}

/// The `percent`-th percentile; 0 for nothing.
pub fn percentile(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    let at = samples.len().saturating_sub(1) * percent / 100;
    samples.get(at).copied().unwrap_or_default()
}

/// The text after `--subject=`: a benchmark that measures processes runs itself with it.
pub fn subject() -> Option<Vec<String>> {
    let mut arguments = std::env::args().skip(1);
    let word = arguments.find_map(|argument| argument.strip_prefix("--subject=").map(str::to_owned))?;
    let mut subject = vec![word];
    subject.extend(arguments.filter(|argument| !argument.starts_with("--")));
    Some(subject)
}

/// This binary as a subject.
pub fn subject_command(word: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.arg(format!("--subject={word}")).args(arguments);
    command
}
