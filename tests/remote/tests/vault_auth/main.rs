//! Every way to log in to a real OpenBao, and what becomes of tokens there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod leases;
mod methods;
mod tokens;

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use strongroom::blocking::SecretManager;
use strongroom::{Builder, Error, ErrorKind, Result};
use strongroom_fakes::http::{Reply, Request};
use strongroom_fakes::{OpenBao, Proxy};
use strongroom_remote::Service;

/// After so long something that must happen has not.
const WATCHDOG: Duration = Duration::from_secs(30);
/// What the policy of the tests' roles allows, and what it does not.
const ALLOWED: &str = "ALLOWED";
const DENIED: &str = "DENIED";
const POLICY: &str = "reads";

fn main() {
    strongroom_remote::run(|| {
        [methods::trials(), tokens::trials(), leases::trials()]
            .into_iter()
            .flatten()
            .collect()
    });
}

/// Trials of functions without arguments.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$(libtest_mimic::Trial::test(
                concat!(module_path!(), "::", stringify!($name)),
                || { $name(); Ok(()) },
            )),+]
        }
    };
}
pub(crate) use tests;

/// A way to the server on which requests are counted, and names on it that no other test has.
struct Corner {
    proxy: Proxy,
    prefix: String,
}

impl Corner {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        static PREPARED: Once = Once::new();
        let bao = Service::bao();
        PREPARED.call_once(|| {
            bao.policy(
                POLICY,
                r#"path "secret/data/+/global/ALLOWED*" { capabilities = ["read"] }"#,
            );
            // By all tests together: enabling what is enabled is an error.
            bao.enable_auth("approle", "approle");
        });
        let corner = Self {
            proxy: Proxy::before(bao.host()),
            prefix: format!("corner{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        };
        for name in [ALLOWED, DENIED] {
            corner.put(name);
        }
        corner
    }

    fn put(&self, name: &str) {
        let path = format!("secret/data/{}/global/{name}", self.prefix);
        Service::bao().write(&path, &json!({"data": {"value": name}}));
    }

    /// A name that no other test has.
    fn name(&self, of: &str) -> String {
        format!("{}-{of}", self.prefix)
    }

    fn builder(&self) -> Builder {
        SecretManager::builder()
            .app("remote")
            .without_environment()
            .backend("vault")
            .option("vault.address", self.proxy.address())
            .option("vault.prefix", &self.prefix)
            .option("cache", "off")
    }

    fn approle(&self, options: &serde_json::Value) -> Builder {
        let (role_id, secret_id) = Service::bao().approle(&self.name("role"), options);
        self.builder()
            .option("vault.auth", "approle")
            .option("vault.role_id", role_id)
            .secret_option("vault.secret_id", secret_id)
    }

    /// How many requests came whose path ends so.
    fn count(&self, end: &str) -> usize {
        self.proxy.count(|request| request.path.ends_with(end))
    }

    /// The token of the latest request.
    fn last_token(&self) -> String {
        let requests = self.proxy.requests();
        let mut tokens = requests
            .iter()
            .rev()
            .filter_map(|request| request.value("x-vault-token"));
        tokens.next().unwrap().to_owned()
    }
}

/// Reads what is allowed.
#[track_caller]
fn works(manager: &SecretManager) {
    let value = manager.get_value(ALLOWED).unwrap();
    assert_eq!(value.as_deref(), Some(ALLOWED));
}

#[track_caller]
fn unauthenticated<T: std::fmt::Debug>(outcome: Result<T>, setting: &str) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::Unauthenticated, Some(setting)),
        "{error:?}"
    );
    error
}

/// What the server knows about a token; 403 where it knows none.
fn looked_up(bao: &OpenBao, token: &str) -> Reply {
    bao.request(
        "POST",
        "auth/token/lookup",
        Some(bao.root_token()),
        Some(&json!({ "token": token })),
    )
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < WATCHDOG, "{what}: not within {WATCHDOG:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Writes with the root token and has the answer wrapped; the wrapping token.
fn wrapped(bao: &OpenBao, path: &str, body: &serde_json::Value) -> String {
    let request = Request::new("POST", &format!("/v1/{path}"))
        .header("X-Vault-Token", bao.root_token())
        .header("X-Vault-Wrap-TTL", "120")
        .json(body);
    let reply = request.send(bao.host()).unwrap().parsed();
    reply["wrap_info"]["token"].as_str().unwrap().to_owned()
}
