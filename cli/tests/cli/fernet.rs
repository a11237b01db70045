//! `fernet`, and the backend that takes the same keys.

use std::os::unix::fs::PermissionsExt;

use crate::home::{Home, Run};

/// The specification's key, and its token of `hello`, made in 1985.
const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const TOKEN: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const NEW: &str = "VGhpcyBpcyBhbm90aGVyIGtleSBvZiAzMiBieXRlcyE=";

fn home(keys: &str) -> Home {
    Home::new().variable("FERNET_SECRET_KEY", keys)
}

fn encrypt(home: &Home, value: &[u8]) -> Vec<u8> {
    home.run_with(&["fernet", "encrypt", "--allow-empty"], value)
        .ok()
        .stdout
}

fn decrypt(home: &Home, token: &[u8]) -> Run {
    home.run_with(&["fernet", "decrypt"], token)
}

#[test]
fn a_key_is_made_and_used() {
    let made = Home::new().run(&["fernet", "generate"]).ok();
    let key = made.text().strip_suffix('\n').unwrap();
    assert_eq!((key.len(), made.stderr.as_str()), (44, ""));
    let home = home(key);
    for value in [&b""[..], b"v", b"\0\xff\n\n", &[7; 100_000]] {
        let token = encrypt(&home, value);
        let (end, text) = token.split_last().unwrap();
        assert!(text.starts_with(b"gAAAAA") && *end == b'\n' && !text.contains(&b'\n'));
        let kept = value.strip_suffix(b"\n").unwrap_or(value);
        assert_eq!(decrypt(&home, &token).ok().stdout, kept);
        assert_eq!(decrypt(&home, text).ok().stdout, kept);
    }
    assert_ne!(Home::new().run(&["fernet", "generate"]).ok().stdout, made.stdout);
    assert!(home.files().is_empty(), "keys and tokens need no store");
}

#[test]
fn a_token_that_was_broken_into_lines_is_read_as_one() {
    let home = home(KEY);
    let value = [7; 100_000];
    let token = encrypt(&home, &value);
    for end in ["\n", "\r\n", " "] {
        let lines: Vec<_> = token
            .trim_ascii()
            .chunks(60)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        assert_eq!(decrypt(&home, lines.join(end).as_bytes()).ok().stdout, value, "{end:?}");
    }
}

#[test]
fn raw_keeps_the_newline_of_a_value() {
    let home = home(KEY);
    let token = home.run_with(&["fernet", "encrypt", "--raw"], b"v\n").ok().stdout;
    assert_eq!(decrypt(&home, &token).ok().stdout, b"v\n");
}

#[test]
fn a_key_file_is_made_for_its_owner_and_read_from_him_alone() {
    let home = Home::new().variable("FERNET_SECRET_KEY", NEW);
    let made = home.run(&["fernet", "generate", "--out", "key"]).ok();
    assert!(
        made.stdout.is_empty() && made.stderr.contains("wrote a new key to key"),
        "{}",
        made.stderr
    );
    let path = home.path().join("key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let token = home
        .run_with(&["fernet", "encrypt", "--key-file", "key"], b"v")
        .ok()
        .stdout;
    let read = || home.run_with(&["fernet", "decrypt", "--key-file", "key"], &token);
    assert_eq!(read().ok().stdout, b"v");
    // The file was named, so it wins.
    decrypt(&home, &token).fails("wrong_key", 60);
    let text = std::fs::read(&path).unwrap();
    home.run(&["fernet", "generate", "--out", "key"]).fails("conflict", 40);
    assert_eq!(std::fs::read(&path).unwrap(), text);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert!(read().fails("insecure_path", 64).stderr.contains("key"));
    std::fs::remove_file(&path).unwrap();
    assert!(read().fails("key_missing", 61).stderr.contains("key"));
}

#[test]
fn a_ttl_is_seconds_or_a_span() {
    let home = home(KEY);
    assert_eq!(decrypt(&home, TOKEN.as_bytes()).ok().stdout, b"hello");
    let with = |ttl: &str, token: &[u8]| home.run_with(&["fernet", "decrypt", "--ttl", ttl], token);
    for ttl in ["0", "60", "90d"] {
        with(ttl, TOKEN.as_bytes()).fails("expired", 11);
    }
    for ttl in ["99999999999", "10000w"] {
        assert_eq!(with(ttl, TOKEN.as_bytes()).ok().stdout, b"hello");
    }
    assert_eq!(with("1h", &encrypt(&home, b"v")).ok().stdout, b"v");
    for ttl in ["", "-1", "+1", "1.5", "1y", "60 s", "99999999999999999999"] {
        with(ttl, TOKEN.as_bytes()).fails("usage", 2);
    }
}

#[test]
fn tokens_are_rotated_a_line_each_and_keep_their_time() {
    let both = home(&format!("{NEW},{KEY}"));
    let stdin = format!("{TOKEN}\n\n{TOKEN}\r\n{TOKEN}");
    let rotated = both.run_with(&["fernet", "rotate"], stdin.as_bytes()).ok();
    let lines: Vec<_> = rotated.text().split('\n').collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!((lines[1], lines[4]), ("", ""));
    for line in [lines[0], lines[2], lines[3]] {
        // Version and time: the first 9 bytes, 12 characters.
        assert_eq!(line[..12], TOKEN[..12]);
        assert_eq!(decrypt(&home(NEW), line.as_bytes()).ok().stdout, b"hello");
        decrypt(&home(KEY), line.as_bytes()).fails("wrong_key", 60);
    }
}

#[test]
fn a_bad_line_is_named_and_no_token_comes_out() {
    let home = home(KEY);
    for (stdin, token, code, line) in [
        (format!("{TOKEN}\nhunter2\n{TOKEN}\n"), "invalid_value", 510, "line 2"),
        (
            format!("\n\n{}", TOKEN.replace("wAAEC", "wAAED")),
            "wrong_key",
            600,
            "line 3",
        ),
        ("\n\n".to_owned(), "invalid_value", 510, "no token"),
        (String::new(), "invalid_value", 510, "no token"),
    ] {
        let run = home
            .run_with(&["fernet", "rotate"], stdin.as_bytes())
            .fails(token, code / 10);
        assert!(
            run.stderr.contains(line) && !run.stderr.contains("hunter2"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn what_is_no_token_is_refused_without_being_shown() {
    let home = home(KEY);
    for token in ["", "hunter2", "gAAAA", &TOKEN[..50], &format!("{TOKEN}\n{TOKEN}")] {
        let run = decrypt(&home, token.as_bytes()).fails("invalid_value", 51);
        assert!(
            !run.stderr.contains("hunter2") && !run.stderr.contains(&TOKEN[6..40]),
            "{}",
            run.stderr
        );
    }
    decrypt(&home, &[0xff; 200]).fails("invalid_value", 51);
    decrypt(&home, &vec![b'A'; 12 << 20]).fails("too_large", 53);
    home.run_with(&["fernet", "rotate"], &vec![b'A'; 12 << 20])
        .fails("too_large", 53);
    home.run_with(&["fernet", "encrypt"], &vec![b'A'; 9 << 20])
        .fails("too_large", 53);
}

#[test]
fn an_empty_value_must_be_meant() {
    let home = home(KEY);
    for stdin in [&b""[..], b"\n"] {
        let run = home.run_with(&["fernet", "encrypt"], stdin).fails("invalid_value", 51);
        assert!(run.stderr.contains("--allow-empty"), "{}", run.stderr);
    }
}

#[test]
fn a_missing_or_wrong_key_is_told_before_stdin_is_read() {
    for verb in ["encrypt", "decrypt", "rotate"] {
        for home in [Home::new(), home("")] {
            let run = home.run(&["fernet", verb]).fails("key_missing", 61);
            assert!(run.stderr.contains("FERNET_SECRET_KEY"), "{}", run.stderr);
            assert!(run.stderr.contains("strongroom fernet generate"), "{}", run.stderr);
        }
        for keys in ["hunter2".to_owned(), format!("{KEY},hunter2"), format!("{KEY},")] {
            let run = home(&keys).run(&["fernet", verb]).fails("invalid_config", 55);
            assert!(run.stderr.contains("FERNET_SECRET_KEY"), "{}", run.stderr);
            assert!(
                !run.stderr.contains("hunter2") && !run.stderr.contains(KEY),
                "{}",
                run.stderr
            );
        }
    }
}

#[test]
fn neither_values_nor_tokens_nor_keys_are_taken_as_arguments() {
    let home = home(KEY);
    for args in [
        &["fernet", "encrypt", "hunter2"][..],
        &["fernet", "decrypt", "hunter2"],
        &["fernet", "rotate", "hunter2"],
        &["fernet", "generate", "hunter2"],
        &["fernet", "encrypt", "--key=hunter2"],
    ] {
        let run = home.run(args).fails("usage", 2);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[test]
fn the_backend_local_encrypted_takes_the_same_keys_and_makes_no_key_file() {
    let local = |keys: &str| home(keys).variable("STRONGROOM_SECRETS_BACKEND", "local_encrypted");
    let home = local(KEY);
    home.run_with(&["set", "A"], b"1").ok();
    assert_eq!(home.get("A"), b"1");
    assert!(home.store().exists() && !home.key_file().exists());
    let status = home.run(&["status"]).ok();
    assert!(status.text().contains("local_encrypted"), "{}", status.text());
    assert!(
        status.text().contains("the environment variable FERNET_SECRET_KEY"),
        "{}",
        status.text()
    );

    // The application's own variable wins, and several keys are tried.
    let keys = format!("{NEW},{KEY}");
    let get = |keys: &str, own: Option<&str>| {
        let mut command = home.command(&["get", "A"]);
        command.env("FERNET_SECRET_KEY", keys);
        if let Some(own) = own {
            command.env("STRONGROOM_SECRETS_LOCAL_ENCRYPTED_KEY", own);
        }
        crate::home::feed(command, b"")
    };
    assert_eq!(get(&keys, None).ok().stdout, b"1");
    assert_eq!(get(NEW, Some(KEY)).ok().stdout, b"1");
    let run = get(KEY, Some(NEW)).fails("wrong_key", 60);
    assert!(run.stderr.contains("new,old"), "{}", run.stderr);
    let run = get("hunter2", None).fails("invalid_config", 55);
    assert!(
        run.stderr.contains("FERNET_SECRET_KEY") && !run.stderr.contains("hunter2"),
        "{}",
        run.stderr
    );
    let run = get("", None).fails("key_missing", 61);
    assert!(run.stderr.contains("FERNET_SECRET_KEY"), "{}", run.stderr);
    assert!(run.stderr.contains("strongroom fernet generate"), "{}", run.stderr);
    assert!(!home.key_file().exists());
}

#[test]
fn other_backends_do_not_look_at_the_fernet_key() {
    let home = home("hunter2");
    home.set("A", b"1");
    assert_eq!(home.get("A"), b"1");
    assert!(home.key_file().exists());
}
