//! Functions of the program that are asked for a secret setting.
//!
//! A function runs on the JavaScript thread that opened the manager, whoever asks. A thread of the core leaves its
//! question with that thread's notes and waits; the event loop takes it from there, or the call that keeps that thread
//! waiting does. `lib/asking.js` holds the functions and nothing here keeps one alive, so that a function which holds
//! its manager is collected together with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use napi::bindgen_prelude::*;
use napi::sys;
use strongroom::{Error, ErrorKind, SecretProvider, SecretValue};

use crate::arguments::{new_secret, text};
use crate::callback::Callback;
use crate::entry::{Arguments, undefined};
use crate::environment::{Environment, Notes};
use crate::error::{Failure, Outcome, value};

type Answer = strongroom::Result<SecretValue>;

/// Asks a function of a JavaScript thread for a secret setting.
pub(crate) struct Provider {
    function: f64,
    notes: Arc<Notes>,
    home: Home,
}

/// The thread that the function runs on.
struct Home {
    thread: ThreadId,
    env: sys::napi_env,
}

// SAFETY: on other threads only the thread's id is looked at.
unsafe impl Send for Home {}
// SAFETY: as above.
unsafe impl Sync for Home {}

impl Provider {
    /// With the number by which `lib/asking.js` knows the function.
    pub(crate) fn new(env: &Env, function: f64) -> Outcome<Self> {
        let notes = Environment::of(env)?.notes();
        notes.count_provider();
        Ok(Self {
            function,
            notes,
            home: Home {
                thread: thread::current().id(),
                env: env.raw(),
            },
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.notes.forget_provider();
    }
}

impl SecretProvider for Provider {
    fn secret(&self, setting: &str) -> Answer {
        let question = Question::new(self.function, setting);
        if thread::current().id() == self.home.thread {
            // The core asks in the midst of a call of JavaScript's.
            let env = Env::from_raw(self.home.env);
            match self.notes.is_open().then(|| Environment::of(&env)) {
                Some(Ok(environment)) => environment.asking().ask(&env, Arc::clone(&question), Later::Never),
                _ => question.give_up(),
            }
            question.answer(Err(question.unanswered()));
        } else {
            self.notes.ask(&question);
        }
        question.wait()
    }
}

/// What a thread waits for while JavaScript runs the function.
pub(crate) struct Question {
    function: f64,
    setting: String,
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
}

impl Question {
    fn new(function: f64, setting: &str) -> Arc<Self> {
        Arc::new(Self {
            function,
            setting: setting.to_owned(),
            answer: Mutex::default(),
            answered: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        // No code of others runs under the lock.
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) -> Answer {
        let waited = self.answered.wait_while(self.lock(), |answer| answer.is_none());
        let answer = waited.unwrap_or_else(PoisonError::into_inner).take();
        answer.unwrap_or_else(|| Err(self.unanswered()))
    }

    /// Answers, where nothing has been answered before.
    fn answer(&self, with: Answer) {
        let late = {
            let mut answer = self.lock();
            match *answer {
                Some(_) => Some(with),
                None => answer.replace(with),
            }
        };
        drop(late);
        self.answered.notify_all();
    }

    fn error(&self, kind: ErrorKind, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::new(kind, message).with_setting(self.setting.clone())
    }

    fn unanswered(&self) -> Error {
        let message = "no function is asked any more: the JavaScript thread that opened the manager is ending";
        self.error(ErrorKind::Unavailable, message)
    }

    /// Lets nobody wait for an answer any more.
    pub(crate) fn give_up(&self) {
        self.answer(Err(self.unanswered()));
    }
}

/// Whether a function may give a promise of its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Later {
    Possible,
    /// The event loop stands still until there is an answer.
    Never,
}

/// What a JavaScript thread is asked.
pub(crate) struct Asking {
    /// `ask` of `lib/asking.js`.
    ask: Callback,
    /// The questions that it has no answer to yet, by numbers that are not used twice.
    asked: RefCell<HashMap<u64, Arc<Question>>>,
    last: Cell<u64>,
    /// The functions of openings that keep this thread waiting.
    opening: RefCell<Vec<f64>>,
}

impl Asking {
    pub(crate) fn new() -> Self {
        Self {
            ask: Callback::none(),
            asked: RefCell::default(),
            last: Cell::new(0),
            opening: RefCell::default(),
        }
    }

    /// Runs an opening that keeps this thread waiting: a promise of its functions could not be waited for.
    pub(crate) fn while_opening<T>(&self, functions: &[f64], run: impl FnOnce() -> T) -> T {
        let before = self.opening.borrow().len();
        self.opening.borrow_mut().extend_from_slice(functions);
        let ran = run();
        self.opening.borrow_mut().truncate(before);
        ran
    }

    /// Asks the function of a question, whose answer comes by [`answer`] or [`fail`].
    pub(crate) fn ask(&self, env: &Env, question: Arc<Question>, later: Later) {
        let number = self.last.get() + 1;
        self.last.set(number);
        let mut is_later = later == Later::Possible;
        is_later &= !self.opening.borrow().contains(&question.function);
        self.asked.borrow_mut().insert(number, Arc::clone(&question));
        #[expect(clippy::cast_precision_loss, reason = "nobody is asked 2^53 times")]
        let is_asked = self.ask.call(env, || {
            Ok([
                value(env, question.function)?,
                value(env, question.setting.as_str())?,
                value(env, number as f64)?,
                value(env, is_later)?,
            ])
        });
        if !is_asked && self.taken(number).is_some() {
            question.give_up();
        }
    }

    fn taken(&self, number: u64) -> Option<Arc<Question>> {
        self.asked.borrow_mut().remove(&number)
    }

    /// Answers what is left.
    pub(crate) fn end(&self) {
        let left = self.asked.take();
        left.values().for_each(|question| question.give_up());
    }
}

/// The question of a number, which is answered once.
fn question(call: &Arguments<'_>) -> Outcome<Option<Arc<Question>>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of ours"
    )]
    // SAFETY: `lib/asking.js` gives back what it was given.
    let number = unsafe { call.at(0).cast::<f64>()? } as u64;
    Ok(Environment::of(call.env)?.asking().taken(number))
}

/// Has questions be asked: `onQuestion((function, setting, question, mayBeLater) => …)`
pub(crate) fn on_question<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Environment::of(call.env)?.asking().ask.set(call.env, call.at(0))?;
    undefined(call.env)
}

/// `answerQuestion(question, value)`
pub(crate) fn answer<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    if let Some(question) = question(call)? {
        question.answer(match new_secret(call.at(1)) {
            Ok(secret) => Ok(secret.value),
            Err(Failure::Ours(error)) => Err(error.with_setting(question.setting.clone())),
            Err(_) => Err(question.error(
                ErrorKind::InvalidConfig,
                "the function that was asked gave neither a string, nor a Uint8Array, nor a Secret",
            )),
        });
    }
    undefined(call.env)
}

/// `failQuestion(question, code, message)`
pub(crate) fn fail<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    if let Some(question) = question(call)? {
        let kind = text("code", call.at(1)).ok();
        let kind = kind.and_then(|token| ErrorKind::from_token(&token));
        question.answer(Err(match text("message", call.at(2)) {
            Ok(message) => question.error(kind.unwrap_or(ErrorKind::Unavailable), message),
            Err(_) => question.unanswered(),
        }));
    }
    undefined(call.env)
}
