//! A corner of a service that one test has for itself, behind a proxy.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use strongroom::blocking::SecretManager;
use strongroom::{Builder, Error, ErrorKind, Result, Secret, SecretKey};
use strongroom_fakes::Proxy;

use crate::Service;

/// How much longer than its deadline a call may take before a test says that it hangs.
const SLACK: Duration = Duration::from_secs(5);

/// A service behind a proxy, and names that no other test has.
#[derive(Debug)]
pub struct Place {
    /// Whose place it is.
    pub service: Service,
    /// What stands before the server.
    pub proxy: Proxy,
    prefix: String,
}

impl Place {
    /// A place of its own.
    pub fn of(service: Service) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            service,
            proxy: Proxy::before(service.host()),
            prefix: format!("place{count}"),
        }
    }

    /// Leads here through the proxy, with every layer as it is by default but the cache.
    pub fn builder(&self) -> Builder {
        let builder = self.service.builder(&self.proxy.address(), &self.prefix);
        builder.option("cache", "off")
    }

    /// The same without the credential that every call needs, where a setting holds it.
    pub fn builder_without_token(&self) -> Builder {
        let builder = self.service.builder_without_token(&self.proxy.address(), &self.prefix);
        builder.option("cache", "off")
    }

    /// A manager that makes every call once, and waits for nothing that a test would have to wait for as well.
    pub fn once(&self) -> SecretManager {
        let builder = self.builder().option("retries", "0").option("breaker_failures", "1000");
        builder.open_blocking().unwrap()
    }

    /// A manager with every layer as it is by default but the cache.
    pub fn open(&self) -> SecretManager {
        self.builder().open_blocking().unwrap()
    }

    /// A key.
    pub fn key(&self, name: &str) -> SecretKey {
        SecretKey::parse(&format!("org/acme/{name}")).unwrap()
    }

    /// The name that the service has for it.
    pub fn name(&self, key: &SecretKey) -> String {
        format!("{}/{}", self.prefix, key.as_str())
    }

    /// How many versions of it the server has.
    pub fn versions(&self, key: &SecretKey) -> usize {
        self.service.versions(&self.name(key))
    }

    /// Writes a value, past the proxy's script.
    pub fn put(&self, key: &SecretKey, value: &str) {
        let address = format!("http://{}", self.service.host());
        let manager = self.service.builder(&address, &self.prefix).open_blocking().unwrap();
        manager.set(key, &Secret::new(value)).unwrap();
        manager.close().unwrap();
    }

    /// Reads a value, past the proxy's script.
    pub fn read(&self, key: &SecretKey) -> Option<String> {
        let address = format!("http://{}", self.service.host());
        let manager = self.service.builder(&address, &self.prefix).open_blocking().unwrap();
        let value = manager.get_value(key).unwrap();
        manager.close().unwrap();
        value
    }
}

/// The error of a call that must fail with one of these kinds.
///
/// # Panics
/// It succeeded, or failed otherwise.
#[track_caller]
pub fn fails<T>(outcome: Result<T>, kinds: &[ErrorKind]) -> Error {
    match outcome {
        Ok(_) => panic!("the call succeeded and should have answered one of {kinds:?}"),
        Err(error) => {
            assert!(kinds.contains(&error.kind()), "{kinds:?} expected: {error:?}");
            error
        }
    }
}

/// Runs `call` and checks that it ends soon after `deadline`.
///
/// # Panics
/// It took longer.
#[track_caller]
pub fn ends_by<T>(deadline: Duration, call: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let outcome = call();
    let took = begun.elapsed();
    assert!(took < deadline + SLACK, "took {took:?} with a deadline of {deadline:?}");
    outcome
}
