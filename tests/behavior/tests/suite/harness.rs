//! What a test is, and how it runs: once through each face, under a watchdog.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use strongroom::backend::Capabilities;
use strongroom::{Error, ErrorKind, Face, Result, Version};

use super::backends::{Env, Subject};

/// How much longer than its deadline a call may take before a test says that it hangs.
pub(crate) const SLACK: Duration = Duration::from_secs(5);
/// How long a whole test may take through one face.
const WATCHDOG: Duration = Duration::from_secs(120);

/// One test of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) operation: &'static str,
    pub(crate) sentence: &'static str,
    /// Whether a backend with these capabilities is to pass it.
    pub(crate) suits: fn(&Capabilities) -> bool,
    /// Whether it needs a hand on the backend's script.
    pub(crate) needs_script: bool,
    /// Whether it needs a backend with prepared secrets.
    pub(crate) needs_data: bool,
    pub(crate) run: fn(&Env),
}

/// Writes the tests of a file: `fn sentence(env) needs [write versions] { … }`. `lacks […]` makes it a test of
/// refusals, for backends without these capabilities. `scripted` tests get a backend that fails on demand, `prepared` ones
/// one that cannot be written to and holds `PREPARED`.
macro_rules! tests {
    ($operation:literal; $(
        fn $name:ident($env:ident)
        $([$mark:ident])? $(needs [$($need:ident)*])? $(lacks [$($lack:ident)*])?
        $body:block
    )+) => {
        pub(crate) fn tests() -> Vec<$crate::suite::harness::Test> {
            vec![$($crate::suite::harness::Test {
                operation: $operation,
                sentence: stringify!($name),
                suits: |_can| true $($(&& tests!(@can $need _can))*)? $($(&& !tests!(@can $lack _can))*)?,
                needs_script: false $(|| tests!(@scripted $mark))?,
                needs_data: false $(|| tests!(@prepared $mark))?,
                run: $name,
            }),+]
        }
        $(fn $name($env: &$crate::suite::backends::Env) $body)+
    };
    (@scripted scripted) => { true };
    (@scripted prepared) => { false };
    (@prepared prepared) => { true };
    (@prepared scripted) => { false };
    (@can write $can:ident) => { !$can.read_only };
    (@can large $can:ident) => { $can.max_value >= 8 << 20 };
    (@can long $can:ident) => { $can.max_key >= 4000 };
    // What a service decides by itself: how versions are counted and how many are kept, what a list tells beside names,
    // what is left of a secret that was removed, when the changes of others are seen.
    (@can ours $can:ident) => { $can.persistence != strongroom::backend::Persistence::Remote };
    (@can $field:ident $can:ident) => { $can.$field };
}

/// Runs a test through both faces, each with a backend of its own.
pub(crate) fn run(subject: Subject, test: Test) -> Result<(), Failed> {
    for face in [Face::Async, Face::Blocking] {
        let (done, end) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(test.sentence.to_owned())
            .spawn(move || {
                let env = if test.needs_script {
                    Env::scripted(subject, face)
                } else {
                    Env::open(subject, face)
                };
                (test.run)(&env);
                // Whoever waits may have given up.
                let _ = done.send(());
            });
        let thread = thread.map_err(|error| Failed::from(error.to_string()))?;
        match end.recv_timeout(WATCHDOG) {
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(Failed::from(format!("{face:?} face: no end within {WATCHDOG:?}")));
            }
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {}
        }
        if let Err(panic) = thread.join() {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("panicked");
            return Err(Failed::from(format!("{face:?} face: {text}")));
        }
    }
    Ok(())
}

/// Ends a future on this thread, without any executor: that async verbs need none is part of the promise.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Polls once.
pub(crate) fn poll_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The error of a call that must fail.
#[track_caller]
pub(crate) fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    match outcome {
        Ok(_) => panic!("the call succeeded and should have answered {kind}"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}");
            error
        }
    }
}

/// Runs `call` and checks that it ends soon after `deadline`.
#[track_caller]
pub(crate) fn ends_by<T>(deadline: Duration, call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = call();
    let took = start.elapsed();
    assert!(took < deadline + SLACK, "took {took:?} with a deadline of {deadline:?}");
    outcome
}

/// Whether a version is a later one; where versions have no numbers, whether it is another one.
pub(crate) fn is_later(new: Option<&Version>, old: Option<&Version>) -> bool {
    match (new.and_then(Version::number), old.and_then(Version::number)) {
        (Some(new), Some(old)) => new > old,
        _ => new.is_some() && new != old,
    }
}

/// Calls again and again until there is an answer; for changes whose moment nobody announces.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + SLACK;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {SLACK:?}");
        std::thread::yield_now();
    }
}
