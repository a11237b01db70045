//! The change token of a chain, and the cache over it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Chain, cx, put};
use crate::backend::{Backend, ChangeStep, DeleteRequest, GetRequest, SetManyRequest, SetRequest};
use crate::backends::memory::MemoryBackend;
use crate::key::SecretKey;
use crate::layers::cache::Lookup;
use crate::park::block_on;
use crate::secret::Secret;
use crate::{Origin, SecretManager, Settings, blocking};

fn two() -> ([Arc<MemoryBackend>; 2], Arc<dyn Backend>) {
    let members = [(); 2].map(|()| Arc::new(MemoryBackend::new()));
    let chain = Chain::new(members.clone().map(|member| member as _).into(), Some(1), false);
    (members, Arc::new(chain))
}

fn over(chain: &Arc<dyn Backend>) -> blocking::SecretManager {
    let builder = SecretManager::builder().without_environment();
    builder.backend_instance(Arc::clone(chain)).open_blocking().unwrap()
}

#[test]
fn a_change_of_any_member_changes_it_and_the_order_counts() {
    let (members, chain) = two();
    let mut seen = vec![chain.change_token().unwrap()];
    for member in [0, 1, 1, 0] {
        put(&*members[member], "K", &Secret::new("v"));
        let token = chain.change_token().unwrap();
        assert!(!seen.contains(&token));
        assert_eq!(chain.change_token(), Some(token), "the same as long as nothing changes");
        seen.push(token);
    }
    let turned = Chain::new(vec![members[1].clone(), members[0].clone()], None, false);
    assert!(!seen.contains(&turned.change_token().unwrap()));
}

#[test]
fn a_write_tells_the_chains_own_step() {
    let (members, chain) = two();
    let (cx, key, secret) = (cx(), SecretKey::new("K"), Secret::new("v"));
    let before = chain.change_token();
    let set = block_on(chain.set(&cx, SetRequest::new(&key, &secret))).unwrap();
    let after = chain.change_token();
    assert_eq!(set.step, ChangeStep { before, after });
    let entries = [
        (SecretKey::new("A"), Secret::new("a")),
        (SecretKey::new("B"), Secret::new("b")),
    ];
    let many = block_on(chain.set_many(&cx, SetManyRequest::new(&entries))).unwrap();
    let step = ChangeStep {
        before: after,
        after: chain.change_token(),
    };
    assert!(many.outcomes.iter().all(|one| one.as_ref().unwrap().step == step));
    let before = chain.change_token();
    let deleted = block_on(chain.delete(&cx, DeleteRequest::new(&key))).unwrap();
    assert_eq!(
        deleted,
        ChangeStep {
            before,
            after: chain.change_token()
        }
    );
    // Someone else's write to another member comes between: the step does not begin where the cache stands.
    let before = chain.change_token();
    put(&*members[0], "OTHER", &secret);
    let set = block_on(chain.set(&cx, SetRequest::new(&key, &secret))).unwrap();
    assert_ne!(set.step.before, before);
}

#[test]
fn our_own_write_leaves_the_other_entries_in_the_cache() {
    let (members, chain) = two();
    put(&*members[0], "FIRST", &Secret::new("1"));
    put(&*members[1], "SECOND", &Secret::new("2"));
    let manager = over(&chain);
    manager.get("FIRST").unwrap();
    manager.get("SECOND").unwrap();
    manager.set("NEW", &Secret::new("n")).unwrap();
    for (key, value) in [("FIRST", b"1"), ("SECOND", b"2")] {
        assert_eq!(
            manager.try_cached(key, <[u8]>::to_vec),
            Lookup::Hit(value.to_vec()),
            "{key}"
        );
    }
    manager.set("SECOND", &Secret::new("3")).unwrap();
    assert_eq!(manager.get_value("SECOND").unwrap().as_deref(), Some("3"));
}

#[test]
fn a_write_beneath_to_any_member_is_seen() {
    let (members, chain) = two();
    put(&*members[1], "K", &Secret::new("behind"));
    let manager = over(&chain);
    assert_eq!(manager.get_value("K").unwrap().as_deref(), Some("behind"));
    // Past every manager, as another process would: seen at the first look after the last comparison's time.
    put(&*members[0], "K", &Secret::new("before"));
    await_value(&manager, "before");
    // Also between two writes of our own, which must not make the cache believe itself up to date.
    put(&*members[0], "K", &Secret::new("again"));
    manager.set("OTHER", &Secret::new("o")).unwrap();
    await_value(&manager, "again");
}

#[test]
fn a_member_without_a_token_leaves_it_to_time() {
    let bare: Arc<dyn Backend> = Arc::new(Bare(MemoryBackend::new()));
    let chain = Chain::new(vec![Arc::new(MemoryBackend::new()), bare], Some(0), false);
    assert_eq!(chain.change_token(), None);
    let (key, secret) = (SecretKey::new("K"), Secret::new("v"));
    let set = block_on(chain.set(&cx(), SetRequest::new(&key, &secret))).unwrap();
    assert_eq!(set.step, ChangeStep::default());
}

#[test]
fn a_member_that_has_no_token_just_now_makes_nothing_trusted_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = Settings::new();
    let store = dir.path().join("s.strongroom");
    for (key, value) in [
        ("chain.members", "memory,encrypted"),
        ("encrypted.path", store.to_str().unwrap()),
    ] {
        settings.set(key, value, Origin::Builder).unwrap();
    }
    let key = crate::SecretValue::from("42".repeat(32));
    settings.set_secret("encrypted.key", key, Origin::Builder).unwrap();
    let chain = crate::testing::open_backend("chain", "strongroom", &settings, &cx()).unwrap();
    assert_eq!(chain.change_token(), chain.change_token());
    block_on(chain.lock(&cx())).unwrap();
    let locked = chain.change_token();
    assert!(
        locked.is_some() && locked != chain.change_token(),
        "never the same twice while the store is locked"
    );
    let key = SecretKey::new("K");
    assert!(
        block_on(chain.get(&cx(), GetRequest::new(&key))).unwrap().is_none(),
        "which unlocks it"
    );
    assert_eq!(chain.change_token(), chain.change_token());
}

/// Reads until the value is there; it must be there soon.
fn await_value(manager: &blocking::SecretManager, value: &str) {
    let end = Instant::now() + Duration::from_secs(15);
    while manager.get_value("K").unwrap().as_deref() != Some(value) {
        assert!(Instant::now() < end, "`{value}` was not seen");
        std::thread::yield_now();
    }
}

/// A memory that tells no change token.
#[derive(Debug)]
struct Bare(MemoryBackend);

impl Backend for Bare {
    fn name(&self) -> &'static str {
        "bare"
    }

    fn capabilities(&self) -> &crate::backend::Capabilities {
        self.0.capabilities()
    }

    fn get<'a>(
        &'a self,
        cx: &'a crate::CallContext,
        req: crate::backend::GetRequest<'a>,
    ) -> crate::backend::BoxFuture<'a, crate::Result<Option<Secret>>> {
        self.0.get(cx, req)
    }

    fn health<'a>(
        &'a self,
        cx: &'a crate::CallContext,
    ) -> crate::backend::BoxFuture<'a, crate::Result<crate::backend::Health>> {
        self.0.health(cx)
    }

    fn lock<'a>(&'a self, cx: &'a crate::CallContext) -> crate::backend::BoxFuture<'a, crate::Result<()>> {
        self.0.lock(cx)
    }

    fn close<'a>(&'a self, cx: &'a crate::CallContext) -> crate::backend::BoxFuture<'a, crate::Result<()>> {
        self.0.close(cx)
    }
}
