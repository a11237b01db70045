//! What is known about tokens at present.

use std::time::{Duration, Instant};

use super::flight::{Flight, Landing};
use super::lease::Lease;
use super::reply::Granted;
use super::verdict::Verdict;
use super::wire::Token;
use crate::error::Error;

/// How long a refused login is answered to all without asking again: a hundred callers must not lock an account out.
pub(super) const REFUSED_FOR: Duration = Duration::from_secs(2);
/// How long a token that was found alive counts as such: a loop of denied calls asks once in that time.
pub(super) const ALIVE_FOR: Duration = Duration::from_secs(5);
/// After how long of its use a given token's lease is asked for. A program that has ended by then asks nothing, and spends
/// no use of a token that has only a few.
pub(super) const LOOK_AFTER: Duration = Duration::from_secs(5);

/// The state of one process. In a forked child there is a new one: it logs in for itself.
#[derive(Default)]
pub(super) struct State {
    pub(super) held: Option<Held>,
    pub(super) login: Option<Flight<Token>>,
    pub(super) check: Option<Flight<Verdict>>,
    /// Whether a renewal or a look at the lease is under way.
    pub(super) is_renewing: bool,
    pub(super) refused: Option<(Instant, Error)>,
    /// The given token that turned out dead last: one that is read again and is the same needs no asking.
    pub(super) dead: Option<Token>,
    flights: u64,
}

/// The token in use.
pub(super) struct Held {
    pub(super) token: Token,
    pub(super) lease: Option<Lease>,
    /// When the lease is to be asked for; `None` where it is known, or the server does not tell it.
    pub(super) look_at: Option<Instant>,
    pub(super) since: Instant,
    /// When it was found alive last.
    pub(super) seen_alive: Option<Instant>,
    /// How many requests it may still make, where that is limited.
    uses_left: Option<u64>,
    /// Whether it is ours to revoke.
    pub(super) is_revocable: bool,
}

impl Held {
    pub(super) fn given(token: Token) -> Self {
        let now = Instant::now();
        Self {
            token,
            lease: None,
            look_at: Some(now + LOOK_AFTER),
            since: now,
            seen_alive: None,
            uses_left: None,
            is_revocable: false,
        }
    }

    pub(super) fn granted(granted: Granted, asked: Instant) -> Self {
        // Renewing spends a use.
        let is_renewable = granted.is_renewable && granted.uses == 0;
        Self {
            token: granted.token,
            lease: Lease::new(asked, granted.seconds, is_renewable),
            look_at: None,
            since: Instant::now(),
            seen_alive: None,
            uses_left: (granted.uses > 0).then_some(granted.uses),
            is_revocable: !granted.is_batch,
        }
    }

    pub(super) fn is_usable(&self, now: Instant) -> bool {
        self.uses_left != Some(0) && !self.lease.is_some_and(|lease| lease.is_over(now))
    }

    pub(super) fn has_limited_uses(&self) -> bool {
        self.uses_left.is_some()
    }

    /// Whether something is to be done about its lease.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.is_to_be_looked_at(now) || self.lease.is_some_and(|lease| lease.is_due(now))
    }

    pub(super) fn is_to_be_looked_at(&self, now: Instant) -> bool {
        self.look_at.is_some_and(|at| now >= at)
    }

    /// The token for one request.
    pub(super) fn hand_out(&mut self) -> Token {
        if let Some(left) = &mut self.uses_left {
            *left = left.saturating_sub(1);
        }
        self.token.clone()
    }
}

impl State {
    pub(super) fn holds(&self, token: &Token) -> bool {
        self.held.as_ref().is_some_and(|held| held.token.is(token))
    }

    /// Joins the login that is under way; else there is one to be made.
    pub(super) fn join_login(&mut self) -> (Flight<Token>, Option<(u64, Landing<Token>)>) {
        join(&mut self.login, &mut self.flights)
    }

    /// Joins the look at the token that is under way; else there is one to be taken.
    pub(super) fn join_check(&mut self) -> (Flight<Verdict>, Option<(u64, Landing<Verdict>)>) {
        join(&mut self.check, &mut self.flights)
    }

    /// Whether this login is still wanted for those who come.
    pub(super) fn awaits_login(&self, id: u64) -> bool {
        self.login.as_ref().is_some_and(|flight| flight.id() == id)
    }

    /// Forgets every token. What is under way answers those who wait for it, and nobody else.
    pub(super) fn forget(&mut self) -> Option<Held> {
        self.login = None;
        self.check = None;
        self.refused = None;
        self.dead = None;
        self.held.take()
    }
}

fn join<T: Clone>(current: &mut Option<Flight<T>>, flights: &mut u64) -> (Flight<T>, Option<(u64, Landing<T>)>) {
    if let Some(flight) = current.as_ref().filter(|flight| !flight.is_over()) {
        return (flight.clone(), None);
    }
    *flights += 1;
    let (flight, landing) = Flight::new(*flights);
    *current = Some(flight.clone());
    (flight, Some((*flights, landing)))
}
