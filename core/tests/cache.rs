//! The cache through the manager: what is answered from memory, and what ends an entry.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use strongroom::backend::{Backend, BoxFuture, Capabilities, ChangeToken, GetRequest, Health, Operation, Persistence};
use strongroom::blocking::SecretManager;
use strongroom::testing::FaultBackend;
use strongroom::{
    AuditRecord, AuditSink, Builder, CallContext, CallOptions, Error, ErrorKind, Lookup, Result, Secret, SecretKey,
};

/// How long an event may take before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(15);

fn builder(backend: Arc<dyn Backend>) -> Builder {
    SecretManager::builder().without_environment().backend_instance(backend)
}

/// A manager over a memory backend that counts its calls.
fn counted() -> (Arc<FaultBackend>, SecretManager) {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let manager = builder(fault.clone()).open_blocking().unwrap();
    (fault, manager)
}

fn value(manager: &SecretManager, key: &str) -> Option<String> {
    manager.get_value(key).unwrap()
}

/// Repeats until the event is there; fails loudly when it never comes.
fn await_event(what: &str, mut is_there: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::yield_now();
    }
}

#[test]
fn a_second_read_does_not_reach_the_backend() {
    let (fault, manager) = counted();
    manager
        .set("org/acme/k", &Secret::with_provider("v", "openai"))
        .unwrap();
    assert_eq!(manager.try_cached("org/acme/k", <[u8]>::len), Lookup::Miss);
    assert_eq!(value(&manager, "org/acme/k").as_deref(), Some("v"));
    let calls = fault.counters().started;
    assert_eq!(
        manager.try_cached("org/acme/k", <[u8]>::to_vec),
        Lookup::Hit(b"v".to_vec())
    );
    let secret = manager.get(SecretKey::parse("org/acme/k").unwrap()).unwrap().unwrap();
    assert_eq!(secret.metadata.provider.as_deref(), Some("openai"));
    assert!(secret.metadata.version.is_some() && secret.metadata.created_at.is_some());
    let mut buffer = [0; 4];
    assert_eq!(manager.get_into("org/acme/k", &mut buffer).unwrap(), Some(1));
    assert_eq!(&buffer, b"v\0\0\0");
    assert_eq!(value(&manager.scoped("org/acme").unwrap(), "k").as_deref(), Some("v"));
    assert_eq!(fault.counters().started, calls);
}

#[test]
fn a_text_that_is_no_key_is_never_a_hit() {
    let (_, manager) = counted();
    manager.set("org/acme/k", &Secret::new("v")).unwrap();
    manager.set("k", &Secret::new("bare")).unwrap();
    assert!(value(&manager, "org/acme/k").is_some());
    assert_eq!(value(&manager, "global/k").as_deref(), Some("bare"));
    for text in ["global/org/acme/k", "/k", "global//k", "org/acme/k/", "global/global/k"] {
        assert_eq!(manager.try_cached(text, <[u8]>::len), Lookup::Miss, "{text}");
        assert_eq!(manager.get(text).unwrap_err().kind(), ErrorKind::InvalidKey, "{text}");
    }
}

#[test]
fn a_write_of_this_manager_is_seen_at_once_and_leaves_other_entries() {
    let (fault, manager) = counted();
    manager.set("a", &Secret::new("a1")).unwrap();
    manager.set("b", &Secret::new("b1")).unwrap();
    assert!(value(&manager, "a").is_some() && value(&manager, "b").is_some());
    // Longer than the interval of checks, so that the next look compares the token that our own write has moved.
    std::thread::sleep(Duration::from_millis(150));
    manager.set("a", &Secret::new("a2")).unwrap();
    let calls = fault.counters().started;
    assert_eq!(value(&manager, "b").as_deref(), Some("b1"));
    assert_eq!(
        fault.counters().started,
        calls,
        "our own write is no reason to read `b` again"
    );
    assert_eq!(value(&manager, "a").as_deref(), Some("a2"));
    manager.delete("a").unwrap();
    assert_eq!(value(&manager, "a"), None);
}

#[test]
fn a_write_of_someone_else_is_seen_soon() {
    let shared = strongroom::testing::memory();
    let reader = builder(Arc::clone(&shared)).open_blocking().unwrap();
    let writer = builder(shared).open_blocking().unwrap();
    writer.set("k", &Secret::new("old")).unwrap();
    assert_eq!(value(&reader, "k").as_deref(), Some("old"));
    writer.set("k", &Secret::new("new")).unwrap();
    await_event("the new value", || value(&reader, "k").as_deref() == Some("new"));
    // The reader's own write does not hide that someone else wrote before it.
    writer.set("k", &Secret::new("newer")).unwrap();
    reader.set("other", &Secret::new("v")).unwrap();
    await_event("the newer value", || value(&reader, "k").as_deref() == Some("newer"));
}

#[test]
fn an_entry_that_expires_is_not_served() {
    let (_, manager) = counted();
    let soon = std::time::SystemTime::now() + Duration::from_secs(2);
    manager.set("k", &Secret::new("v").with_expiry(soon)).unwrap();
    assert_eq!(value(&manager, "k").as_deref(), Some("v"));
    await_event("the expiry", || manager.try_cached("k", <[u8]>::len) != Lookup::Hit(1));
    await_event("the error", || manager.get("k").is_err());
    assert_eq!(manager.get("k").unwrap_err().kind(), ErrorKind::Expired);
}

#[test]
fn lock_forgets_and_close_ends_the_fast_path() {
    let (_, manager) = counted();
    manager.set("k", &Secret::new("v")).unwrap();
    assert!(value(&manager, "k").is_some());
    manager.lock().unwrap();
    assert_eq!(manager.try_cached("k", <[u8]>::len), Lookup::Miss);
    assert!(value(&manager, "k").is_some());
    let view = manager.scoped("global").unwrap();
    manager.close().unwrap();
    assert_eq!(view.try_cached("k", <[u8]>::len), Lookup::Slow);
    assert_eq!(view.get("k").unwrap_err().kind(), ErrorKind::Closed);
    manager.close().unwrap();
}

#[test]
fn the_limits_hold_and_the_cache_can_be_off() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let manager = builder(fault.clone())
        .option("cache_entries", "1")
        .open_blocking()
        .unwrap();
    manager.set("a", &Secret::new("a")).unwrap();
    manager.set("b", &Secret::new("b")).unwrap();
    assert!(value(&manager, "a").is_some() && value(&manager, "b").is_some());
    assert_eq!(manager.try_cached("a", <[u8]>::len), Lookup::Miss);
    assert_eq!(manager.try_cached("b", <[u8]>::len), Lookup::Hit(1));
    let uncached = builder(fault.clone()).option("cache", "off").open_blocking().unwrap();
    let calls = fault.counters().started;
    assert!(value(&uncached, "a").is_some() && value(&uncached, "a").is_some());
    assert_eq!(fault.counters().started, calls + 2);
}

#[test]
fn a_batch_asks_only_for_what_is_not_cached() {
    let (fault, manager) = counted();
    for key in ["a", "b", "c"] {
        manager.set(key, &Secret::new(key)).unwrap();
    }
    assert!(value(&manager, "a").is_some() && value(&manager, "b").is_some() && value(&manager, "c").is_some());
    let calls = fault.counters().started;
    let batch = manager.get_many(&["a", "b", "c"]).unwrap();
    assert_eq!((batch.secrets.len(), batch.failures.len()), (3, 0));
    assert_eq!(fault.counters().started, calls);
    let batch = manager.get_many(&["a", "missing", "a"]).unwrap();
    assert_eq!((batch.secrets.len(), batch.failures.len()), (1, 0));
    assert_eq!(fault.counters().started, calls + 1);
}

#[test]
fn a_visitor_may_read_again_while_a_writer_waits() {
    let (_, manager) = counted();
    for n in 0..4 {
        manager.set(format!("k{n}"), &Secret::new("v")).unwrap();
        assert!(value(&manager, &format!("k{n}")).is_some());
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                manager.set("k3", &Secret::new("w")).unwrap();
            }
        });
        for _ in 0..2_000 {
            let seen = manager.try_cached("k0", |outer| {
                let inner = manager.try_cached("k1", <[u8]>::to_vec);
                (outer.to_vec(), inner)
            });
            if let Lookup::Hit((outer, inner)) = seen {
                assert_eq!(outer, b"v");
                assert!(matches!(inner, Lookup::Miss) || inner == Lookup::Hit(b"v".to_vec()));
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[derive(Debug, Default)]
struct Sink {
    refuses: AtomicBool,
    records: std::sync::Mutex<Vec<String>>,
}

impl AuditSink for Sink {
    fn record(&self, record: &AuditRecord<'_>) -> Result<()> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::StorageFull, "the sink is full"));
        }
        let line = format!("{} {:?} {:?}", record.operation, record.key, record.actor);
        self.records.lock().unwrap().push(line);
        Ok(())
    }
}

#[test]
fn a_required_audit_sink_sees_every_read_and_can_refuse_it() {
    let sink = Arc::new(Sink::default());
    let manager = builder(strongroom::testing::memory())
        .required_audit_sink(sink.clone())
        .open_blocking()
        .unwrap();
    manager.set("k", &Secret::new("v")).unwrap();
    let alice = manager.with_options(CallOptions::new().actor("alice"));
    for _ in 0..2 {
        assert_eq!(value(&alice, "k").as_deref(), Some("v"));
        assert_eq!(
            alice.try_cached("k", <[u8]>::len),
            Lookup::Slow,
            "the fast path would pass the sink by"
        );
    }
    let records = sink.records.lock().unwrap().clone();
    assert_eq!(
        records
            .iter()
            .filter(|line| **line == r#"get Some("global/k") Some("alice")"#)
            .count(),
        2
    );
    sink.refuses.store(true, Ordering::SeqCst);
    assert_eq!(alice.get("k").unwrap_err().kind(), ErrorKind::AuditUnavailable);
    assert_eq!(
        alice.set("k", &Secret::new("w")).unwrap_err().kind(),
        ErrorKind::AuditUnavailable
    );
    sink.refuses.store(false, Ordering::SeqCst);
    assert_eq!(value(&alice, "k").as_deref(), Some("v"), "a refused write was not sent");
}

/// A backend that cannot tell that something changed.
#[derive(Debug)]
struct WithoutToken {
    capabilities: Capabilities,
    value: std::sync::Mutex<&'static str>,
}

impl Backend for WithoutToken {
    fn name(&self) -> &'static str {
        "without-token"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn change_token(&self) -> Option<ChangeToken> {
        None
    }

    fn get<'a>(&'a self, _: &'a CallContext, _: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let secret = Secret::new(*self.value.lock().unwrap());
        Box::pin(async move { Ok(Some(secret)) })
    }

    fn health<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async { Ok(Health::ok()) })
    }

    fn lock<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn without_a_change_token_time_decides() {
    let capabilities = Capabilities::minimal(Persistence::Remote, 1024);
    let backend = Arc::new(WithoutToken {
        capabilities,
        value: std::sync::Mutex::new("old"),
    });
    let manager = builder(backend.clone())
        .option("cache_ttl", "2s")
        .open_blocking()
        .unwrap();
    assert_eq!(value(&manager, "k").as_deref(), Some("old"));
    *backend.value.lock().unwrap() = "new";
    assert_eq!(manager.try_cached("k", <[u8]>::to_vec), Lookup::Hit(b"old".to_vec()));
    await_event("the end of the entry", || {
        value(&manager, "k").as_deref() == Some("new")
    });
    // What a read-only backend answers to writes, without a line of its own.
    assert_eq!(
        manager.set("k", &Secret::new("v")).unwrap_err().kind(),
        ErrorKind::ReadOnly
    );
    assert_eq!(manager.delete("k").unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(manager.delete("k").unwrap_err().operation(), Some(Operation::Delete));
    assert_eq!(manager.versions("k").unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(manager.verify().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn another_manager_of_this_process_sees_a_write_at_once() {
    let shared = strongroom::testing::memory();
    let reader = builder(Arc::clone(&shared)).open_blocking().unwrap();
    let writer = builder(shared).open_blocking().unwrap();
    for n in 0..50 {
        writer.set("k", &Secret::new(format!("{n}"))).unwrap();
        assert_eq!(value(&reader, "k"), Some(format!("{n}")));
    }
}

#[test]
fn a_key_that_only_looks_like_another_is_refused_also_on_a_hit() {
    let (_, manager) = counted();
    manager
        .set(SecretKey::with_target("API", "prod"), &Secret::new("v"))
        .unwrap();
    assert!(value(&manager, "API@prod").is_some());
    let twin = SecretKey::new("API@prod");
    assert_eq!(twin.as_str(), "global/API@prod");
    assert_eq!(manager.get(&twin).unwrap_err().kind(), ErrorKind::InvalidKey);
    assert_eq!(manager.try_cached(&twin, <[u8]>::len), Lookup::Miss);
}

#[test]
fn behind_an_audit_sink_the_cache_still_spares_the_backend() {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let sink = Arc::new(Sink::default());
    let manager = builder(fault.clone())
        .required_audit_sink(sink.clone())
        .open_blocking()
        .unwrap();
    manager.set("a", &Secret::new("v")).unwrap();
    manager.set("b", &Secret::new("v")).unwrap();
    assert!(value(&manager, "a").is_some());
    let calls = fault.counters().started;
    assert!(value(&manager, "a").is_some());
    assert_eq!(fault.counters().started, calls, "the value came from the cache");
    manager.get_many(&["a", "b", "c"]).unwrap();
    let records = sink.records.lock().unwrap();
    for key in ["a", "b", "c"] {
        let line = format!("get_many Some(\"global/{key}\") None");
        assert!(records.contains(&line), "a batch names each key: {records:?}");
    }
}

#[test]
fn what_is_read_while_a_lost_write_may_land_is_not_trusted_for_long() {
    let memory = strongroom::testing::memory();
    let fault = FaultBackend::new(Arc::new(Tokenless(memory)));
    let manager = builder(fault.clone()).open_blocking().unwrap();
    manager.set("k", &Secret::new("old")).unwrap();
    fault
        .on(Operation::Set)
        .times(1)
        .then(strongroom::testing::Fault::OutcomeUnknown);
    let lost = manager.set("k", &Secret::new("new")).unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::OutcomeUnknown);
    assert!(value(&manager, "k").is_some());
    // Far less than the 300 s that an entry is trusted otherwise.
    await_event("the end of trust", || {
        manager.try_cached("k", <[u8]>::len) == Lookup::Miss
    });
}

/// A backend whose change token is hidden, as most remote ones have none.
#[derive(Debug)]
struct Tokenless(Arc<dyn Backend>);

impl Backend for Tokenless {
    fn name(&self) -> &'static str {
        "tokenless"
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        self.0.get(cx, req)
    }

    fn set<'a>(
        &'a self,
        cx: &'a CallContext,
        req: strongroom::backend::SetRequest<'a>,
    ) -> BoxFuture<'a, Result<strongroom::backend::SetOutcome>> {
        Box::pin(async move {
            let mut outcome = self.0.set(cx, req).await?;
            outcome.step = Default::default();
            Ok(outcome)
        })
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.0.health(cx)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.0.lock(cx)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.0.close(cx)
    }
}

#[test]
fn after_a_lock_a_change_by_someone_else_is_still_seen() {
    let home = tempfile::tempdir().unwrap();
    let open = || {
        SecretManager::builder()
            .without_environment()
            .option(
                "encrypted.path",
                home.path().join("secrets.strongroom").to_str().unwrap(),
            )
            .secret_option(
                "encrypted.key",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            )
            .open_blocking()
            .unwrap()
    };
    let (reader, writer) = (open(), open());
    writer.set("k", &Secret::new("old")).unwrap();
    for n in 0..3 {
        reader.lock().unwrap();
        assert!(value(&reader, "k").is_some());
        writer.set("k", &Secret::new(format!("new {n}"))).unwrap();
        assert_eq!(value(&reader, "k"), Some(format!("new {n}")));
    }
}
