//! The help texts.

use crate::home::Home;

const VERBS: &[&str] = &[
    "init",
    "set",
    "get",
    "list",
    "delete",
    "versions",
    "rollback",
    "restore",
    "resolve",
    "watch",
    "generate",
    "copy",
    "migrate",
    "import",
    "export",
    "component",
    "component list",
    "component set",
    "component delete",
    "fernet",
    "fernet generate",
    "fernet encrypt",
    "fernet decrypt",
    "fernet rotate",
    "status",
    "explain",
    "verify",
    "doctor",
    "config",
    "config show",
    "config path",
    "config schema",
    "config trust",
    "completions",
];

#[test]
fn every_verb_has_help() {
    let home = Home::new();
    for verb in VERBS {
        let words: Vec<_> = verb.split(' ').collect();
        for args in [[&words[..], &["--help"]].concat(), [&["help"], &words[..]].concat()] {
            let run = home.run(&args).ok();
            assert!(
                run.text().contains("Usage: strongroom") && run.text().lines().count() > 5,
                "{}",
                run.text()
            );
            assert_eq!(run.stderr, "");
        }
    }
    assert_eq!(home.files(), Vec::<std::path::PathBuf>::new());
}

/// `--help` is an interface: a change shows up in review. The whole is compared with `help.txt`.
#[test]
fn help_is_as_reviewed() {
    let home = Home::new();
    let mut all = home.run(&["--help"]).ok().text().to_owned();
    for verb in VERBS {
        all.push_str(&format!("\n──── {verb}\n\n{}", home.run(&help_of(verb)).ok().text()));
    }
    if all != include_str!("help.txt") {
        let now = concat!(env!("CARGO_TARGET_TMPDIR"), "/help.txt");
        std::fs::write(now, &all).unwrap();
        panic!("the help texts changed; look at the difference, then copy {now} over cli/tests/cli/help.txt");
    }
}

fn help_of(verb: &str) -> Vec<&str> {
    verb.split(' ').chain(["--help"]).collect()
}

#[test]
fn no_arguments_give_help_and_the_usage_code() {
    let run = Home::new().run::<&str>(&[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("Usage: strongroom") && run.stdout.is_empty());
}

#[test]
fn usage_errors_are_told_like_all_others() {
    let home = Home::new();
    let run = home.run(&["lst"]).fails("usage", 2);
    assert!(run.stderr.contains("list"), "{}", run.stderr);
    home.run(&["get"]).fails("usage", 2);
    home.run(&["get", "A", "B"]).fails("usage", 2);
    let run = home.run(&["set", "A", "--form-file", "x"]).fails("usage", 2);
    assert!(run.stderr.contains("--from-file"), "{}", run.stderr);
}

#[test]
fn version() {
    assert_eq!(
        Home::new().run(&["--version"]).ok().text(),
        concat!("strongroom ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
