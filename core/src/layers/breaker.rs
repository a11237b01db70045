//! The breaker layer: a remote backend that failed several times in a row is left alone for a while, and then tried by
//! one call before the others follow.
//!
//! What counts is that the backend is out of reach: `unavailable`, a write that was sent and not answered. A call that its
//! caller left, or whose own deadline ended it, says nothing, unless the backend had [`SILENCE`] to answer, or as long as
//! the manager's calls usually have. Nor does what was refused without asking. Whatever else is answered shows that the
//! backend lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::TARGET;
use super::around::{Answer, Around, Call};
use super::counters::{Counters, Stand};
use crate::backend::{Backend, BoxFuture, Health, HealthState, Operation};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork::ForkCell;

/// A backend that has not answered for so long does not answer, whatever the caller's deadline.
const SILENCE: Duration = Duration::from_secs(5);
/// How much of the usual deadline is left for the backend itself, in tenths.
const OF_DEADLINE: u32 = 9;
/// How long whoever is refused while another call tries the backend is told to wait, at most.
const DURING_PROBE: Duration = Duration::from_secs(1);

/// One backend's breaker. A child of a fork begins with a closed one.
pub(super) struct Breaker {
    circuit: ForkCell<Mutex<Circuit>>,
    /// How long a backend may be silent before that tells something.
    silence: Duration,
    counters: Arc<Counters>,
}

/// The state, as of a time that is told.
#[derive(Debug)]
struct Circuit {
    /// How many failures in a row open it.
    failures: u64,
    wait: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failed: u64 },
    Open { until: Instant },
    HalfOpen,
}

/// Whether a call may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// As one of many.
    Usual,
    /// As the one that tries.
    Probe,
    /// Not before this time has passed.
    Refused(Duration),
}

/// What a call tells about the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Lives,
    OutOfReach,
    Nothing,
}

impl State {
    fn stand(self) -> Stand {
        match self {
            Self::Closed { .. } => Stand::Closed,
            Self::Open { .. } => Stand::Open,
            Self::HalfOpen => Stand::HalfOpen,
        }
    }
}

impl Circuit {
    fn enter(&mut self, now: Instant) -> Entry {
        match self.state {
            State::Closed { .. } => Entry::Usual,
            State::HalfOpen => Entry::Refused(self.wait.min(DURING_PROBE)),
            State::Open { until } if now < until => Entry::Refused(until - now),
            State::Open { .. } => {
                self.state = State::HalfOpen;
                Entry::Probe
            }
        }
    }

    fn leave(&mut self, entry: Entry, sign: Sign, now: Instant) {
        let open = State::Open { until: now + self.wait };
        self.state = match (sign, entry, self.state) {
            // Also by a call that was under way before it opened: the backend answers again.
            (Sign::Lives, _, _) => State::Closed { failed: 0 },
            (Sign::OutOfReach, Entry::Probe, State::HalfOpen) => open,
            // The next call tries.
            (Sign::Nothing, Entry::Probe, State::HalfOpen) => State::Open { until: now },
            (Sign::OutOfReach, _, State::Closed { failed }) if failed + 1 >= self.failures => open,
            (Sign::OutOfReach, _, State::Closed { failed }) => State::Closed { failed: failed + 1 },
            (_, _, state) => state,
        };
    }
}

/// What an outcome tells that took so long. `is_over`: the caller's own deadline or token has ended the call.
fn sign<T: Answer>(outcome: &Result<T>, is_over: bool, took: Duration, silence: Duration) -> Sign {
    let failure = match outcome {
        Ok(answer) => answer.failure(),
        Err(error) => Some(error),
    };
    match failure.map(Error::kind) {
        Some(ErrorKind::Timeout | ErrorKind::Cancelled) => left_after(took, silence),
        Some(ErrorKind::OutcomeUnknown) if is_over => left_after(took, silence),
        Some(ErrorKind::Unavailable | ErrorKind::OutcomeUnknown) => Sign::OutOfReach,
        // These are the caller's and ours; the backend has not been asked, or not only.
        Some(
            ErrorKind::Closed
            | ErrorKind::Locked
            | ErrorKind::InvalidKey
            | ErrorKind::InvalidValue
            | ErrorKind::InvalidArgument
            | ErrorKind::InvalidConfig
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported,
        ) => Sign::Nothing,
        _ => Sign::Lives,
    }
}

/// What a call tells that was left after so long a time.
fn left_after(took: Duration, silence: Duration) -> Sign {
    if took >= silence {
        Sign::OutOfReach
    } else {
        Sign::Nothing
    }
}

/// A call that was let through.
struct Passage<'a> {
    breaker: &'a Breaker,
    call: Call<'a>,
    entry: Entry,
    begun: Instant,
    /// What its answer told; `None` until there is one.
    sign: Option<Sign>,
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let sign = self
            .sign
            .unwrap_or_else(|| left_after(now - self.begun, self.breaker.silence));
        self.breaker.turn(self.call.backend, |circuit| {
            circuit.leave(self.entry, sign, now);
        });
    }
}

impl Breaker {
    /// For a manager whose calls have so long a deadline where they state none.
    pub(super) fn new(failures: u64, wait: Duration, deadline: Duration, counters: Arc<Counters>) -> Self {
        let circuit = move || {
            Mutex::new(Circuit {
                failures,
                wait,
                state: State::Closed { failed: 0 },
            })
        };
        Self {
            circuit: ForkCell::new(circuit),
            silence: SILENCE.min(deadline / 10 * OF_DEADLINE),
            counters,
        }
    }

    /// Whether calls are let through.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.circuit().state, State::Closed { .. })
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        // No code of others runs under the lock.
        self.circuit.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the circuit, and tells what became of it.
    fn turn<T>(&self, backend: &'static str, change: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuit = self.circuit();
        let before = circuit.state.stand();
        let changed = change(&mut circuit);
        let (after, failures, wait) = (circuit.state.stand(), circuit.failures, circuit.wait);
        if before != after {
            self.counters.turned(before, after);
        }
        drop(circuit);
        match (before, after) {
            (Stand::Closed, Stand::Open) => tracing::warn!(
                target: TARGET, backend, failures, wait_millis = millis(wait),
                "the backend is out of reach and left alone for now"
            ),
            (_, Stand::HalfOpen) => tracing::info!(target: TARGET, backend, "one call tries the backend"),
            (Stand::HalfOpen, Stand::Open) => tracing::warn!(
                target: TARGET, backend, wait_millis = millis(wait),
                "the backend is still out of reach"
            ),
            (Stand::Open | Stand::HalfOpen, Stand::Closed) => {
                tracing::info!(target: TARGET, backend, "the backend answers again");
            }
            _ => {}
        }
        changed
    }

    fn enter<'a>(&'a self, call: Call<'a>) -> Result<Passage<'a>> {
        let begun = Instant::now();
        let entry = self.turn(call.backend, |circuit| circuit.enter(begun));
        if let Entry::Refused(wait) = entry {
            self.counters.refused();
            let text = "the backend was out of reach several times in a row and is left alone for now";
            let error = Error::new(ErrorKind::Unavailable, text).with_retry_after(wait);
            return Err(call.name(error));
        }
        Ok(Passage {
            breaker: self,
            call,
            entry,
            begun,
            sign: None,
        })
    }
}

impl Around for Arc<Breaker> {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        match call.operation {
            Operation::Refresh | Operation::Lock | Operation::Close => run(),
            _ => Box::pin(async move {
                let mut passage = self.enter(call)?;
                let outcome = run().await;
                let (is_over, took) = (call.cx.check().is_err(), passage.begun.elapsed());
                passage.sign = Some(sign(&outcome, is_over, took, self.silence));
                outcome
            }),
        }
    }

    /// Always goes through, and closes the breaker where the backend is well. That calls were refused until then is
    /// told.
    fn health<'a>(&'a self, call: Call<'a>, inner: &'a Arc<dyn Backend>) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move {
            let health = inner.health(call.cx).await?;
            if health.state == HealthState::Unavailable || self.is_closed() {
                return Ok(health);
            }
            self.turn(call.backend, |circuit| {
                circuit.leave(Entry::Usual, Sign::Lives, Instant::now());
            });
            Ok(match health.state {
                HealthState::Ok => {
                    Health::degraded("calls failed several times in a row and were refused until now; it answers again")
                }
                _ => health,
            })
        })
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for Breaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breaker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(10);

    fn circuit(failures: u64) -> Circuit {
        Circuit {
            failures,
            wait: WAIT,
            state: State::Closed { failed: 0 },
        }
    }

    fn call(circuit: &mut Circuit, sign: Sign, now: Instant) -> Entry {
        let entry = circuit.enter(now);
        if !matches!(entry, Entry::Refused(_)) {
            circuit.leave(entry, sign, now);
        }
        entry
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_probe_that_is_answered_closes_it() {
        let (mut circuit, start) = (circuit(3), Instant::now());
        for sign in [
            Sign::OutOfReach,
            Sign::OutOfReach,
            Sign::Lives,
            Sign::OutOfReach,
            Sign::OutOfReach,
            Sign::Nothing,
        ] {
            assert_eq!(call(&mut circuit, sign, start), Entry::Usual);
        }
        assert_eq!(call(&mut circuit, Sign::OutOfReach, start), Entry::Usual);
        let soon = start + Duration::from_secs(4);
        assert_eq!(circuit.enter(soon), Entry::Refused(Duration::from_secs(6)));
        let later = start + WAIT;
        assert_eq!(circuit.enter(later), Entry::Probe);
        // The others wait for what the probe finds.
        assert_eq!(circuit.enter(later), Entry::Refused(DURING_PROBE));
        circuit.leave(Entry::Probe, Sign::Lives, later);
        assert_eq!(circuit.enter(later), Entry::Usual);
    }

    #[test]
    fn a_probe_that_fails_opens_it_again_and_one_that_is_left_gives_its_turn_away() {
        let (mut circuit, start) = (circuit(1), Instant::now());
        call(&mut circuit, Sign::OutOfReach, start);
        let later = start + WAIT;
        assert_eq!(call(&mut circuit, Sign::OutOfReach, later), Entry::Probe);
        assert_eq!(circuit.enter(later), Entry::Refused(WAIT));
        assert_eq!(call(&mut circuit, Sign::Nothing, later + WAIT), Entry::Probe);
        assert_eq!(call(&mut circuit, Sign::Lives, later + WAIT), Entry::Probe);
        assert_eq!(circuit.state, State::Closed { failed: 0 });
    }

    #[test]
    fn what_was_under_way_when_it_opened_neither_prolongs_it_nor_takes_the_probes_place() {
        let (mut circuit, start) = (circuit(1), Instant::now());
        let late = circuit.enter(start);
        call(&mut circuit, Sign::OutOfReach, start);
        circuit.leave(late, Sign::OutOfReach, start + Duration::from_secs(9));
        assert_eq!(circuit.enter(start + WAIT), Entry::Probe);
        circuit.leave(late, Sign::OutOfReach, start + WAIT);
        assert_eq!(circuit.state, State::HalfOpen);
    }

    #[test]
    fn a_call_that_was_left_counts_only_after_a_long_silence() {
        let short = Duration::from_millis(300);
        assert_eq!(left_after(short, SILENCE), Sign::Nothing);
        assert_eq!(left_after(SILENCE, SILENCE), Sign::OutOfReach);
        let error = |kind: ErrorKind, is_over, took| sign::<()>(&Err(kind.into()), is_over, took, SILENCE);
        for is_over in [false, true] {
            assert_eq!(error(ErrorKind::Unavailable, is_over, short), Sign::OutOfReach);
            assert_eq!(error(ErrorKind::Timeout, is_over, short), Sign::Nothing);
            assert_eq!(error(ErrorKind::Timeout, is_over, SILENCE), Sign::OutOfReach);
            assert_eq!(error(ErrorKind::OutcomeUnknown, is_over, SILENCE), Sign::OutOfReach);
        }
        // The connection broke, or the caller had no time to wait for the reply.
        assert_eq!(error(ErrorKind::OutcomeUnknown, false, short), Sign::OutOfReach);
        assert_eq!(error(ErrorKind::OutcomeUnknown, true, short), Sign::Nothing);
    }

    #[test]
    fn only_what_was_asked_shows_that_the_backend_lives() {
        let error = |kind: ErrorKind| sign::<()>(&Err(kind.into()), false, Duration::ZERO, SILENCE);
        for kind in [ErrorKind::RateLimited, ErrorKind::PermissionDenied, ErrorKind::Conflict] {
            assert_eq!(error(kind), Sign::Lives, "{kind:?}");
        }
        for kind in [ErrorKind::TooLarge, ErrorKind::InvalidKey, ErrorKind::Unsupported] {
            assert_eq!(error(kind), Sign::Nothing, "{kind:?}");
        }
        assert_eq!(sign(&Ok(()), false, Duration::ZERO, SILENCE), Sign::Lives);
    }

    #[test]
    fn where_calls_usually_have_less_time_less_silence_counts() {
        let silence = |deadline| Breaker::new(1, WAIT, deadline, Arc::default()).silence;
        assert_eq!(silence(Duration::from_secs(3600)), SILENCE);
        assert_eq!(silence(Duration::from_secs(2)), Duration::from_millis(1800));
    }
}
