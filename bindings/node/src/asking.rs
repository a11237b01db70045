//! Functions of the program that are asked for a secret setting.
//!
//! A function runs on the JavaScript thread that opened the manager, whoever asks. A thread of the core leaves its
//! question with that thread's notes and waits; the event loop takes it from there, or the call that keeps that thread
//! waiting does. `lib/asking.js` holds the functions and nothing here keeps one alive, so that a function which holds
//! its manager is collected together with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{self, Poll, Waker};
use std::thread::{self, ThreadId};

use napi::bindgen_prelude::*;
use napi::sys;
use strongroom::{CallContext, Error, ErrorKind, Face, MAX_DEADLINE, SecretProvider, SecretValue, face};

use crate::arguments::{Longest, array, new_secret, text};
use crate::callback::{Callback, contained};
use crate::entry::{Arguments, undefined};
use crate::environment::Environment;
use crate::error::{Failure, Outcome, value};
use crate::notes::Notes;

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
        self.secret_within(setting, &CallContext::new(Face::Blocking, MAX_DEADLINE))
    }

    fn secret_within(&self, setting: &str, cx: &CallContext) -> Answer {
        let is_home = thread::current().id() == self.home.thread;
        // A call that keeps its thread waiting is one of the function's own thread, as handles never leave theirs.
        let later = match cx.face() {
            Face::Async if !is_home => Later::Possible,
            _ => Later::Never,
        };
        let question = Question::new(self.function, setting, later);
        if is_home {
            // The core asks in the midst of a call of JavaScript's.
            let env = Env::from_raw(self.home.env);
            match self.notes.is_open().then(|| Environment::of(&env)) {
                Some(Ok(environment)) => environment.asking().ask(&env, Arc::clone(&question)),
                _ => question.give_up(),
            }
            question.answer(Err(question.unanswered()));
        } else {
            self.notes.ask(&question);
        }
        question.wait(cx)
    }
}

/// What a thread waits for while JavaScript runs the function.
pub(crate) struct Question {
    function: f64,
    setting: String,
    later: Later,
    state: Mutex<State>,
}

enum State {
    /// Wakes who waits.
    Open(Option<Waker>),
    Answered(Answer),
    /// The call that needed the answer has it, or has ended.
    Over,
}

impl Question {
    fn new(function: f64, setting: &str, later: Later) -> Arc<Self> {
        Arc::new(Self {
            function,
            setting: setting.to_owned(),
            later,
            state: Mutex::new(State::Open(None)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as the call lives that needs the answer. One that comes later is nobody's.
    fn wait(&self, cx: &CallContext) -> Answer {
        let answer = face::answer_within(cx, poll_fn(|task| self.poll(task)));
        let left = mem::replace(&mut *self.lock(), State::Over);
        drop(left);
        answer.map_err(|error| error.with_setting(self.setting.clone()))
    }

    fn poll(&self, task: &task::Context<'_>) -> Poll<Answer> {
        let mut state = self.lock();
        let before = match &*state {
            State::Open(_) => mem::replace(&mut *state, State::Open(Some(task.waker().clone()))),
            State::Answered(_) | State::Over => mem::replace(&mut *state, State::Over),
        };
        drop(state);
        match before {
            State::Open(_) => Poll::Pending,
            State::Answered(answer) => Poll::Ready(answer),
            State::Over => Poll::Ready(Err(self.unanswered())),
        }
    }

    fn is_open(&self) -> bool {
        matches!(*self.lock(), State::Open(_))
    }

    /// Answers, where nothing has been answered before and someone waits. What is late is wiped.
    fn answer(&self, with: Answer) {
        let mut state = self.lock();
        if !matches!(*state, State::Open(_)) {
            drop(state);
            drop(with);
            return;
        }
        let before = mem::replace(&mut *state, State::Answered(with));
        drop(state);
        if let State::Open(Some(waiting)) = before {
            waiting.wake();
        }
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
enum Later {
    /// Also where another call keeps the event loop waiting meanwhile: that ends without the answer.
    Possible,
    /// The event loop stands still until there is an answer.
    Never,
}

/// What a JavaScript thread is asked.
pub(crate) struct Asking {
    /// `ask` of `lib/asking.js`.
    ask: Callback,
    /// The questions that it has no answer to yet, by numbers that are not used twice, as long as someone waits.
    asked: RefCell<HashMap<u64, Weak<Question>>>,
    last: Cell<u64>,
    /// The functions that the call needs which keeps this thread waiting; of calls within calls the innermost.
    needed: RefCell<Vec<f64>>,
}

impl Asking {
    pub(crate) fn new() -> Self {
        Self {
            ask: Callback::none(),
            asked: RefCell::default(),
            last: Cell::new(0),
            needed: RefCell::default(),
        }
    }

    /// Why the call that keeps this thread waiting cannot come to its end: another one has asked a function that it
    /// needs, whose answer only the event loop brings. Its backend asks for one call after the other.
    pub(crate) fn obstacle(&self) -> Option<Error> {
        let needed = self.needed.borrow();
        if needed.is_empty() {
            return None;
        }
        let asked = self.asked.borrow();
        let mut open = asked.values().filter_map(Weak::upgrade);
        let question = open.find(|question| needed.contains(&question.function) && question.is_open())?;
        let message = "another call has asked the function for a secret setting, which gave a promise, and this call \
                       keeps the event loop waiting; use the form of the call that gives a promise itself";
        Some(question.error(ErrorKind::InvalidConfig, message))
    }

    /// Asks the function of a question, whose answer comes by [`answer`] or [`fail`].
    pub(crate) fn ask(&self, env: &Env, question: Arc<Question>) {
        if !question.is_open() {
            // Whoever wanted to know has gone meanwhile.
            return;
        }
        let number = self.last.get() + 1;
        self.last.set(number);
        let is_later = question.later == Later::Possible;
        {
            let mut asked = self.asked.borrow_mut();
            asked.retain(|_, question| question.strong_count() > 0);
            asked.insert(number, Arc::downgrade(&question));
        }
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
        self.asked.borrow_mut().remove(&number)?.upgrade()
    }

    /// Answers what is left.
    pub(crate) fn end(&self) {
        let left = self.asked.take();
        left.values()
            .filter_map(Weak::upgrade)
            .for_each(|question| question.give_up());
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

/// `needs(functions)`: what the call needs that is about to keep this thread waiting.
pub(crate) fn needs<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let functions = array("functions", "an array of numbers", call.at(0))?;
    // SAFETY: `lib/functions.js` gives numbers.
    let functions = functions.into_iter().map(|function| unsafe { function.cast() });
    let functions = functions.collect::<napi::Result<_>>()?;
    Environment::of(call.env)?.asking().needed.replace(functions);
    undefined(call.env)
}

/// `answerQuestion(question, value)`
pub(crate) fn answer<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    if let Some(question) = question(call)? {
        // Left there, what a getter of it throws would go on to nobody.
        question.answer(match contained(call.env, || new_secret(call.at(1), Longest::Value)) {
            Ok(secret) => Ok(secret.value),
            Err(Failure::Ours(error)) => Err(error),
            Err(Failure::Engine(_)) => Err(question.error(
                ErrorKind::Unavailable,
                "what the function that was asked gave threw when it was read",
            )),
            Err(Failure::Type(_) | Failure::Exclusive(_)) => Err(question.error(
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
        // The code may be whatever the program has put there.
        let code = contained(call.env, || text("code", call.at(1))).ok();
        let kind = code.and_then(|code| ErrorKind::from_token(&code));
        let message = contained(call.env, || text("message", call.at(2)));
        question.answer(Err(match message {
            Ok(message) => question.error(kind.unwrap_or(ErrorKind::Unavailable), message),
            Err(_) => question.unanswered(),
        }));
    }
    undefined(call.env)
}
