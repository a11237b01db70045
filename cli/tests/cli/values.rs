//! Values: the newline rules, what is empty, what is binary, what is too long.

use crate::home::Home;

#[test]
fn the_first_minute_works_without_configuration() {
    let home = Home::new();
    home.run(&["init"]).ok();
    home.run_with(&["set", "org/acme/api_key"], b"s3cret").ok();
    assert_eq!(home.run(&["get", "org/acme/api_key"]).ok().stdout, b"s3cret");
}

#[test]
fn a_secret_can_be_set_without_init() {
    let home = Home::new();
    home.set("A", b"1");
    assert_eq!(home.get("A"), b"1");
}

#[test]
fn one_newline_at_the_end_of_stdin_is_dropped() {
    let home = Home::with_store();
    for (stdin, kept) in [
        (&b"v\n"[..], &b"v"[..]),
        (b"v\r\n", b"v"),
        (b"v\n\n", b"v\n"),
        (b"v\r\n\r\n", b"v\r\n"),
        (b"v\r", b"v\r"),
        (b"\nv", b"\nv"),
        (b"a\nb\n", b"a\nb"),
        (b" v \t", b" v \t"),
    ] {
        home.set("A", stdin);
        assert_eq!(home.get("A"), kept, "{stdin:?}");
    }
}

#[test]
fn raw_keeps_the_newline() {
    let home = Home::with_store();
    for stdin in [&b"v\n"[..], b"v\r\n", b"\n"] {
        home.run_with(&["set", "A", "--raw"], stdin).ok();
        assert_eq!(home.get("A"), stdin);
    }
}

#[test]
fn a_file_is_taken_exactly() {
    let home = Home::with_store();
    let path = home.path().join("value");
    std::fs::write(&path, b"line\r\n\0\n").unwrap();
    home.run_with(&["set", "A", "--from-file", "value"], b"not this").ok();
    assert_eq!(home.get("A"), b"line\r\n\0\n");
    for stdin in ["-", "/dev/stdin"] {
        home.run_with(&["set", "B", "--from-file", stdin], b"exact\n").ok();
        assert_eq!(home.get("B"), b"exact\n");
    }
    home.run(&["set", "A", "--from-file", "no-such-file"])
        .fails("invalid_argument", 52);
    home.run(&["set", "A", "--from-file", "."])
        .fails("invalid_argument", 52);
    assert_eq!(home.get("A"), b"line\r\n\0\n", "a failed set changes nothing");
}

#[test]
fn an_empty_value_must_be_meant() {
    let home = Home::with_store();
    home.set("A", b"before");
    for stdin in [&b""[..], b"\n", b"\r\n"] {
        home.run_with(&["set", "A"], stdin).fails("invalid_value", 51);
    }
    std::fs::write(home.path().join("empty"), b"").unwrap();
    home.run(&["set", "A", "--from-file", "empty"])
        .fails("invalid_value", 51);
    assert_eq!(home.get("A"), b"before");
    home.run_with(&["set", "A", "--allow-empty"], b"").ok();
    assert_eq!(home.get("A"), b"");
}

#[test]
fn a_refused_value_makes_no_store() {
    let home = Home::new();
    home.run(&["set", "A"]).fails("invalid_value", 51);
    home.run_with(&["set", ".."], b"v").fails("invalid_key", 50);
    home.run_with(&["set", "A", "v"], b"v").fails("usage", 2);
    assert_eq!(home.files(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn any_bytes_are_a_value() {
    let home = Home::with_store();
    let every: Vec<u8> = (0..=255).collect();
    for value in [
        &every[..],
        b"\0",
        b"a\0b",
        b"\xff\xfe",
        b"\xc3\x28",
        "Grüße 🔑".as_bytes(),
        b"$2a$10$x`\"'\\",
    ] {
        home.set("A", value);
        assert_eq!(home.get("A"), value);
    }
}

#[test]
fn a_mebibyte_fits_and_one_byte_more_does_not() {
    let home = Home::with_store();
    let longest = vec![b'x'; 1 << 20];
    home.set("A", &longest);
    assert_eq!(home.get("A"), longest);
    let longer = vec![b'x'; (1 << 20) + 1];
    home.run_with(&["set", "A"], &longer).fails("too_large", 53);
    // One more than any setting allows is refused while it is read.
    home.run_with(&["set", "A"], &vec![b'x'; (8 << 20) + 3])
        .fails("too_large", 53);
    assert_eq!(home.get("A"), longest);
}

#[test]
fn a_value_in_an_argument_is_refused_and_not_repeated() {
    let home = Home::with_store();
    for args in [
        &["set", "A", "s3cret"][..],
        &["set", "A", "s3cret", "more"],
        &["A=s3cret"],
        &["component", "A=s3cret"],
        &["component", "set", "c", "A", "s3cret"],
        &["list", "A=s3cret"],
        &["set", "A", "--s3cret"],
        &["set", "A", "-----s3cret"],
        &["generate", "A", "--print=s3cret"],
        &["set", "A", "--raw=s3cret"],
    ] {
        let run = home.run(args).fails("usage", 2);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    }
    for args in [
        &["set", "../A=s3cret"][..],
        &["set", "=s3cret"],
        &["set", "A=s3cret", "--raw"],
        &["set", "A=s3cret", "--from-file", "x"],
        &["generate", "A=s3cret"],
        &["get", "A=s3cret"],
        &["delete", "A=s3cret"],
    ] {
        let run = home.run(args).fails("invalid_key", 50);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    }
    home.run(&["get", "A"]).fails("not_found", 10);
}

#[test]
fn metadata_is_kept_with_the_value() {
    let home = Home::with_store();
    let args = [
        "set",
        "A",
        "--provider",
        "openai",
        "--scope-of-use",
        "models:read",
        "--label",
        "team=a=b",
        "--label",
        "x=",
    ];
    home.run_with(&args, b"v").ok();
    let json = home.run(&["list", "--long", "-o", "json"]).ok();
    for part in [
        "\"provider\": \"openai\"",
        "\"scope_of_use\": \"models:read\"",
        "\"team\": \"a=b\"",
        "\"x\": \"\"",
    ] {
        assert!(json.text().contains(part), "{part} in {}", json.text());
    }
    home.run_with(&["set", "A", "--label", "nothing"], b"v")
        .fails("usage", 2);
    home.run_with(&["set", "A", "--label", "a=1", "--label", "a=2"], b"v")
        .fails("usage", 2);
    home.run_with(&["set", "A", "--provider", "a\nb"], b"v")
        .fails("invalid_value", 51);
}

#[test]
fn an_expired_secret_says_so() {
    let home = Home::with_store();
    home.run_with(&["set", "A", "--expires-at", "2001-01-01T00:00:00Z"], b"old")
        .ok();
    home.run(&["get", "A"]).fails("expired", 11);
    assert_eq!(home.run(&["get", "A", "--include-expired"]).ok().stdout, b"old");
    assert!(
        home.run(&["list", "-l"])
            .ok()
            .text()
            .contains("2001-01-01T00:00:00Z (expired)")
    );
    home.run_with(&["set", "A", "--expires-in", "90d"], b"new").ok();
    assert_eq!(home.get("A"), b"new");
    for wrong in ["", "90", "d", "0d", "-1d", "1y", "999999999999999999d"] {
        home.run_with(&["set", "A", &format!("--expires-in={wrong}")], b"v")
            .fails("usage", 2);
    }
    home.run_with(&["set", "A", "--expires-at", "tomorrow"], b"v")
        .fails("usage", 2);
    home.run_with(
        &["set", "A", "--expires-in", "1d", "--expires-at", "2030-01-01T00:00:00Z"],
        b"v",
    )
    .fails("usage", 2);
}
