//! What the server answers about logins and tokens.

use std::borrow::Cow;

use serde::Deserialize;

use super::wire::{Token, WireReply};
use crate::error::{Error, ErrorKind, Result};

/// A token as a login or a renewal gives it.
pub(super) struct Granted {
    pub(super) token: Token,
    pub(super) seconds: u64,
    pub(super) is_renewable: bool,
    /// A batch token can be neither renewed nor revoked.
    pub(super) is_batch: bool,
    /// How many requests it may make; 0: any number.
    pub(super) uses: u64,
}

#[derive(Deserialize)]
struct WithAuth<'a> {
    #[serde(borrow, default)]
    auth: Option<Auth<'a>>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    #[serde(borrow, default)]
    client_token: Cow<'a, str>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    #[serde(default)]
    token_type: Option<Cow<'a, str>>,
    #[serde(default)]
    num_uses: u64,
    #[serde(default)]
    mfa_requirement: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct WithData<D> {
    data: D,
}

#[derive(Deserialize)]
struct Wrapping<'a> {
    #[serde(borrow)]
    creation_path: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Unwrapped<'a> {
    #[serde(borrow)]
    secret_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WithErrors<'a> {
    #[serde(borrow)]
    errors: Vec<Cow<'a, str>>,
}

/// Whether a refusal is this service's, and not that of something on the way.
pub(super) fn is_refusal(body: &[u8]) -> bool {
    serde_json::from_slice::<WithErrors<'_>>(body).is_ok()
}

/// Reads the token of a login's or a renewal's reply.
pub(super) fn granted(body: &[u8]) -> Result<Granted> {
    let auth = serde_json::from_slice::<WithAuth<'_>>(body)
        .ok()
        .and_then(|reply| reply.auth);
    let auth = auth.ok_or_else(unreadable)?;
    if auth.client_token.is_empty() && auth.mfa_requirement.is_some() {
        let text = "the login needs a second factor, which this backend cannot give";
        return Err(Error::new(ErrorKind::Unauthenticated, text)
            .with_help("log in with a method, or as a user, that needs no second factor"));
    }
    Ok(Granted {
        token: Token::new(auth.client_token.as_bytes()).ok_or_else(unreadable)?,
        seconds: auth.lease_duration,
        is_renewable: auth.renewable,
        is_batch: auth.token_type.as_deref() == Some("batch"),
        uses: auth.num_uses,
    })
}

/// What the server says of a token that is looked up.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct LookedUp {
    /// What is left of its lease in seconds; 0 where it has no end.
    #[serde(rename = "ttl", default)]
    pub(super) left: u64,
    /// The whole lease as it was first given.
    #[serde(rename = "creation_ttl", default)]
    pub(super) whole: u64,
    #[serde(rename = "renewable", default)]
    pub(super) is_renewable: bool,
    /// How many requests it may still make; 0: any number.
    #[serde(rename = "num_uses", default)]
    pub(super) uses: u64,
}

/// Reads what the server says of a token.
pub(super) fn looked_up(body: &[u8]) -> Result<LookedUp> {
    let reply = serde_json::from_slice::<WithData<LookedUp>>(body);
    reply.map(|reply| reply.data).map_err(|_| unreadable())
}

/// The path of the request whose answer a wrapping token wraps.
pub(super) fn creation_path(body: &[u8]) -> Result<String> {
    let reply = serde_json::from_slice::<WithData<Wrapping<'_>>>(body).map_err(|_| unreadable())?;
    Ok(reply.data.creation_path.into_owned())
}

/// The secret id that was wrapped.
pub(super) fn secret_id(body: &[u8]) -> Result<crate::SecretValue> {
    let reply = serde_json::from_slice::<WithData<Unwrapped<'_>>>(body).map_err(|_| unreadable())?;
    Ok(crate::SecretValue::copy_of(reply.data.secret_id.as_bytes()))
}

/// Whether a 403 is a policy's, and not that of a token which the server does not know: the servers write the one as a
/// list of one error, the other as a plain sentence or as a list that also says `invalid token`.
pub(super) fn is_policy_denial(body: &[u8]) -> bool {
    let reply = serde_json::from_slice::<WithErrors<'_>>(body);
    let errors = reply.map(|reply| reply.errors).unwrap_or_default();
    errors.iter().any(|text| text.starts_with("1 error occurred"))
        && !errors
            .iter()
            .any(|text| text.contains("invalid token") || text.contains("bad token"))
}

/// The error of a reply that says nothing about who is calling; `None` where it refuses him.
pub(super) fn not_answered(reply: &WireReply) -> Option<Error> {
    let error = match reply.status {
        400 | 401 | 403 if is_refusal(&reply.body) => return None,
        400 | 401 | 403 => Error::new(
            ErrorKind::Unavailable,
            "what refused the login is no Vault and no OpenBao",
        ),
        404 | 405 => Error::new(
            ErrorKind::InvalidConfig,
            "the server knows no such auth method, or not this namespace",
        )
        .with_setting("vault.auth_mount")
        .with_help("state where the auth method is mounted (`vault.auth_mount`) and its namespace (`vault.namespace`)"),
        429 => Error::new(ErrorKind::RateLimited, "the server asks for fewer logins"),
        503 => Error::new(ErrorKind::Unavailable, "the server is sealed or in standby"),
        _ => Error::new(ErrorKind::Unavailable, "the server failed to answer about the login"),
    };
    let error = error.with_foreign_code(reply.status);
    Some(match reply.retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    })
}

fn unreadable() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the server's answer about the login cannot be read",
    )
}
