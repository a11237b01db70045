//! The events of this process.

use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};

/// Every event of this process so far: its level, and its fields as text.
static EVENTS: Mutex<Vec<(tracing::Level, String)>> = Mutex::new(Vec::new());

/// Collects the events of all threads from now on.
pub(crate) fn collect_events() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Collector).unwrap());
}

struct Collector;

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Collector {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut text = String::new();
        span.record(&mut Fields(&mut text));
        EVENTS.lock().unwrap().push((*span.metadata().level(), text));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut text = String::new();
        values.record(&mut Fields(&mut text));
        EVENTS.lock().unwrap().push((tracing::Level::TRACE, text));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(&mut Fields(&mut text));
        EVENTS.lock().unwrap().push((*event.metadata().level(), text));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// The events so far in which this stands.
pub(crate) fn events_with(part: &str) -> Vec<(tracing::Level, String)> {
    let events = EVENTS.lock().unwrap();
    events.iter().filter(|(_, text)| text.contains(part)).cloned().collect()
}
