//! Addresses of servers: which may be talked to, and how a word becomes a part of one.

use std::net::IpAddr;

use reqwest::Url;

use crate::config::Settings;
use crate::error::Result;

/// The address that a setting holds, without a `/` at its end.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting: no address of the web, one with a
/// user, a query or a fragment, or `http` to another machine where `allow_http` does not allow it.
pub(in crate::backends) fn address(settings: &Settings, setting: &str, text: &str, allow_http: &str) -> Result<Url> {
    let mut url = Url::parse(text.trim()).map_err(|_| settings.error(setting, "is no address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(settings.error(setting, "must begin with `https://` and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(settings.error(setting, "has a user or a password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(settings.error(setting, "has a `?` or a `#` in it"));
    }
    if url.scheme() == "http" && !is_loopback(&url) && !settings.is_on(allow_http) {
        let reason = format!(
            "is `http` to another machine, where everyone on the way reads along; use `https`, or set `{allow_http}` to `on`"
        );
        return Err(settings.error(setting, &reason));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Whether an address is this machine's own. Names other than `localhost` may be anyone's.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match ip {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => host == "localhost",
    }
}

/// A word as one segment of a path: every byte but letters, digits and `-_.~` is encoded, so that no word ends its
/// segment or begins a query.
pub(in crate::backends) fn encode_segment(word: &str, out: &mut String) {
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;
    use crate::error::ErrorKind;

    fn read(text: &str, allow_http: &str) -> Result<Url> {
        let mut settings = Settings::new();
        settings.set("vault.address", text, Origin::Builder).unwrap();
        settings.set("vault.allow_http", allow_http, Origin::Builder).unwrap();
        address(&settings, "vault.address", text, "vault.allow_http")
    }

    #[test]
    fn addresses_that_are_safe_are_taken() {
        for (text, taken) in [
            ("https://vault.example.com:8200", "https://vault.example.com:8200/"),
            (" https://vault.example.com/ ", "https://vault.example.com/"),
            ("https://gate.example.com/vault/", "https://gate.example.com/vault"),
            ("http://127.0.0.1:8200", "http://127.0.0.1:8200/"),
            ("http://127.8.9.1", "http://127.8.9.1/"),
            ("http://[::1]:8200", "http://[::1]:8200/"),
            ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]/"),
            ("http://localhost:8200", "http://localhost:8200/"),
        ] {
            assert_eq!(read(text, "off").unwrap().as_str(), taken);
        }
        assert!(read("http://vault.example.com", "on").is_ok());
    }

    #[test]
    fn every_other_address_is_refused_by_the_settings_name() {
        for text in [
            "",
            "vault.example.com:8200",
            "vault",
            "ftp://vault.example.com",
            "unix:///run/vault.sock",
            "https://",
            "https://me:hunter2@vault.example.com",
            "https://me@vault.example.com",
            "https://vault.example.com?x=1",
            "https://vault.example.com#x",
            "http://vault.example.com",
            "http://10.0.0.1:8200",
            "http://localhost.example.com",
            "http://vault.localhost",
            "http://0.0.0.0:8200",
        ] {
            let error = read(text, "off").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{text}");
            assert_eq!(error.setting(), Some("vault.address"));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_word_stays_one_segment() {
        let mut out = String::new();
        encode_segment("a/b?c#d%e\\f é@=-_.~", &mut out);
        assert_eq!(out, "a%2Fb%3Fc%23d%25e%5Cf%20%C3%A9%40%3D-_.~");
    }
}
