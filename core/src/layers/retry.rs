//! The retry layer: a call of a remote backend that failed in passing is made again after a pause, where that is safe and
//! the deadline leaves time.
//!
//! Made again are reads and writes that answered `unavailable` or `rate_limited`: of a write both say that nothing was
//! changed. Never made again: refused logins, denials, writes whose outcome is unknown, and what the breaker refuses.
//! A budget keeps an outage from multiplying the load.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::TARGET;
use super::around::{Answer, Around, Call};
use super::breaker::Breaker;
use super::counters::Counters;
use super::timer::Timer;
use crate::backend::{Backend, BoxFuture, GetManyRequest, Operation};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;
use crate::sys::fork::ForkCell;

/// The bounds of the pauses: the first is at most so long, each further one at most twice the one before.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// The most retries that are saved up.
const SAVED: f64 = 20.0;
/// What a call earns, in retries.
const EARNED: f64 = 0.1;
/// What a second earns: whoever calls rarely may retry all the same.
const EARNED_BY_SECOND: f64 = 1.0;

pub(super) struct Retry {
    retries: u32,
    breaker: Arc<Breaker>,
    budget: Budget,
    counters: Arc<Counters>,
}

/// How many retries may be made now, over all calls.
struct Budget {
    /// The calls since it was looked at last.
    calls: AtomicU64,
    saved: ForkCell<Mutex<Saved>>,
}

struct Saved {
    retries: f64,
    at: Instant,
}

impl Budget {
    fn new() -> Self {
        Self {
            calls: AtomicU64::new(0),
            saved: ForkCell::new(|| {
                Mutex::new(Saved {
                    retries: SAVED,
                    at: Instant::now(),
                })
            }),
        }
    }

    fn earn(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one retry, where there is one.
    fn take(&self, now: Instant) -> bool {
        // No code of others runs under the lock.
        let mut saved = self.saved.get().lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(
            clippy::cast_precision_loss,
            reason = "beyond some hundreds the number does not matter"
        )]
        let calls = self.calls.swap(0, Ordering::Relaxed) as f64;
        let seconds = now.saturating_duration_since(saved.at).as_secs_f64();
        saved.at = now;
        saved.retries = (saved.retries + calls * EARNED + seconds * EARNED_BY_SECOND).min(SAVED);
        if saved.retries < 1.0 {
            return false;
        }
        saved.retries -= 1.0;
        true
    }
}

/// Whether a call of this kind is ever made again.
fn is_repeated(operation: Operation) -> bool {
    !matches!(
        operation,
        // These tell how it is now, or end something.
        Operation::Health | Operation::Explain | Operation::Refresh | Operation::Lock | Operation::Close
    )
}

fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited)
}

/// The pause before the retry of this number, counted from 0: anything up to a bound that doubles, so that many who
/// failed together do not come back together.
fn pause(number: u32, random: u64) -> Duration {
    let bound = FIRST.saturating_mul(1 << number.min(16)).min(LONGEST);
    let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(random % (micros + 1))
}

fn random() -> u64 {
    // Without randomness the pause is the shortest: the bound of the retries counts all the same.
    getrandom::u64().unwrap_or_default()
}

impl Retry {
    pub(super) fn new(retries: u32, breaker: Arc<Breaker>, counters: Arc<Counters>) -> Self {
        Self {
            retries,
            breaker,
            budget: Budget::new(),
            counters,
        }
    }

    /// Waits before the retry of this number.
    ///
    /// # Errors
    /// The error itself where there is to be none; why the call ends where that happens during the pause.
    async fn before_retry(&self, call: Call<'_>, number: u32, error: Error) -> Result<()> {
        if number >= self.retries || !is_repeated(call.operation) || !is_passing(&error) || !self.breaker.is_closed() {
            return Err(error);
        }
        let wait = match error.retry_after() {
            // What the backend asks for is the least; a little more parts those who were told the same.
            Some(told) => told + pause(0, random()).min(told / 10),
            None => pause(number, random()),
        };
        if wait >= call.cx.remaining() || !self.budget.take(Instant::now()) {
            return Err(error);
        }
        self.counters.retry(error.retry_after().is_some());
        tracing::info!(
            target: TARGET,
            operation = call.operation.word(),
            backend = call.backend,
            outcome = error.kind().token(),
            retry = number + 1,
            wait_millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "is made again"
        );
        let pause = Pause {
            cx: call.cx,
            until: Instant::now() + wait,
            timer: Timer::new(),
        };
        // The attempt changed nothing, so what ends the call now is certain, also for a write.
        pause.await.map_err(|why| call.name(why).with_source(error))
    }
}

/// A wait within a call.
struct Pause<'a> {
    cx: &'a CallContext,
    until: Instant,
    timer: Timer,
}

impl Future for Pause<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.cx.check()?;
        this.timer.poll(this.until, this.cx.face(), task)
    }
}

impl Around for Retry {
    fn around<'a, T: Answer + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        if !is_repeated(call.operation) {
            return run();
        }
        Box::pin(async move {
            self.budget.earn();
            let mut number = 0;
            loop {
                match run().await {
                    Err(error) => self.before_retry(call, number, error).await?,
                    answer => return answer,
                }
                number += 1;
            }
        })
    }

    /// Asks again only for the keys that failed in passing.
    fn get_many<'a>(
        &'a self,
        call: Call<'a>,
        inner: &'a Arc<dyn Backend>,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            self.budget.earn();
            let mut answers: Vec<Option<Result<Option<Secret>>>> = req.keys.iter().map(|_| None).collect();
            let mut number = 0;
            loop {
                let open: Vec<usize> = (0..answers.len())
                    .filter(|&at| !matches!(&answers[at], Some(answer) if !has_passing(answer)))
                    .collect();
                let wanted: Vec<SecretKey> = open.iter().map(|&at| req.keys[at].clone()).collect();
                let failed = match inner.get_many(call.cx, GetManyRequest::new(&wanted)).await {
                    Ok(found) => {
                        for (&at, answer) in open.iter().zip(found) {
                            answers[at] = Some(answer);
                        }
                        let passing = answers.iter().flatten().filter(|answer| has_passing(answer));
                        // Of several waits that were asked for, the longest.
                        match passing
                            .filter_map(|answer| answer.as_ref().err())
                            .max_by_key(|error| error.retry_after())
                        {
                            Some(error) => error.clone(),
                            None => break,
                        }
                    }
                    // What was read before is an answer, too.
                    Err(error) if answers.iter().any(Option::is_some) => error,
                    Err(error) => {
                        self.before_retry(call, number, error).await?;
                        number += 1;
                        continue;
                    }
                };
                if let Err(error) = self.before_retry(call, number, failed).await {
                    if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Closed) {
                        return Err(error);
                    }
                    break;
                }
                number += 1;
            }
            let unanswered = || {
                Err(Error::new(
                    ErrorKind::Internal,
                    "the backend answered fewer keys than were asked",
                ))
            };
            Ok(answers
                .into_iter()
                .map(|answer| answer.unwrap_or_else(unanswered))
                .collect())
        })
    }
}

fn has_passing(answer: &Result<Option<Secret>>) -> bool {
    matches!(answer, Err(error) if is_passing(error))
}

impl std::fmt::Debug for Retry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retry")
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_any_shorter_one_may_come() {
        let longest = |number| pause(number, u64::MAX - u64::MAX % 200_001);
        assert_eq!(pause(0, 0), Duration::ZERO);
        assert_eq!(pause(0, 200_000), FIRST);
        assert_eq!(pause(1, 400_000), Duration::from_millis(400));
        assert_eq!(pause(5, 5_000_000), LONGEST);
        assert_eq!(pause(40, 5_000_001), Duration::ZERO);
        assert!(longest(40) <= LONGEST);
    }

    #[test]
    fn the_budget_is_earned_by_calls_and_by_time() {
        let (budget, start) = (Budget::new(), Instant::now());
        let taken = |now: Instant| (0..100).take_while(|_| budget.take(now)).count();
        assert_eq!(taken(start + Duration::from_secs(3600)), 20);
        let now = start + Duration::from_secs(3600);
        assert_eq!(taken(now), 0);
        (0..30).for_each(|_| budget.earn());
        assert_eq!(taken(now), 3);
        assert_eq!(taken(now + Duration::from_secs(2)), 2);
    }
}
