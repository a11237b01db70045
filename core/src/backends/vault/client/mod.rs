//! Requests to the server. Whatever it answers is an answer; what prevents one is an error, which tells a write that was
//! not delivered from one whose reply was lost.

mod body;
mod exchange;
mod redirect;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use time::OffsetDateTime;
use zeroize::Zeroizing;

pub(super) use self::body::Text;
use self::exchange::Exchange;
use self::redirect::Redirects;
use super::auth::{self, Token, Wire, WireReply, WireRequest};
use super::config::{Connection, TLS};
use crate::backend::BoxFuture;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::Bound;
use crate::sys::fork::ForkCell;

/// The longest reply that is read, where a request does not say another length.
pub(super) const MAX_REPLY: usize = 4 << 20;
/// How long a connection may take to stand. What failed before it stood has changed nothing.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: shorter than what gateways do, so that none breaks under a write.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A request.
#[derive(Clone)]
pub(super) struct Request<'a> {
    /// Under what it is counted.
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// What follows `/v1/`, encoded, with its query.
    pub(super) path: &'a str,
    pub(super) text: Option<Text>,
    /// Whether it changes something on the server.
    pub(super) is_write: bool,
    /// Whether it is about the server as a whole, whatever the namespace.
    pub(super) is_global: bool,
    /// The longest reply that is read.
    pub(super) max_reply: usize,
}

impl<'a> Request<'a> {
    /// A request that reads.
    pub(super) fn read(name: &'static str, path: &'a str) -> Self {
        Self {
            name,
            method: Method::GET,
            path,
            text: None,
            is_write: false,
            is_global: false,
            max_reply: MAX_REPLY,
        }
    }

    /// A request that changes something.
    pub(super) fn write(name: &'static str, method: Method, path: &'a str, text: Option<Text>) -> Self {
        Self {
            method,
            text,
            is_write: true,
            ..Self::read(name, path)
        }
    }
}

/// What the server answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
    /// Whether the end of the body did not come.
    pub(super) is_cut: bool,
    /// How long it asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// What time it is there, to the second.
    pub(super) time: Option<OffsetDateTime>,
}

/// The connections to one server.
pub(super) struct Client {
    connection: Connection,
    base: String,
    redirects: Arc<Redirects>,
    http: Bound<reqwest::Client>,
    /// Whether there was any reply.
    has_answered: AtomicBool,
    counts: ForkCell<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Client {
    /// Connects to nobody yet.
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            base: format!("{}/v1/", connection.address.as_str().trim_end_matches('/')),
            redirects: Arc::new(Redirects::new(connection.redirect_hosts.clone())),
            connection,
            http: Bound::new(),
            has_answered: AtomicBool::new(false),
            counts: ForkCell::new(Mutex::default),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// For what reads: [`ErrorKind::Unavailable`] without an answer, [`ErrorKind::Timeout`] at the deadline,
    /// [`ErrorKind::TooLarge`] for a reply that is longer than any answer. For what writes: the same where it was not
    /// delivered, [`ErrorKind::OutcomeUnknown`] where it was. For both [`ErrorKind::InvalidConfig`] for a redirect that
    /// is not followed.
    pub(super) async fn send(&self, cx: &CallContext, request: Request<'_>, token: Option<&Token>) -> Result<Reply> {
        cx.check()?;
        let _turn = cx.turn().await?;
        let limit = cx.deadline().min(Instant::now() + self.connection.timeout);
        let headers = self.headers(&request, token)?;
        let exchange = Exchange {
            http: self.http.get(|| self.connect())?,
            redirects: Arc::clone(&self.redirects),
            method: request.method,
            url: self.url(request.path)?,
            headers,
            text: request.text,
            max_reply: request.max_reply,
            is_write: request.is_write,
            limit,
        };
        self.count(request.name);
        let outcome = exchange.run(cx).await;
        if outcome.is_ok() {
            self.has_answered.store(true, Ordering::Relaxed);
        }
        outcome.map_err(|error| match error.kind() {
            ErrorKind::Unavailable if exchange::is_broken(&error) && self.is_unknown_to_server() => Error::new(
                ErrorKind::InvalidConfig,
                "the server asks for a client's certificate and answers nobody without",
            )
            .with_setting(TLS.client_cert)
            .with_source(error),
            _ => error,
        })
    }

    /// Whether the server asked for a certificate that there is not, and never answered since.
    fn is_unknown_to_server(&self) -> bool {
        self.connection.tls.lacks_identity() && !self.has_answered.load(Ordering::Relaxed)
    }

    /// How many requests were made, by their names.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts.get().lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(name, count)| (*name, *count)).collect()
    }

    /// Drops the connections; the next request makes new ones.
    pub(super) fn forget(&self) {
        self.http.clear();
    }

    fn count(&self, name: &'static str) {
        let mut counts = self.counts.get().lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(name).or_default() += 1;
    }

    fn connect(&self) -> Result<reqwest::Client> {
        let is_tls = |url: &Url| url.scheme() == "https";
        let begins_with_tls = is_tls(&self.connection.address) || self.connection.proxy.as_ref().is_some_and(is_tls);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tls_backend_preconfigured(self.connection.tls.config(&TLS, begins_with_tls)?);
        if let Some(proxy) = &self.connection.proxy {
            let proxy = reqwest::Proxy::all(proxy.clone()).map_err(|_| {
                Error::new(ErrorKind::InvalidConfig, "the proxy's address cannot be used").with_setting("vault.proxy")
            })?;
            builder = builder.proxy(proxy);
        }
        builder
            .build()
            .map_err(|_| Error::new(ErrorKind::Internal, "the client for HTTP cannot be made"))
    }

    fn url(&self, path: &str) -> Result<Url> {
        let url = Url::parse(&format!("{}{path}", self.base)).ok();
        // What a cleaned path no longer says was another name.
        let url = url.filter(|url| url.as_str().len() >= self.base.len() && url.as_str()[self.base.len()..] == *path);
        url.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the path is none that the server can have"))
    }

    fn headers(&self, request: &Request<'_>, token: Option<&Token>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("x-vault-request"),
            HeaderValue::from_static("true"),
        );
        if let Some(namespace) = self.connection.namespace.as_ref().filter(|_| !request.is_global) {
            headers.insert(HeaderName::from_static("x-vault-namespace"), namespace.clone());
        }
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose()).map_err(|_| {
                Error::new(ErrorKind::Unauthenticated, "the token has characters that no token has")
                    .with_setting("vault.token")
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static("x-vault-token"), value);
        }
        if request.text.is_some() {
            headers.insert(
                reqwest::header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        Ok(headers)
    }
}

impl Wire for Client {
    fn send<'a>(&'a self, cx: &'a CallContext, request: WireRequest<'a>) -> BoxFuture<'a, Result<WireReply>> {
        Box::pin(async move {
            let text = request.body.map(|body| Text::new(Zeroizing::new(body.to_vec())));
            let sent = match request.method {
                auth::Method::Get => Request::read(request.name, request.path),
                auth::Method::Post => Request::write(request.name, Method::POST, request.path, text),
            };
            let reply = Self::send(self, cx, sent, request.token).await?;
            Ok(WireReply {
                status: reply.status,
                body: reply.body,
                retry_after: reply.retry_after,
            })
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.connection.address.as_str())
            .finish_non_exhaustive()
    }
}
