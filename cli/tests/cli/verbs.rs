//! What each verb does, and its exit codes.

use crate::home::Home;

#[test]
fn init_is_idempotent_and_says_what_it_did() {
    let home = Home::new();
    let first = home.run(&["init"]).ok();
    assert!(
        first.stderr.contains("made the store") && first.stderr.contains("secrets.strongroom"),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("secrets.key"), "{}", first.stderr);
    assert!(home.store().is_file() && home.key_file().is_file());
    home.set("A", b"v");
    let second = home.run(&["init"]).ok();
    assert!(second.stderr.contains("there already"), "{}", second.stderr);
    assert_eq!(home.get("A"), b"v");
    assert_eq!(home.run(&["-q", "init"]).ok().stderr, "");
}

#[test]
fn only_what_brings_in_a_secret_makes_a_store() {
    let home = Home::new();
    for args in [
        &["get", "A"][..],
        &["list"],
        &["delete", "A"],
        &["delete", "--missing-ok", "A"],
        &["versions", "A"],
        &["rollback", "A", "1"],
        &["status"],
        &["explain", "A"],
        &["verify"],
    ] {
        let run = home.run(args);
        assert_ne!(run.code, 0, "{args:?}");
        assert!(run.stderr.contains("store"), "{args:?}: {}", run.stderr);
        assert_eq!(home.files(), Vec::<std::path::PathBuf>::new(), "{args:?}");
    }
}

#[test]
fn versions_and_rollback() {
    let home = Home::with_store();
    for value in ["one", "two", "three"] {
        home.set("A", value.as_bytes());
    }
    let listing = home.run(&["versions", "A"]).ok();
    let versions: Vec<_> = listing
        .text()
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(versions.len(), 3);
    assert_eq!(home.run(&["get", "A", "--version", versions[2]]).ok().stdout, b"one");
    home.run(&["get", "A", "--version", "999999"]).fails("not_found", 10);
    home.run(&["rollback", "A", versions[2]]).ok();
    assert_eq!(home.get("A"), b"one");
    home.run(&["rollback", "A", "--back", "1"]).ok();
    assert_eq!(home.get("A"), b"three");
    home.run(&["rollback", "A", "--back", "99"]).fails("not_found", 10);
    home.run(&["rollback", "A", "999999"]).fails("not_found", 10);
    home.run(&["rollback", "B", "1"]).fails("not_found", 10);
    home.run(&["versions", "B"]).fails("not_found", 10);
    home.run(&["rollback", "A"]).fails("usage", 2);
    home.run(&["rollback", "A", "--back", "0"]).fails("usage", 2);
    home.run(&["rollback", "A", "1", "--back", "1"]).fails("usage", 2);
    assert!(
        home.run(&["versions", "A", "-o", "json"])
            .ok()
            .text()
            .contains("\"current\": true")
    );
}

#[test]
fn delete_takes_several_and_tells_each_failure() {
    let home = Home::with_store();
    for key in ["A", "B", "C"] {
        home.set(key, b"v");
    }
    let run = home.run(&["delete", "A", "X", "B", "Y"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    assert!(
        run.stderr.contains("key global/X") && run.stderr.contains("key global/Y"),
        "{}",
        run.stderr
    );
    assert_eq!(home.run(&["list"]).ok().text(), "global/C\n");
    home.run(&["rm", "--missing-ok", "A", "C"]).ok();
    home.run(&["get", "C"]).fails("not_found", 10);
    home.run(&["delete"]).fails("usage", 2);
    home.set("D", b"v");
    home.run(&["delete", "D", ".."]).fails("invalid_key", 50);
    assert_eq!(home.get("D"), b"v", "a wrong key stops before the first");
}

#[test]
fn set_can_depend_on_what_is_there() {
    let home = Home::with_store();
    home.run_with(&["set", "A", "--if-absent"], b"1").ok();
    home.run_with(&["set", "A", "--if-absent"], b"2").fails("conflict", 40);
    let listing = home.run(&["versions", "A"]).ok();
    let version = listing.text().split('\t').next().unwrap().to_owned();
    home.run_with(&["set", "A", "--if-version", &version], b"3").ok();
    home.run_with(&["set", "A", "--if-version", &version], b"4")
        .fails("conflict", 40);
    assert_eq!(home.get("A"), b"3");
    home.run_with(&["set", "A", "--if-absent", "--if-version", "1"], b"5")
        .fails("usage", 2);
}

#[test]
fn generate_makes_values_of_the_form_asked_for() {
    let home = Home::with_store();
    let is_word = |value: &[u8], length: usize, of: fn(&u8) -> bool| value.len() == length && value.iter().all(of);
    home.run(&["generate", "bytes", "--bytes", "48"]).ok();
    assert_eq!(home.get("bytes").len(), 48);
    home.run(&["generate", "hex", "--hex", "16"]).ok();
    assert!(is_word(&home.get("hex"), 32, u8::is_ascii_hexdigit));
    home.run(&["generate", "base64", "--base64", "33"]).ok();
    assert!(is_word(&home.get("base64"), 44, |b| b.is_ascii_alphanumeric()
        || matches!(b, b'-' | b'_')));
    home.run(&["generate", "password"]).ok();
    assert!(is_word(&home.get("password"), 32, u8::is_ascii_graphic));
    home.run(&["generate", "plain", "--password", "64", "--no-symbols"])
        .ok();
    assert!(is_word(&home.get("plain"), 64, u8::is_ascii_alphanumeric));
    home.run(&["generate", "x", "--hex", "4", "--bytes", "4"])
        .fails("usage", 2);
    home.run(&["generate", "x", "--hex", "0"]).fails("invalid_argument", 52);
    home.run(&["generate", "x", "--hex", "4", "--no-symbols"])
        .fails("usage", 2);
}

#[test]
fn generate_replaces_only_by_force_and_shows_only_when_asked() {
    let home = Home::with_store();
    let first = home.run(&["generate", "A", "--provider", "us"]).ok();
    assert!(first.stdout.is_empty());
    let old = home.get("A");
    assert!(!first.stderr.contains(std::str::from_utf8(&old).unwrap()));
    home.run(&["generate", "A"]).fails("conflict", 40);
    assert_eq!(home.get("A"), old);
    let shown = home.run(&["generate", "A", "--force", "--print"]).ok().stdout;
    assert_eq!(home.get("A"), shown);
    assert_ne!(shown, old);
    home.run(&["rollback", "A", "--back", "1"]).ok();
    assert_eq!(home.get("A"), old);
    let new = home
        .run(&["generate", "B", "--force", "--print", "--hex", "8"])
        .ok()
        .stdout;
    assert_eq!(home.get("B"), new);
}

#[test]
fn list_filters_and_formats() {
    let home = Home::with_store();
    assert_eq!(home.run(&["list", "-o", "plain"]).ok().text(), "");
    for key in ["org/acme/b", "org/acme/a", "org/acme2/a", "Z"] {
        home.run_with(
            &["set", key, "--provider", key.split('/').next().unwrap()],
            b"v4lue-here",
        )
        .ok();
    }
    let list = |args: &[&str]| home.run(args).ok().text().to_owned();
    assert_eq!(list(&["list"]), "global/Z\norg/acme/a\norg/acme/b\norg/acme2/a\n");
    assert_eq!(list(&["ls", "--scope", "org/acme"]), "org/acme/a\norg/acme/b\n");
    assert_eq!(list(&["ls", "--scope", "global"]), "global/Z\n");
    assert_eq!(list(&["ls", "--prefix", "org/acme2"]), "org/acme2/a\n");
    assert_eq!(list(&["ls", "--provider", "Z"]), "global/Z\n");
    assert_eq!(list(&["ls", "--provider", "nobody"]), "");
    home.run(&["ls", "--scope", "planet/x"]).fails("invalid_key", 50);
    home.run(&["ls", "-o", "xml"]).fails("usage", 2);
    let json = list(&["ls", "-o", "json"]);
    assert!(
        json.contains("\"schema\": 1") && json.contains("\"key\": \"org/acme/a\""),
        "{json}"
    );
    let table = list(&["ls", "-l", "-o", "table"]);
    assert!(table.lines().next().unwrap().starts_with("KEY "), "{table}");
    assert_eq!(table.lines().count(), 5);
    assert!(!(json + &table).contains("v4lue-here"));
}

#[test]
fn status_and_verify() {
    let home = Home::with_store();
    let status = home.run(&["status"]).ok();
    for part in [
        "strongroom",
        "encrypted",
        "disk",
        "secrets.strongroom",
        "secrets.key",
        "ok",
    ] {
        assert!(status.text().contains(part), "{part} in {}", status.text());
    }
    assert!(
        home.run(&["status", "-o", "json"])
            .ok()
            .text()
            .contains("\"schema\": 1")
    );
    home.set("A", b"1");
    home.set("A", b"2");
    assert!(
        home.run(&["verify"])
            .ok()
            .text()
            .starts_with("ok: 1 secrets, 2 versions"),
        "one secret, two versions"
    );
}

#[test]
fn apps_have_stores_of_their_own() {
    let home = Home::with_store();
    home.run_with(&["--app", "other", "set", "A"], b"theirs").ok();
    home.run(&["get", "A"]).fails("not_found", 10);
    assert_eq!(home.run(&["get", "A", "--app", "other"]).ok().stdout, b"theirs");
    home.run(&["list", "--app", "../../escape"]).fails("invalid_config", 55);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let home = Home::with_store();
    let run = home.run(&["get", "A", "--timeout", "soon"]).fails("invalid_config", 55);
    assert!(run.stderr.contains("deadline"), "{}", run.stderr);
    let run = home
        .run(&["get", "A", "--secrets-backend", "cupboard"])
        .fails("invalid_config", 55);
    assert!(run.stderr.contains("backend"), "{}", run.stderr);
    home.run(&["get", "A", "--timeout", "10s"]).fails("not_found", 10);
}

/// The way out that is named leads out, for the application that was meant.
#[test]
fn a_store_that_is_not_there_is_made_as_it_is_said() {
    let home = Home::new();
    let run = home.run(&["get", "A"]).fails("unavailable", 30);
    assert!(run.stderr.contains("`strongroom init` makes one"), "{}", run.stderr);
    let run = home.run(&["--app", "other", "get", "A"]).fails("unavailable", 30);
    assert!(
        run.stderr.contains("`strongroom --app other init` makes one"),
        "{}",
        run.stderr
    );
    home.run(&["--app", "other", "init"]).ok();
    home.run(&["--app", "other", "get", "A"]).fails("not_found", 10);
}

/// It is the verb that the advice about damage names.
#[test]
fn verify_does_not_name_itself() {
    let home = Home::with_store();
    for round in 0..20 {
        home.set(&format!("K{round}"), &[b'x'; 500]);
    }
    let whole = std::fs::read(home.store()).unwrap();
    std::fs::write(home.store(), &whole[..whole.len() / 2]).unwrap();
    let run = home.run(&["verify"]);
    assert!(matches!(run.code, 62 | 63), "{} {}", run.code, run.stderr);
    assert!(!run.stderr.contains("run `verify`"), "{}", run.stderr);
    assert!(run.stderr.contains("backup"), "{}", run.stderr);
}

#[test]
fn a_name_of_an_application_has_an_end() {
    let home = Home::new();
    let longest = "a".repeat(64);
    home.run_with(&["--app", &longest, "set", "A"], b"v").ok();
    for long in [65, 300] {
        let long = "a".repeat(long);
        for verb in [&["get", "A"][..], &["init"], &["status"]] {
            let run = home
                .run(&[&["--app", &long], verb].concat())
                .fails("invalid_config", 55);
            assert!(
                run.stderr.contains("setting app") && run.stderr.contains("64"),
                "{}",
                run.stderr
            );
        }
    }
}

/// Every backend says where its secrets come from, for people and for programs.
#[test]
fn status_names_every_place() {
    let home = Home::new();
    let folder = format!("directory.path={}", home.path().display());
    let plain = home.path().join(".local/share/strongroom/secrets.json");
    for (backend, settings, told) in [
        ("file", "cache=off", &["INSECURE", plain.to_str().unwrap()][..]),
        ("env", "env.prefix=MY_", &["MY_*"]),
        ("env", "cache=off", &["STRONGROOM_SECRET_*"]),
        ("directory", &folder, &[home.path().to_str().unwrap()]),
        ("memory", "cache=off", &["gone when this process ends"]),
    ] {
        for format in ["table", "json"] {
            let args = [
                "--secrets-backend",
                backend,
                "--secrets-set",
                settings,
                "status",
                "-o",
                format,
            ];
            let run = home.run(&args).ok();
            for told in told {
                assert!(run.text().contains(told), "{backend}: {}", run.text());
            }
        }
    }
    let chain = ["--secrets-backend", "chain", "--secrets-set", "chain.members=env,file"];
    let status = ["status", "-o", "json"];
    let run = home.run(&[&chain[..], &status].concat()).ok();
    for told in [
        r#""members": "env, file""#,
        "nothing can be set",
        "INSECURE",
        "STRONGROOM_SECRET_*",
    ] {
        assert!(run.text().contains(told), "{told}: {}", run.text());
    }
    let writer = ["--secrets-set", "chain.writer=file"];
    let run = home.run(&[&chain[..], &writer, &status].concat()).ok();
    assert!(run.text().contains(r#""writer": "file""#), "{}", run.text());
    let run = home.run_with(&[&chain[..], &writer, &["set", "A"]].concat(), b"v").ok();
    assert!(run.stderr.contains("`file` is INSECURE"), "{}", run.stderr);
}
