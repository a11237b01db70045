//! A provider of a secret setting that gives up with the call which needs it.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod executor;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use executor::run;
use strongroom::{
    Builder, CallContext, CallOptions, CancellationToken, Error, ErrorKind, Result, Secret, SecretManager,
    SecretProvider, SecretValue, face,
};
use tempfile::TempDir;

const KEY: &str = "encrypted.key";
/// What no call of these tests reaches.
const LONG: Duration = Duration::from_secs(600);
/// Within which someone is asked, also on a slow machine.
const SHORT: Duration = Duration::from_millis(500);
/// Within which someone may be asked.
const SHORTEST: Duration = Duration::from_millis(50);

/// Gives the key, or no answer at all.
#[derive(Default)]
struct Person {
    is_silent: AtomicBool,
    asked: AtomicUsize,
    /// Who is told each time that no answer is given.
    told: std::sync::Mutex<Option<mpsc::Sender<()>>>,
}

impl Person {
    fn is_silent(&self, is_silent: bool) -> mpsc::Receiver<()> {
        let (tell, told) = mpsc::channel();
        *self.told.lock().unwrap() = Some(tell);
        self.is_silent.store(is_silent, Ordering::SeqCst);
        told
    }
}

impl SecretProvider for Person {
    fn secret(&self, _: &str) -> Result<SecretValue> {
        unreachable!("whoever has the other method is asked by it");
    }

    fn secret_within(&self, setting: &str, cx: &CallContext) -> Result<SecretValue> {
        assert_eq!(setting, KEY);
        self.asked.fetch_add(1, Ordering::SeqCst);
        if !self.is_silent.load(Ordering::SeqCst) {
            return Ok(SecretValue::copy_of(&[0x42; 32]));
        }
        if let Some(told) = &*self.told.lock().unwrap() {
            let _ = told.send(());
        }
        face::answer_within(cx, std::future::pending())
    }
}

fn builder(dir: &TempDir, person: &Arc<Person>) -> Builder {
    let path = dir.path().join("secrets.strongroom");
    SecretManager::builder()
        .without_environment()
        .option("encrypted.path", path.to_str().unwrap())
        .call_options(CallOptions::new().timeout(LONG))
        .secret_provider(KEY, person.clone())
}

/// A locked manager whose provider gives no answer.
fn locked(dir: &TempDir, person: &Arc<Person>) -> (SecretManager, mpsc::Receiver<()>) {
    let manager = run(builder(dir, person).open()).unwrap();
    let manager = manager.with_timeout(LONG);
    run(manager.set("k", &Secret::new("v"))).unwrap();
    run(manager.lock()).unwrap();
    (manager, person.is_silent(true))
}

fn named(error: &Error) -> (ErrorKind, Option<&str>) {
    (error.kind(), error.setting())
}

fn begun<'a, T>(call: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    let mut call = Box::pin(call);
    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    call
}

#[test]
fn a_call_ends_at_its_deadline_and_the_next_one_asks_again() {
    let dir = tempfile::tempdir().unwrap();
    let person = Arc::<Person>::default();
    let (manager, _told) = locked(&dir, &person);
    for _ in 0..10 {
        let error = run(manager.with_timeout(SHORTEST).get("k")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    let short = manager.with_timeout(SHORT);
    let error = run(short.get("k")).unwrap_err();
    assert_eq!(named(&error), (ErrorKind::Timeout, Some(KEY)));
    // A write has not begun, so its outcome is known.
    let error = run(short.set("k", &Secret::new("lost"))).unwrap_err();
    assert_eq!(named(&error), (ErrorKind::Timeout, Some(KEY)));
    let blocking = strongroom::blocking::SecretManager::from(short);
    assert_eq!(
        named(&blocking.get("k").unwrap_err()),
        (ErrorKind::Timeout, Some(KEY)),
        "on the caller's own thread, too"
    );
    person.is_silent(false);
    assert_eq!(run(manager.get_value("k")).unwrap().as_deref(), Some("v"));
    run(manager.lock()).unwrap();
    run(manager.close()).unwrap();
}

#[test]
fn an_opening_ends_at_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let person = Arc::<Person>::default();
    drop(person.is_silent(true));
    let short = || builder(&dir, &person).call_options(CallOptions::new().timeout(SHORT));
    for error in [
        run(short().open()).map(drop).unwrap_err(),
        short().open_blocking().map(drop).unwrap_err(),
    ] {
        assert_eq!(named(&error), (ErrorKind::Timeout, Some(KEY)));
    }
    assert_eq!(person.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_token_ends_the_call_and_no_other_one() {
    let dir = tempfile::tempdir().unwrap();
    let person = Arc::<Person>::default();
    let (manager, told) = locked(&dir, &person);
    let token = CancellationToken::new();
    let hasty = manager.with_cancel(token.clone());
    let call = begun(hasty.get("k"));
    told.recv().unwrap();
    // It waits for the thread on which the first one's question is asked.
    let other = begun(manager.get_value("k"));
    person.is_silent(false);
    token.cancel();
    assert_eq!(named(&run(call).unwrap_err()), (ErrorKind::Cancelled, Some(KEY)));
    assert_eq!(run(other).unwrap().as_deref(), Some("v"));
}

#[test]
fn closing_gives_up_what_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let person = Arc::<Person>::default();
    let (manager, told) = locked(&dir, &person);
    let begin = Instant::now();
    let read = begun(manager.get("k"));
    told.recv().unwrap();
    let lost = Secret::new("lost");
    let write = begun(manager.set("k", &lost));
    run(manager.close()).unwrap();
    assert!(begin.elapsed() < LONG, "nobody waits for the calls' own deadlines");
    assert_eq!(run(read).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(run(write).unwrap_err().kind(), ErrorKind::Closed);
    person.is_silent(false);
    let manager = run(builder(&dir, &person).open()).unwrap();
    assert_eq!(run(manager.get_value("k")).unwrap().as_deref(), Some("v"));
}

/// A closure that leaves the call's end alone, as most do, is not left by what must not happen without its caller.
#[test]
fn a_write_whose_caller_left_while_its_key_was_asked_for_does_not_happen() {
    let dir = tempfile::tempdir().unwrap();
    let (begin, begins) = mpsc::channel::<()>();
    let begins = std::sync::Mutex::new(begins);
    let patient = move |_: &str| {
        // Whoever waits for it is released by the test.
        begins.lock().unwrap().recv().unwrap();
        Ok(SecretValue::copy_of(&[0x42; 32]))
    };
    let path = dir.path().join("secrets.strongroom");
    let builder = SecretManager::builder()
        .without_environment()
        .option("encrypted.path", path.to_str().unwrap())
        .secret_provider(KEY, Arc::new(patient));
    begin.send(()).unwrap();
    let manager = run(builder.open()).unwrap().with_timeout(LONG);
    run(manager.lock()).unwrap();
    let error = run(manager.with_timeout(SHORT).set("k", &Secret::new("v"))).unwrap_err();
    assert_eq!(named(&error), (ErrorKind::Timeout, Some(KEY)));
    begin.send(()).unwrap();
    // What it answers is of use for the next call all the same.
    let end = Instant::now() + LONG;
    let found = loop {
        match run(manager.get_value("k")) {
            Err(error) if error.kind() == ErrorKind::Unavailable && Instant::now() < end => std::thread::yield_now(),
            found => break found,
        }
    };
    assert_eq!(found.unwrap(), None);
}
