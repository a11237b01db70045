//! Files on mounts that hang.

use std::sync::mpsc;
use std::time::Instant;

use super::super::backend::FileBackend;
use super::super::config::Config;
use super::*;
use crate::backend::{Backend, GetRequest, Operation};
use crate::context::{CallContext, Face};
use crate::park::block_on;
use crate::{ErrorKind, SecretKey};

fn backend(vault: &Vault, is_remote: bool) -> FileBackend {
    let config = Config {
        path: vault.path(),
        stop_on_corrupt: false,
    };
    FileBackend::open(config, is_remote, &cx(10_000)).unwrap()
}

fn cx(millis: u64) -> CallContext {
    CallContext::new(Face::Blocking, Duration::from_millis(millis))
}

#[test]
fn the_fast_path_looks_at_no_file_on_a_network() {
    let vault = Vault::with(V2);
    let (near, far) = (backend(&vault, false), backend(&vault, true));
    let key = SecretKey::parse("jwt_signing_key").unwrap();
    for backend in [&near, &far] {
        assert!(
            block_on(backend.get(&cx(10_000), GetRequest::new(&key)))
                .unwrap()
                .is_some()
        );
    }
    assert!(near.change_token().is_some());
    assert!(far.change_token().is_none(), "time decides instead");
}

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
