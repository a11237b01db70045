//! How long an entry is trusted where the backend cannot tell that something changed.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::map::Map;

/// The part of its time by which an entry of a remote backend may end earlier, so that what was read together does not
/// end together.
const SPREAD: u64 = 10;
/// The last part of its time in which a hit makes an entry be read again.
const AHEAD: u64 = 5;

const UNNOTICED: u8 = 0;
const NOTICED: u8 = 1;
const TAKEN: u8 = 2;

/// The trust in one entry. Times are milliseconds of the cache's clock.
pub(super) struct Trust {
    pub(super) read_at: u64,
    pub(super) until: u64,
    /// From when on a hit makes it be read again; never where this is the greatest number.
    ahead_from: u64,
    /// The trust ends also when the cache's epoch is another one.
    epoch: u64,
    ahead: AtomicU8,
}

/// Where an entry stands in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Good,
    /// Good, and about to end.
    Late,
    Over,
}

impl Trust {
    /// For so long from now, to the millisecond.
    pub(super) fn exactly(now: u64, millis: u64, epoch: u64) -> Self {
        Self {
            read_at: now,
            until: now.saturating_add(millis),
            ahead_from: u64::MAX,
            epoch,
            ahead: AtomicU8::new(UNNOTICED),
        }
    }

    /// For about so long from now, and never longer.
    pub(super) fn about(now: u64, millis: u64, epoch: u64, map: &Map, key: &[u8], reads_ahead: bool) -> Self {
        let spread = millis / SPREAD;
        let millis = millis - map.noise(key, now) % (spread + 1);
        let mut trust = Self::exactly(now, millis, epoch);
        if reads_ahead {
            trust.ahead_from = trust.until.saturating_sub(millis / AHEAD);
        }
        trust
    }

    #[inline]
    pub(super) fn age(&self, now: u64, epoch: u64) -> Age {
        if now >= self.until || epoch != self.epoch {
            Age::Over
        } else if now >= self.ahead_from {
            Age::Late
        } else {
            Age::Good
        }
    }

    /// Marks it as to be read again; `false` where that was done before.
    pub(super) fn notice(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) == UNNOTICED && self.step(UNNOTICED, NOTICED)
    }

    /// Takes the mark; for one who then reads.
    pub(super) fn take_notice(&self) -> bool {
        self.step(NOTICED, TAKEN)
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.ahead
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Whether it may be answered for lack of a better one, where that is so long beyond its time.
    pub(super) fn serves_stale(&self, now: u64, max_stale: Duration) -> bool {
        now <= self.until.saturating_add(millis(max_stale))
    }
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_together_ends_apart_within_the_last_tenth() {
        let map = Map::new(10, 1 << 20);
        let trusts: Vec<_> = (0..500)
            .map(|n| Trust::about(1_000, 300_000, 0, &map, format!("k{n}").as_bytes(), true))
            .collect();
        let ends: std::collections::BTreeSet<_> = trusts.iter().map(|trust| trust.until).collect();
        assert!(ends.len() > 400, "{} ends for 500 entries", ends.len());
        for trust in &trusts {
            assert!((271_000..=301_000).contains(&trust.until), "{}", trust.until);
            let span = trust.until - 1_000;
            assert_eq!(trust.age(trust.until - span / 5 - 1, 0), Age::Good);
            assert_eq!(trust.age(trust.until - span / 5, 0), Age::Late);
            assert_eq!(trust.age(trust.until, 0), Age::Over);
            assert_eq!(trust.age(1_000, 1), Age::Over);
        }
    }

    #[test]
    fn one_reader_takes_a_notice_that_was_given_once() {
        let trust = Trust::exactly(0, 10, 0);
        assert!(!trust.take_notice());
        assert!(trust.notice() && !trust.notice());
        assert!(trust.take_notice() && !trust.take_notice() && !trust.notice());
    }
}
