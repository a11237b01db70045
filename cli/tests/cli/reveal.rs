//! Values in listings, and the formats of listings.

use crate::home::Home;

#[test]
fn values_are_masked_unless_asked_for() {
    let home = Home::with_store();
    home.set("A", b"s3cret");
    home.set("B", b"s3cret, and a much longer one");
    for args in [
        &["list"][..],
        &["list", "-o", "table"],
        &["list", "-o", "json"],
        &["list", "-o", "yaml"],
        &["list", "--long"],
        &["list", "--long", "-o", "table"],
        &["list", "--long", "-o", "json"],
    ] {
        assert!(!home.run(args).ok().text().contains("s3cret"), "{args:?}");
    }
    let long = home.run(&["list", "--long"]).ok();
    for line in long.text().lines() {
        assert_eq!(line.rsplit('\t').next(), Some("********"), "one width for all: {line}");
    }
}

#[test]
fn values_are_shown_after_a_yes() {
    let home = Home::with_store();
    for flag in ["--show-values", "--reveal"] {
        let run = home.run(&["list", flag]).fails("usage", 2);
        assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    }
    assert_eq!(home.run(&["list", "--reveal", "--yes"]).ok().text(), "");
    home.set("A", b"s3cret");
    home.set("org/acme/b", b"line\nline\x1b[31m");
    home.set("org/acme/c", b"\xff\x00");
    assert_eq!(
        home.run(&["list", "--show-values", "--yes"]).ok().text(),
        "global/A\ts3cret\norg/acme/b\tline\\nline\\u{1b}[31m\norg/acme/c\t(2 bytes that are no text)\n"
    );
    let table = home
        .run(&["list", "--reveal", "-y", "-o", "table", "--scope", "global"])
        .ok();
    assert_eq!(table.text(), "KEY       VALUE\nglobal/A  s3cret\n");
    let yaml = home
        .run(&["list", "--reveal", "-y", "-o", "yaml", "--prefix", "org/"])
        .ok();
    for part in [
        "schema: 1\n",
        "value: \"line\\nline\\u001b[31m\"\n",
        "value_bytes:\n      - 255\n      - 0\n",
    ] {
        assert!(yaml.text().contains(part), "{part} in {}", yaml.text());
    }
    let json = home.run(&["list", "--reveal", "-y", "-o", "json"]).ok();
    assert!(json.text().contains("\"value\": \"s3cret\"") && json.text().contains("\"schema\": 1"));
}

#[test]
fn an_expired_value_is_not_shown() {
    let home = Home::with_store();
    home.run_with(&["set", "A", "--expires-at", "2001-01-01T00:00:00Z"], b"s3cret")
        .ok();
    home.set("B", b"v");
    let run = home.run(&["list", "--reveal", "-y"]).ok();
    assert_eq!((run.text(), &run.stderr[..]), ("global/A\t-\nglobal/B\tv\n", ""));
}

#[test]
fn every_listing_has_every_format() {
    let home = Home::with_store();
    home.set("A", b"v");
    for verb in [
        &["list"][..],
        &["versions", "A"],
        &["status"],
        &["component", "list", "c"],
        &["doctor"],
    ] {
        for (format, sign) in [
            ("json", "\"schema\": 1"),
            ("yaml", "schema: 1\n"),
            ("table", ""),
            ("plain", ""),
        ] {
            let run = home.run(&[verb, &["-o", format]].concat()).ok();
            assert!(
                run.text().contains(sign) && run.stderr.is_empty(),
                "{verb:?} {format}: {}",
                run.text()
            );
        }
        home.run(&[verb, &["-o", "xml"]].concat()).fails("usage", 2);
    }
}

#[test]
fn values_that_cannot_be_read_are_told() {
    let home = Home::with_store().variable("STRONGROOM_SECRETS_FAULT_INNER", "encrypted");
    home.set("A", b"v");
    let args = ["--secrets-backend", "fault", "list", "--reveal", "--yes"];
    assert_eq!(home.run(&args).ok().text(), "global/A\tv\n");
    let home = home.variable("STRONGROOM_SECRETS_FAULT_SCRIPT", "get_many:unavailable");
    home.run(&args).fails("unavailable", 30);
}
