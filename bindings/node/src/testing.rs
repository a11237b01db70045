//! What our own tests need from outside: panics, and the strings of the `fault` backend. In no package.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

use napi::bindgen_prelude::*;
use strongroom::testing::faults;
use strongroom::{Error, ErrorKind};

use crate::arguments::text;
use crate::call::{Answer, Begins, How, end_of, run};
use crate::entry::{self, Arguments, undefined};
use crate::error::{Outcome, value};

pub(crate) const FUNCTIONS: &[entry::Export] = entry::exports! {
    c"testingFaultCounters" => fault_counters,
    c"testingFaultWake" => fault_wake,
    c"testingPanic" => panic_here,
    c"testingPanicInCall" => panic_in_call,
    c"testingFailAtLength" => fail_at_length,
    c"testingRuntimeIsBuilt" => runtime_is_built,
};

/// The sums of the counters of all `fault` backends that are open.
fn fault_counters<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut sums = Object::new(call.env)?;
    let all: Vec<_> = faults().iter().map(|backend| backend.counters()).collect();
    for (name, count) in [
        ("started", all.iter().map(|counters| counters.started).sum::<u64>()),
        ("finished", all.iter().map(|counters| counters.finished).sum()),
        ("cancelled", all.iter().map(|counters| counters.cancelled).sum()),
        ("inFlight", all.iter().map(|counters| counters.in_flight).sum()),
        ("waiting", all.iter().map(|counters| counters.waiting).sum()),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "tests count less")]
        sums.set(name, count as f64)?;
    }
    value(call.env, sums)
}

/// Releases every call that hangs or blocks now.
fn fault_wake<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    faults().iter().for_each(|backend| backend.wake());
    undefined(call.env)
}

fn panic_here<'a>(_: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    panic!("a panic whose text holds canary-of-a-panic")
}

/// What panics when it is to become JavaScript's.
struct Panics;

impl Answer for Panics {
    fn into_js(self, _: &Env) -> Outcome<Unknown<'_>> {
        panic!("a panic whose text holds canary-of-a-panic")
    }
}

/// `panicInCall(waits, when)`: at once, or later, which is on the library's runtime where the call does not wait; or in
/// the answer.
fn panic_in_call<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let when = text("when", call.at(1))?;
    run(
        call.env,
        How::of(call)?,
        Begins::Here,
        &[end_of(None)],
        &[],
        async move {
            if when != "at once" {
                yield_once().await;
            }
            assert!(when == "in the answer", "a panic whose text holds canary-of-a-panic");
            Ok(Panics)
        },
    )
}

/// `failAtLength(waits)`: an error whose text is longer than any string of the engine's.
fn fail_at_length<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    run(
        call.env,
        How::of(call)?,
        Begins::Elsewhere,
        &[end_of(None)],
        &[],
        async { Err::<(), _>(Error::new(ErrorKind::Internal, " ".repeat(1 << 29))) },
    )
}

async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|task| {
        if mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whether the library has built its runtime.
fn runtime_is_built<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, strongroom::testing::runtime_is_built())
}
