//! The library's events, for the channel `strongroom` of `diagnostics_channel`. Events name operations, keys and
//! outcomes, never a value.
//!
//! An event may happen on any thread and while the core holds locks, so it only goes into the queue of each JavaScript
//! thread that has subscribers. The thread publishes what is in it before a call that waited gives its answer, before a
//! promise is settled, and else from its event loop, which an event does not keep alive.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::face::{event_line, is_ours};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::arguments;
use crate::callback::Callback;
use crate::entry::{Arguments, undefined};
use crate::environment::Environment;
use crate::error::Outcome;
use crate::notes::Notes;
use crate::results::count;

/// How many events wait at most. More of them are counted, and forgotten.
const MOST_EVENTS: usize = 1024;

/// The queues of the JavaScript threads that have subscribers.
static HEARD_BY: Mutex<Vec<Arc<Listener>>> = Mutex::new(Vec::new());

thread_local! {
    /// Whether this thread runs the program's subscribers: what these cause would cause the next event for ever.
    static TELLS: Cell<bool> = const { Cell::new(false) };
}

fn heard_by() -> MutexGuard<'static, Vec<Arc<Listener>>> {
    // No code of others runs under the lock.
    HEARD_BY.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Happened {
    level: Level,
    target: &'static str,
    line: String,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Happened>,
    dropped: usize,
}

struct Listener {
    queue: Mutex<Queue>,
    notes: Arc<Notes>,
}

impl Listener {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // As above.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one JavaScript thread hears of.
pub(crate) struct Telling {
    /// `tell` of `lib/events.js`.
    tell: Callback,
    listener: Arc<Listener>,
}

impl Telling {
    pub(crate) fn new(notes: Arc<Notes>) -> Self {
        Self {
            tell: Callback::none(),
            listener: Arc::new(Listener {
                queue: Mutex::default(),
                notes,
            }),
        }
    }

    /// Has JavaScript publish what has happened.
    pub(crate) fn tell(&self, env: &Env) {
        if !self.listener.lock().events.is_empty() {
            self.tell.call(env, || Ok([]));
        }
    }

    /// Has events queued, or no more.
    fn hear(&self, is_heard: bool) {
        static FORWARD: Once = Once::new();
        let is_changed = {
            let mut heard_by = heard_by();
            let before = heard_by.is_empty();
            heard_by.retain(|other| !Arc::ptr_eq(other, &self.listener));
            if is_heard {
                heard_by.push(Arc::clone(&self.listener));
            }
            before != heard_by.is_empty()
        };
        if is_heard {
            // This module has a copy of `tracing` of its own, so that nobody else was first.
            FORWARD.call_once(|| drop(tracing::subscriber::set_global_default(Forwarder)));
        } else {
            mem::take(&mut *self.listener.lock());
        }
        if is_changed {
            tracing::callsite::rebuild_interest_cache();
        }
    }

    pub(crate) fn end(&self) {
        self.hear(false);
    }
}

/// What this module's copy of `tracing` reports to.
struct Forwarder;

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_span() && is_ours(metadata) && !heard_by().is_empty()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match heard_by().is_empty() {
            true => LevelFilter::OFF,
            false => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        if TELLS.get() {
            return;
        }
        let metadata = event.metadata();
        let (level, target, line) = (*metadata.level(), metadata.target(), event_line(event));
        for listener in &*heard_by() {
            let is_first = {
                let mut queue = listener.lock();
                if queue.events.len() < MOST_EVENTS {
                    let line = line.clone();
                    queue.events.push_back(Happened { level, target, line });
                } else {
                    queue.dropped += 1;
                }
                queue.events.len() == 1
            };
            if is_first {
                listener.notes.wake();
            }
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        _ => "trace",
    }
}

/// Has events be told: `onEvents(() => …)`
pub(crate) fn on_events<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Environment::of(call.env)?.telling().tell.set(call.env, call.at(0))?;
    undefined(call.env)
}

/// `hear(isHeard)`
pub(crate) fn hear<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let is_heard = arguments::flag("isHeard", call.at(0))?;
    Environment::of(call.env)?.telling().hear(is_heard);
    undefined(call.env)
}

/// What has happened, and how many events too many there were: `{ events, dropped }`. Until `told` is called, what this
/// thread causes is no event.
pub(crate) fn take_events<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let environment = Environment::of(call.env)?;
    let taken = mem::take(&mut *environment.telling().listener.lock());
    let events = taken.events.into_iter().map(|happened| {
        let mut event = Object::new(call.env)?;
        event.set("level", word(happened.level))?;
        event.set("target", happened.target)?;
        event.set("message", happened.line)?;
        Ok(event)
    });
    let mut answer = Object::new(call.env)?;
    answer.set("events", events.collect::<napi::Result<Vec<_>>>()?)?;
    answer.set("dropped", count(taken.dropped))?;
    TELLS.set(true);
    Ok(answer.to_unknown())
}

/// `told()`
pub(crate) fn told<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    TELLS.set(false);
    undefined(call.env)
}
