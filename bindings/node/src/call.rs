//! A verb that is about to run: JavaScript waits for it, or gets a promise.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType};
use strongroom::backend::Operation;
use strongroom::{CancellationToken, Error, ErrorKind, Face, SecretManager, face};

use crate::arguments;
use crate::entry::{Arguments, panicked};
use crate::environment::{self, Environment, Holds, Made};
use crate::error::Outcome;
use crate::notes::Call;
use crate::options::Options;

/// What a verb answers, as JavaScript gets it.
pub(crate) trait Answer: Send + 'static {
    /// Makes the value, on JavaScript's thread.
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>>;
}

/// How JavaScript gets the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// The thread waits.
    Waiting,
    /// By a promise.
    Promised,
}

impl How {
    /// Read from a function's first argument: whether it waits, or the token that cancels what its promise is for.
    pub(crate) fn of(call: &Arguments<'_>) -> Outcome<Self> {
        let first = call.at(0);
        Ok(
            if !arguments::is(first, ValueType::External)? && arguments::flag("waits", first)? {
                Self::Waiting
            } else {
                Self::Promised
            },
        )
    }

    pub(crate) fn face(self) -> Face {
        match self {
            Self::Waiting => Face::Watched,
            Self::Promised => Face::Async,
        }
    }
}

/// Where the work of a promise begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// On JavaScript's thread, which answers at once what is at hand, as long as the event loop's turn has time for it.
    Here,
    /// On the core's runtime: where the work is about many secrets and each is at hand, JavaScript's thread would do
    /// nothing else until the last of them.
    Elsewhere,
}

/// A verb that runs, with the way to make its answer.
pub(crate) type Work = Pin<Box<dyn Future<Output = strongroom::Result<Made>> + Send>>;

pub(crate) fn work<T: Answer>(work: impl Future<Output = strongroom::Result<T>> + Send + 'static) -> Work {
    Box::pin(async move {
        let answer = work.await?;
        Ok(made(|env| answer.into_js(env)))
    })
}

fn made(how: impl for<'a> FnOnce(&'a Env) -> Outcome<Unknown<'a>> + Send + 'static) -> Made {
    Box::new(how)
}

/// Runs a verb of a manager through the view that the call's options ask for.
pub(crate) fn verb<'a, T: Answer, F>(
    call: &Arguments<'a>,
    options: Options<'a>,
    run: impl FnOnce(SecretManager) -> F,
) -> Outcome<Unknown<'a>>
where
    F: Future<Output = strongroom::Result<T>> + Send + 'static,
{
    verb_that_begins(Begins::Here, call, options, run)
}

/// Runs a verb that may be about any number of secrets.
pub(crate) fn verb_of_many<'a, T: Answer, F>(
    call: &Arguments<'a>,
    options: Options<'a>,
    run: impl FnOnce(SecretManager) -> F,
) -> Outcome<Unknown<'a>>
where
    F: Future<Output = strongroom::Result<T>> + Send + 'static,
{
    verb_that_begins(Begins::Elsewhere, call, options, run)
}

fn verb_that_begins<'a, T: Answer, F>(
    begins: Begins,
    call: &Arguments<'a>,
    options: Options<'a>,
    run: impl FnOnce(SecretManager) -> F,
) -> Outcome<Unknown<'a>>
where
    F: Future<Output = strongroom::Result<T>> + Send + 'static,
{
    let how = How::of(call)?;
    let view = options.view(crate::manager::of(call.at(1))?, how)?;
    let view = face::view(&view, how.face());
    match how {
        How::Waiting if !Environment::of(call.env)?.has_providers() => wait_alone(call.env, None, work(run(view))),
        How::Waiting => {
            let cancel = end_of(view.call_options().cancel.as_ref());
            let work = work(run(view.with_cancel(cancel.clone())));
            wait(call.env, None, &[cancel], work)
        }
        How::Promised => {
            // The end of JavaScript's thread cancels the call, too.
            let cancel = end_of(view.call_options().cancel.as_ref());
            let work = work(run(view.with_cancel(cancel.clone())));
            promise(call.env, (begins, Holds::Loop), &[cancel], || call.handles(), work)
        }
    }
}

/// A token that fires with the caller's, where there is one, or alone.
pub(crate) fn end_of(given: Option<&CancellationToken>) -> CancellationToken {
    given.map_or_else(CancellationToken::new, CancellationToken::child_token)
}

/// Runs what belongs to no single manager's view. A promise keeps the handles, of which the work has need.
pub(crate) fn run<'a, T: Answer>(
    env: &'a Env,
    how: How,
    begins: Begins,
    cancel: &[CancellationToken],
    handles: &[Unknown<'a>],
    of: impl Future<Output = strongroom::Result<T>> + Send + 'static,
) -> Outcome<Unknown<'a>> {
    match how {
        How::Waiting => wait(env, None, cancel, work(of)),
        How::Promised => promise(env, (begins, Holds::Loop), cancel, || Ok(handles.to_vec()), work(of)),
    }
}

/// Waits for what may never come, or only so long.
pub(crate) fn wait_until<'a, T: Answer>(
    env: &'a Env,
    end: Option<Instant>,
    of: impl Future<Output = strongroom::Result<T>> + Send + 'static,
) -> Outcome<Unknown<'a>> {
    if Environment::of(env)?.has_providers() {
        wait(env, end, &[], work(of))
    } else {
        wait_alone(env, end, work(of))
    }
}

/// Gives a promise of what may never come: the event loop does not go on for it alone.
pub(crate) fn awaited<'a, T: Answer>(
    call: &Arguments<'a>,
    cancel: &[CancellationToken],
    of: impl Future<Output = strongroom::Result<T>> + Send + 'static,
) -> Outcome<Unknown<'a>> {
    let how = (Begins::Here, Holds::Nothing);
    promise(call.env, how, cancel, || call.handles(), work(of))
}

/// Gives a promise of work that tells a function how far it is.
pub(crate) fn followed<'a, T: Answer, F>(
    call: &Arguments<'a>,
    cancel: &[CancellationToken],
    listener: Unknown<'a>,
    of: impl FnOnce(Call) -> F,
) -> Outcome<Unknown<'a>>
where
    F: Future<Output = strongroom::Result<T>> + Send + 'static,
{
    let environment = Environment::of(call.env)?;
    let (begun, promise) = environment.promise(call.env, Holds::Loop, cancel, || call.handles(), Some(listener))?;
    go_on(begun.clone(), work(of(begun)));
    Ok(promise)
}

/// How often a thread that waits looks whether it is to end.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks whether the thread that waits is to end: who terminates a worker, or ends the program, waits for that thread.
/// And whether it has waited long enough.
fn watch(env: &Env, end: Option<Instant>) -> strongroom::Result<Option<Duration>> {
    if environment::is_ending(env) {
        return Err(environment::ended());
    }
    let left = end.map(|end| end.saturating_duration_since(Instant::now()));
    match left {
        Some(Duration::ZERO) => {
            let error = Error::new(ErrorKind::Timeout, "no change came in that time");
            Err(error.with_operation(Operation::Subscribe))
        }
        left => Ok(Some(left.map_or(PAUSE, |left| left.min(PAUSE)))),
    }
}

/// Runs the work on this thread, which does nothing else meanwhile.
fn wait_alone(env: &Env, end: Option<Instant>, work: Work) -> Outcome<Unknown<'_>> {
    face::wait_watched(work, || watch(env, end))??(env)
}

/// Why a thread that waits is to do something else.
enum Waited {
    Done(strongroom::Result<Made>),
    /// Functions of this thread are asked.
    Asked,
    /// The work cannot go on as long as the thread waits.
    Refused(Error),
}

/// The same where functions of this thread may be asked by what the work waits for. `cancel` end the work.
fn wait<'a>(env: &'a Env, end: Option<Instant>, cancel: &[CancellationToken], mut work: Work) -> Outcome<Unknown<'a>> {
    let environment = Environment::of(env)?;
    let notes = environment.notes();
    let mut refusal = None;
    loop {
        let waited = poll_fn(|task| match work.as_mut().poll(task) {
            Poll::Ready(outcome) => Poll::Ready(Waited::Done(outcome)),
            Poll::Pending => match environment.asking().obstacle().filter(|_| refusal.is_none()) {
                Some(obstacle) => Poll::Ready(Waited::Refused(obstacle)),
                None if notes.has_questions(task) => Poll::Ready(Waited::Asked),
                None => Poll::Pending,
            },
        });
        match face::wait_watched(waited, || watch(env, end))? {
            Waited::Done(Err(error)) if error.kind() == ErrorKind::Cancelled => {
                return Err(refusal.unwrap_or(error).into());
            }
            Waited::Done(outcome) => return outcome?(env),
            Waited::Asked => environment.ask(env),
            Waited::Refused(obstacle) => {
                // What was sent already answers what became of it.
                refusal = Some(obstacle);
                cancel.iter().for_each(CancellationToken::cancel);
            }
        }
    }
}

/// Gives a promise of the work. Work that begins here is answered at once where all of it is at hand.
fn promise<'a>(
    env: &'a Env,
    (begins, holds): (Begins, Holds),
    cancel: &[CancellationToken],
    handles: impl FnOnce() -> Outcome<Vec<Unknown<'a>>>,
    mut work: Work,
) -> Outcome<Unknown<'a>> {
    let environment = Environment::of(env)?;
    let turn = environment.turn();
    if begins == Begins::Here && turn.has_time(env) {
        let begun = turn.spend(|| {
            let begun = guarded(|| work.as_mut().poll(&mut Context::from_waker(Waker::noop())));
            begun.map(|outcome| outcome?(env))
        });
        if let Poll::Ready(answer) = begun {
            return resolved(env, answer?);
        }
    }
    let (call, promise) = environment.promise(env, holds, cancel, handles, None)?;
    go_on(call, work);
    Ok(promise)
}

/// Has the core's runtime do the work of a call.
fn go_on(call: Call, work: Work) {
    let told = call.clone();
    let ended = Ended { call, is_told: false };
    let spawned = face::spawn(async move {
        let mut ended = ended;
        let outcome = Guarded(work).await;
        ended.is_told = true;
        ended.call.leave(outcome);
    });
    if let Err(error) = spawned {
        told.leave(Err(error));
    }
}

/// Tells JavaScript where a call is dropped before its end, as an ending runtime does.
struct Ended {
    call: Call,
    is_told: bool,
}

impl Drop for Ended {
    fn drop(&mut self) {
        if !self.is_told {
            let closed = Error::new(ErrorKind::Closed, "the library's runtime was shut down");
            self.call.leave(Err(closed));
        }
    }
}

/// Work whose panics are errors.
struct Guarded(Work);

impl Future for Guarded {
    type Output = strongroom::Result<Made>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let work = self.0.as_mut();
        guarded(|| work.poll(context))
    }
}

fn guarded(run: impl FnOnce() -> Poll<strongroom::Result<Made>>) -> Poll<strongroom::Result<Made>> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Poll::Ready(Err(panicked(panic))))
}

/// A promise of what is there already.
fn resolved<'a>(env: &'a Env, answer: Unknown<'a>) -> Outcome<Unknown<'a>> {
    Ok(PromiseRaw::resolve(env, answer)?.to_unknown())
}

impl Answer for () {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        crate::entry::undefined(env)
    }
}

impl Answer for bool {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        crate::error::value(env, self)
    }
}
