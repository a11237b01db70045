//! A forked child's cache of a remote backend: it begins empty, and all of it works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{alone, ended_well, fork};
use crate::backend::Persistence;
use crate::testing::{Fault, FaultBackend, LimitedBackend, age_cache};
use crate::{Secret, blocking};

const PATIENCE: Duration = Duration::from_secs(10);

fn comes(mut is_there: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !is_there() {
        if Instant::now() > end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn a_child_reads_anew_reads_ahead_and_keeps_on_the_disk() {
    alone(
        "sys::tests::cache::a_child_reads_anew_reads_ahead_and_keeps_on_the_disk",
        || {
            let dir = tempfile::tempdir().unwrap();
            let mut settings = crate::Settings::default();
            let origin = crate::Origin::Builder;
            let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
            settings.set("file.path", path("server.json"), origin).unwrap();
            let cx = crate::CallContext::new(crate::Face::Blocking, PATIENCE);
            let server = crate::testing::open_backend("file", "test", &settings, &cx).unwrap();
            let fault = FaultBackend::new(LimitedBackend::without(server, |can| {
                can.persistence = Persistence::Remote;
            }));
            let open = || {
                let builder = crate::SecretManager::builder().without_environment();
                let builder = builder.backend_instance(Arc::clone(&fault) as Arc<dyn crate::backend::Backend>);
                let builder = builder
                    .option("cache_file", path("cache.strongroom"))
                    .option("retries", "0");
                let builder = builder
                    .secret_option("cache_key", "42".repeat(32))
                    .option("cache_ttl", "100s");
                crate::park::block_on(builder.option("cache_max_stale", "100s").open()).unwrap()
            };
            let manager = open();
            let waiting = blocking::SecretManager::from(manager.clone());
            waiting.set("k", &Secret::new("v")).unwrap();
            waiting.set("second", &Secret::new("w")).unwrap();
            assert!(waiting.get("k").unwrap().is_some());
            let is_hit = |key: &str| manager.try_cached(key, <[u8]>::len) == crate::Lookup::Hit(1);
            // Late, and noticed just before the fork.
            age_cache(&manager, Duration::from_secs(89));
            assert!(is_hit("k"));
            let child = fork(|| {
                let number = |name: &str| manager.metrics().get(name).unwrap();
                let empty = !is_hit("k") && number("cache.entries") == 0;
                let reads = waiting.get("k").unwrap().is_some() && is_hit("k");
                let disk = waiting.get("second").unwrap().is_some();
                age_cache(&manager, Duration::from_secs(89));
                let ahead = is_hit("k") && comes(|| number("cache.refreshes") == 1);
                waiting.close().unwrap();
                empty && reads && disk && ahead
            });
            assert!(ended_well(child));
            assert!(is_hit("k"), "the parent's is what it was");
            waiting.close().unwrap();
            fault.on_any().then(Fault::Unavailable);
            let again = blocking::SecretManager::from(open());
            assert_eq!(
                again.get_value("second").unwrap().as_deref(),
                Some("w"),
                "the child kept it"
            );
            assert_eq!(again.get_value("k").unwrap().as_deref(), Some("v"));
        },
    );
}
