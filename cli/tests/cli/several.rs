//! `set KEY=VALUE …`

use std::process::Stdio;

use crate::home::{Home, Run};

/// The notice about arguments.
const NOTICE: &str = "process listings";

fn notices(run: &Run) -> usize {
    run.stderr.lines().filter(|line| line.contains(NOTICE)).count()
}

/// With nothing on stdin, as a shell in a terminal or a job runner would have it.
fn run(home: &Home, args: &[&str]) -> Run {
    Run::from(home.command(args).stdin(Stdio::null()).output().unwrap())
}

#[test]
fn several_are_set_at_once_with_one_notice() {
    let home = Home::with_store();
    let url = "DATABASE_URL=postgresql://u:p@h/d?a=b";
    let set = run(&home, &["set", "API_KEY=sk_live_abc123", url, "org/acme/k=v"]).ok();
    assert_eq!(notices(&set), 1, "{}", set.stderr);
    assert!(
        !set.stderr.contains("sk_live") && !set.stderr.contains("postgresql"),
        "{}",
        set.stderr
    );
    assert!(set.stderr.contains("created global/API_KEY") && set.stderr.contains("created org/acme/k"));
    assert!(set.stdout.is_empty());
    assert_eq!(home.get("API_KEY"), b"sk_live_abc123");
    assert_eq!(home.get("DATABASE_URL"), b"postgresql://u:p@h/d?a=b");
    assert_eq!(home.get("org/acme/k"), b"v");
    // Again, with what is there.
    let set = run(&home, &["set", "API_KEY=new", "OTHER=x"]).ok();
    assert!(set.stderr.contains("replaced global/API_KEY") && set.stderr.contains("created global/OTHER"));
    assert_eq!(home.get("API_KEY"), b"new");
}

#[test]
fn the_notice_can_be_silenced() {
    let home = Home::with_store();
    assert_eq!(run(&home, &["set", "-q", "A=1", "B=2"]).ok().stderr, "");
    assert_eq!(notices(&run(&home, &["set", "--insecure-arg", "A=1"]).ok()), 0);
    assert_eq!(notices(&run(&home, &["set", "A=1"]).ok()), 1);
    home.run_with(&["set", "--insecure-arg", "B"], b"v").fails("usage", 2);
    assert_eq!(notices(&home.run_with(&["set", "A"], b"v").ok()), 0);
}

#[test]
fn values_are_taken_exactly() {
    let home = Home::with_store();
    for value in [
        "$2a$10$x`\"'\\",
        " v \t",
        "a\nb\n",
        "é🔑",
        "-x",
        "=",
        "==",
        "3D",
        "8080",
    ] {
        run(&home, &["set", &format!("A={value}")]).ok();
        assert_eq!(home.get("A"), value.as_bytes());
    }
    let bytes: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"A=\xff\xfe".to_vec());
    let command = home.command(&["set".into(), bytes]).stdin(Stdio::null()).output();
    Run::from(command.unwrap()).ok();
    assert_eq!(home.get("A"), b"\xff\xfe");
}

#[test]
fn nothing_is_set_where_one_is_wrong() {
    let home = Home::with_store();
    for (args, token, code) in [
        (&["A=s3cret", "B"][..], "usage", 2),
        (&["B", "A=s3cret"], "usage", 2),
        (&["A=s3cret", "s3cret2"], "usage", 2),
        (&["A=s3cret", "A=s3cret2"], "usage", 2),
        (&["A=s3cret", "global/A=s3cret2"], "usage", 2),
        (&["A=s3cret", "B=x", "--if-absent"], "usage", 2),
        (&["A=s3cret", "B=x", "--if-version", "1"], "usage", 2),
        (&["A=s3cret", "B=x", "--raw"], "usage", 2),
        (&["A=s3cret", "B=x", "--from-file", "f"], "usage", 2),
        (&["A=s3cret", "../x=s3cret"], "invalid_key", 50),
        (&["A=s3cret", "a b=s3cret"], "invalid_key", 50),
        (&["A=s3cret", "=s3cret"], "invalid_key", 50),
        (&["A=s3cret", "B="], "invalid_value", 51),
        (&["A=s3cret", "--provider", "a\nb"], "invalid_value", 51),
    ] {
        let set = run(&home, &[&["set"], args].concat()).fails(token, code);
        assert!(!set.stderr.contains("s3cret"), "{args:?}: {}", set.stderr);
    }
    let set = run(&home, &["set", "A=1", "wrong key=s3cret"]);
    assert!(set.stderr.contains("outside"), "the rule is told: {}", set.stderr);
    assert_eq!(home.run(&["list"]).ok().text(), "");
}

#[test]
fn an_empty_value_must_be_meant() {
    let home = Home::with_store();
    let refused = run(&home, &["set", "A="]).fails("invalid_value", 51);
    assert!(refused.stderr.contains("key global/A") && refused.stderr.contains("--allow-empty"));
    run(&home, &["set", "--allow-empty", "A=", "B=x"]).ok();
    assert_eq!(home.get("A"), b"");
}

#[test]
fn options_hold_for_all() {
    let home = Home::with_store();
    run(
        &home,
        &["set", "A=1", "B=2", "--provider", "openai", "--label", "team=x"],
    )
    .ok();
    let list = home.run(&["list", "--provider", "openai", "-o", "plain"]).ok();
    assert_eq!(list.text(), "global/A\nglobal/B\n");
    run(&home, &["set", "C=1", "--if-absent"]).ok();
    let again = run(&home, &["set", "-q", "C=2", "--if-absent"]);
    again.fails("conflict", 40);
}

#[test]
fn a_word_that_could_be_a_key_is_not_guessed_where_stdin_may_hold_the_value() {
    let home = Home::with_store();
    let refused = home.run_with(&["set", "PORT=8080"], b"value").fails("ambiguous", 41);
    assert!(!refused.stderr.contains("8080"), "{}", refused.stderr);
    home.run_with(&["set", "--insecure-arg", "PORT=8080"], b"").ok();
    assert_eq!(home.get("PORT"), b"8080");
    home.run_with(&["set", "--raw", "PORT=80"], b"value").ok();
    assert_eq!(home.get("PORT=80"), b"value");
    home.run_with(&["set", "--from-file", "-", "PORT=80"], b"value2").ok();
    assert_eq!(home.get("PORT=80"), b"value2");
    run(&home, &["set", "PORT=9090"]).ok();
    assert_eq!(home.get("PORT"), b"9090");
}

#[test]
fn the_first_secrets_make_the_store() {
    let home = Home::new();
    let set = run(&home, &["set", "A=1", "B=2"]).ok();
    assert!(set.stderr.contains("made the store"), "{}", set.stderr);
    assert_eq!(home.get("B"), b"2");
}
