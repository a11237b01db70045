//! What the settings say about this backend.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::names::Names;
use crate::backends::remote::net;
use crate::backends::remote::tls::{Tls, TlsSettings};
use crate::config::{Settings, parse_duration};
use crate::error::{Error, ErrorKind, Result};

/// As long as the service's own command.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of TLS.
pub(super) const TLS: TlsSettings = TlsSettings {
    ca_file: "vault.ca_file",
    ca_pem: "vault.ca_pem",
    ca_folder: "vault.ca_folder",
    client_cert: "vault.client_cert",
    client_key: "vault.client_key",
    server_name: "vault.server_name",
};

/// How this backend is opened.
pub(super) struct Config {
    pub(super) connection: Connection,
    pub(super) names: Names,
    /// Whether metadata is also written where whoever may list can read it.
    pub(super) custom_metadata: bool,
    /// The most requests of one call that are under way at once.
    pub(super) concurrency: usize,
}

/// How the server is reached.
pub(super) struct Connection {
    pub(super) address: Url,
    pub(super) namespace: Option<HeaderValue>,
    pub(super) redirect_hosts: Vec<String>,
    pub(super) proxy: Option<Url>,
    /// The longest that one request may take.
    pub(super) timeout: Duration,
    pub(super) tls: Tls,
}

impl Config {
    /// Reads the settings and the files of TLS that they name.
    pub(super) fn read(app: &str, settings: &Settings) -> Result<Self> {
        // Without a default, unlike the services' own clients: a token must go nowhere by a slip.
        let text = settings.text("vault.address").ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                "`vault.address` is not stated, and `vault` needs a server",
            )
            .with_setting("vault.address")
            .with_help("set it, or VAULT_ADDR, to an address such as `https://vault.example.com:8200`")
        })?;
        let address = net::address(settings, "vault.address", text, "vault.allow_http")?;
        let namespace = settings.text("vault.namespace").unwrap_or_default().trim_matches('/');
        let namespace = (!namespace.is_empty()).then(|| HeaderValue::from_str(namespace));
        let namespace = namespace
            .transpose()
            .map_err(|_| settings.error("vault.namespace", "has characters that no namespace has"))?;
        let redirect_hosts = settings.list("vault.redirect_hosts");
        Ok(Self {
            connection: Connection {
                address,
                namespace,
                redirect_hosts: redirect_hosts.into_iter().map(str::to_owned).collect(),
                proxy: proxy(settings)?,
                timeout: timeout(settings)?,
                tls: Tls::read(settings, &TLS)?,
            },
            names: Names::read(app, settings)?,
            custom_metadata: settings.is_on("vault.custom_metadata"),
            concurrency: settings.integer("concurrency").map_or(16, |most| most as usize),
        })
    }
}

fn proxy(settings: &Settings) -> Result<Option<Url>> {
    let Some(text) = settings.text("vault.proxy").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).ok_or_else(|| {
        settings.error(
            "vault.proxy",
            "must be an address that begins with `http://` or `https://`",
        )
    })
}

fn timeout(settings: &Settings) -> Result<Duration> {
    let Some(text) = settings.text("vault.timeout").filter(|text| !text.is_empty()) else {
        return Ok(DEFAULT_TIMEOUT);
    };
    let seconds = text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .or_else(|| parse_duration(text))
        .ok_or_else(|| {
            settings.error(
                "vault.timeout",
                "must be a number of seconds or a time span, such as `30` or `500ms`",
            )
        })
}
