//! Completion: the script of each shell, and what it is answered.

use std::process::Command;

use crate::home::{BINARY, Home, Run, feed, skipped};

/// What a shell is offered for the last of these words; the protocol of the zsh script.
fn offered(home: &Home, words: &[&str]) -> Vec<String> {
    let run = ask(home, words);
    assert_eq!((run.code, &run.stderr[..]), (0, ""));
    let mut offered: Vec<_> = run
        .text()
        .lines()
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect();
    offered.retain(|word| !word.starts_with('-'));
    offered
}

fn ask(home: &Home, words: &[&str]) -> Run {
    let mut command = Command::new(BINARY);
    home.prepare(&mut command);
    command.env("STRONGROOM_COMPLETE", "zsh");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.args(["--", "strongroom"]).args(words);
    feed(command, b"")
}

fn with_secrets() -> Home {
    let home = Home::with_store();
    for key in ["API_KEY", "API_URL", "org/acme/key", "component/time/TOKEN"] {
        home.set(key, b"s3cret");
    }
    home
}

#[test]
fn names_are_offered_and_never_values() {
    let home = with_secrets();
    assert_eq!(offered(&home, &["get", "API"]), ["API_KEY", "API_URL"]);
    assert_eq!(offered(&home, &["get", "org/"]), ["org/acme/key"]);
    assert_eq!(offered(&home, &["get", "global/API_K"]), ["global/API_KEY"]);
    assert_eq!(
        offered(&home, &["delete", "API_KEY", ""]),
        ["API_KEY", "API_URL", "component/time/TOKEN", "org/acme/key"]
    );
    assert_eq!(offered(&home, &["get", "nothing"]), Vec::<String>::new());
    assert_eq!(offered(&home, &["list", "--scope", "org"]), ["org/acme"]);
    assert_eq!(offered(&home, &["component", "list", ""]), ["time"]);
    let backends = offered(&home, &["get", "--secrets-backend", "encr"]);
    assert_eq!(backends, ["encrypted"]);
    assert_eq!(offered(&home, &["roll"]), ["rollback"]);
    for words in [&["get", ""][..], &["set", ""], &["list", ""]] {
        assert!(!ask(&home, words).text().contains("s3cret"));
    }
}

#[test]
fn the_words_say_which_store() {
    let home = with_secrets();
    home.run_with(&["--app", "other", "set", "THEIRS"], b"v").ok();
    assert_eq!(offered(&home, &["--app", "other", "get", ""]), ["THEIRS"]);
    assert_eq!(offered(&home, &["get", "--app=other", ""]), ["THEIRS"]);
    assert_eq!(
        offered(&home, &["--secrets-backend", "memory", "get", ""]),
        Vec::<String>::new()
    );
}

#[test]
fn nothing_is_made_and_no_error_is_told() {
    let home = Home::new();
    assert_eq!(offered(&home, &["get", ""]), Vec::<String>::new());
    assert_eq!(
        offered(&home, &["--secrets-backend", "cupboard", "get", ""]),
        Vec::<String>::new()
    );
    assert_eq!(offered(&home, &["--app", "../..", "get", ""]), Vec::<String>::new());
    assert_eq!(home.files(), Vec::<std::path::PathBuf>::new());
    let home = with_secrets().variable("STRONGROOM_SECRETS_KEY", &"5a".repeat(32));
    assert_eq!(offered(&home, &["get", ""]), Vec::<String>::new());
    let mut unknown = home.command(&["--", "strongroom", "get"]);
    unknown.env("STRONGROOM_COMPLETE", "csh");
    let run = feed(unknown, b"");
    assert_eq!((run.code, run.text(), &run.stderr[..]), (0, "", ""));
}

#[test]
fn every_shell_has_a_script() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = home.run(&["completions", shell]).ok();
        assert!(
            run.text().contains("STRONGROOM_COMPLETE") && run.text().contains("strongroom"),
            "{shell}: {}",
            run.text()
        );
        assert_eq!(run.stderr, "");
    }
    home.run(&["completions", "csh"]).fails("usage", 2);
    home.run(&["completions"]).fails("usage", 2);
}

/// Loads the script as a start file does and completes one line, as the shell itself would.
const BASH: &str = r#"
source <("$1" completions bash)
COMP_WORDS=(strongroom get API) COMP_CWORD=2 COMP_TYPE=9 COMP_LINE="strongroom get API" COMP_POINT=18
complete -p strongroom | grep -q -- '-F _clap_complete_strongroom' || exit 3
_clap_complete_strongroom strongroom API get
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_names() {
    let home = with_secrets();
    let mut bash = Command::new("bash");
    home.prepare(&mut bash);
    bash.args(["--noprofile", "--norc", "-c", BASH, "bash", BINARY]);
    let run = feed(bash, b"").ok();
    assert_eq!(run.text(), "API_KEY\nAPI_URL\n", "{}", run.stderr);
}

#[test]
fn other_shells_read_their_script() {
    let home = Home::new();
    for (shell, args) in [("zsh", &["-n"][..]), ("fish", &["--no-execute"])] {
        let script = home.path().join(shell);
        std::fs::write(&script, home.run(&["completions", shell]).ok().stdout).unwrap();
        let mut command = Command::new(shell);
        home.prepare(&mut command);
        command.args(args).arg(&script);
        if Command::new(shell).arg("--version").output().is_err() {
            skipped(&format!("the completion script of {shell}: there is no {shell}"));
            continue;
        }
        feed(command, b"").ok();
    }
}
