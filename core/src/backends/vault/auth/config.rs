//! What the settings say about the login.

use std::sync::Arc;

use super::given::{Given, Readers};
use super::method::{AuthMethod, Kind};
use super::wrapped::Wrapped;
use crate::config::{Origin, Settings, locations};
use crate::error::{Error, ErrorKind, Result};

const AUTH: &str = "vault.auth";
const MOUNT: &str = "vault.auth_mount";
const TOKEN: &str = "vault.token";
const TOKEN_FILE: &str = "vault.token_file";
const ROLE: &str = "vault.role";
const ROLE_ID: &str = "vault.role_id";
const SECRET_ID: &str = "vault.secret_id";
const SECRET_ID_FILE: &str = "vault.secret_id_file";
const SECRET_ID_WRAPPED: &str = "vault.secret_id_wrapped";
const JWT: &str = "vault.jwt";
const JWT_FILE: &str = "vault.jwt_file";
const USERNAME: &str = "vault.username";
const PASSWORD: &str = "vault.password";

/// The settings of the methods, each with a method that has it.
const OF_METHODS: [(&str, &str); 9] = [
    (ROLE_ID, "approle"),
    (SECRET_ID, "approle"),
    (SECRET_ID_FILE, "approle"),
    (ROLE, "kubernetes"),
    (JWT, "jwt"),
    (JWT_FILE, "jwt"),
    (USERNAME, "userpass"),
    (PASSWORD, "userpass"),
    (MOUNT, "approle"),
];
/// Variables of the servers' own tools. They are about whoever is logged in at this machine and contradict nothing.
const OF_TOOLS: [&str; 2] = ["BAO_TOKEN", "VAULT_TOKEN"];
/// Where a pod finds the token of its service account.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Where tokens come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Somebody gives one.
    Given(Arc<Given>),
    /// A login does.
    Login(AuthMethod),
}

impl Source {
    /// Reads the settings; looks at no file, asks nobody.
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        let method = settings.text(AUTH).unwrap_or("token");
        if method == "token" {
            return token(settings).map(Self::Given);
        }
        check_no_token(settings)?;
        let kind = match method {
            "approle" => approle(settings)?,
            "userpass" => userpass(settings)?,
            "kubernetes" => kubernetes(settings)?,
            _ => jwt(settings)?,
        };
        let mount = settings.text(MOUNT).unwrap_or(method);
        AuthMethod::new(kind, mount, settings.text("vault.namespace").unwrap_or_default())
            .map(Self::Login)
            .map_err(|(setting, reason)| settings.error(setting, reason))
    }
}

impl Source {
    /// The error of a token from here that the server does not know.
    pub(super) fn dead(&self) -> Error {
        let error =
            |text: &'static str, help: &'static str| Error::new(ErrorKind::Unauthenticated, text).with_help(help);
        match self {
            Self::Given(given) => error(
                "the server does not know the token that was given",
                if given.is_file() {
                    "the token has expired or was revoked; log in again with `vault login` or `bao login`, or set \
                     `vault.auth` to a method, which logs in by itself"
                } else {
                    "the token has expired or was revoked; give a new one, or set `vault.auth` to a method, which logs \
                     in by itself"
                },
            )
            .with_setting(given.setting),
            Self::Login(_) => error(
                "the server does not know the token that it has just given",
                "look at the role or the user of the login: its tokens may be bound to other addresses than this \
                 machine's",
            )
            .with_setting(AUTH),
        }
    }

    pub(super) fn wipe(&self) {
        match self {
            Self::Given(given) => given.wipe(),
            Self::Login(method) => method.wipe(),
        }
    }
}

fn token(settings: &Settings) -> Result<Arc<Given>> {
    if !settings.is_set(AUTH)
        && let Some((setting, method)) = OF_METHODS.into_iter().find(|(setting, _)| settings.is_set(setting))
    {
        let reason = format!("is set, and `{AUTH}` does not say how to log in; set it, for example to `{method}`");
        return Err(settings.error(setting, &reason));
    }
    if let Some(given) = Given::in_setting(settings, TOKEN)? {
        if let Some(value) = settings.secret(TOKEN)
            && super::wire::Token::new(value.expose()).is_none()
        {
            return Err(settings.error(TOKEN, "is no token: it holds a space, a control or a foreign character"));
        }
        return Ok(Arc::new(given));
    }
    let path = match settings.path(TOKEN_FILE) {
        Some(path) => path,
        None => locations::vault_token_file()?,
    };
    Ok(Arc::new(Given::in_file(TOKEN_FILE, path, Readers::Group)))
}

/// Refuses a token that is stated where the method is stated, too: nobody can tell which of them is meant.
fn check_no_token(settings: &Settings) -> Result<()> {
    for setting in [TOKEN, TOKEN_FILE] {
        let is_of_tools = match settings.origin(setting) {
            Origin::Environment(variable) | Origin::EnvironmentFile { variable, .. } => {
                OF_TOOLS.contains(&variable.as_str())
            }
            _ => false,
        };
        if !is_of_tools {
            settings.exclusive(&[AUTH, setting])?;
        }
    }
    Ok(())
}

fn approle(settings: &Settings) -> Result<Kind> {
    let secret_id = one_of(settings, SECRET_ID, SECRET_ID_FILE, Readers::Group)?;
    let is_wrapped = settings.is_on(SECRET_ID_WRAPPED);
    if is_wrapped && secret_id.is_none() {
        let reason = format!("is on, and there is no wrapping token; set `{SECRET_ID}` or `{SECRET_ID_FILE}` to it");
        return Err(settings.error(SECRET_ID_WRAPPED, &reason));
    }
    Ok(Kind::AppRole {
        role_id: needed(settings, ROLE_ID, "approle")?,
        secret_id,
        wrapped: is_wrapped.then(Wrapped::default),
    })
}

fn userpass(settings: &Settings) -> Result<Kind> {
    let password = Given::in_setting(settings, PASSWORD)?;
    Ok(Kind::UserPass {
        username: needed(settings, USERNAME, "userpass")?,
        password: Arc::new(password.ok_or_else(|| missing(settings, PASSWORD, "userpass"))?),
    })
}

fn kubernetes(settings: &Settings) -> Result<Kind> {
    if settings.is_set(JWT) {
        let reason =
            format!("is not for `kubernetes`, whose tokens change; set `{JWT_FILE}`, or leave both away in a pod");
        return Err(settings.error(JWT, &reason));
    }
    let path = settings.path(JWT_FILE).unwrap_or_else(|| POD_TOKEN.into());
    Ok(Kind::Jwt {
        role: Some(needed(settings, ROLE, "kubernetes")?),
        jwt: Arc::new(Given::in_file(JWT_FILE, path, Readers::Anybody)),
    })
}

fn jwt(settings: &Settings) -> Result<Kind> {
    let jwt = one_of(settings, JWT, JWT_FILE, Readers::Anybody)?;
    Ok(Kind::Jwt {
        // Without one the server takes the mount's default role.
        role: stated(settings, ROLE)?,
        jwt: jwt.ok_or_else(|| missing(settings, JWT_FILE, "jwt"))?,
    })
}

/// A secret that is stated as such or in a file.
fn one_of(
    settings: &Settings,
    secret: &'static str,
    file: &'static str,
    readers: Readers,
) -> Result<Option<Arc<Given>>> {
    let given = match settings.exclusive(&[secret, file])? {
        Some(setting) if setting == secret => Given::in_setting(settings, secret)?,
        Some(_) => settings.path(file).map(|path| Given::in_file(file, path, readers)),
        None => None,
    };
    Ok(given.map(Arc::new))
}

fn stated(settings: &Settings, setting: &'static str) -> Result<Option<String>> {
    match settings.text(setting) {
        Some(text) if text.trim().is_empty() => Err(settings.error(setting, "is empty")),
        text => Ok(text.map(|text| text.trim().to_owned())),
    }
}

fn needed(settings: &Settings, setting: &'static str, method: &str) -> Result<String> {
    stated(settings, setting)?.ok_or_else(|| missing(settings, setting, method))
}

fn missing(settings: &Settings, setting: &'static str, method: &str) -> Error {
    let origin = settings.origin(AUTH);
    Error::new(
        ErrorKind::InvalidConfig,
        format!("`{setting}` is not set, and the login by `{method}` (from {origin}) needs it"),
    )
    .with_setting(setting)
}
