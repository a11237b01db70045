//! Listens to everything that goes through `tracing` and `log`.

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};

static SAID: Mutex<String> = Mutex::new(String::new());

/// Begins to listen.
pub(crate) fn listen() {
    tracing::subscriber::set_global_default(Listener).unwrap();
    log::set_logger(&Listener).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

/// What was said so far.
pub(crate) fn said() -> String {
    SAID.lock().unwrap().clone()
}

struct Listener;

struct Note<'a>(&'a mut String);

impl Visit for Note<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        write!(self.0, " {field}={}", String::from_utf8_lossy(value)).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").unwrap();
    }
}

fn line(metadata: &Metadata<'_>, record: impl FnOnce(&mut Note<'_>)) {
    // What is shown may itself speak; so the lock is taken last.
    let mut text = format!("[{} {}]", metadata.target(), metadata.name());
    record(&mut Note(&mut text));
    text.push('\n');
    SAID.lock().unwrap().push_str(&text);
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        line(span.metadata(), |note| span.record(note));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = String::new();
        values.record(&mut Note(&mut text));
        SAID.lock().unwrap().push_str(&text);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        line(event.metadata(), |note| event.record(note));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = format!("[{} log] {}\n", record.target(), record.args());
        SAID.lock().unwrap().push_str(&text);
    }

    fn flush(&self) {}
}
