//! How long a token lives, and when something is to be done about it.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The shortest and the longest pause after an attempt in the background that failed.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A token is not used any more so shortly before its end, at most: a request that is on its way would come too late.
const LONGEST_MARGIN: Duration = Duration::from_secs(5);

/// A token's lease as the server gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    ends: Instant,
    /// When it is to be renewed, or the token replaced.
    due: Instant,
    /// What the login gave; a renewal that gives less has come near the longest life of the token.
    first: Duration,
    is_renewable: bool,
}

impl Lease {
    /// `asked` is when the request was made: the server began to count no earlier. `None` for a token without an end.
    pub(super) fn new(asked: Instant, seconds: u64, is_renewable: bool) -> Option<Self> {
        Self::with_share(asked, seconds, is_renewable, share())
    }

    fn with_share(asked: Instant, seconds: u64, is_renewable: bool, share: f64) -> Option<Self> {
        let length = Duration::from_secs(seconds);
        let ends = (seconds > 0).then(|| asked.checked_add(length)).flatten()?;
        Some(Self {
            ends,
            due: asked + length.mul_f64(share),
            first: length,
            is_renewable,
        })
    }

    /// What is left of a lease of `whole` seconds.
    pub(super) fn rest(asked: Instant, left: u64, whole: u64, is_renewable: bool) -> Option<Self> {
        let mut lease = Self::new(asked, left, is_renewable)?;
        lease.first = Duration::from_secs(whole.max(left));
        let due = lease.ends.checked_sub(lease.first.mul_f64(1.0 - share()));
        lease.due = due.map_or(asked, |due| due.max(asked));
        Some(lease)
    }

    /// The lease after a renewal. One that grew by less than the login gave is not renewed again: the token has nearly
    /// reached its longest life, and a new one is asked for instead.
    pub(super) fn renewed(&self, asked: Instant, seconds: u64, is_renewable: bool) -> Option<Self> {
        let mut lease = Self::new(asked, seconds, is_renewable)?;
        lease.first = self.first;
        lease.is_renewable &= Duration::from_secs(seconds) > self.first.mul_f64(0.9);
        Some(lease)
    }

    /// The lease after a renewal of a token that there is no login for. It is renewed as long as that wins any time, however
    /// much less that is than its giver asked for.
    pub(super) fn extended(&self, asked: Instant, seconds: u64, is_renewable: bool) -> Option<Self> {
        let mut lease = Self::new(asked, seconds, is_renewable)?;
        let won = lease.ends.saturating_duration_since(self.ends);
        lease.is_renewable &= won > lease.first / 10;
        Some(lease)
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.is_renewable
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Whether the token must not be used any more.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        let margin = (self.first / 10).min(LONGEST_MARGIN);
        now + margin >= self.ends
    }

    /// What was due could not be done: again after a while, the shorter the less is left.
    pub(super) fn put_off(&mut self, now: Instant) {
        let left = self.ends.saturating_duration_since(now);
        self.due = now + (left / 10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    }

    /// Whoever gives the token has no other one yet.
    pub(super) fn look_again(&mut self, now: Instant) {
        let left = self.ends.saturating_duration_since(now);
        self.due = now + (left / 10).max(SHORTEST_PAUSE);
    }

    /// As if so much time had passed.
    #[cfg(test)]
    pub(super) fn age(&mut self, by: Duration) {
        self.ends -= by;
        self.due -= by;
    }

    /// The server does not renew it any more: the token is to be replaced, from now on.
    pub(super) fn give_up_renewing(&mut self, now: Instant) {
        self.is_renewable = false;
        self.due = self.due.min(now);
    }
}

/// The part of a lease after which it is renewed: about two thirds, not the same for all who logged in together.
fn share() -> f64 {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    0.62 + 0.08 * (random as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_lease_is_due_at_two_thirds_and_over_before_its_end() {
        let now = Instant::now();
        let lease = Lease::with_share(now, 90, true, 2.0 / 3.0).unwrap();
        assert!(!lease.is_due(now + secs(59)));
        assert!(lease.is_due(now + secs(61)));
        assert!(!lease.is_over(now + secs(84)));
        assert!(lease.is_over(now + secs(85)));
        assert!(lease.is_renewable());
    }

    #[test]
    fn the_jitter_stays_around_two_thirds_and_is_one() {
        let shares: Vec<f64> = (0..200).map(|_| share()).collect();
        assert!(shares.iter().all(|share| (0.62..=0.70).contains(share)), "{shares:?}");
        assert!(shares.iter().any(|share| *share != shares[0]));
    }

    #[test]
    fn a_token_without_an_end_has_no_lease() {
        assert!(Lease::new(Instant::now(), 0, true).is_none());
        // Nor one whose end no clock reaches.
        assert!(Lease::new(Instant::now(), u64::MAX, true).is_none());
    }

    #[test]
    fn what_grows_by_less_is_replaced_instead() {
        let now = Instant::now();
        let lease = Lease::new(now, 60, true).unwrap();
        assert!(lease.renewed(now + secs(40), 60, true).unwrap().is_renewable());
        let capped = lease.renewed(now + secs(40), 30, true).unwrap();
        assert!(!capped.is_renewable());
        assert!(capped.is_due(now + secs(62)) && !capped.is_due(now + secs(58)));
        // The second renewal is measured by the login, too, not by the one before.
        let slow = lease.renewed(now, 55, true).unwrap().renewed(now, 52, true).unwrap();
        assert!(!slow.is_renewable());
    }

    #[test]
    fn what_is_left_of_a_lease_is_due_when_the_whole_is() {
        let now = Instant::now();
        let lease = Lease::rest(now, 50, 90, true).unwrap();
        assert!(!lease.is_due(now + secs(14)) && lease.is_due(now + secs(24)));
        assert!(!lease.is_over(now + secs(44)) && lease.is_over(now + secs(45)));
        // Long due, and one whose whole is not told.
        assert!(Lease::rest(now, 10, 90, true).unwrap().is_due(now));
        assert!(!Lease::rest(now, 90, 0, true).unwrap().is_due(now + secs(54)));
        assert!(Lease::rest(now, 0, 0, true).is_none());
    }

    #[test]
    fn a_given_tokens_lease_is_renewed_as_long_as_it_grows() {
        let now = Instant::now();
        let lease = Lease::rest(now, 3600, 86_400, true).unwrap();
        // The server gives an hour at a time, of a day that the giver asked for.
        let later = lease.extended(now + secs(1800), 3600, true).unwrap();
        assert!(later.is_renewable());
        assert!(!later.is_due(now + secs(1800 + 2200)) && later.is_due(now + secs(1800 + 2600)));
        let last = later.extended(now + secs(4200), 1201, true).unwrap();
        assert!(!last.is_renewable(), "its longest life is reached");
    }

    #[test]
    fn an_attempt_that_failed_is_made_again_after_a_while_and_before_the_end() {
        let now = Instant::now();
        let mut lease = Lease::with_share(now, 90, true, 0.66).unwrap();
        lease.put_off(now + secs(60));
        assert!(!lease.is_due(now + secs(62)) && lease.is_due(now + secs(64)));
        let mut long = Lease::with_share(now, 36_000, true, 0.66).unwrap();
        long.put_off(now + secs(24_000));
        assert!(long.is_due(now + secs(24_031)));
        lease.give_up_renewing(now + secs(61));
        assert!(lease.is_due(now + secs(61)) && !lease.is_renewable());
    }
}
