use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::{Home, Subject};

/// How long a fresh process may take to check a store.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was acknowledged.
#[derive(Debug, Default)]
pub struct Ledger {
    /// (writer, n): `app/w<writer>/n<n>` holds its value.
    writes: Vec<(u32, u64)>,
    /// Writer → n: `app/w<writer>/head` holds at least n.
    heads: BTreeMap<u32, u64>,
    /// The counter's values, one for each acknowledged increment.
    counts: Vec<u64>,
    /// Lines that say that something else went wrong.
    pub errors: Vec<String>,
    /// Writes whose outcome the library said to be unknown.
    pub unknown: usize,
}

impl Ledger {
    /// Enters a subject's lines; answers how many acknowledgements were among them.
    pub fn enter(&mut self, lines: &[String]) -> usize {
        let mut acknowledged = 0;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |index: usize| words.get(index).and_then(|word| word.parse::<u64>().ok());
            let writer = number(1).and_then(|number| u32::try_from(number).ok());
            match (words.first().copied(), writer, number(2)) {
                (Some("ack"), Some(writer), Some(n)) => self.writes.push((writer, n)),
                // Every n up to and including this one.
                (Some("acks"), Some(writer), Some(n)) => {
                    self.writes.extend((0..=n).map(|n| (writer, n)));
                    acknowledged += usize::try_from(n).unwrap_or(usize::MAX);
                }
                (Some("head"), Some(writer), Some(n)) => {
                    let head = self.heads.entry(writer).or_default();
                    *head = n.max(*head);
                }
                (Some("count"), Some(_), Some(n)) => self.counts.push(n),
                (Some("unknown"), ..) => {
                    self.unknown += 1;
                    continue;
                }
                (Some("open" | "note"), ..) => continue,
                _ => {
                    self.errors.push(line.clone());
                    continue;
                }
            }
            acknowledged += 1;
        }
        acknowledged
    }

    /// How many writes and increments were acknowledged (heads not counted).
    pub fn len(&self) -> usize {
        self.writes.len() + self.counts.len()
    }

    /// Whether nothing was acknowledged.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The acknowledged increments.
    pub fn increments(&self) -> usize {
        self.counts.len()
    }

    /// Lets a fresh process read everything back. `mode` is `check`, or `check-plain` for the controls.
    ///
    /// # Panics
    /// Where that process does not end.
    pub fn check(&self, exe: &str, home: &Home, mode: &str) -> Check {
        let mut input = String::new();
        for (writer, n) in &self.writes {
            // Writing to a String does not fail.
            let _ = writeln!(input, "has {writer} {n}");
        }
        for (writer, n) in &self.heads {
            let _ = writeln!(input, "head {writer} {n}");
        }
        let (lines, status) = Subject::start_with_input(exe, home, &[mode], &input).finish(PATIENCE);
        let mut check = Check::default();
        for line in lines {
            match line.split_once(' ') {
                Some(("lost", _)) => check.lost.push(line),
                Some(("counter", count)) => check.counter = count.parse().ok(),
                Some(("verified", _)) => check.verified = true,
                Some(("note", _)) => {}
                _ => check.errors.push(line),
            }
        }
        if !status.success() {
            check.errors.push(format!("the checking process ended with {status}"));
        }
        check.twice = self.twice();
        if !self.counts.is_empty() {
            let highest = self.counts.iter().max().copied().unwrap_or_default();
            let counter = check.counter.unwrap_or_default();
            if counter < highest {
                check
                    .lost
                    .push(format!("lost counter: {counter} where {highest} was acknowledged"));
            }
        }
        check
    }

    /// Increments that answered the same count as another one: lost updates.
    fn twice(&self) -> usize {
        let mut counts = self.counts.clone();
        counts.sort_unstable();
        let before = counts.len();
        counts.dedup();
        before - counts.len()
    }
}

/// What a fresh process found.
#[derive(Debug, Default)]
pub struct Check {
    /// One line for each acknowledged write that is not there or not right.
    pub lost: Vec<String>,
    /// How many increments answered a count that another one had answered too.
    pub twice: usize,
    /// The counter.
    pub counter: Option<u64>,
    /// Whether `verify` passed.
    pub verified: bool,
    /// What else was wrong, such as a store that does not open.
    pub errors: Vec<String>,
}

impl Check {
    /// Everything acknowledged is there.
    ///
    /// # Panics
    /// Where it is not.
    pub fn assert_nothing_lost(&self, context: &str) {
        assert!(
            self.errors.is_empty() && self.lost.is_empty() && self.twice == 0 && self.verified,
            "{context}: {} lost, {} increments twice, verified: {}, first losses {:?}, errors {:?}",
            self.lost.len(),
            self.twice,
            self.verified,
            &self.lost[..self.lost.len().min(5)],
            &self.errors[..self.errors.len().min(5)],
        );
    }
}
