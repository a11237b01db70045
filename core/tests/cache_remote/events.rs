//! The warnings that are told on one thread, or on all.

use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};

/// The warnings that `job` leads to on this thread, each with its fields as text.
pub(super) fn warnings_of(job: impl FnOnce()) -> Vec<String> {
    let told = Arc::new(Mutex::new(Vec::new()));
    tracing::subscriber::with_default(Collector(Arc::clone(&told)), job);
    let told = told.lock().unwrap();
    told.clone()
}

static ALL: OnceLock<Arc<Mutex<Vec<String>>>> = OnceLock::new();

/// Collects the warnings of all threads from now on, but those that [`warnings_of`] takes.
pub(super) fn collect_warnings() {
    let told = ALL.get_or_init(Arc::default);
    tracing::subscriber::set_global_default(Collector(Arc::clone(told))).unwrap();
}

/// Those so far in which this stands.
pub(super) fn warnings_with(part: &str) -> Vec<String> {
    let told = ALL.get().unwrap().lock().unwrap();
    told.iter().filter(|text| text.contains(part)).cloned().collect()
}

struct Collector(Arc<Mutex<Vec<String>>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Collector {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(&mut Fields(&mut text));
        self.0.lock().unwrap().push(text);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
