//! Which file is which key's.
//!
//! A global key is the file of its name, with the target where there is one: `db_password`, `API_KEY@production`. A key of
//! a scope lies in folders of kind and id: `org/acme/api_key`. Each part stands as it does in the key's text, so no two
//! keys share a file (where the file system tells upper from lower case). Names that begin with `..` are Kubernetes' own
//! and never a key's. There is no folder `global`.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::scope::ScopeKind;

/// The longest name of a file or folder, on every system that matters.
const LONGEST: usize = 255;

/// The path of the key's file below the folder.
///
/// # Errors
/// [`ErrorKind::InvalidKey`] where a part of it begins with `..`; [`ErrorKind::TooLarge`] where one is longer than a
/// file's name can be.
pub(super) fn file(key: &SecretKey) -> Result<PathBuf> {
    let text = key.as_str();
    let path = text.strip_prefix("global/").unwrap_or(text);
    for part in path.split('/') {
        if part.starts_with("..") {
            let text = "a name that begins with `..` is no secret's file";
            return Err(Error::new(ErrorKind::InvalidKey, text).with_help("rename the key"));
        }
        if part.len() > LONGEST {
            let text = format!("a part of the key is longer than the {LONGEST} bytes of a file's name");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
    }
    Ok(PathBuf::from(path))
}

/// The key of a file below the folder, where it is one's.
pub(super) fn key(path: &Path) -> Option<SecretKey> {
    let key = SecretKey::parse(path.to_str()?).ok()?;
    (file(&key).ok()? == path).then_some(key)
}

/// Whether a folder may hold secrets: one named by a kind of scope, or below such a one.
pub(super) fn is_scope(path: &Path) -> bool {
    let mut parts = path.iter().filter_map(|part| part.to_str());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), id, None) => {
            ScopeKind::from_word(kind).is_some_and(|kind| kind != ScopeKind::Global)
                && id.is_none_or(|id| crate::key::check_segment(id).is_ok())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_file_of_its_own_and_is_read_back_from_it() {
        for (text, path) in [
            ("global/db_password", "db_password"),
            ("global/API_KEY@production", "API_KEY@production"),
            ("org/acme/api_key", "org/acme/api_key"),
            ("user/u=40example/k@t", "user/u=40example/k@t"),
            ("global/org", "org"),
            ("global/.hidden", ".hidden"),
        ] {
            let wanted = SecretKey::parse(text).unwrap();
            assert_eq!(file(&wanted).unwrap(), Path::new(path));
            assert_eq!(key(Path::new(path)), Some(wanted));
        }
        for none in [
            "..data",
            "global/x",
            "org/acme",
            "nokind/a/b",
            "a b",
            "org/..x/a",
            "a@b@c",
            "org/a/b/c",
            "a=41",
        ] {
            assert_eq!(key(Path::new(none)), None, "{none}");
        }
        for (text, kind) in [
            ("..data", ErrorKind::InvalidKey),
            ("org/..x/a", ErrorKind::InvalidKey),
            (&"k".repeat(256), ErrorKind::TooLarge),
        ] {
            assert_eq!(file(&SecretKey::parse(text).unwrap()).unwrap_err().kind(), kind);
        }
    }
}
