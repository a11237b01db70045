//! Runs the vectors in Rust: `keys.json`, `errors.json` and `verbs.json`, whose schema `README.md` describes. A vector
//! that no backend ran fails the count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod runner;

use std::collections::{BTreeMap, BTreeSet};

use runner::{array, load, parity, suits, text, value};
use serde_json::Value;
use strongroom::{ErrorKind, Face, SecretKey};

/// Whether an error is of the class that a vector names, told by its text.
fn has_reason(file: &Value, vector: &Value, error: &strongroom::Error) -> bool {
    error.kind() == ErrorKind::InvalidKey
        && error
            .message()
            .contains(text(&file["reasons"][text(&vector["reason"])]))
}

#[test]
fn keys() {
    let file = load("keys.json");
    let mut ran = 0;
    for vector in array(&file["valid"]) {
        let key = SecretKey::parse(text(&vector["text"])).unwrap_or_else(|error| panic!("{vector}: {error}"));
        assert_eq!(key.as_str(), text(&vector["canonical"]));
        assert_eq!(key.kind().word(), text(&vector["kind"]));
        assert_eq!(key.id(), vector["id"].as_str(), "{vector}");
        assert_eq!(key.name(), text(&vector["name"]));
        assert_eq!(key.target(), vector["target"].as_str(), "{vector}");
        assert_eq!(
            SecretKey::parse(key.as_str()).unwrap(),
            key,
            "the canonical text is a key, too"
        );
        ran += 1;
    }
    for vector in array(&file["invalid"]) {
        let error = SecretKey::parse(text(&vector["text"])).expect_err(text(&vector["text"]));
        assert!(has_reason(&file, vector, &error), "{vector}: {error}");
        ran += 1;
    }
    for vector in array(&file["escape"]) {
        let (word, escaped) = (value(&vector["word"]), text(&vector["escaped"]));
        assert_eq!(SecretKey::escape(&word), escaped);
        assert_eq!(SecretKey::unescape(escaped).unwrap(), word, "{vector}");
        ran += 1;
    }
    for vector in array(&file["unescape_invalid"]) {
        let error = SecretKey::unescape(text(&vector["text"])).expect_err(text(&vector["text"]));
        assert!(has_reason(&file, vector, &error), "{vector}: {error}");
        ran += 1;
    }
    for vector in array(&file["keyring"]) {
        let [service, account] = ["service", "account"].map(|part| SecretKey::escape(text(&vector[part])));
        assert_eq!(format!("app/{service}/{account}"), text(&vector["key"]));
        assert!(SecretKey::parse(text(&vector["key"])).is_ok(), "{vector}");
        ran += 1;
    }
    assert_eq!(
        Some(ran),
        file["count"].as_u64(),
        "vectors that ran, and vectors that there are"
    );
    parity::write_keys();
}

#[test]
fn errors() {
    let file = load("errors.json");
    let kinds = array(&file["kinds"]);
    for vector in kinds {
        let kind = ErrorKind::from_token(text(&vector["token"])).unwrap_or_else(|| panic!("{vector}"));
        assert_eq!(Some(u64::from(kind.number())), vector["number"].as_u64(), "{vector}");
        assert_eq!(
            Some(u64::from(kind.exit_code())),
            vector["exit_code"].as_u64(),
            "{vector}"
        );
        assert_eq!(Some(kind.is_retryable()), vector["retryable"].as_bool(), "{vector}");
        assert_eq!(ErrorKind::from_number(kind.number()), Some(kind));
        assert_eq!(
            strongroom::Error::from(kind).to_string().split(':').next(),
            Some(kind.token())
        );
    }
    let tokens: BTreeSet<_> = kinds.iter().map(|vector| text(&vector["token"])).collect();
    let all: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.token()).collect();
    assert_eq!(tokens, all, "every kind has its vector");
    let numbers: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.number()).collect();
    let exits: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.exit_code()).collect();
    assert_eq!(
        (numbers.len(), exits.len()),
        (all.len(), all.len()),
        "numbers and exit codes are never shared"
    );
    assert!(
        !numbers.contains(&0) && !exits.contains(&0) && !exits.contains(&2),
        "0 is success, 2 is usage"
    );
    assert_eq!(Some(kinds.len() as u64), file["count"].as_u64());
}

#[test]
fn verbs() {
    let file = load("verbs.json");
    let scripts = array(&file["scripts"]);
    let mut steps = BTreeMap::new();
    let mut failures = Vec::new();
    for (at, script) in scripts.iter().enumerate() {
        for backend in array(&file["backends"]).iter().filter(|backend| suits(backend, script)) {
            for face in [Face::Async, Face::Blocking] {
                match runner::run(backend, face, script) {
                    Ok(ran) => drop(steps.insert(at, ran)),
                    Err(failure) => {
                        failures.push(format!("{}, {face:?}, {}: {failure}", backend["name"], script["name"]));
                    }
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(
        Some(steps.len() as u64),
        file["count"].as_u64(),
        "scripts that ran, and scripts that there are"
    );
    assert_eq!(
        Some(steps.values().sum::<u64>()),
        file["steps"].as_u64(),
        "steps that ran, and steps that there are"
    );
    let names: BTreeSet<_> = scripts.iter().map(|script| text(&script["name"])).collect();
    assert_eq!(names.len(), scripts.len(), "every script has a name of its own");
    parity::write_verbs(scripts);
}
