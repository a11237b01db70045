//! A secret setting that is asked for: when, on whose thread, and what its answers lead to.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod executor;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use executor::run;
use strongroom::blocking::SecretManager;
use strongroom::{
    Builder, CallOptions, CancellationToken, Error, ErrorKind, Origin, Result, Secret, SecretProvider, SecretValue,
};
use tempfile::TempDir;

const KEY: &str = "encrypted.key";
const HEX: &str = "4242424242424242424242424242424242424242424242424242424242424242";
const BASE64: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI";

/// Answers what it was told to, in this order, and the last answer for ever.
struct Person {
    answers: Mutex<VecDeque<Result<&'static str>>>,
    asked: Mutex<Vec<ThreadId>>,
}

impl Person {
    fn who_says(answers: impl IntoIterator<Item = Result<&'static str>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl SecretProvider for Person {
    fn secret(&self, setting: &str) -> Result<SecretValue> {
        assert_eq!(setting, KEY);
        self.asked.lock().unwrap().push(std::thread::current().id());
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        };
        answer.map(SecretValue::from)
    }
}

fn builder(dir: &TempDir) -> Builder {
    let path = dir.path().join("data/secrets.strongroom");
    SecretManager::builder()
        .without_environment()
        .option("encrypted.path", shown(&path))
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn refused(builder: Builder) -> Error {
    builder.open_blocking().map(drop).unwrap_err()
}

#[test]
fn it_is_asked_once_at_open_and_once_after_each_lock() {
    let dir = place();
    let person = Person::who_says([Ok(HEX)]);
    let manager = builder(&dir)
        .secret_provider(KEY, person.clone())
        .open_blocking()
        .unwrap();
    assert_eq!(person.asked(), 1, "also where the store is made");
    manager.set("k", &Secret::new("v")).unwrap();
    assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));
    for locks in 1..=3 {
        manager.lock().unwrap();
        manager.lock().unwrap();
        assert_eq!(person.asked(), locks, "locking asks nobody");
        assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));
        manager.set("k", &Secret::new("v")).unwrap();
        assert_eq!(person.asked(), locks + 1);
    }
    let settings = manager.settings();
    assert!(settings.is_set(KEY) && settings.secret(KEY).is_none());
    assert_eq!((settings.origin(KEY), settings.text(KEY)), (Origin::Builder, None));
    assert_eq!(
        std::thread::current().id(),
        person.asked.lock().unwrap()[0],
        "this thread may wait"
    );

    // Every spelling of the same key opens the store; a closure is a provider, too.
    let spelled = Person::who_says([Ok(BASE64)]);
    drop(builder(&dir).secret_provider(KEY, spelled).open_blocking().unwrap());
    let raw = |_: &str| Ok(SecretValue::copy_of(&[0x42; 32]));
    drop(
        builder(&dir)
            .secret_provider(KEY, Arc::new(raw))
            .open_blocking()
            .unwrap(),
    );
}

#[test]
fn its_errors_are_the_answer_and_name_the_setting() {
    let dir = place();
    let left = Error::new(ErrorKind::Cancelled, "the person left");
    let person = Person::who_says([
        Err(left.clone()),
        Ok(HEX),
        Err(left.clone()),
        Err(left),
        Ok("hunter2"),
        Ok(BASE64),
    ]);
    let open = || builder(&dir).secret_provider(KEY, person.clone());
    let error = refused(open());
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Cancelled, Some(KEY)));
    assert_eq!(error.message(), "the person left");
    assert!(
        std::fs::read_dir(dir.path()).unwrap().next().is_none(),
        "nothing was made"
    );

    let manager = open().open_blocking().unwrap();
    manager.set("k", &Secret::new("v")).unwrap();
    manager.lock().unwrap();
    for error in [
        manager.get("k").unwrap_err(),
        manager.set("k", &Secret::new("w")).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.setting()), (ErrorKind::Cancelled, Some(KEY)));
    }
    let error = manager.get("k").unwrap_err();
    let same = refused(builder(&dir).secret_option(KEY, "hunter2"));
    assert_eq!((error.kind(), error.setting()), (ErrorKind::InvalidConfig, Some(KEY)));
    assert_eq!(error.message(), same.message());
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));

    // A key that opens other stores.
    manager.lock().unwrap();
    let other = "00".repeat(32).leak();
    *person.answers.lock().unwrap() = [Ok(&*other), Ok(HEX)].into();
    assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::WrongKey);
    assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));
}

#[test]
fn only_a_secret_setting_takes_one_and_only_one_place_states_the_key() {
    let dir = place();
    let person = Person::who_says([Ok(HEX)]);
    for name in ["encrypted.path", "encrypted.key_file", "encrypted.keys", ""] {
        let error = refused(builder(&dir).secret_provider(name, person.clone()));
        let same = refused(builder(&dir).secret_option(name, HEX));
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{name}");
        assert_eq!(error.to_string(), same.to_string());
    }
    let file = dir.path().join("key");
    let both = |builder: Builder| refused(builder.option("encrypted.key_file", shown(&file)));
    let error = both(builder(&dir).secret_provider(KEY, person.clone()));
    let same = both(builder(&dir).secret_option(KEY, HEX));
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::InvalidConfig, same.to_string())
    );
    assert_eq!(person.asked(), 0);

    // Stated twice by the program, the last statement holds, as for every setting.
    let stated = builder(&dir)
        .secret_provider(KEY, person.clone())
        .secret_option(KEY, HEX);
    drop(stated.open_blocking().unwrap());
    assert_eq!((person.asked(), Arc::strong_count(&person)), (0, 1));
}

#[test]
fn an_executors_thread_never_waits_for_it() {
    let dir = place();
    let person = Person::who_says([Ok(HEX)]);
    let manager = run(builder(&dir).secret_provider(KEY, person.clone()).open()).unwrap();
    run(manager.set("k", &Secret::new("v"))).unwrap();
    for _ in 0..2 {
        run(manager.lock()).unwrap();
        assert_eq!(run(manager.get_value("k")).unwrap().as_deref(), Some("v"));
    }
    assert_eq!(person.asked(), 3);
    let here = std::thread::current().id();
    assert!(!person.asked.lock().unwrap().contains(&here));
}

#[test]
fn it_lives_as_long_as_it_may_be_needed() {
    let dir = place();
    let person = Person::who_says([Ok(HEX)]);
    let builder = builder(&dir).secret_provider(KEY, person.clone());
    assert!(!format!("{builder:?}").contains(HEX));
    let manager = builder.open_blocking().unwrap();
    let view = manager.scoped("org/acme").unwrap();
    drop(manager);
    view.lock().unwrap();
    assert!(view.get("k").unwrap().is_none());
    drop(view);
    // A thread of the library may be about to let go of it.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while Arc::strong_count(&person) > 1 {
        assert!(std::time::Instant::now() < end, "someone keeps the provider");
        std::thread::yield_now();
    }
}

#[test]
fn one_that_uses_its_own_manager_is_answered_an_error() {
    let dir = place();
    let own = Arc::new(Mutex::new(None::<SecretManager>));
    let manager = Arc::clone(&own);
    let person = move |_: &str| {
        let manager = manager.lock().unwrap().clone();
        if let Some(manager) = manager {
            manager.get("k")?;
        }
        Ok(SecretValue::from(HEX))
    };
    let opened = builder(&dir)
        .secret_provider(KEY, Arc::new(person))
        .open_blocking()
        .unwrap();
    *own.lock().unwrap() = Some(opened.clone());
    opened.lock().unwrap();
    let error = opened.get("k").unwrap_err();
    assert_eq!((error.kind(), error.setting()), (ErrorKind::ReentrantCall, Some(KEY)));
    own.lock().unwrap().take();
    assert!(opened.get("k").unwrap().is_none());
}

/// Whether anything was made in this place.
fn is_untouched(dir: &TempDir) -> bool {
    std::fs::read_dir(dir.path()).unwrap().next().is_none()
}

#[test]
fn a_token_that_has_fired_ends_the_opening_before_anything_is_made_or_asked() {
    let dir = place();
    let person = Person::who_says([Ok(HEX)]);
    let token = CancellationToken::new();
    token.cancel();
    let opening = || {
        let builder = builder(&dir).secret_provider(KEY, person.clone());
        builder.call_options(CallOptions::new().cancel(token.clone()))
    };
    let errors = [
        opening().open_blocking().map(drop).unwrap_err(),
        run(opening().open()).map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            (error.kind(), error.backend()),
            (ErrorKind::Cancelled, Some("encrypted"))
        );
    }
    assert!(is_untouched(&dir));
    assert_eq!(person.asked(), 0);
}

#[test]
fn a_token_that_fires_while_someone_is_asked_ends_the_opening() {
    let dir = place();
    let store = dir.path().join("data/secrets.strongroom");
    for is_async in [false, true, false, true] {
        let token = CancellationToken::new();
        let fires = token.clone();
        let person = move |_: &str| {
            fires.cancel();
            Ok(SecretValue::from(HEX))
        };
        let opening = builder(&dir).secret_provider(KEY, Arc::new(person));
        let opening = opening.call_options(CallOptions::new().cancel(token));
        let outcome = match is_async {
            true => run(opening.open()).map(drop),
            false => opening.open_blocking().map(drop),
        };
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(!store.exists());
    }
    // The options are those of the opening alone.
    let token = CancellationToken::new();
    let options = CallOptions::new().cancel(token.clone());
    let manager = builder(&dir).secret_option(KEY, HEX).call_options(options);
    let manager = manager.open_blocking().unwrap();
    token.cancel();
    manager.set("k", &Secret::new("v")).unwrap();
    let hasty = builder(&dir).secret_option(KEY, HEX);
    let error = hasty
        .call_options(CallOptions::new().timeout(Duration::ZERO))
        .open_blocking();
    assert_eq!(error.map(drop).unwrap_err().kind(), ErrorKind::Timeout);
}
