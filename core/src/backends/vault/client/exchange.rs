//! One request and its reply: sent once, at most one hop further, within its time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Response, Url};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::Reply;
use super::body::{Outgoing, Sending, Text};
use super::redirect::Redirects;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// A request with all that it needs, so that a write goes on when its caller leaves.
pub(super) struct Exchange {
    pub(super) http: Arc<reqwest::Client>,
    pub(super) redirects: Arc<Redirects>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) text: Option<Text>,
    pub(super) max_reply: usize,
    pub(super) is_write: bool,
    /// Until when there must be a reply.
    pub(super) limit: Instant,
}

/// Takes a write back when its caller leaves, as long as nobody has taken it.
struct Withdrawing(Sending);

impl Drop for Withdrawing {
    fn drop(&mut self) {
        self.0.withdraw();
    }
}

impl Exchange {
    /// Sends the request and waits for the reply.
    pub(super) async fn run(self, cx: &CallContext) -> Result<Reply> {
        let limit = self.limit;
        if !self.is_write {
            return within(cx, limit, self.exchange(&Sending::new(false))).await?;
        }
        let sending = Sending::new(self.text.is_some());
        let withdrawing = Withdrawing(sending.clone());
        let (tell, told) = oneshot::channel();
        runtime::spawn(async move {
            let outcome = tokio::time::timeout_at(limit.into(), self.exchange(&sending)).await;
            // Nobody listens where the caller has left.
            drop(outcome.map(|outcome| tell.send(outcome)));
        })?;
        match within(cx, limit, told).await {
            Ok(Ok(outcome)) => outcome,
            // The task ended without a word: at the limit, or with the runtime.
            Ok(Err(_)) => Err(late(cx)),
            Err(error) => Err(error),
        }
        .map_err(|error| match withdrawing.0.withdraw() {
            true => error,
            false => after_sending(error),
        })
    }

    async fn exchange(&self, sending: &Sending) -> Result<Reply> {
        let response = self.ask(&self.url, sending).await?;
        if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
            return self.reply(response).await;
        }
        let location = response.headers().get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok()).unwrap_or_default();
        let target = self.redirects.target(&self.url, location).ok_or_else(not_followed)?;
        drop(response);
        // The first server has not done it.
        let response = self.ask(&target, &Sending::new(false)).await?;
        match response.status().is_redirection() {
            true => Err(not_followed()),
            false => self.reply(response).await,
        }
    }

    async fn ask(&self, url: &Url, sending: &Sending) -> Result<Response> {
        let mut request = self.http.request(self.method.clone(), url.clone());
        request = request.headers(self.headers.clone());
        if let Some(text) = &self.text {
            request = request.body(reqwest::Body::wrap(Outgoing::new(text.clone(), sending.clone())));
        }
        request.send().await.map_err(|error| unreachable_by(&error))
    }

    async fn reply(&self, mut response: Response) -> Result<Reply> {
        let status = response.status().as_u16();
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let seconds = header(header::RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        let time = header(header::DATE).and_then(|text| OffsetDateTime::parse(&text, &Rfc2822).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(self.expected(&response)));
        let read = self.read(&mut response, &mut body).await;
        let is_cut = read.is_err();
        // What refuses has said so by its status, whatever became of its words.
        if !matches!(status, 400..=499 | 503) {
            read?;
        }
        Ok(Reply {
            status,
            body,
            is_cut,
            retry_after: seconds.map(Duration::from_secs),
            time,
        })
    }

    /// Room for the whole reply, so that no part of it stays behind where memory moves.
    fn expected(&self, response: &Response) -> usize {
        let length = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        length.unwrap_or(64 << 10).min(self.max_reply)
    }

    async fn read(&self, response: &mut Response, body: &mut Zeroizing<Vec<u8>>) -> Result<()> {
        while let Some(part) = response.chunk().await.map_err(|error| unreachable_by(&error))? {
            if body.len() + part.len() > self.max_reply {
                return Err(Error::new(
                    ErrorKind::TooLarge,
                    format!("the server's reply is longer than {} bytes", self.max_reply),
                ));
            }
            if body.capacity() - body.len() < part.len() {
                let mut larger = Zeroizing::new(Vec::with_capacity(2 * (body.len() + part.len())));
                larger.extend_from_slice(body);
                *body = larger;
            }
            body.extend_from_slice(&part);
        }
        Ok(())
    }
}

/// Waits for `work` until the limit, and for no cancelled call. Looks at the clock itself: whoever ends the call asks once
/// more what became of it, perhaps before any timer has fired.
async fn within<T>(cx: &CallContext, limit: Instant, work: impl Future<Output = T>) -> Result<T> {
    let mut work = pin!(work);
    let mut timer = pin!(tokio::time::sleep_until(limit.into()));
    std::future::poll_fn(|task| {
        if let Poll::Ready(outcome) = work.as_mut().poll(task) {
            return Poll::Ready(Ok(outcome));
        }
        if let Err(error) = cx.check_cancelled() {
            return Poll::Ready(Err(error));
        }
        match timer.as_mut().poll(task).is_ready() || Instant::now() >= limit {
            true => Poll::Ready(Err(late(cx))),
            false => Poll::Pending,
        }
    })
    .await
}

fn late(cx: &CallContext) -> Error {
    match cx.check() {
        Err(error) => error,
        Ok(()) => Error::new(ErrorKind::Unavailable, "the server did not answer in time"),
    }
}

/// The error of a request that got no reply, as one that was not delivered. Its own text may name an address with a
/// query and is not shown.
fn unreachable_by(error: &reqwest::Error) -> Error {
    let text = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "the server did not take the connection in time",
        (true, false) => "the server cannot be reached",
        (false, _) => BROKEN,
    };
    let failed = Error::new(ErrorKind::Unavailable, text);
    let unconnected = if error.is_connect() {
        failed.with_help(UNREACHED)
    } else {
        failed
    };
    match certificate_fault(error) {
        Some(error) => error,
        None => unconnected,
    }
}

const BROKEN: &str = "the connection broke before the reply had come";

/// Whether the connection stood, and broke without a reply.
pub(super) fn is_broken(error: &Error) -> bool {
    error.message() == BROKEN
}

const UNREACHED: &str = "check that the server runs at `vault.address` and that nothing on the way blocks it";

/// What rustls says of the other side's certificate, or of ours.
fn certificate_fault(error: &reqwest::Error) -> Option<Error> {
    use rustls::AlertDescription as Alert;
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer};

    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(known) = cause {
        // An I/O error's source is that of what it holds, which would be passed over.
        if let Some(held) = known.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            cause = Some(held);
            continue;
        }
        if let Some(tls) = known.downcast_ref::<rustls::Error>() {
            let (text, setting) = match tls {
                rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
                    ("the server's certificate is another host's", "vault.address")
                }
                rustls::Error::InvalidCertificate(UnknownIssuer) => (
                    "the server's certificate comes from nobody who is trusted",
                    "vault.ca_file",
                ),
                rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
                    ("the server's certificate has expired", "vault.address")
                }
                rustls::Error::InvalidCertificate(_) => ("the server's certificate is not valid", "vault.ca_file"),
                rustls::Error::AlertReceived(
                    Alert::AccessDenied
                    | Alert::BadCertificate
                    | Alert::CertificateExpired
                    | Alert::CertificateRequired
                    | Alert::CertificateRevoked
                    | Alert::CertificateUnknown
                    | Alert::HandshakeFailure
                    | Alert::NoCertificate
                    | Alert::UnknownCA
                    | Alert::UnsupportedCertificate,
                ) => (
                    "the server refuses the client's certificate or its lack",
                    "vault.client_cert",
                ),
                _ => return None,
            };
            return Some(Error::new(ErrorKind::InvalidConfig, text).with_setting(setting));
        }
        cause = known.source();
    }
    None
}

/// The same error of a write that was delivered.
fn after_sending(error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidConfig => error,
        // A connection that never stood delivers nothing.
        ErrorKind::Unavailable if error.help() == UNREACHED => error,
        _ => Error::new(
            ErrorKind::OutcomeUnknown,
            "the write was sent and its reply did not come",
        )
        .with_source(error),
    }
}

fn not_followed() -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "the server sends the request on to another address, which is not followed",
    )
    .with_setting("vault.address")
    .with_help("set `vault.address` to the active node or to the address of the cluster, or name the node's host in `vault.redirect_hosts`")
}
