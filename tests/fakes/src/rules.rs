//! What a proxy or a stub does with which request.

use std::fmt;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::http::{Reply, Request};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: it goes through.
    None,
    /// The connection is reset before the server gets anything of it.
    ResetBefore,
    /// The server gets all of it, and the client so many bytes of the reply before the connection is reset.
    ResetAfter(usize),
    /// The same, with half of the reply's body.
    ResetMidBody,
    /// The server gets all of it, and the connection is closed instead of the reply.
    Swallow,
    /// The server gets all of it, and the reply never comes, while the connection stays.
    Hang,
    /// A reply with half of the body, as if it were all of it.
    Truncate,
    /// One byte of the reply after the other, each after this pause.
    Slow(Duration),
    /// The server gets nothing; the client gets this.
    Answer(Reply),
    /// The request waits until [`Proxy::release`](crate::Proxy::release), then goes through.
    Hold,
}

type Matches = Box<dyn Fn(&Request) -> bool + Send>;

struct Rule {
    matches: Matches,
    /// How often it still applies.
    left: usize,
    fault: Fault,
}

/// The script, and what was seen.
#[derive(Default)]
pub(crate) struct Rules {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<Request>,
    held: usize,
    released: u64,
    is_closed: bool,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rules")
    }
}

impl Rules {
    pub(crate) fn add(&self, times: usize, matches: Matches, fault: Fault) {
        let rule = Rule {
            matches,
            left: times,
            fault,
        };
        self.state.lock().unwrap().rules.push(rule);
    }

    pub(crate) fn clear(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// The first rule that applies to a request, which is noted.
    pub(crate) fn take(&self, request: &Request) -> Fault {
        let mut state = self.state.lock().unwrap();
        state.seen.push(request.clone());
        self.changed.notify_all();
        let mut rules = state.rules.iter_mut();
        let rule = rules.find(|rule| rule.left > 0 && (rule.matches)(request));
        rule.map_or(Fault::None, |rule| {
            rule.left = rule.left.saturating_sub(1);
            rule.fault.clone()
        })
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().seen.clear();
    }

    /// Waits until so many requests that match were seen.
    pub(crate) fn wait_for(&self, count: usize, matches: impl Fn(&Request) -> bool) {
        let seen = |state: &mut State| state.seen.iter().filter(|request| matches(request)).count() < count;
        let state = self.state.lock().unwrap();
        let (_state, waited) = self
            .changed
            .wait_timeout_while(state, crate::process::PATIENCE, seen)
            .unwrap();
        assert!(!waited.timed_out(), "{count} requests did not come");
    }

    /// Waits until everything that is held is released.
    pub(crate) fn hold(&self) {
        let mut state = self.state.lock().unwrap();
        state.held += 1;
        let until = state.released + 1;
        self.changed.notify_all();
        while state.released < until && !state.is_closed {
            state = self.changed.wait(state).unwrap();
        }
        state.held -= 1;
    }

    /// Waits until so many requests are held.
    pub(crate) fn wait_held(&self, count: usize) {
        let state = self.state.lock().unwrap();
        let (_state, waited) = self
            .changed
            .wait_timeout_while(state, crate::process::PATIENCE, |state| state.held < count)
            .unwrap();
        assert!(!waited.timed_out(), "{count} requests did not come to be held");
    }

    pub(crate) fn release(&self) {
        self.state.lock().unwrap().released += 1;
        self.changed.notify_all();
    }

    /// Lets everything go that waits.
    pub(crate) fn close(&self) {
        self.state.lock().unwrap().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for the end, or this long.
    pub(crate) fn pause(&self, pause: Duration) -> bool {
        let state = self.state.lock().unwrap();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, pause, |state| !state.is_closed)
            .unwrap();
        state.is_closed
    }
}
