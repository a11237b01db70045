//! The table of backends: word, feature, how to open. Explicit, because linker tricks do not work in static libraries.

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest, Operation};
use crate::config::Settings;
use crate::config::nearest::{nearest, shown_word};
use crate::error::{Error, Result};

type Opener = fn(&OpenRequest<'_>) -> Result<Arc<dyn Backend>>;

/// One row of the table.
pub(crate) struct Registration {
    pub(crate) name: &'static str,
    /// The cargo feature that compiles it in; empty where it always is.
    pub(crate) feature: &'static str,
    /// Whether opening looks at files that others put anywhere, also on a mount that hangs: then no caller's thread
    /// does it.
    pub(crate) may_hang: bool,
    /// How to open it; `None` where it is not compiled in.
    pub(crate) open: Option<Opener>,
}

macro_rules! when {
    ($feature:literal, $open:path) => {{
        #[cfg(feature = $feature)]
        let open: Option<Opener> = Some($open);
        #[cfg(not(feature = $feature))]
        let open = None;
        open
    }};
}

/// Every backend that this version knows, compiled in or not.
pub(crate) fn registrations() -> Vec<Registration> {
    vec![
        Registration {
            name: "memory",
            feature: "",
            may_hang: false,
            open: Some(crate::backends::memory::open),
        },
        Registration {
            name: "encrypted",
            feature: "encrypted",
            may_hang: false,
            open: when!("encrypted", crate::backends::encrypted::open),
        },
        Registration {
            name: "local_encrypted",
            feature: "encrypted",
            may_hang: false,
            open: when!("encrypted", crate::backends::local_encrypted::open),
        },
        Registration {
            name: "file",
            feature: "file",
            may_hang: true,
            open: when!("file", crate::backends::file::open),
        },
        Registration {
            name: "env",
            feature: "env",
            may_hang: true,
            open: when!("env", crate::backends::env::open),
        },
        Registration {
            name: "directory",
            feature: "directory",
            may_hang: true,
            open: when!("directory", crate::backends::directory::open),
        },
        Registration {
            name: "chain",
            feature: "chain",
            may_hang: true,
            open: when!("chain", crate::backends::chain::open),
        },
        Registration {
            name: "vault",
            feature: "vault",
            may_hang: true,
            open: when!("vault", crate::backends::vault::open),
        },
        Registration {
            name: "aws",
            feature: "aws",
            may_hang: false,
            open: when!("aws", crate::backends::aws::open),
        },
        Registration {
            name: "fault",
            feature: "testing",
            may_hang: false,
            open: when!("testing", crate::backends::fault::open),
        },
    ]
}

/// The words of the backends that this build has.
pub fn names() -> Vec<&'static str> {
    registrations()
        .iter()
        .filter(|registration| registration.open.is_some())
        .map(|found| found.name)
        .collect()
}

/// The words that a message tells: those of this build, without the one for tests.
pub(crate) fn offered() -> Vec<&'static str> {
    names().into_iter().filter(|word| *word != "fault").collect()
}

/// Other words for backends, and the word that each of them stands for.
const ALIASES: [(&str, &str); 3] = [("local", "local_encrypted"), ("aws_sm", "aws"), ("hashicorp", "vault")];

/// Backends that this version does not have and a later one will.
const COMING: [&str; 5] = [
    "keychain",
    "data-protection-keychain",
    "credential-manager",
    "secret-service",
    "keyutils",
];

/// The word that a word stands for.
fn canonical(name: &str) -> &str {
    let found = ALIASES.iter().find(|(alias, _)| *alias == name);
    found.map_or(name, |(_, word)| word)
}

/// The word itself, where it or what it stands for is one that this version knows.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    let name = canonical(name);
    registrations()
        .iter()
        .map(|registration| registration.name)
        .find(|known| *known == name)
}

/// Whether opening the backend of this word may hang on a mount; `false` for a word that is none.
pub(crate) fn may_hang(name: &str) -> bool {
    let registrations = registrations();
    registrations.iter().any(|found| found.name == name && found.may_hang)
}

/// The word of a backend that a later version will have, where it is one.
pub(crate) fn coming(name: &str) -> Option<&'static str> {
    let name = canonical(name);
    COMING.into_iter().find(|word| *word == name)
}

/// Every word that may name a backend: those of this version, compiled in or not, and what stands for them.
pub(crate) fn words() -> Vec<&'static str> {
    let mut words: Vec<_> = registrations().iter().map(|registration| registration.name).collect();
    let stands_for_one = |(alias, word): &(&'static str, &str)| words.contains(word).then_some(*alias);
    let aliases: Vec<_> = ALIASES.iter().filter_map(stands_for_one).collect();
    words.extend(aliases);
    words
}

/// Opens the backend called `name`.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) where there is none of this name, a later version will have it,
/// or it is not compiled in; else the backend's own.
pub(crate) fn open(name: &str, request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let (name, open) = find(name, request.settings)?;
    open(request).map_err(|error: Error| error.with_operation(Operation::Open).with_backend(name))
}

/// Whether this build has the backend called `name`.
///
/// # Errors
/// As [`open`] where it has none.
pub(crate) fn check(name: &str, settings: &Settings) -> Result<()> {
    find(name, settings).map(drop)
}

fn find(name: &str, settings: &Settings) -> Result<(&'static str, Opener)> {
    let word = canonical(name);
    let registrations = registrations();
    let Some(found) = registrations.iter().find(|registration| registration.name == word) else {
        return Err(settings.error("backend", &no_backend(name)));
    };
    let Some(open) = found.open else {
        let reason = format!(
            "names `{}`, a backend that needs the cargo feature `{}`, which this build lacks; it has {}",
            found.name,
            found.feature,
            offered().join(", ")
        );
        return Err(settings.error("backend", &reason));
    };
    Ok((found.name, open))
}

/// What is wrong with a word that names no backend of this version; for the end of a sentence.
fn no_backend(name: &str) -> String {
    let there = offered().join(", ");
    if let Some(word) = coming(name) {
        return format!("names `{word}`, a backend that this version does not have; this build has {there}");
    }
    let shown = shown_word(name);
    let offered = words().into_iter().filter(|word| *word != "fault");
    let near = nearest(name, offered).map_or(String::new(), |word| format!("; did you mean `{word}`?"));
    format!("names no backend (`{shown}`){near}; this build has {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_known_or_told_apart() {
        assert_eq!(known("memory"), Some("memory"));
        assert_eq!(known("aws_sm"), Some("aws"));
        assert_eq!(known("hashicorp"), Some("vault"));
        assert_eq!(coming("keychain"), Some("keychain"));
        assert_eq!(coming("memory"), None);
        assert!(no_backend("vualt").contains("did you mean `vault`?"));
        assert!(no_backend("keychain").contains("this version does not have"));
        assert!(!no_backend("faulty").contains("`fault`") && !no_backend("faulty").contains("fault,"));
        assert!(no_backend("memroy").contains("did you mean `memory`?"));
        for (alias, word) in ALIASES {
            assert!(known(alias).is_some() || coming(alias).is_some(), "{alias}");
            assert!(coming(word).is_none() || known(word).is_none(), "{word} is both");
        }
    }
}
