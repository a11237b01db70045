//! The words behind `set`: one key, or several `KEY=VALUE`.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};

use strongroom::{Error, ErrorKind, Result, SecretKey, SecretValue};

use crate::failure::Failure;
use crate::input;

/// A key and some escapes; no text before an `=` that is longer can be one.
const LONGEST_KEY: usize = 4 * strongroom::MAX_SEGMENT;

/// What the words say.
#[derive(Debug)]
pub(crate) enum Words {
    /// The value comes from elsewhere.
    Key(SecretKey),
    /// The values stand in the arguments.
    Pairs(Vec<(SecretKey, SecretValue)>),
}

/// How words are read that could be two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// An option says where the value comes from, so the word is a key.
    Key,
    /// An option says that the words are `KEY=VALUE`.
    Pairs,
    /// Nothing says; whether a value waits on stdin.
    Open { stdin: bool },
}

impl Reading {
    /// Nothing says. A pipe or a file on stdin may hold a value; a terminal and `/dev/null` do not.
    pub(crate) fn open() -> Self {
        let waits = !io::stdin().is_terminal() && input::stdin_may_hold_a_value();
        Self::Open { stdin: waits }
    }
}

/// Reads the words; `key` reads one key. No message ever shows what may be a value.
pub(crate) fn read(
    words: &[OsString],
    reading: Reading,
    key: impl Fn(&str) -> Result<SecretKey>,
) -> Result<Words, Failure> {
    let mut pairs = Vec::with_capacity(words.len());
    let mut bare = Vec::new();
    for word in words {
        match split(word, &key) {
            Some(pair) => pairs.push((word, pair)),
            None => bare.push(word),
        }
    }
    match (&pairs[..], &bare[..]) {
        ([], [_]) if reading == Reading::Pairs => Err(Failure::usage(
            "`--insecure-arg` takes KEY=VALUE, and this is none (it is not shown: it may be a value)",
            "give `KEY=VALUE`, or the key alone without the option, and its value on stdin",
        )),
        ([], [lone]) => lone_key(lone, key).map(Words::Key),
        ([(lone, _)], []) if reading == Reading::Key => lone_key(lone, key).map(Words::Key),
        _ if reading == Reading::Key => Err(Failure::usage(
            "an option says where one value comes from, and there are several keys",
            "give one key with `--from-file` or `--raw`, or `KEY=VALUE` without them",
        )),
        ([(lone, _)], []) if reading == (Reading::Open { stdin: true }) && is_key(lone, &key) => Err(Error::new(
            ErrorKind::Ambiguous,
            "this is `KEY=VALUE` and a key with an escape as well (it is not shown: it may hold a value)",
        )
        .with_help(
            "give `--insecure-arg` for `KEY=VALUE`, or `--raw` or `--from-file -` for a key whose value is on stdin",
        )
        .into()),
        (_, []) => distinct(pairs.into_iter().map(|(_, pair)| pair)).map(Words::Pairs),
        ([], [_, ..]) => Err(Failure::usage(
            "a value cannot stand behind its key: every process of the machine can read it there",
            "pipe it in, as in `printf %s \"$VALUE\" | strongroom set KEY`, or use `--from-file`",
        )),
        (_, [broken, ..]) => Err(match bad_pair(broken, &key) {
            Some(error) => error.into(),
            None => Failure::usage(
                "a key without a value stands beside `KEY=VALUE` (it is not shown: it may be a value)",
                "give `KEY=VALUE` for each, or one key alone",
            ),
        }),
    }
}

fn distinct(given: impl Iterator<Item = (SecretKey, SecretValue)>) -> Result<Vec<(SecretKey, SecretValue)>, Failure> {
    let mut pairs: Vec<(SecretKey, SecretValue)> = Vec::new();
    for (key, value) in given {
        if pairs.iter().any(|(present, _)| *present == key) {
            return Err(Failure::usage(format!("`{key}` is given twice"), "give each key once"));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// The key and the value, split at the first `=` before which a key stands.
fn split(word: &OsStr, key: impl Fn(&str) -> Result<SecretKey>) -> Option<(SecretKey, SecretValue)> {
    let bytes = word.as_encoded_bytes();
    let signs = bytes
        .iter()
        .enumerate()
        .take(LONGEST_KEY)
        .filter(|(_, byte)| **byte == b'=');
    for (place, _) in signs {
        let before = std::str::from_utf8(&bytes[..place]).ok()?;
        if let Ok(key) = key(before) {
            return Some((key, value(word, place + 1)?));
        }
    }
    None
}

#[cfg(unix)]
fn value(word: &OsStr, from: usize) -> Option<SecretValue> {
    use std::os::unix::ffi::OsStrExt;
    Some(SecretValue::copy_of(&word.as_bytes()[from..]))
}

/// Arguments have no bytes of their own here.
#[cfg(not(unix))]
fn value(word: &OsStr, from: usize) -> Option<SecretValue> {
    Some(SecretValue::from(&word.to_str()?[from..]))
}

fn is_key(word: &OsStr, key: impl Fn(&str) -> Result<SecretKey>) -> bool {
    word.to_str().is_some_and(|text| key(text).is_ok())
}

/// The error of what looks like `KEY=VALUE` with a wrong key; it is told without the part behind the `=`.
fn bad_pair(word: &OsStr, key: impl Fn(&str) -> Result<SecretKey>) -> Option<Error> {
    let bytes = word.as_encoded_bytes();
    let sign = bytes.iter().position(|byte| *byte == b'=')?;
    match std::str::from_utf8(&bytes[..sign]) {
        Ok(before) => key(before).err(),
        Err(_) => Some(Error::new(
            ErrorKind::InvalidKey,
            "what stands before the `=` is no key",
        )),
    }
}

fn lone_key(word: &OsStr, key: impl Fn(&str) -> Result<SecretKey>) -> Result<SecretKey, Failure> {
    let Some(text) = word.to_str() else {
        return Err(Failure::usage(
            "the key is not Unicode",
            "write other bytes as `=HH`; `strongroom help set` shows how keys are written",
        ));
    };
    match (key(text), text.contains('=')) {
        (Ok(key), _) => Ok(key),
        (Err(error), false) => Err(error.into()),
        (Err(_), true) => Err(bad_pair(word, key)
            .unwrap_or_else(|| {
                Error::new(
                    ErrorKind::InvalidKey,
                    "this is no key (it is not shown: what stands behind the `=` may be a value)",
                )
                .with_help("give the key alone where an option says where its value comes from")
            })
            .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str], reading: Reading) -> Result<Words, Failure> {
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        read(&words, reading, SecretKey::parse)
    }

    fn pairs(from: &[&str], reading: Reading) -> Vec<(String, String)> {
        match words(from, reading) {
            Ok(Words::Pairs(pairs)) => pairs
                .iter()
                .map(|(key, value)| (key.to_string(), value.expose_str().unwrap().to_owned()))
                .collect(),
            other => panic!("{from:?}: {other:?}"),
        }
    }

    const OPEN: Reading = Reading::Open { stdin: false };
    const PIPED: Reading = Reading::Open { stdin: true };

    #[test]
    fn the_first_sign_behind_a_key_splits() {
        for (word, key, value) in [
            ("A=b", "global/A", "b"),
            ("A=", "global/A", ""),
            ("A=b=c==", "global/A", "b=c=="),
            ("org/acme/a=x/y", "org/acme/a", "x/y"),
            ("user/me=40example.org/k=v", "user/me=40example.org/k", "v"),
            ("PORT=8080", "global/PORT", "8080"),
            ("URL=postgresql://u:p@h/d?a=b", "global/URL", "postgresql://u:p@h/d?a=b"),
        ] {
            assert_eq!(pairs(&[word], OPEN), [(key.to_owned(), value.to_owned())]);
        }
        assert_eq!(pairs(&["A=1", "B=2"], PIPED).len(), 2);
    }

    #[test]
    fn what_could_be_two_things_is_decided_by_options_or_refused() {
        assert!(matches!(
            words(&["PORT=8080"], PIPED),
            Err(Failure::Strongroom(error)) if error.kind() == ErrorKind::Ambiguous && !error.to_string().contains("8080")
        ));
        assert_eq!(pairs(&["PORT=8080"], Reading::Pairs)[0].1, "8080");
        assert!(matches!(words(&["PORT=8080"], Reading::Key), Ok(Words::Key(_))));
        for reading in [OPEN, PIPED, Reading::Key] {
            assert!(matches!(
                words(&["user/me=40example.org/k"], reading),
                Ok(Words::Key(_))
            ));
        }
        assert!(matches!(words(&["A"], Reading::Pairs), Err(Failure::Usage { .. })));
    }

    #[test]
    fn no_message_shows_a_value() {
        for wrong in [
            &["A", "s3cret"][..],
            &["A=1", "s3cret"],
            &["A=1", "../x=s3cret"],
            &["..=s3cret"],
            &["=s3cret"],
            &["A=s3cret", "A=s3cret2"],
            &["A=s3cret", "global/A=s3cret2"],
        ] {
            for reading in [OPEN, PIPED, Reading::Pairs, Reading::Key] {
                let refused = format!("{:?}", words(wrong, reading).unwrap_err());
                assert!(!refused.contains("s3cret"), "{wrong:?}: {refused}");
            }
        }
    }
}
