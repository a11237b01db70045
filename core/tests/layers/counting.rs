//! What is counted, and what events tell.

use std::sync::{Arc, Mutex};

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret};

use super::{far, number};

/// Keeps the text of all events.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl tracing::field::Visit for Kept {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Kept {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

fn told(settings: &[(&str, &str)]) -> String {
    let kept = Kept::default();
    // With one subscriber only, a thread that has none and comes first would silence an event for all of them.
    let _second = tracing::Dispatch::new(Kept::default());
    tracing::subscriber::with_default(kept.clone(), || {
        let (fault, manager) = far(settings);
        manager.set("the_name", &Secret::new("the_value")).unwrap();
        fault.on(Operation::Get).times(1).then(Fault::Unavailable);
        manager.get("the_name").unwrap();
        fault.on(Operation::Get).then(Fault::Unavailable);
        manager.get("the_name").unwrap_err();
        manager.get("the_name").unwrap_err();
    });
    let text = kept.0.lock().unwrap();
    text.clone()
}

#[test]
fn events_name_secrets_only_where_that_is_wanted_and_never_values() {
    let settings = [("breaker_failures", "3")];
    let told_by_default = told(&settings);
    assert!(told_by_default.contains("global/the_name"), "{told_by_default}");
    assert!(
        told_by_default.contains("is made again") && told_by_default.contains("left alone"),
        "{told_by_default}"
    );
    let told_without = told(&[("telemetry_names", "off"), settings[0]]);
    assert!(told_without.contains("operation=\"get\""), "{told_without}");
    assert!(!told_without.contains("the_name"), "{told_without}");
    assert!(!told_by_default.contains("the_value") && !told_without.contains("the_value"));
}

#[test]
fn calls_of_the_backend_are_counted_with_errors_and_times() {
    let (fault, manager) = far(&[("retries", "0")]);
    manager.set("k", &Secret::new("v")).unwrap();
    for _ in 0..3 {
        manager.get("k").unwrap();
    }
    fault.on(Operation::Get).times(1).then(Fault::Denied);
    assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(number(&manager, "calls.get"), 4);
    assert_eq!(number(&manager, "calls.get.errors"), 1);
    assert_eq!(number(&manager, "calls.set"), 1);
    assert!(number(&manager, "calls.get.micros_max") <= number(&manager, "calls.get.micros"));
    // What was never called is not listed.
    assert_eq!(manager.metrics().get("calls.list"), None);
}
