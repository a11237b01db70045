//! What the log of a suite says of tests: how many passed, failed, or were left out, and why.

/// What a suite counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    pub(crate) skipped: Vec<String>,
}

/// Sums what a log says: libtest's and libtest-mimic's `test result:` lines, plain `N passed, N failed`, pytest's last
/// line, and the last lines of Node.js.
pub(crate) fn count(log: &str) -> Count {
    let mut count = Count::default();
    for line in log.lines() {
        if let Some((passed, failed, ignored)) = totals(line) {
            count.passed += passed;
            count.failed += failed;
            count.ignored += ignored;
        } else if let Some(what) = line.strip_prefix("skipped: ") {
            count.skipped.push(what.to_owned());
        } else if let Some(what) = line.strip_prefix("SKIPPED ") {
            // Pytest's: `[1] test_fork.py:7: why`.
            let what = what.split_once("] ").map_or(what, |(_, what)| what);
            count.skipped.push(what.to_owned());
        } else if let Some((name, why)) = node_skipped(line) {
            count.skipped.push(format!("{name}: {why}"));
        }
    }
    count
}

/// How many lines of a log count something.
pub(crate) fn lines(log: &str) -> usize {
    log.lines().filter(|line| totals(line).is_some()).count()
}

fn totals(line: &str) -> Option<(u64, u64, u64)> {
    if let Some(said) = line.strip_prefix("ℹ ") {
        return node_totals(said);
    }
    let totals = match line.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ")?.1,
        None if line.starts_with(|c: char| c.is_ascii_digit()) => line,
        None => return None,
    };
    let number = |word: &str| {
        let part = totals
            .split([';', ','])
            .map(str::trim)
            .find(|part| part.ends_with(word))?;
        part.strip_suffix(word)?.trim().parse().ok()
    };
    pytest_totals(totals).or_else(|| Some((number("passed")?, number("failed")?, number("ignored").unwrap_or(0))))
}

/// One line each: `pass 3`, `fail 1`, `cancelled 0`, `skipped 2`, `todo 0`.
fn node_totals(line: &str) -> Option<(u64, u64, u64)> {
    let (word, number) = line.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some((number, 0, 0)),
        "fail" | "cancelled" => Some((0, number, 0)),
        "todo" => Some((0, 0, number)),
        // Skipped ones have lines of their own.
        _ => None,
    }
}

/// `﹣ a name (0.1ms) # why`
fn node_skipped(line: &str) -> Option<(&str, &str)> {
    let (said, why) = line.trim_start().strip_prefix("﹣ ")?.rsplit_once(" # ")?;
    Some((said.rsplit_once(" (").map_or(said, |(name, _)| name), why))
}

/// `1 failed, 12 passed, 2 skipped, 1 error in 0.50s`, with what there was none of left out.
fn pytest_totals(line: &str) -> Option<(u64, u64, u64)> {
    let (counts, took) = line.split_once(" in ")?;
    let seconds = took.split(' ').next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for part in counts.split(", ") {
        let (number, word) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match word {
            "passed" => passed += number,
            "failed" | "error" | "errors" => failed += number,
            // Expected to fail, and it did: not as good as passed.
            "xfailed" => ignored += number,
            // Skipped ones have lines of their own.
            "skipped" | "deselected" | "xpassed" | "warning" | "warnings" => {}
            _ => return None,
        }
    }
    Some((passed, failed, ignored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pytest_is_summed() {
        let log = "SKIPPED [2] test_fork.py:7: no `fork` here\n3 failed, 12 passed, 2 skipped, 1 error in 75.31s (0:01:15)\n\
                   4 tests in 0.5s of 3 files\n1 passed, 2 xfailed in 0.01s\n";
        let wanted = Count {
            passed: 13,
            failed: 4,
            ignored: 2,
            skipped: vec!["test_fork.py:7: no `fork` here".to_owned()],
        };
        assert_eq!(count(log), wanted);
    }

    #[test]
    fn node_is_summed() {
        let log = "✔ a (0.5ms)\n﹣ b (0.1ms) # no cluster here\n✖ c (1ms)\n  ﹣ d (0.1ms) # why\nℹ tests 7\nℹ suites 1\n\
                   ℹ pass 1\nℹ fail 1\nℹ cancelled 2\nℹ skipped 2\nℹ todo 1\nℹ duration_ms 80.5\n";
        let wanted = Count {
            passed: 1,
            failed: 3,
            ignored: 1,
            skipped: vec!["b: no cluster here".to_owned(), "d: why".to_owned()],
        };
        assert_eq!(count(log), wanted);
    }

    #[test]
    fn a_log_is_summed() {
        let log = "test result: ok. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                   skipped: setpriv is missing\n\
                   12 passed, 0 failed\n\
                   5 tests passed on the way\n\
                   test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let wanted = Count {
            passed: 19,
            failed: 3,
            ignored: 2,
            skipped: vec!["setpriv is missing".to_owned()],
        };
        assert_eq!(count(log), wanted);
    }
}
