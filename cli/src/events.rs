//! What the library warns of: one line each on stderr.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use strongroom::face::is_ours;
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Dispatch, Event, Level, LevelFilter, Metadata, Subscriber, dispatcher};

use crate::terminal::printable;

/// What a place is like. It holds for every call; the command says it in its own words, and where it matters.
const NATURE: &str = "strongroom::nature";

/// Shows warnings, unless quiet was asked for, and errors in any case: what a person looks for may have gone with them.
pub(crate) fn show(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
    let most = if quiet { Level::ERROR } else { Level::WARN };
    let subscriber = Stderr {
        most,
        told: Mutex::default(),
    };
    // There is no other one in this process.
    let _ = dispatcher::set_global_default(Dispatch::new(subscriber));
}

/// Whether warnings are to be silent.
static QUIET: AtomicBool = AtomicBool::new(false);

/// A warning of the command's own, in the same form.
pub(crate) fn warn(text: &str) {
    if QUIET.load(Ordering::Relaxed) {
        return;
    }
    let line = format!("{}\n", printable(&format!("strongroom: warning: {text}")));
    let _ = io::stderr().write_all(line.as_bytes());
}

struct Stderr {
    most: Level,
    /// A command may open a place twice; nobody needs to read the same line again.
    told: Mutex<BTreeSet<String>>,
}

impl Subscriber for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.most && is_ours(metadata) && metadata.target() != NATURE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most.into())
    }

    fn event(&self, event: &Event<'_>) {
        let line = line(event);
        let is_new = self
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(line.clone());
        if is_new {
            // At once, so that lines of several threads stay lines.
            let _ = io::stderr().write_all(line.as_bytes());
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

fn line(event: &Event<'_>) -> String {
    let mut words = Words::default();
    event.record(&mut words);
    let level = if *event.metadata().level() == Level::ERROR {
        "error"
    } else {
        "warning"
    };
    let mut text = format!("strongroom: {level}: {}", words.message);
    if !words.fields.is_empty() {
        text.push_str(&format!(" ({})", words.fields.join(", ")));
    }
    format!("{}\n", printable(&text))
}

/// The message and, behind it, the other fields.
#[derive(Default)]
struct Words {
    message: String,
    fields: Vec<String>,
}

impl Words {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if field.name() == "message" {
            let _ = self.message.write_fmt(value);
        } else {
            self.fields.push(format!("{} {value}", field.name().replace('_', " ")));
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}
