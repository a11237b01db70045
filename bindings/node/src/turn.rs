//! Turns of the event loop.
//!
//! A promise that is settled within its call goes on before timers, signals and finalizers have their turn: a loop that
//! awaits one such call after the other would keep all of them out. So a turn has time for some answers only, and what
//! is called after that is answered from the event loop.

use std::cell::Cell;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::*;

use crate::callback::Callback;
use crate::entry::{Arguments, undefined};
use crate::environment::Environment;
use crate::error::Outcome;

/// How long answers at hand may keep one turn.
const TIME_OF_A_TURN: Duration = Duration::from_millis(4);

/// What one JavaScript thread knows of its event loop's turn.
pub(crate) struct Turn {
    /// Has `turned` called in the next turn.
    await_next: Callback,
    is_next_awaited: Cell<bool>,
    spent: Cell<Duration>,
}

impl Turn {
    pub(crate) fn new() -> Self {
        Self {
            await_next: Callback::none(),
            is_next_awaited: Cell::new(false),
            spent: Cell::default(),
        }
    }

    /// Whether something may be done within this turn. Where not, the next one is seen to.
    pub(crate) fn has_time(&self, env: &Env) -> bool {
        if self.spent.get() < TIME_OF_A_TURN {
            return true;
        }
        if !self.is_next_awaited.replace(true) {
            // Where it could not be called, the next one who asks tries again.
            self.is_next_awaited.set(self.await_next.call(env, || Ok([])));
        }
        false
    }

    /// Does something, which takes of the turn's time.
    pub(crate) fn spend<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.spent.set(self.spent.get() + began.elapsed());
        done
    }

    pub(crate) fn begin(&self) {
        self.spent.set(Duration::ZERO);
        self.is_next_awaited.set(false);
    }
}

/// Has turns be awaited: `onTurn(() => …)`, which calls `turned` in the next turn.
pub(crate) fn on_turn<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Environment::of(call.env)?.turn().await_next.set(call.env, call.at(0))?;
    undefined(call.env)
}

/// `turned()`
pub(crate) fn turned<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Environment::of(call.env)?.begin_turn();
    undefined(call.env)
}
