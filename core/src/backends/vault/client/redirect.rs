//! Where a server may send a request on to.
//!
//! A standby node answers 307 with the address of the active one, where it does not pass the request on itself. The
//! request that is then made again carries the token and the value, so that one hop is made, and only where
//!
//! - path and query are the ones that were asked for: a server answers 307 to the cleaned form of an odd path too, and a
//!   write would end at another name;
//! - the scheme is not weaker;
//! - it is the same host by `https`, whose certificate says so again, or the host is one of `vault.redirect_hosts`. A
//!   token never goes to a host that nobody named.

use reqwest::Url;

/// The hosts that may be sent on to, `host` or `host:port`.
#[derive(Debug)]
pub(super) struct Redirects {
    hosts: Vec<String>,
}

impl Redirects {
    pub(super) fn new(hosts: Vec<String>) -> Self {
        Self { hosts }
    }

    /// Where a request to `from` goes on to, where the server says `location`; `None` where it must not.
    pub(super) fn target(&self, from: &Url, location: &str) -> Option<Url> {
        let to = from.join(location).ok()?;
        let is_same_place = to.path() == from.path() && to.query() == from.query() && to.fragment().is_none();
        let is_clean = to.username().is_empty() && to.password().is_none();
        let is_as_safe = to.scheme() == "https" || (to.scheme() == "http" && from.scheme() == "http");
        (to != *from && is_same_place && is_clean && is_as_safe && self.allows(from, &to)).then_some(to)
    }

    fn allows(&self, from: &Url, to: &Url) -> bool {
        let Some(host) = to.host_str() else {
            return false;
        };
        let with_port = format!("{host}:{}", to.port_or_known_default().unwrap_or_default());
        (to.scheme() == "https" && to.host_str() == from.host_str())
            || self.hosts.iter().any(|known| *known == host || *known == with_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "https://vault.example.com:8200/v1/secret/data/app/x?version=2";

    fn target(hosts: &[&str], from: &str, location: &str) -> Option<String> {
        let redirects = Redirects::new(hosts.iter().map(|host| (*host).to_owned()).collect());
        let to = redirects.target(&Url::parse(from).unwrap(), location);
        to.map(|url| url.to_string())
    }

    #[test]
    fn a_hop_to_the_same_host_or_a_named_one_is_made() {
        let same = "https://vault.example.com:8201/v1/secret/data/app/x?version=2";
        assert_eq!(target(&[], FROM, same).as_deref(), Some(same));
        let other = "https://node2.example.com:8200/v1/secret/data/app/x?version=2";
        assert_eq!(target(&["node2.example.com"], FROM, other).as_deref(), Some(other));
        assert_eq!(target(&["node2.example.com:8200"], FROM, other).as_deref(), Some(other));
        let plain = "http://127.0.0.1:8200/v1/x";
        let safe = "https://127.0.0.1:8200/v1/x";
        assert_eq!(target(&[], plain, safe).as_deref(), Some(safe));
        let node = "http://127.0.0.1:8300/v1/x";
        assert_eq!(target(&["127.0.0.1:8300"], plain, node).as_deref(), Some(node));
    }

    #[test]
    fn no_other_hop_is_made() {
        for location in [
            "https://node2.example.com:8200/v1/secret/data/app/x?version=2",
            "https://vault.example.com.evil.example/v1/secret/data/app/x?version=2",
            "https://vault.example.com@evil.example/v1/secret/data/app/x?version=2",
            "https://me@vault.example.com:8200/v1/secret/data/app/x?version=2",
            "http://vault.example.com:8200/v1/secret/data/app/x?version=2",
            "https://vault.example.com:8200/v1/secret/data/x?version=2",
            "https://vault.example.com:8200/v1/secret/data/app/x",
            "https://vault.example.com:8200/v1/secret/data/app/x?version=2#y",
            "//evil.example/v1/secret/data/app/x?version=2",
            "/v1/secret/data/other",
            "ftp://vault.example.com/v1/secret/data/app/x?version=2",
            "",
            "::",
        ] {
            assert_eq!(target(&["node3.example.com"], FROM, location), None, "{location}");
        }
        // A port more is another program, which may be another user's where nothing proves whose it is.
        assert_eq!(
            target(&[], "http://127.0.0.1:8200/v1/x", "http://127.0.0.1:8300/v1/x"),
            None
        );
        assert_eq!(
            target(
                &["node2.example.com:8200"],
                FROM,
                "https://node2.example.com/v1/secret/data/app/x?version=2"
            ),
            None
        );
    }
}
