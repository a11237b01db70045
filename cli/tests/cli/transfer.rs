//! Import and export of whole documents.

use std::fs;

use crate::home::Home;

const VALUES: [(&str, &str); 6] = [
    ("HASH", "$2a$10$N9qo8uLOickgx2ZMRZoMye"),
    ("PEM", "-----BEGIN KEY-----\nabc+/=\n-----END KEY-----\n"),
    ("QUOTES", "say \"hi\" # not a comment"),
    ("SPACES", "  both ends\t"),
    ("UNICODE", "clé 🔑"),
    ("BACKSLASH", "C:\\new\\table"),
];

fn filled() -> Home {
    let home = Home::with_store();
    for (name, value) in VALUES {
        home.run_with(&["set", "--raw", &format!("app/web/{name}")], value.as_bytes())
            .ok();
    }
    home
}

#[test]
fn every_format_takes_secrets_from_one_store_to_another() {
    let home = filled();
    let key_file = home.path().join("fernet.key");
    fs::write(&key_file, "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=\n").unwrap();
    fs::set_permissions(&key_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for format in ["env", "dotenv", "json", "yaml", "fernet"] {
        let key: &[&str] = if format == "fernet" {
            &["--key-file", "fernet.key"]
        } else {
            &[]
        };
        let words = ["export", "--format", format, "--scope", "app/web"];
        let document = home.run(&[&words[..], key].concat()).ok().stdout;
        let other = Home::with_store();
        fs::copy(&key_file, other.path().join("fernet.key")).unwrap();
        let words = ["import", "--format", format, "--scope", "org/acme"];
        let told = other.run_with(&[&words[..], key].concat(), &document).ok();
        assert!(told.stderr.contains("6 created"), "{}", told.stderr);
        for (name, value) in VALUES {
            assert_eq!(
                other.get(&format!("org/acme/{name}")),
                value.as_bytes(),
                "{format} {name}"
            );
        }
    }
}

#[test]
fn the_name_of_a_file_tells_the_format_and_the_file_is_its_owners_alone() {
    let home = filled();
    for name in [".env", "a.sh", "a.json", "a.yaml"] {
        let told = home.run(&["export", "--to", name, "--scope", "app/web"]).ok();
        assert!(told.stdout.is_empty());
        assert!(told.stderr.contains("exported 6 to"), "{}", told.stderr);
        let path = home.path().join(name);
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        home.run(&["import", name, "--scope", "org/copy", "--overwrite"]).ok();
        home.run(&["export", "--to", name]).fails("conflict", 40);
        home.run(&["export", "--to", name, "--force", "app/web/PEM"]).ok();
        assert!(!fs::read_to_string(path).unwrap().contains("HASH"));
    }
    assert_eq!(home.get("org/copy/HASH"), VALUES[0].1.as_bytes());
    home.run(&["export"]).fails("usage", 2);
    home.run(&["import", "some.toml"]).fails("usage", 2);
    home.run(&["export", "--format", "json", "--key-file", "k"])
        .fails("usage", 2);
}

#[test]
fn what_no_reader_reads_alike_is_refused_naming_the_keys() {
    let home = Home::with_store();
    home.set("PLAIN", b"1");
    home.set("MIXED", b"it's \"${X}\"");
    let refused = home.run(&["export", "--format", "dotenv"]).fails("unsupported", 43);
    assert!(
        refused.stderr.contains("global/MIXED") && refused.stderr.contains("`python`"),
        "{}",
        refused.stderr
    );
    assert!(
        !refused.stderr.contains("${X}") && !refused.stderr.contains("PLAIN"),
        "{}",
        refused.stderr
    );
    for dialect in ["python", "node", "compose"] {
        let document = home
            .run(&[
                "export",
                "--format",
                "dotenv",
                "--dialect",
                dialect,
                "--scope",
                "global",
            ])
            .ok()
            .stdout;
        let words = [
            "import",
            "--format",
            "dotenv",
            "--dialect",
            dialect,
            "--scope",
            "app/a",
            "--overwrite",
        ];
        home.run_with(&words, &document).ok();
        assert_eq!(home.get("app/a/MIXED"), b"it's \"${X}\"", "{dialect}");
    }
    home.set("BINARY", b"\xff");
    for format in ["env", "dotenv", "json", "yaml"] {
        let refused = home
            .run(&["export", "--format", format, "--scope", "global"])
            .fails("unsupported", 43);
        assert!(refused.stderr.contains("global/BINARY"), "{}", refused.stderr);
    }
}

#[test]
fn what_is_there_is_kept_replaced_or_refused_and_a_dry_run_writes_nothing() {
    let home = Home::with_store();
    home.set("A", b"old");
    let document = b"A=new\nB=fresh\n";
    let import = |more: &[&str]| home.run_with(&[&["import", "--format", "dotenv"], more].concat(), document);
    let refused = import(&[]).fails("conflict", 40);
    assert!(
        refused.stderr.contains("global/A (line 1)") && refused.stderr.contains("--overwrite"),
        "{}",
        refused.stderr
    );
    home.run(&["get", "B"]).fails("not_found", 10);

    let dry = import(&["--dry-run", "--overwrite"]).ok();
    assert_eq!(dry.text(), "create\tglobal/B\nreplace\tglobal/A\n");
    home.run(&["get", "B"]).fails("not_found", 10);

    let told = import(&["--skip-existing"]).ok();
    assert!(
        told.stderr.contains("skipped global/A line 1 (exists)"),
        "{}",
        told.stderr
    );
    assert_eq!((home.get("A"), home.get("B")), (b"old".to_vec(), b"fresh".to_vec()));
    let told = import(&["--overwrite"]).ok();
    assert!(told.stderr.contains("0 created, 2 replaced"), "{}", told.stderr);
    assert_eq!(home.get("A"), b"new");
}

#[test]
fn a_document_with_one_fault_changes_nothing_and_no_value_is_shown() {
    let home = Home::with_store();
    for (format, document, token, code, told) in [
        ("dotenv", "A=CANARY\nB='CANARY", "invalid_argument", 52, "line 2 "),
        ("dotenv", "A=CANARY\nCANARY/+=CANARY", "invalid_key", 50, "line 2"),
        (
            "dotenv",
            "A=CANARY\nA=CANARY",
            "invalid_argument",
            52,
            "`A` (lines 1 and 2)",
        ),
        ("env", "A=CANARY\nB=$(CANARY)", "invalid_argument", 52, "line 2 "),
        (
            "json",
            "{\"A\": \"CANARY\",\n\"my key\": \"CANARY\"}",
            "invalid_key",
            50,
            "`my key` (line 2)",
        ),
        (
            "json",
            "{\"A\": \"CANARY\",\n\"B\": 1}",
            "invalid_argument",
            52,
            "line 2 ",
        ),
        ("yaml", "A: CANARY\nB: *CANARY", "invalid_argument", 52, "line 2 "),
        ("fernet", "{\"A\": \"CANARY\"}", "key_missing", 61, "--key-file"),
        ("yaml", "A: CANARY\nB: ~", "invalid_argument", 52, "line 2 "),
        ("yaml", "A: CANARY\nB: null", "invalid_argument", 52, "quote it"),
        ("yaml", "", "invalid_argument", 52, "empty"),
    ] {
        let failed = home
            .run_with(&["import", "--format", format], document.as_bytes())
            .fails(token, code);
        assert!(failed.stderr.contains(told), "{document}: {}", failed.stderr);
        assert!(!failed.stderr.contains("CANARY"), "{}", failed.stderr);
    }
    let long = format!("A=1\nB={}", "x".repeat(2 << 20));
    let failed = home
        .run_with(&["import", "--format", "dotenv"], long.as_bytes())
        .fails("too_large", 53);
    assert!(failed.stderr.contains("line 2 "), "{}", failed.stderr);
    assert_eq!(home.run(&["list"]).ok().text(), "");
}

#[test]
fn expired_secrets_are_named_and_left_out() {
    let home = Home::with_store();
    home.set("A", b"1");
    home.run_with(&["set", "OLD", "--expires-at", "2001-01-01T00:00:00Z"], b"CANARY")
        .ok();
    let told = home.run(&["export", "--format", "env"]).ok();
    assert_eq!(told.text(), "A='1'\n");
    assert!(told.stderr.contains("skipped global/OLD (expired)"), "{}", told.stderr);
    home.run(&["export", "--format", "env", "--strict"])
        .fails("expired", 11);
    let all = home.run(&["export", "--format", "env", "--include-expired"]).ok();
    assert_eq!(all.text(), "A='1'\nOLD='CANARY'\n");
    home.run(&["export", "--format", "env", "NONE"]).fails("not_found", 10);
    let named = home
        .run(&["export", "--format", "env", "A", "OLD"])
        .fails("expired", 11);
    assert!(
        named.stderr.contains("global/OLD") && named.stderr.contains("--include-expired"),
        "{}",
        named.stderr
    );
    assert!(named.stdout.is_empty());
    let named = home
        .run(&["export", "--format", "env", "OLD", "--include-expired"])
        .ok();
    assert_eq!(named.text(), "OLD='CANARY'\n");
}

/// A document of 100 MB: read, refused where a value is too long, imported where none is.
#[test]
fn a_document_of_100_mb_is_imported() {
    let home = Home::with_store();
    let value = "x".repeat(1_000_000);
    let document: String = (0..100).map(|number| format!("N{number}='{value}'\n")).collect();
    home.run_with(
        &["import", "--format", "dotenv", "--timeout", "10m"],
        document.as_bytes(),
    )
    .ok();
    assert_eq!(home.get("N99"), value.as_bytes());
    let beyond = vec![b'#'; (128 << 20) + 1];
    let failed = home
        .run_with(&["import", "--format", "dotenv"], &beyond)
        .fails("too_large", 53);
    assert!(failed.stderr.contains("more than 128 MiB"), "{}", failed.stderr);
}

#[test]
fn what_a_document_does_not_hold_is_told_and_strict_refuses_it() {
    let home = Home::with_store();
    home.set("A", b"1");
    let plain = home.run(&["export", "--format", "env", "--strict"]).ok();
    assert_eq!(plain.stderr, "");
    home.set("my-key.x", b"2");
    let told = home.run(&["export", "--format", "env"]).ok();
    assert_eq!(told.text(), "A='1'\nMY_2KEY_3X='2'\n");
    assert!(
        told.stderr.contains("1 names were escaped") && told.stderr.contains("global/my-key.x as MY_2KEY_3X"),
        "{}",
        told.stderr
    );
    assert!(!told.stderr.contains("global/A"), "{}", told.stderr);
    let strict = ["export", "--format", "env", "--strict"];
    let refused = home.run(&strict).fails("unsupported", 43);
    assert!(refused.stderr.contains("global/my-key.x (name)"), "{}", refused.stderr);
    // JSON has every name.
    home.run(&["export", "--format", "json", "--strict"]).ok();

    let words = [
        "set",
        "TOKEN",
        "--expires-in",
        "90d",
        "--provider",
        "openai",
        "--label",
        "team=a",
    ];
    home.run_with(&words, b"3").ok();
    let told = home.run(&["export", "--format", "json"]).ok();
    assert!(
        told.stderr.contains("provider, labels, expires_at of global/TOKEN"),
        "{}",
        told.stderr
    );
    home.run(&["export", "--format", "json", "--strict"])
        .fails("unsupported", 43);

    let document = home.run(&["export", "--format", "json", "A", "my-key.x"]).ok().stdout;
    let other = Home::with_store();
    other.run_with(&["import", "--format", "json"], &document).ok();
    assert_eq!(other.run(&["list", "-o", "plain"]).ok().text().lines().count(), 2);
    assert_eq!((other.get("A"), other.get("my-key.x")), (b"1".to_vec(), b"2".to_vec()));
}

#[test]
fn names_that_steer_a_shell_are_exported_only_when_they_are_named() {
    let home = Home::with_store();
    for name in ["OK", "PATH", "LD_PRELOAD", "PROMPT_COMMAND"] {
        home.set(name, b"CANARY");
    }
    for format in ["env", "dotenv"] {
        let refused = home.run(&["export", "--format", format]).fails("unsupported", 43);
        for name in ["PATH", "LD_PRELOAD", "PROMPT_COMMAND"] {
            assert!(refused.stderr.contains(&format!("global/{name}")), "{}", refused.stderr);
        }
        assert!(!refused.stderr.contains("global/OK"), "{}", refused.stderr);
        assert!(refused.stdout.is_empty());
    }
    home.run(&["export", "--format", "json"]).ok();
    let named = home.run(&["export", "--format", "env", "OK", "PATH"]).ok();
    assert_eq!(named.text(), "OK='CANARY'\nPATH='CANARY'\n");
}

#[test]
fn a_dry_run_takes_a_store_that_is_not_there_for_an_empty_one_and_makes_none() {
    let home = Home::new();
    let dry = home
        .run_with(&["import", "--format", "dotenv", "--dry-run"], b"A=1\n")
        .ok();
    assert_eq!(dry.text(), "create\tglobal/A\n");
    assert!(!home.store().exists());
}

#[test]
fn a_listing_is_no_document_and_the_error_says_what_is() {
    let home = Home::with_store();
    home.set("component/time/API_KEY", b"CANARY");
    let words = ["component", "list", "time", "--show-values", "--yes", "-o", "yaml"];
    let listing = home.run(&words).ok().stdout;
    let refused = home
        .run_with(&["import", "--format", "yaml"], &listing)
        .fails("invalid_argument", 52);
    assert!(refused.stderr.contains("--scope component/"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("CANARY"), "{}", refused.stderr);
    let document = home
        .run(&["export", "--format", "yaml", "--scope", "component/time"])
        .ok()
        .stdout;
    home.run_with(&["import", "--format", "yaml", "--scope", "component/other"], &document)
        .ok();
    assert_eq!(home.get("component/other/API_KEY"), b"CANARY");
}
