//! Files on mounts that hang.

use std::sync::mpsc;
use std::time::Instant;

use super::*;
use crate::ErrorKind;
use crate::backend::Operation;

/// Holds up whoever tells an event, as a mount that hangs would, until the other end is dropped.
struct Hanging(Mutex<mpsc::Receiver<()>>);

impl tracing::Subscriber for Hanging {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.fields().field("file").is_some()
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        let _ = self.0.lock().unwrap().recv_timeout(Duration::from_secs(60));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn an_opening_that_hangs_is_left_at_its_deadline() {
    for members in [None, Some("memory,file")] {
        let vault = Vault::with(V2);
        let (release, held) = mpsc::channel();
        let mut options = vec![("deadline", "300ms")];
        options.extend(members.map(|members| ("chain.members", members)));
        options.extend(members.map(|_| ("backend", "chain")));
        let begun = Instant::now();
        let error =
            tracing::subscriber::with_default(Hanging(Mutex::new(held)), || vault.try_open(&options)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert_eq!(error.operation(), Some(Operation::Open));
        assert!(begun.elapsed() < Duration::from_millis(300) + Duration::from_secs(5));
        drop(release);
    }
}
