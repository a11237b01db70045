//! What a login needs of the client: one request, one reply.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::backend::BoxFuture;
use crate::context::CallContext;
use crate::error::Result;
use crate::value::SecretValue;

/// Sends one request to the server. It makes nothing again and logs in nowhere.
pub(in crate::backends::vault) trait Wire: Send + Sync + 'static {
    /// # Errors
    /// Where no whole reply came. A reply with any status is one.
    fn send<'a>(&'a self, cx: &'a CallContext, request: WireRequest<'a>) -> BoxFuture<'a, Result<WireReply>>;
}

/// A request about a login or a token.
pub(in crate::backends::vault) struct WireRequest<'a> {
    /// The name that it is counted by.
    pub(in crate::backends::vault) name: &'static str,
    pub(in crate::backends::vault) method: Method,
    /// What stands behind `/v1/`, encoded.
    pub(in crate::backends::vault) path: &'a str,
    pub(in crate::backends::vault) token: Option<&'a Token>,
    /// JSON.
    pub(in crate::backends::vault) body: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backends::vault) enum Method {
    Get,
    Post,
}

/// A whole reply.
pub(in crate::backends::vault) struct WireReply {
    pub(in crate::backends::vault) status: u16,
    pub(in crate::backends::vault) body: Zeroizing<Vec<u8>>,
    /// What the header `Retry-After` says.
    pub(in crate::backends::vault) retry_after: Option<Duration>,
}

/// A token: visible ASCII, wiped when the last of those who use it lets go of it.
#[derive(Clone)]
pub(in crate::backends::vault) struct Token(Arc<SecretValue>);

impl Token {
    /// Spaces and line ends around the text do not count. `None` where what is left is no token.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let is_token = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
        is_token.then(|| Self(Arc::new(SecretValue::copy_of(text))))
    }

    pub(in crate::backends::vault) fn expose(&self) -> &str {
        self.0.expose_str().unwrap_or_default()
    }

    /// Whether it is this very one, not only one of the same text.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn has_text_of(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([REDACTED])")
    }
}
