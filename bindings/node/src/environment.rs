//! What one JavaScript thread has: the calls whose promises are open, and the way to wake its event loop.
//!
//! A thread of the core never calls into JavaScript. It leaves a note, and the event loop takes all notes at once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use strongroom::{CancellationToken, Error, ErrorKind};

use crate::asking::Asking;
use crate::callback::{contained, thrown};
use crate::entry::{panicked, raw};
use crate::error::{Outcome, check, untold};
use crate::following;
use crate::log::Telling;
use crate::notes::{Call, Note, Notes};
use crate::transferred::HowFar;
use crate::turn::Turn;

/// Makes the answer of a call, on JavaScript's thread.
pub(crate) type Made = Box<dyn for<'a> FnOnce(&'a Env) -> Outcome<Unknown<'a>> + Send>;

/// One JavaScript thread's own.
pub(crate) struct Environment {
    notes: Arc<Notes>,
    /// The calls whose promises are open, by numbers that are not used twice.
    open: RefCell<HashMap<u64, Open>>,
    last: Cell<u64>,
    /// What the event loop goes on for: calls whose promises are open, and whoever awaits a change.
    held: Cell<usize>,
    asking: Asking,
    telling: Telling,
    turn: Turn,
    /// Gone with the environment: nothing of it is used once `is_ended`.
    waker: sys::napi_threadsafe_function,
    is_ended: Cell<bool>,
}

/// A call whose promise is open.
struct Open {
    promise: sys::napi_deferred,
    holds: Holds,
    /// What ends its work.
    cancel: Vec<CancellationToken>,
    kept: Kept,
}

/// Whether the event loop goes on until a promise is settled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Loop,
    Nothing,
}

/// What a call's promise keeps of JavaScript's. Where functions are asked for secret settings, the handles keep them.
#[derive(Default)]
struct Kept {
    handles: Vec<sys::napi_ref>,
    listener: Option<sys::napi_ref>,
}

impl Kept {
    /// Keeps what there is to keep of a call's arguments.
    fn of(env: &Env, handles: &[Unknown<'_>], listener: Option<Unknown<'_>>) -> napi::Result<Self> {
        let mut kept = Self::default();
        let all = handles.iter().try_for_each(|handle| {
            kept.handles.push(reference(env, *handle)?);
            Ok(())
        });
        let all = all.and_then(|()| {
            kept.listener = listener.map(|listener| reference(env, listener)).transpose()?;
            Ok(())
        });
        match all {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.free(env);
                Err(error)
            }
        }
    }

    fn free(self, env: &Env) {
        for reference in self.handles.into_iter().chain(self.listener) {
            // SAFETY: one of this environment's, freed once.
            unsafe { sys::napi_delete_reference(env.raw(), reference) };
        }
    }
}

/// A reference that keeps a value.
fn reference(env: &Env, of: Unknown<'_>) -> napi::Result<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment.
    check(unsafe { sys::napi_create_reference(env.raw(), of.raw(), 1, &mut reference) })?;
    Ok(reference)
}

/// Begins with a JavaScript thread.
pub(crate) fn begin(env: &Env) -> napi::Result<()> {
    let name = "strongroom";
    let (start, length) = raw(name);
    let mut resource = ptr::null_mut();
    // SAFETY: the text lives meanwhile.
    check(unsafe { sys::napi_create_string_utf8(env.raw(), start, length, &mut resource) })?;
    let mut waker = ptr::null_mut();
    // SAFETY: all that is not given may be left out.
    check(unsafe {
        sys::napi_create_threadsafe_function(
            env.raw(),
            ptr::null_mut(),
            ptr::null_mut(),
            resource,
            0,
            1,
            ptr::null_mut(),
            None,
            ptr::null_mut(),
            Some(woken),
            &mut waker,
        )
    })?;
    // An event loop that waits for no call of ours may end.
    // SAFETY: just made.
    check(unsafe { sys::napi_unref_threadsafe_function(env.raw(), waker) })?;
    // SAFETY: just made; `Environment::end` closes the notes before it is gone.
    let notes = Arc::new(unsafe { Notes::new(waker) });
    let environment = Rc::new(Environment {
        telling: Telling::new(Arc::clone(&notes)),
        notes,
        open: RefCell::default(),
        last: Cell::new(0),
        held: Cell::new(0),
        asking: Asking::new(),
        turn: Turn::new(),
        waker,
        is_ended: Cell::new(false),
    });
    env.set_instance_data(Rc::clone(&environment), (), |_| ())?;
    // Runs before Node-API's own for the waker, as what was added last runs first.
    env.add_env_cleanup_hook(environment, |environment| {
        // Nothing may unwind into Node.js.
        let _ = catch_unwind(AssertUnwindSafe(|| environment.end()));
    })?;
    Ok(())
}

/// The answer to a call of a JavaScript thread that ends, which hardly anyone hears.
pub(crate) fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the JavaScript environment is ending")
}

/// Whether this thread's JavaScript is being ended, by `worker.terminate()` or the end of the program: then nothing of
/// it may run any more. Runs nothing of it.
pub(crate) fn is_ending(env: &Env) -> bool {
    let mut undefined = ptr::null_mut();
    let mut is_equal = false;
    // SAFETY: the environment is alive, and this is its thread. Comparing runs no code, but is refused, as is all that
    // might run some, where none may.
    unsafe {
        sys::napi_get_undefined(env.raw(), &mut undefined) != sys::Status::napi_ok
            || sys::napi_strict_equals(env.raw(), undefined, undefined, &mut is_equal) != sys::Status::napi_ok
    }
}

impl Environment {
    /// That of this thread.
    pub(crate) fn of(env: &Env) -> Outcome<Rc<Self>> {
        let found = env.get_instance_data::<Rc<Self>>()?;
        let found = found.filter(|found| !found.is_ended.get());
        Ok(found.map(|found| Rc::clone(found)).ok_or_else(ended)?)
    }

    pub(crate) fn notes(&self) -> Arc<Notes> {
        Arc::clone(&self.notes)
    }

    /// Whether a function of this thread can be asked.
    pub(crate) fn has_providers(&self) -> bool {
        self.notes.has_providers()
    }

    pub(crate) fn asking(&self) -> &Asking {
        &self.asking
    }

    pub(crate) fn telling(&self) -> &Telling {
        &self.telling
    }

    pub(crate) fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Has the functions asked that questions were left for, also in the midst of a call that keeps the thread waiting.
    pub(crate) fn ask(&self, env: &Env) {
        // One at a time: what is asked may itself keep the thread waiting for the answer to another.
        while let Some(question) = self.notes.next_question() {
            self.asking.ask(env, question);
        }
    }

    /// Has the event loop go on until it is released as often.
    pub(crate) fn hold(&self, env: &Env) {
        let before = self.held.replace(self.held.get() + 1);
        if before == 0 {
            // SAFETY: the environment is alive, and so is the waker. It is refused nothing but a waker that is none.
            unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.waker) };
        }
    }

    /// Lets the event loop end that nothing else holds.
    pub(crate) fn release(&self, env: &Env) {
        let left = self.held.get().saturating_sub(1);
        self.held.set(left);
        if left == 0 {
            // SAFETY: as above.
            unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.waker) };
        }
    }

    /// Opens a promise for a call of these handles.
    pub(crate) fn promise<'a>(
        &self,
        env: &'a Env,
        holds: Holds,
        cancel: &[CancellationToken],
        handles: impl FnOnce() -> Outcome<Vec<Unknown<'a>>>,
        listener: Option<Unknown<'a>>,
    ) -> Outcome<(Call, Unknown<'a>)> {
        let handles = match self.has_providers() {
            true => handles()?,
            false => Vec::new(),
        };
        let kept = Kept::of(env, &handles, listener)?;
        let (mut promise, mut deferred) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment is alive.
        let opened = check(unsafe { sys::napi_create_promise(env.raw(), &mut deferred, &mut promise) });
        if let Err(error) = opened {
            kept.free(env);
            return Err(error.into());
        }
        if holds == Holds::Loop {
            self.hold(env);
        }
        let number = self.last.get() + 1;
        self.last.set(number);
        let one = Open {
            promise: deferred,
            holds,
            cancel: cancel.to_vec(),
            kept,
        };
        self.open.borrow_mut().insert(number, one);
        let call = Call::new(number, self.notes());
        // SAFETY: just made in this environment.
        Ok((call, unsafe { Unknown::from_raw_unchecked(env.raw(), promise) }))
    }

    /// Does what other threads have left to do: tells what has happened, asks, tells how far calls are, and settles the
    /// promises of those that have ended.
    fn settle(&self, env: &Env) {
        let mut notes = self.notes.take();
        self.telling.tell(env);
        self.ask(env);
        while let Some(note) = notes.pop_front() {
            match note {
                Note::Progress(..) if !self.turn.has_time(env) => {
                    notes.push_front(note);
                    self.notes.put_back(notes);
                    break;
                }
                Note::Progress(call, how_far) => {
                    // What cannot be told keeps nothing else from being told.
                    let _ = contained(env, || {
                        self.turn.spend(|| self.tell(env, call, how_far));
                        Ok(())
                    });
                }
                Note::End(call, outcome) => self.end_call(env, call, outcome),
            }
        }
    }

    /// Goes on with what the last turn had no time for.
    pub(crate) fn begin_turn(&self) {
        self.turn.begin();
        self.notes.wake_for_rest();
    }

    /// Tells who listens how far a call is. A call that is not to go on is ended, and tells no more.
    fn tell(&self, env: &Env, call: u64, how_far: HowFar) {
        let found = self.open.borrow().get(&call).and_then(|open| open.kept.listener);
        let Some(listener) = found else { return };
        let mut function = ptr::null_mut();
        // SAFETY: a reference of this environment, which keeps its function.
        let told = check(unsafe { sys::napi_get_reference_value(env.raw(), listener, &mut function) });
        let goes_on = told
            .map_err(Into::into)
            .and_then(|()| following::tell(env, function, how_far));
        if matches!(goes_on, Ok(true)) {
            return;
        }
        thrown(env);
        let ended = self.open.borrow_mut().get_mut(&call).map(|open| {
            let listener = open.kept.listener.take();
            (open.cancel.clone(), listener)
        });
        if let Some((cancel, listener)) = ended {
            let kept = Kept {
                listener,
                ..Kept::default()
            };
            kept.free(env);
            cancel.iter().for_each(CancellationToken::cancel);
        }
    }

    /// Settles a call's promise.
    fn end_call(&self, env: &Env, call: u64, outcome: strongroom::Result<Made>) {
        let open = self.open.borrow_mut().remove(&call);
        let Some(open) = open else { return };
        // What cannot be told of one promise keeps no other one open.
        let _ = contained(env, || {
            settle(env, open.promise, made(env, outcome));
            Ok(())
        });
        open.kept.free(env);
        if open.holds == Holds::Loop {
            self.release(env);
        }
    }

    /// Cancels what is left: nobody hears of it any more.
    fn end(&self) {
        self.is_ended.set(true);
        self.notes.close();
        self.asking.end();
        self.telling.end();
        for (_, open) in self.open.take() {
            open.cancel.iter().for_each(CancellationToken::cancel);
        }
    }
}

/// Makes a call's answer, whose code must not unwind into JavaScript.
fn made(env: &Env, outcome: strongroom::Result<Made>) -> Outcome<sys::napi_value> {
    let made = catch_unwind(AssertUnwindSafe(|| Ok(outcome?(env)?.raw())));
    made.unwrap_or_else(|panic| Err(panicked(panic).into()))
}

fn settle(env: &Env, promise: sys::napi_deferred, outcome: Outcome<sys::napi_value>) {
    match outcome {
        // SAFETY: a promise is settled once, and both belong to this environment.
        Ok(answer) => unsafe {
            sys::napi_resolve_deferred(env.raw(), promise, answer);
        },
        Err(failure) => {
            let reason = match thrown(env) {
                Some(thrown) => Ok(thrown),
                None => failure
                    .into_object(env)
                    .or_else(|_| thrown(env).map_or_else(|| untold(env), Ok)),
            };
            if let Ok(reason) = reason {
                // SAFETY: as above.
                unsafe { sys::napi_reject_deferred(env.raw(), promise, reason.raw()) };
            }
        }
    }
}

/// What the event loop calls when it was woken.
unsafe extern "C" fn woken(env: sys::napi_env, _: sys::napi_value, _: *mut c_void, _: *mut c_void) {
    // Where JavaScript's thread is ending there is none.
    if env.is_null() {
        return;
    }
    let env = Env::from_raw(env);
    // What is left unsettled is told by no one; nothing may unwind into libuv.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if let Ok(environment) = Environment::of(&env) {
            environment.settle(&env);
        }
    }));
}
