//! What a login needs of the client: a request and whatever the server answers.

use zeroize::Zeroizing;

use super::Token;
use crate::backend::BoxFuture;
use crate::context::CallContext;
use crate::error::Result;

/// Sends requests. Whatever the server answers is an answer; only what prevents one is an error.
pub(in crate::backends::vault) trait Wire: Send + Sync + 'static {
    fn send<'a>(&'a self, cx: &'a CallContext, request: WireRequest<'a>) -> BoxFuture<'a, Result<WireReply>>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backends::vault) enum Method {
    Get,
    Post,
}

pub(in crate::backends::vault) struct WireRequest<'a> {
    /// Under what it is counted.
    pub(in crate::backends::vault) name: &'static str,
    pub(in crate::backends::vault) method: Method,
    /// What follows `/v1/`, encoded.
    pub(in crate::backends::vault) path: &'a str,
    pub(in crate::backends::vault) token: Option<&'a Token>,
    pub(in crate::backends::vault) body: Option<&'a [u8]>,
}

pub(in crate::backends::vault) struct WireReply {
    pub(in crate::backends::vault) status: u16,
    pub(in crate::backends::vault) body: Zeroizing<Vec<u8>>,
}
