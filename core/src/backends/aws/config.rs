//! What the settings say about this backend.

use crate::config::Settings;
use crate::error::Result;

const REGION: &str = "aws.region";
const PROFILE: &str = "aws.profile";
const PREFIX: &str = "aws.prefix";
const ENDPOINT: &str = "aws.endpoint";
const KMS_KEY: &str = "aws.kms_key";

/// How this backend is opened.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) region: Option<String>,
    pub(super) profile: Option<String>,
    /// What names begin with, without the `/` after it; empty for nothing.
    pub(super) prefix: String,
    pub(super) endpoint: Option<String>,
    pub(super) allow_http: bool,
    pub(super) format: Format,
    pub(super) kms_key: Option<String>,
    pub(super) recovery_days: i64,
}

/// What is written. Both are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON document of value and metadata.
    Document,
    /// The value alone, with the metadata as tags.
    Raw,
}

impl Config {
    pub(super) fn read(app: &str, settings: &Settings) -> Result<Self> {
        let word = |setting: &str| {
            settings
                .text(setting)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let region = word(REGION);
        if region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(settings.error(REGION, "is no region, such as `eu-central-1`"));
        }
        let prefix = settings.text(PREFIX).unwrap_or(app).trim_end_matches('/').to_owned();
        if !prefix.bytes().all(super::names::is_allowed) || prefix.len() > super::names::LONGEST / 2 {
            return Err(settings.error(
                PREFIX,
                "must be at most 256 ASCII letters, digits and characters of `/_+=.@-`",
            ));
        }
        let endpoint = word(ENDPOINT);
        let allow_http = settings.is_on("aws.allow_http");
        if let Some(endpoint) = &endpoint {
            check_endpoint(endpoint, allow_http).map_err(|reason| settings.error(ENDPOINT, reason))?;
        }
        Ok(Self {
            region,
            profile: word(PROFILE),
            prefix,
            endpoint,
            allow_http,
            format: match settings.text("aws.format") {
                Some("raw") => Format::Raw,
                _ => Format::Document,
            },
            kms_key: word(KMS_KEY),
            recovery_days: settings
                .integer("aws.recovery_days")
                .and_then(|days| i64::try_from(days).ok())
                .unwrap_or(30),
        })
    }

    /// Where the secrets lie, as far as the settings say it. A profile belongs to it, because it may be another account's.
    pub(super) fn place(&self) -> String {
        let or = |word: &Option<String>, other: &str| word.clone().unwrap_or_else(|| other.to_owned());
        let region = or(&self.region, "default region");
        let endpoint = or(&self.endpoint, "default endpoint");
        let profile = or(&self.profile, "default profile");
        format!("{region}, {endpoint}, {profile}, {}/", self.prefix)
    }
}

fn is_region(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What is wrong with an address; for the end of a sentence.
fn check_endpoint(endpoint: &str, allow_http: bool) -> Result<(), &'static str> {
    const SHAPE: &str = "must be an address such as `https://secretsmanager.eu-central-1.amazonaws.com`, without user \
                         name, query or fragment";
    let (scheme, rest) = endpoint.split_once("://").ok_or(SHAPE)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"?#@\\\"<>`{}|^".contains(&byte);
    if authority.is_empty() || !rest.bytes().all(is_plain) {
        return Err(SHAPE);
    }
    match scheme {
        "https" => Ok(()),
        "http" if allow_http || is_loopback(authority) => Ok(()),
        "http" => Err(
            "is `http` to another machine, so that secrets would travel unencrypted; use `https`, or allow it \
                       with `aws.allow_http`",
        ),
        _ => Err(SHAPE),
    }
}

/// Whether the host of an authority (`host`, `host:port`, `[::1]:port`) is this machine.
pub(super) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_address = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    is_address || host.eq_ignore_ascii_case("localhost")
}
