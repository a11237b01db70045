//! Keys, good and bad.

use std::os::unix::ffi::OsStrExt;

use crate::home::Home;

#[test]
fn every_way_to_write_a_key() {
    let home = Home::with_store();
    for key in [
        "API_KEY",
        "global/other",
        "org/acme/api_key",
        "user/me=40example.org/k",
        "API_KEY@production",
        "a.b-c=3D",
    ] {
        // `--raw` says that the value is on stdin, also where the key could be `KEY=VALUE`.
        home.run_with(&["set", "--raw", key], key.as_bytes()).ok();
        assert_eq!(home.get(key), key.as_bytes());
    }
    assert_eq!(home.get("global/API_KEY"), b"API_KEY", "a bare name is global");
}

#[test]
fn bad_keys_are_refused_by_every_verb() {
    let home = Home::with_store();
    let long = "a".repeat(1025);
    let bad = [
        "",
        ".",
        "..",
        "a//b",
        "/a",
        "a/",
        "org//b",
        "org/acme",
        "org/acme/",
        "org/../x",
        "org/a/b/c",
        "global/a/b",
        "planet/earth/x",
        &long,
        "a\nb",
        "a\x1b[31m",
        "a\tb",
        "schlüssel",
        "🔑",
        "a b",
        "a@b@c",
        "=41",
        "=zz",
    ];
    for key in bad {
        for verb in [
            &["set"][..],
            &["get"],
            &["delete"],
            &["versions"],
            &["rollback", "--back", "1"],
            &["generate"],
        ] {
            let args: Vec<_> = verb.iter().copied().chain([key]).collect();
            let run = home.run_with(&args, b"value").fails("invalid_key", 50);
            assert!(
                !run.stderr.contains('\x1b') && run.stderr.len() < 1000,
                "{key:?}: {}",
                run.stderr
            );
        }
    }
    assert_eq!(home.run(&["list"]).ok().text(), "");
}

#[test]
fn the_longest_segment_fits() {
    let home = Home::with_store();
    let name = "a".repeat(1024);
    let key = format!("org/{name}/{name}@{name}");
    home.set(&key, b"v");
    assert_eq!(home.get(&key), b"v");
}

#[test]
fn a_key_that_is_not_unicode_is_a_usage_error() {
    let home = Home::with_store();
    let key = std::ffi::OsStr::from_bytes(b"\xff");
    home.run_with(&["set".as_ref(), key], b"v").fails("usage", 2);
}
