//! Files on mounts that hang, files that take long to read, files that somebody is writing.

use std::io::Write;
use std::sync::mpsc;
use std::task::Context;
use std::time::Instant;

use super::super::backend::FileBackend;
use super::super::config::Config;
use super::*;
use crate::backend::{Backend, GetRequest, Operation, SetRequest};
use crate::context::{CallContext, Face};
use crate::layers::bounded;
use crate::park::block_on;
use crate::sys::files::CreationLock;
use crate::{ErrorKind, Secret, SecretKey};

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

#[test]
fn a_long_document_is_read_by_the_worker_and_a_short_one_by_the_caller() {
    let long = V2.replace("{\"kept\":  true}", &format!("\"{}\"", "x".repeat(2 << 20)));
    for (text, is_long) in [(V2.to_owned(), false), (long, true)] {
        let vault = Vault::with("{\"version\": 2, \"secrets\": {}}");
        let backend = backend(&vault, false);
        let lock = CreationLock::acquire(
            &vault.dir.path().join("secrets.json.lock"),
            Instant::now() + Duration::from_secs(10),
        )
        .unwrap();
        // The worker has a write that waits for the lock.
        let (patient, name, value) = (cx(60_000), SecretKey::parse("A").unwrap(), Secret::new("v"));
        let mut write = backend.set(&patient, SetRequest::new(&name, &value));
        let polled = write.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
        vault.plant(&text);
        let (short, key) = (cx(300), SecretKey::parse("jwt_signing_key").unwrap());
        let read = bounded(
            &short,
            Operation::Get,
            "file",
            backend.get(&short, GetRequest::new(&key)),
        );
        match block_on(read) {
            Ok(found) => assert!(!is_long && found.is_some()),
            Err(error) => assert!(is_long && error.kind() == ErrorKind::Timeout, "{error}"),
        }
        drop(lock);
        block_on(write).unwrap();
        let read = backend.get(&patient, GetRequest::new(&key));
        assert!(block_on(read).unwrap().is_some());
    }
}

#[test]
fn a_file_that_is_written_slowly_in_place_is_waited_for() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    let text = V2.replace("jwt_signing_key", "another_key");
    let mut file = File::options().write(true).truncate(true).open(vault.path()).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| manager.get("another_key").unwrap());
        // Longer in all than a corrupt file that stays the same is looked at.
        for part in text.as_bytes().chunks(text.len() / 10 + 1) {
            std::thread::sleep(Duration::from_millis(60));
            file.write_all(part).unwrap();
        }
        assert!(reader.join().unwrap().is_some());
    });
    assert!(vault.kept("corrupt").is_empty());
    assert_eq!(vault.text(), text);
}

#[test]
fn a_file_that_goes_on_changing_is_no_corrupt_one() {
    let vault = Vault::with(V2);
    let manager = vault.open().with_timeout(Duration::from_millis(500));
    let mut file = File::options().write(true).truncate(true).open(vault.path()).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| manager.get("A").unwrap_err());
        while !reader.is_finished() {
            file.write_all(b" ").unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        let error = reader.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.message().contains("secrets.json"), "{error}");
    });
    assert!(vault.kept("corrupt").is_empty());
}
