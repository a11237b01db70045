//! Secret ids that come wrapped: each wrapping token is unwrapped once, and what was in it is kept.

use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;

use super::kept::Kept;
use super::method::json;
use super::reply;
use super::wire::{Method, Token, Wire, WireReply, WireRequest};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// What was unwrapped, in a row. Read without a lock, so that a forked child, which cannot unwrap it again, has it.
#[derive(Default)]
pub(super) struct Wrapped {
    first: OnceLock<Box<Unwrapped>>,
}

struct Unwrapped {
    wrapping: Kept,
    secret_id: Kept,
    next: OnceLock<Box<Unwrapped>>,
}

#[derive(Serialize)]
struct Lookup<'a> {
    token: &'a str,
}

impl Wrapped {
    /// The secret id in `wrapping`. Only one call at a time may open one.
    ///
    /// `is_trusted` says whether the path of the request that made the token may have: whoever swaps it could otherwise
    /// give us a secret id of his own.
    pub(super) async fn open(
        &self,
        cx: &CallContext,
        wire: &dyn Wire,
        wrapping: SecretValue,
        is_trusted: impl Fn(&str) -> bool,
    ) -> Result<SecretValue> {
        if let Some(secret_id) = self.find(&wrapping) {
            return Ok(secret_id);
        }
        let token = Token::new(wrapping.expose()).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the wrapping token is no token: it holds a space, a control or a foreign character",
            )
        })?;
        let text = wrapping.expose_str()?;
        let body = json(&Lookup { token: text }, text.len())?;
        let looked_up = send(cx, wire, "sys/wrapping/lookup", None, Some(&body)).await?;
        if !is_trusted(&reply::creation_path(&looked_up.body)?) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the wrapping token was not made for a secret id of this auth method, so it was not unwrapped",
            )
            .with_help(
                "if `vault.auth_mount` is right, somebody may have swapped the token: find out who gave it, and ask for a \
                 new secret id",
            ));
        }
        let unwrapped = send(cx, wire, "sys/wrapping/unwrap", Some(&token), None).await;
        let unwrapped = unwrapped.map_err(|error| match error.kind() {
            ErrorKind::OutcomeUnknown => error.with_help(
                "the wrapping token may be used up, and the secret id in it lost; if the next login says so, ask for a new \
                 one",
            ),
            _ => error,
        })?;
        let secret_id = reply::secret_id(&unwrapped.body)?;
        self.keep(&wrapping, &secret_id);
        Ok(secret_id)
    }

    fn all(&self) -> impl Iterator<Item = &Unwrapped> {
        std::iter::successors(self.first.get(), |unwrapped| unwrapped.next.get()).map(Box::as_ref)
    }

    fn find(&self, wrapping: &SecretValue) -> Option<SecretValue> {
        let is_of = |unwrapped: &&Unwrapped| {
            unwrapped
                .wrapping
                .read()
                .is_some_and(|kept| kept.expose() == wrapping.expose())
        };
        self.all().find(is_of)?.secret_id.read()
    }

    fn keep(&self, wrapping: &SecretValue, secret_id: &SecretValue) {
        let end = self.all().last().map_or(&self.first, |last| &last.next);
        let unwrapped = Unwrapped {
            wrapping: Kept::copy_of(wrapping.expose()),
            secret_id: Kept::copy_of(secret_id.expose()),
            next: OnceLock::new(),
        };
        // There is one login at a time, so nobody else has set it.
        let _ = end.set(Box::new(unwrapped));
    }

    pub(super) fn wipe(&self) {
        for unwrapped in self.all() {
            unwrapped.wrapping.wipe();
            unwrapped.secret_id.wipe();
        }
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapped({})", self.all().count())
    }
}

async fn send(
    cx: &CallContext,
    wire: &dyn Wire,
    path: &str,
    token: Option<&Token>,
    body: Option<&[u8]>,
) -> Result<WireReply> {
    let request = WireRequest {
        name: "auth.unwrap",
        method: Method::Post,
        path,
        token,
        body,
    };
    let reply = wire.send(cx, request).await?;
    if (200..300).contains(&reply.status) {
        return Ok(reply);
    }
    Err(reply::not_answered(&reply).unwrap_or_else(|| {
        Error::new(
            ErrorKind::Unauthenticated,
            "the wrapping token of the secret id is unknown to the server: it has expired, or was unwrapped already",
        )
        .with_foreign_code(reply.status)
        .with_help(
            "ask for a new wrapped secret id; if nobody of yours unwrapped this one, somebody else may have read the secret \
             id: have it destroyed",
        )
    }))
}
