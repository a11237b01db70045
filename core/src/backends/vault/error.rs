//! What the server's refusals mean.
//!
//! | status | body | error |
//! |---|---|---|
//! | 400 | `check-and-set parameter did not match` | `conflict` |
//! | 400 | `check-and-set parameter required` | `conflict`: another writer insists on it, and so do we with the version we know |
//! | 400 | `Upgrading from non-versioned` | `unavailable`: a new mount is made ready |
//! | 400 | anything else, 405 | `invalid_argument` |
//! | 403 | | `unauthenticated` for a dead token, `permission_denied` for a policy; the login finds out which |
//! | 404 | `errors` empty | absent |
//! | 404 | `data.metadata` there | deleted or destroyed: absent |
//! | 404 | `namespace not found` | `invalid_config` naming `vault.namespace` |
//! | 404 | `no handler for route`, `Invalid path for a versioned K/V secrets engine`, any other text | `invalid_config` naming `vault.mount` |
//! | 404 | no JSON | `invalid_config` naming `vault.address`: something else answers there |
//! | 412 | | `unavailable`: the node is behind |
//! | 413 | | `too_large` |
//! | 429 | | `rate_limited` with `Retry-After` |
//! | 500 | `value being too large`, `key being too large` | `too_large` |
//! | 501 | | `unavailable`: not initialised |
//! | 503 | `sealed` | `unavailable`: it is sealed; no waiting time, as a person must unseal it |
//! | 503 | anything else with `errors` | `unavailable` with `Retry-After` |
//! | 503 | no such JSON | the same for what reads; `outcome_unknown` for what writes: a proxy may have lost the reply |
//! | other 5xx | | `unavailable` for what reads, `outcome_unknown` for what writes |
//! | any other | | `unavailable` or `outcome_unknown`: no answer of this service |
//!
//! A reply that is cut off or is no JSON is no answer either; a refusal of 400 or 404 that is cut off is `unavailable`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Reply;
use crate::error::{Error, ErrorKind};

/// What a refusal is, before it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such secret, or no such version.
    Absent,
    /// The current version is another one.
    Conflict,
    Forbidden,
    Namespace,
    Mount,
    Stranger,
    Invalid,
    TooLarge,
    RateLimited,
    Sealed,
    Uninitialised,
    Behind,
    Down,
    /// Something on the way says that the server is down.
    Gateway,
    /// Nobody knows whether a write was done.
    Failed,
}

/// The parts of a refusal that tell what it is. Its texts are looked at and never shown.
#[derive(Default, Deserialize)]
struct Body<'a> {
    errors: Option<Vec<String>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    warnings: Option<Vec<String>>,
}

impl Refusal {
    /// What a reply that is no success is.
    pub(super) fn of(reply: &Reply) -> Self {
        let body = serde_json::from_slice::<Body<'_>>(&reply.body);
        let is_json = body.is_ok();
        let body = body.unwrap_or_default();
        let texts: Vec<_> = body.errors.iter().chain(&body.warnings).flatten().collect();
        let says = |text: &str| texts.iter().any(|found| found.contains(text));
        match reply.status {
            400 if says("check-and-set") => Self::Conflict,
            400 if says("Upgrading from non-versioned") => Self::Down,
            // It has refused, and what for is lost: that nothing was done is all that is known.
            400 | 404 if reply.is_cut => Self::Down,
            400 | 405 => Self::Invalid,
            403 => Self::Forbidden,
            404 if !is_json => Self::Stranger,
            404 if body.data.is_some() && !says("versioned K/V") => Self::Absent,
            404 if body.errors.as_ref().is_some_and(Vec::is_empty) => Self::Absent,
            404 if says("namespace not found") => Self::Namespace,
            404 => Self::Mount,
            412 => Self::Behind,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            500 if says("being too large") => Self::TooLarge,
            501 => Self::Uninitialised,
            503 if says("sealed") => Self::Sealed,
            503 if body.errors.is_some() => Self::Down,
            503 => Self::Gateway,
            _ => Self::Failed,
        }
    }

    /// The error that a caller gets.
    pub(super) fn error(self, reply: &Reply, is_write: bool) -> Error {
        let error = match self {
            Self::Absent => Error::new(ErrorKind::NotFound, "there is no such secret"),
            Self::Conflict => Error::new(ErrorKind::Conflict, "the current version of the secret is another one"),
            Self::Forbidden => Error::new(ErrorKind::PermissionDenied, "a policy of the server denies the call")
                .with_help(
                    "ask for a policy that grants it on this path; the documentation lists what each verb needs",
                ),
            Self::Namespace => Error::new(ErrorKind::InvalidConfig, "the server has no such namespace")
                .with_setting("vault.namespace")
                .with_help("set `vault.namespace` to a namespace of the server, or leave it out"),
            Self::Mount => Error::new(
                ErrorKind::InvalidConfig,
                "the server has no KV v2 secrets engine at this mount",
            )
            .with_setting("vault.mount")
            .with_help("set `vault.mount` to where a KV v2 engine is mounted, and `vault.namespace` to its namespace"),
            Self::Stranger => Error::new(
                ErrorKind::InvalidConfig,
                "what answers at the address is no Vault and no OpenBao",
            )
            .with_setting("vault.address"),
            Self::Invalid => Error::new(ErrorKind::InvalidArgument, "the server refuses the request as invalid"),
            Self::TooLarge => Error::new(
                ErrorKind::TooLarge,
                "the value or the key is longer than the server's storage takes",
            )
            .with_help("store less, or raise the server's limit (`max_entry_size` of raft, `max_request_size`)"),
            Self::RateLimited => Error::new(ErrorKind::RateLimited, "a quota of the server is used up"),
            Self::Sealed => {
                Error::new(ErrorKind::Unavailable, "the server is sealed").with_help("a person must unseal the server")
            }
            Self::Uninitialised => Error::new(ErrorKind::Unavailable, "the server is not initialised"),
            Self::Behind => Error::new(ErrorKind::Unavailable, "the node has not yet what another one wrote"),
            Self::Gateway if is_write => return failed(true).with_foreign_code(reply.status),
            Self::Down | Self::Gateway => Error::new(ErrorKind::Unavailable, "the server does not work at present"),
            Self::Failed => return failed(is_write).with_foreign_code(reply.status),
        };
        let error = error.with_foreign_code(reply.status);
        match (self, reply.retry_after) {
            (Self::RateLimited | Self::Down | Self::Gateway | Self::Behind, Some(wait)) => error.with_retry_after(wait),
            _ => error,
        }
    }
}

/// The error of a reply that is no answer.
pub(super) fn failed(is_write: bool) -> Error {
    match is_write {
        true => Error::new(
            ErrorKind::OutcomeUnknown,
            "the write was sent and its reply does not say what became of it",
        ),
        false => Error::new(ErrorKind::Unavailable, "the server's reply is no answer to the request"),
    }
}

/// The error of a mount of the first version, on which everything seems to work and nothing is kept right.
pub(super) fn first_version() -> Error {
    Error::new(ErrorKind::InvalidConfig, "the mount is a KV engine of version 1")
        .with_setting("vault.mount")
        .with_help("set `vault.mount` to a KV v2 engine, or upgrade this one (`vault kv enable-versioning`, `bao kv enable-versioning`)")
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            is_cut: false,
            retry_after: Some(std::time::Duration::from_secs(7)),
            time: None,
        }
    }

    #[test]
    fn every_refusal_has_its_own_error() {
        use ErrorKind::*;
        let mount = Some("vault.mount");
        for (status, body, read, write, setting) in [
            (
                400,
                r#"{"errors":["check-and-set parameter did not match the current version"]}"#,
                Conflict,
                Conflict,
                None,
            ),
            (
                400,
                r#"{"errors":["check-and-set parameter required for this call"]}"#,
                Conflict,
                Conflict,
                None,
            ),
            (
                400,
                r#"{"errors":["no data provided"]}"#,
                InvalidArgument,
                InvalidArgument,
                None,
            ),
            (
                400,
                r#"{"errors":["Upgrading from non-versioned to versioned data."]}"#,
                Unavailable,
                Unavailable,
                None,
            ),
            (400, "", InvalidArgument, InvalidArgument, None),
            (
                403,
                r#"{"errors":["permission denied"]}"#,
                PermissionDenied,
                PermissionDenied,
                None,
            ),
            (404, r#"{"errors":[]}"#, NotFound, NotFound, None),
            (
                404,
                r#"{"data":{"data":null,"metadata":{"destroyed":true}}}"#,
                NotFound,
                NotFound,
                None,
            ),
            (
                404,
                r#"{"errors":["no handler for route \"x\". route entry not found."]}"#,
                InvalidConfig,
                InvalidConfig,
                mount,
            ),
            (
                404,
                r#"{"data":null,"warnings":["Invalid path for a versioned K/V secrets engine."]}"#,
                InvalidConfig,
                InvalidConfig,
                mount,
            ),
            (
                404,
                r#"{"errors":["namespace not found"]}"#,
                InvalidConfig,
                InvalidConfig,
                Some("vault.namespace"),
            ),
            (404, "<html>", InvalidConfig, InvalidConfig, Some("vault.address")),
            (404, "", InvalidConfig, InvalidConfig, Some("vault.address")),
            (
                405,
                r#"{"errors":["unsupported operation"]}"#,
                InvalidArgument,
                InvalidArgument,
                None,
            ),
            (
                412,
                r#"{"errors":["required index state not present"]}"#,
                Unavailable,
                Unavailable,
                None,
            ),
            (413, "", TooLarge, TooLarge, None),
            (
                429,
                r#"{"errors":["rate limit quota exceeded"]}"#,
                RateLimited,
                RateLimited,
                None,
            ),
            (
                500,
                r#"{"errors":["put failed due to value being too large"]}"#,
                TooLarge,
                TooLarge,
                None,
            ),
            (
                500,
                r#"{"errors":["1 error occurred: internal error"]}"#,
                Unavailable,
                OutcomeUnknown,
                None,
            ),
            (501, "", Unavailable, Unavailable, None),
            (502, "<html>", Unavailable, OutcomeUnknown, None),
            (503, r#"{"errors":["Vault is sealed"]}"#, Unavailable, Unavailable, None),
            (503, r#"{"errors":["no healthy node"]}"#, Unavailable, Unavailable, None),
            (503, "", Unavailable, OutcomeUnknown, None),
            (503, "upstream connect error", Unavailable, OutcomeUnknown, None),
            (504, "", Unavailable, OutcomeUnknown, None),
            (200, "<html>", Unavailable, OutcomeUnknown, None),
            (418, "", Unavailable, OutcomeUnknown, None),
        ] {
            let reply = reply(status, body);
            let refusal = Refusal::of(&reply);
            for (is_write, kind) in [(false, read), (true, write)] {
                let error = refusal.error(&reply, is_write);
                assert_eq!((error.kind(), error.setting()), (kind, setting), "{status} {body}");
                assert_eq!(error.foreign_code(), Some(i64::from(status)));
            }
        }
    }

    #[test]
    fn a_refusal_without_its_words_is_neither_absence_nor_a_wrong_setting() {
        for (status, body) in [(404, r#"{"errors":["#), (404, ""), (400, r#"{"errors":["check-"#)] {
            let mut reply = reply(status, body);
            reply.is_cut = true;
            for is_write in [false, true] {
                let error = Refusal::of(&reply).error(&reply, is_write);
                assert_eq!(
                    (error.kind(), error.setting()),
                    (ErrorKind::Unavailable, None),
                    "{status}"
                );
            }
        }
    }

    #[test]
    fn only_what_passes_by_itself_says_how_long_to_wait() {
        let waits = |status, body: &str| {
            let reply = reply(status, body);
            Refusal::of(&reply).error(&reply, false).retry_after().is_some()
        };
        assert!(waits(429, "") && waits(503, "") && waits(412, ""));
        assert!(!waits(503, r#"{"errors":["Vault is sealed"]}"#));
        assert!(!waits(403, "") && !waits(404, "") && !waits(500, ""));
    }

    #[test]
    fn no_text_of_the_server_is_shown() {
        for status in [400, 403, 404, 429, 500, 503] {
            let reply = reply(status, r#"{"errors":["my-s3cret"],"data":{"data":"my-s3cret"}}"#);
            let error = Refusal::of(&reply).error(&reply, true);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }
}
