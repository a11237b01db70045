//! Where a key lies on the server, and which key a name on the server is.

use crate::backends::remote::net::encode_segment;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;

/// The mount, and the folder in it that holds the secrets.
#[derive(Debug)]
pub(super) struct Names {
    mount: String,
    prefix: String,
}

/// The parts of the interface of KV v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Data,
    Metadata,
    Delete,
    Undelete,
    Destroy,
}

impl Part {
    const fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Metadata => "metadata",
            Self::Delete => "delete",
            Self::Undelete => "undelete",
            Self::Destroy => "destroy",
        }
    }
}

impl Names {
    /// Reads mount and prefix.
    pub(super) fn read(app: &str, settings: &Settings) -> Result<Self> {
        let text = |setting, default| settings.text(setting).unwrap_or(default).trim_matches('/').to_owned();
        let mount = text("vault.mount", "secret");
        if mount.is_empty() {
            return Err(settings.error("vault.mount", "names no mount"));
        }
        let prefix = text("vault.prefix", app);
        for (setting, path) in [("vault.mount", &mount), ("vault.prefix", &prefix)] {
            if !path.is_empty() && !is_path(path) {
                return Err(settings.error(setting, "has an empty segment, `.`, `..` or a control character in it"));
            }
        }
        Ok(Self { mount, prefix })
    }

    pub(super) fn mount(&self) -> &str {
        &self.mount
    }

    /// The path in the mount at which a key lies.
    pub(super) fn path(&self, key: &SecretKey) -> String {
        self.within(key.as_str())
    }

    /// The path in the mount of what is called so in the folder of the secrets.
    pub(super) fn within(&self, name: &str) -> String {
        match self.prefix.is_empty() {
            true => name.to_owned(),
            false => format!("{}/{name}", self.prefix),
        }
    }

    /// What to ask the server for about a path in the mount.
    pub(super) fn of(&self, part: Part, path: &str) -> String {
        of(&self.mount, part, path)
    }

    /// Where the secrets lie, after the server's address.
    pub(super) fn place(&self) -> String {
        match self.prefix.is_empty() {
            true => self.mount.clone(),
            false => format!("{}/{}", self.mount, self.prefix),
        }
    }
}

/// What to ask the server for about a path in a mount.
pub(super) fn of(mount: &str, part: Part, path: &str) -> String {
    let mut encoded = encode(mount);
    encoded.push('/');
    encoded.push_str(part.word());
    encoded.push('/');
    encoded.push_str(&encode(path));
    encoded
}

/// A path with its segments encoded.
pub(super) fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            encoded.push('/');
        }
        encode_segment(segment, &mut encoded);
    }
    encoded
}

/// Whether the server takes these segments as they are. It cleans `.`, `..` and empty ones away, which leads elsewhere.
pub(super) fn is_path(path: &str) -> bool {
    path.split('/').all(|segment| !matches!(segment, "" | "." | "..")) && !path.chars().any(char::is_control)
}

/// A path that somebody wrote.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`].
pub(super) fn checked(path: &str) -> Result<&str> {
    match is_path(path) {
        true => Ok(path),
        false => Err(Error::new(
            ErrorKind::InvalidArgument,
            "the path has an empty segment, `.`, `..` or a control character in it",
        )),
    }
}

/// The key that a name in the folder of the secrets is; `None` where it is none, or not in its one form.
pub(super) fn key_of(name: &str) -> Option<SecretKey> {
    let key = SecretKey::parse(name).ok()?;
    (key.as_str() == name).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    fn names(mount: &str, prefix: &str) -> Result<Names> {
        let mut settings = Settings::new();
        settings.set("vault.mount", mount, Origin::Builder).unwrap();
        settings.set("vault.prefix", prefix, Origin::Builder).unwrap();
        Names::read("app", &settings)
    }

    #[test]
    fn a_key_lies_below_the_prefix_and_is_encoded() {
        let key = SecretKey::parse("org/acme/api_key@production").unwrap();
        let both = names("team/kv/", "/side seat/").unwrap();
        assert_eq!(
            both.of(Part::Data, &both.path(&key)),
            "team/kv/data/side%20seat/org/acme/api_key%40production"
        );
        let bare = names("secret", "").unwrap();
        assert_eq!(bare.path(&SecretKey::new("x")), "global/x");
        assert_eq!(bare.place(), "secret");
        assert_eq!(both.place(), "team/kv/side seat");
        let default = Names::read("my-app", &Settings::new()).unwrap();
        assert_eq!(default.place(), "secret/my-app");
    }

    #[test]
    fn what_the_server_would_clean_away_is_refused() {
        for (mount, prefix, setting) in [
            ("", "x", "vault.mount"),
            ("/", "x", "vault.mount"),
            ("a//b", "x", "vault.mount"),
            ("..", "x", "vault.mount"),
            ("a/./b", "x", "vault.mount"),
            ("kv", "a/../b", "vault.prefix"),
            ("kv", "a\nb", "vault.prefix"),
        ] {
            let error = names(mount, prefix).unwrap_err();
            assert_eq!(
                (error.kind(), error.setting()),
                (ErrorKind::InvalidConfig, Some(setting))
            );
        }
        for path in ["", "a//b", "/a", "a/", "..", "a/../b", "a\u{7f}"] {
            assert!(checked(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn only_names_in_their_one_form_are_keys() {
        assert_eq!(key_of("global/x").unwrap().as_str(), "global/x");
        assert_eq!(key_of("org/acme/x@y").unwrap().as_str(), "org/acme/x@y");
        for name in ["x", "global/a b", "global/x/y", "other/x", "org/acme", ""] {
            assert!(key_of(name).is_none(), "{name}");
        }
    }
}
