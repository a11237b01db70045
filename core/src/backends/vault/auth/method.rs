//! The auth methods: what is sent to log in.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use zeroize::Zeroizing;

use super::given::Given;
use super::reply::{self, Granted};
use super::wire::{Method, Wire, WireRequest};
use super::wrapped::Wrapped;
use crate::backends::remote::net::encode_segment;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;
use crate::worker::Worker;

/// One way to log in.
#[derive(Debug)]
pub(super) struct AuthMethod {
    kind: Kind,
    /// The path of the request, encoded.
    path: String,
    /// What the path of the request begins with that gave out a wrapped secret id.
    roles: String,
    namespace: String,
}

#[derive(Debug)]
pub(super) enum Kind {
    AppRole {
        role_id: String,
        /// None for a role that needs none.
        secret_id: Option<Arc<Given>>,
        /// Where the secret id is a wrapping token.
        wrapped: Option<Wrapped>,
    },
    /// `jwt` and `kubernetes`, which differ in nothing that is sent.
    Jwt {
        role: Option<String>,
        jwt: Arc<Given>,
    },
    UserPass {
        username: String,
        password: Arc<Given>,
    },
}

#[derive(Serialize)]
struct AppRoleLogin<'a> {
    role_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<&'a str>,
}

#[derive(Serialize)]
struct JwtLogin<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    jwt: &'a str,
}

#[derive(Serialize)]
struct UserPassLogin<'a> {
    password: &'a str,
}

impl AuthMethod {
    /// The error is the setting that is wrong, and why.
    pub(super) fn new(kind: Kind, mount: &str, namespace: &str) -> Result<Self, (&'static str, &'static str)> {
        let mount = mount.trim_matches('/');
        let encoded = encoded_path(mount).ok_or((
            "vault.auth_mount",
            "is no path of a mount: a part is empty, `.` or `..`, or holds a control character",
        ))?;
        let path = match &kind {
            Kind::UserPass { username, .. } => {
                let username = encoded_segment(username).ok_or((
                    "vault.username",
                    "is no name of a user: it holds `/` or a control character, or is `.` or `..`",
                ))?;
                format!("auth/{encoded}/login/{username}")
            }
            _ => format!("auth/{encoded}/login"),
        };
        Ok(Self {
            kind,
            path,
            roles: format!("auth/{mount}/role/"),
            namespace: namespace.trim_matches('/').to_owned(),
        })
    }

    /// Logs in. The instant is when that was asked for.
    pub(super) async fn log_in(
        &self,
        cx: &CallContext,
        wire: &dyn Wire,
        worker: &Worker,
    ) -> Result<(Granted, Instant)> {
        let body = match &self.kind {
            Kind::AppRole {
                role_id,
                secret_id,
                wrapped,
            } => {
                let secret_id = match secret_id {
                    Some(given) => {
                        let value = given.read(cx, worker).await?;
                        Some(
                            match wrapped {
                                Some(wrapped) => {
                                    wrapped.open(cx, wire, value, |path| self.gives_secret_ids(path)).await
                                }
                                None => Ok(value),
                            }
                            .map_err(|error| error.with_setting(given.setting))?,
                        )
                    }
                    None => None,
                };
                let secret_id = secret_id.as_ref().map(|value| self.text(value)).transpose()?;
                json(
                    &AppRoleLogin { role_id, secret_id },
                    role_id.len() + secret_id.map_or(0, str::len),
                )
            }
            Kind::Jwt { role, jwt } => {
                let value = jwt.read(cx, worker).await?;
                let jwt = self.text(&value)?;
                json(
                    &JwtLogin {
                        role: role.as_deref(),
                        jwt,
                    },
                    jwt.len() + role.as_ref().map_or(0, String::len),
                )
            }
            Kind::UserPass { password, .. } => {
                let value = password.read(cx, worker).await?;
                let password = self.text(&value)?;
                json(&UserPassLogin { password }, password.len())
            }
        }?;
        let asked = Instant::now();
        let request = WireRequest {
            name: "auth.login",
            method: Method::Post,
            path: &self.path,
            token: None,
            body: Some(&body),
        };
        let reply = wire.send(cx, request).await?;
        if (200..300).contains(&reply.status) {
            return Ok((reply::granted(&reply.body)?, asked));
        }
        Err(reply::not_answered(&reply).unwrap_or_else(|| self.refusal(reply.status)))
    }

    /// The setting that holds the credential.
    fn setting(&self) -> &'static str {
        match &self.kind {
            Kind::AppRole { secret_id, .. } => secret_id.as_ref().map_or("vault.role_id", |given| given.setting),
            Kind::Jwt { jwt, .. } => jwt.setting,
            Kind::UserPass { password, .. } => password.setting,
        }
    }

    fn text<'a>(&self, value: &'a SecretValue) -> Result<&'a str> {
        let text = value.expose_str().ok().filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the credential of the login is empty or no text",
            )
            .with_setting(self.setting())
        })
    }

    fn refusal(&self, status: u16) -> Error {
        let (text, help) = match &self.kind {
            Kind::AppRole { wrapped: Some(_), .. } => (
                "the server refused the login by `approle`: role id or unwrapped secret id",
                "check `vault.role_id` and `vault.auth_mount`; a secret id that has expired or is used up needs a new \
                 wrapping token",
            ),
            Kind::AppRole { .. } => (
                "the server refused the login by `approle`: role id or secret id",
                "check `vault.role_id`, the secret id, which may have expired or be used up, and `vault.auth_mount`",
            ),
            Kind::Jwt { .. } => (
                "the server refused the login by a signed token: it, or the role",
                "check `vault.role`, whether the signed token has expired and is for this server, and \
                 `vault.auth_mount`",
            ),
            Kind::UserPass { .. } => (
                "the server refused the login by `userpass`: name or password",
                "check `vault.username`, `vault.password` and `vault.auth_mount`",
            ),
        };
        Error::new(ErrorKind::Unauthenticated, text)
            .with_setting(self.setting())
            .with_foreign_code(status)
            .with_help(help)
    }

    /// Whether this path is one that gives out secret ids for this login, and nothing else.
    fn gives_secret_ids(&self, path: &str) -> bool {
        let below_namespace = path
            .strip_prefix(self.namespace.as_str())
            .filter(|_| !self.namespace.is_empty())
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(path);
        let role = below_namespace.strip_prefix(self.roles.as_str());
        role.and_then(|rest| rest.split_once('/'))
            .is_some_and(|(role, end)| !role.is_empty() && matches!(end, "secret-id" | "custom-secret-id"))
    }

    pub(super) fn wipe(&self) {
        match &self.kind {
            Kind::AppRole { secret_id, wrapped, .. } => {
                if let Some(given) = secret_id {
                    given.wipe();
                }
                if let Some(wrapped) = wrapped {
                    wrapped.wipe();
                }
            }
            Kind::Jwt { jwt: given, .. } | Kind::UserPass { password: given, .. } => given.wipe(),
        }
    }
}

/// The text of a request; `secrets` is the length of the texts in it. Where each character were escaped, it would still
/// fit: nothing is left behind by growing.
pub(super) fn json(body: &impl Serialize, secrets: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(6 * secrets + 64));
    serde_json::to_writer(&mut *text, body)
        .map_err(|_| Error::new(ErrorKind::Internal, "the request of a login cannot be written"))?;
    Ok(text)
}

fn encoded_path(path: &str) -> Option<String> {
    let parts: Option<Vec<_>> = path.split('/').map(encoded_segment).collect();
    parts.map(|parts| parts.join("/"))
}

fn encoded_segment(text: &str) -> Option<String> {
    if matches!(text, "" | "." | "..") || text.contains('/') || text.chars().any(char::is_control) {
        return None;
    }
    let mut encoded = String::with_capacity(text.len());
    encode_segment(text, &mut encoded);
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approle(mount: &str, namespace: &str) -> AuthMethod {
        let kind = Kind::AppRole {
            role_id: "r".to_owned(),
            secret_id: None,
            wrapped: None,
        };
        AuthMethod::new(kind, mount, namespace).unwrap()
    }

    #[test]
    fn only_the_endpoint_of_secret_ids_may_have_wrapped_one() {
        let method = approle("team/approle", "");
        for path in [
            "auth/team/approle/role/web/secret-id",
            "auth/team/approle/role/web/custom-secret-id",
        ] {
            assert!(method.gives_secret_ids(path), "{path}");
        }
        for path in [
            "auth/approle/role/web/secret-id",
            "auth/team/approle/role//secret-id",
            "auth/team/approle/role/web/role-id",
            "auth/team/approle/role/web/secret-id/lookup",
            "evil/auth/team/approle/role/web/secret-id",
            "secret/data/x",
            "sys/wrapping/wrap",
        ] {
            assert!(!method.gives_secret_ids(path), "{path}");
        }
        assert!(approle("approle", "ns1/").gives_secret_ids("ns1/auth/approle/role/web/secret-id"));
    }

    #[test]
    fn paths_are_encoded_and_lead_nowhere_else() {
        assert_eq!(approle("/team a/app#role/", "").path, "auth/team%20a/app%23role/login");
        for mount in ["", "a//b", "a/../b", ".", "a\nb"] {
            assert!(encoded_path(mount).is_none(), "{mount:?}");
        }
        assert_eq!(encoded_segment("j\u{f6}rg@x?"), Some("j%C3%B6rg%40x%3F".to_owned()));
        assert!(encoded_segment("a/b").is_none());
    }
}
