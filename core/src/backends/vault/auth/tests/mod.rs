//! The login against a stub of the server.

mod given;
mod keeping;
mod leases;
mod methods;
mod settings;
mod sharing;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::config::Source;
use super::wire::{Wire, WireReply, WireRequest};
use super::{Login, Refusal, Token};
use crate::backend::BoxFuture;
use crate::config::{Origin, Settings};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime;
use crate::value::SecretValue;

/// Longer than any test takes.
const WATCHDOG: Duration = Duration::from_secs(30);

/// A request that came: its name, its path, its token, its body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    name: &'static str,
    path: String,
    token: Option<String>,
    body: String,
}

type Answer = dyn Fn(&Seen) -> (u16, String) + Send + Sync;

/// A server that answers what the test says, and may hold its answers back.
struct Stub {
    answer: Mutex<Arc<Answer>>,
    seen: Mutex<Vec<Seen>>,
    /// As many answers go out as there are permits.
    gate: Semaphore,
}

impl Stub {
    fn new(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Arc<Self> {
        let stub = Self::held(answer);
        stub.gate.add_permits(100_000);
        stub
    }

    /// One that answers only when it is [released](Self::release).
    fn held(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(Arc::new(answer)),
            seen: Mutex::default(),
            gate: Semaphore::new(0),
        })
    }

    /// One whose logins give these tokens, one after the other; everything else succeeds.
    fn giving(auths: &[&str]) -> Arc<Self> {
        let left = Mutex::new(auths.iter().map(|auth| (*auth).to_owned()).collect::<VecDeque<_>>());
        Self::new(move |seen| match seen.name {
            "auth.login" => {
                let auth = left.lock().unwrap().pop_front();
                auth.map_or_else(refused, |auth| (200, format!(r#"{{"auth":{auth}}}"#)))
            }
            "auth.lookup" => (200, r#"{"data":{"ttl":0}}"#.to_owned()),
            _ => (200, "{}".to_owned()),
        })
    }

    fn answer(&self, answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    fn release(&self, count: usize) {
        self.gate.add_permits(count);
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn count(&self, name: &str) -> usize {
        self.seen().iter().filter(|seen| seen.name == name).count()
    }

    /// Waits until so many requests of that name came.
    async fn until(&self, name: &str, count: usize) {
        let arrives = async {
            while self.count(name) < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(WATCHDOG, arrives).await.unwrap();
    }
}

impl Wire for Stub {
    fn send<'a>(&'a self, _cx: &'a CallContext, request: WireRequest<'a>) -> BoxFuture<'a, Result<WireReply>> {
        let seen = Seen {
            name: request.name,
            path: request.path.to_owned(),
            token: request.token.map(|token| token.expose().to_owned()),
            body: String::from_utf8(request.body.unwrap_or_default().to_vec()).unwrap(),
        };
        self.seen.lock().unwrap().push(seen.clone());
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            let answer = Arc::clone(&*self.answer.lock().unwrap());
            let (status, body) = answer(&seen);
            if status == 0 {
                return Err(Error::new(ErrorKind::Unavailable, "the server cannot be reached"));
            }
            Ok(WireReply {
                status,
                body: Zeroizing::new(body.into_bytes()),
                retry_after: None,
            })
        })
    }
}

fn refused() -> (u16, String) {
    (400, r#"{"errors":["invalid role or secret ID"]}"#.to_owned())
}

fn dead() -> (u16, String) {
    (403, r#"{"errors":["permission denied"]}"#.to_owned())
}

/// The `auth` of a reply.
fn auth(token: &str, seconds: u64) -> String {
    format!(
        r#"{{"client_token":"{token}","lease_duration":{seconds},"renewable":true,"token_type":"service","num_uses":0}}"#
    )
}

/// What there is of settings, as the program states them; secret ones too.
fn stated(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::new();
    for (key, value) in pairs {
        let is_secret = crate::config::Setting::find(key).unwrap().secret;
        let set = if is_secret {
            settings.set_secret(key, SecretValue::from(*value), Origin::Builder)
        } else {
            settings.set(key, *value, Origin::Builder)
        };
        set.unwrap();
    }
    settings
}

fn login(pairs: &[(&str, &str)]) -> Login {
    Login::of(Source::read(&stated(pairs)).unwrap())
}

fn approle() -> Login {
    login(&[
        ("vault.auth", "approle"),
        ("vault.role_id", "the-role"),
        ("vault.secret_id", "the-secret-id"),
    ])
}

fn cx() -> CallContext {
    CallContext::new(Face::Async, WATCHDOG)
}

/// Runs a future on the library's runtime.
fn run<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (send, receive) = std::sync::mpsc::channel();
    runtime::spawn(async move {
        let _ = send.send(future.await);
    })
    .unwrap();
    receive
        .recv_timeout(2 * WATCHDOG)
        .expect("the future panicked or hangs")
}

async fn text(login: &Login, stub: &Arc<Stub>) -> String {
    login.token(&cx(), stub).await.unwrap().expose().to_owned()
}

/// As if so much time had passed since the token was given.
fn age(login: &Login, by: Duration) {
    let mut state = login.inner.state();
    let held = state.held.as_mut().unwrap();
    held.since -= by;
    if let Some(at) = held.look_at.as_mut() {
        *at -= by;
    }
    if let Some(lease) = held.lease.as_mut() {
        lease.age(by);
    }
}

/// Waits until neither a renewal nor a look at the lease is under way.
async fn renewed(login: &Login) {
    while login.inner.state().is_renewing {
        tokio::task::yield_now().await;
    }
}

/// What a call with a token that the server refuses is told; the text of the new token where it is made again.
async fn told(login: &Login, stub: &Arc<Stub>, token: &Token) -> Result<Option<String>> {
    Ok(match login.refused(&cx(), stub, token).await? {
        Refusal::Denied => None,
        Refusal::Again(token) => Some(token.expose().to_owned()),
    })
}
