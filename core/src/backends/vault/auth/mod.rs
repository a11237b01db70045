//! Logging in: where the token comes from.

mod wire;

use std::sync::Arc;

pub(super) use wire::{Method, Wire, WireReply, WireRequest};

use crate::backend::OpenRequest;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// A token, in memory that is wiped.
#[derive(Clone, Debug)]
pub(super) struct Token(Arc<SecretValue>);

impl Token {
    pub(super) fn expose(&self) -> &str {
        self.0.expose_str().unwrap_or_default()
    }
}

/// What a 403 meant.
pub(super) enum Refusal {
    /// A policy denies the call.
    Denied,
    /// The token was dead; this is a new one, with which the call is made once more.
    Again(Token),
}

#[derive(Debug)]
pub(super) struct Login {
    token: Option<Token>,
}

impl Login {
    pub(super) fn open(request: &OpenRequest<'_>) -> Result<Self> {
        let token = request.settings.secret("vault.token");
        Ok(Self {
            token: token.map(|token| Token(Arc::new(SecretValue::copy_of(token.expose())))),
        })
    }

    pub(super) async fn token<C: Wire>(&self, cx: &CallContext, _client: &Arc<C>) -> Result<Token> {
        cx.check()?;
        self.token
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "there is no token").with_setting("vault.token"))
    }

    pub(super) async fn refused<C: Wire>(&self, cx: &CallContext, client: &Arc<C>, token: &Token) -> Result<Refusal> {
        let request = WireRequest {
            name: "auth.lookup",
            method: Method::Get,
            path: "auth/token/lookup-self",
            token: Some(token),
            body: None,
        };
        match client.send(cx, request).await?.status {
            200 => Ok(Refusal::Denied),
            _ => Err(Error::new(ErrorKind::Unauthenticated, "the server refuses the token").with_setting("vault.token")),
        }
    }

    pub(super) fn refresh(&self) {}

    pub(super) fn lock(&self) {}
}
