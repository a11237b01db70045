//! What a key's secret is called: `{prefix}/{key}`. Every character of a key is one that the service takes.

use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;

/// The longest name that the service takes.
pub(super) const LONGEST: usize = 512;

/// Whether the service takes such a character in a name.
pub(super) fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte)
}

/// The name of a key's secret.
///
/// # Errors
/// [`ErrorKind::TooLarge`] naming the limit.
pub(super) fn name(prefix: &str, key: &SecretKey) -> Result<String> {
    let name = format!("{}{}", start(prefix), key.as_str());
    if name.len() > LONGEST {
        let text =
            format!("the name of the secret, prefix and key, would be longer than the service's {LONGEST} characters");
        return Err(Error::new(ErrorKind::TooLarge, text).with_key(key));
    }
    Ok(name)
}

/// What all names begin with.
pub(super) fn start(prefix: &str) -> String {
    match prefix {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    }
}

/// Whether a name ends as an ARN does, in `-` and six characters. The service may take such a name for the end of
/// another secret's ARN, so whose answer it is must be looked at, and a write goes to the full ARN.
pub(super) fn is_like_arn(name: &str) -> bool {
    let Some((_, end)) = name.rsplit_once('-') else {
        return false;
    };
    end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The region of an ARN.
pub(super) fn region_of_arn(name: &str) -> Option<&str> {
    let mut parts = name.split(':');
    let is_arn = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("secretsmanager");
    parts.next().filter(|region| is_arn && !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_prefix_and_key_and_never_too_long() {
        let key = SecretKey::parse("org/acme/api_key@production").unwrap();
        assert_eq!(name("sideseat", &key).unwrap(), "sideseat/org/acme/api_key@production");
        assert_eq!(name("", &SecretKey::new("k")).unwrap(), "global/k");
        let longest = SecretKey::new("k".repeat(LONGEST - "p/global/".len()));
        assert_eq!(name("p", &longest).unwrap().len(), LONGEST);
        let error = name("pp", &longest).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains("512"), "{error}");
    }

    #[test]
    fn names_that_end_as_arns_do_are_known() {
        assert!(is_like_arn("app/global/my-secret") && is_like_arn("a-1b2C3d"));
        assert!(!is_like_arn("app/global/my_secret") && !is_like_arn("a-12345") && !is_like_arn("a-1234567"));
        assert!(!is_like_arn("a-12345_"));
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-1b2c3d";
        assert_eq!(region_of_arn(arn), Some("eu-west-1"));
        assert_eq!(region_of_arn("arn:aws:iam::1:role/x"), None);
        assert_eq!(region_of_arn("a/b"), None);
    }
}
