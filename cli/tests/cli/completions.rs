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
    assert_eq!(offered(&home, &["get", "--secrets-set", "deadl"]), ["deadline="]);
    let secret = offered(&home, &["get", "--secrets-set", "encrypted.key"]);
    assert_eq!(
        secret,
        ["encrypted.key_fd=", "encrypted.key_file="],
        "no secret setting"
    );
    for verb in [
        &["copy", "API"][..],
        &["copy", "--to", "file", "API"],
        &["explain", "API"],
    ] {
        assert_eq!(offered(&home, verb), ["API_KEY", "API_URL"], "{verb:?}");
    }
    for verb in ["export", "explain", "migrate"] {
        assert_eq!(offered(&home, &[verb, "--scope", "org"]), ["org/acme"], "{verb}");
    }
    for end in ["--from", "--to"] {
        assert_eq!(offered(&home, &["migrate", end, "encr"]), ["encrypted"]);
        assert_eq!(offered(&home, &["copy", end, "encr"]), ["encrypted"]);
    }
    home.run_with(&["set", "--", "-dash"], b"v").ok();
    assert!(
        ask(&home, &["get", ""])
            .text()
            .lines()
            .any(|word| word == "global/-dash")
    );
    assert!(!ask(&home, &["get", ""]).text().lines().any(|word| word == "-dash"));
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
    let descriptor = ["get", "--secrets-set", "encrypted.key_fd=0", ""];
    assert_eq!(
        offered(&home, &descriptor),
        Vec::<String>::new(),
        "a descriptor is left alone"
    );
    let mut unknown = home.command(&["--", "strongroom", "get"]);
    unknown.env("STRONGROOM_COMPLETE", "csh");
    feed(unknown, b"").fails("usage", 2);
}

/// The variable alone does not make a command a question: `set` would say that it did what it did not.
#[test]
fn a_command_stays_a_command() {
    for word in ["1", "bash", "zsh", "csh"] {
        let home = Home::with_store().variable("STRONGROOM_COMPLETE", word);
        home.run_with(&["set", "A"], b"v").ok();
        assert_eq!(home.get("A"), b"v", "{word}");
        home.run(&["get", "A", "--"]).ok();
        home.run(&["get", "B"]).fails("not_found", 10);
        let run = home.run(&["--"]);
        assert!(run.stdout.is_empty() && run.code == 2, "{}", run.text());
    }
}

/// Loads the script of the command that lies there and completes one line.
const ODD_BASH: &str = r#"
source <("$1" completions bash)
COMP_TYPE=9 COMP_LINE="strongroom get API" COMP_POINT=18 COMP_WORDS=(strongroom get API) COMP_CWORD=2
_strongroom strongroom API get
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// A folder may have any name; it is no part of the script.
#[test]
fn the_command_may_lie_in_any_folder() {
    let home = with_secrets();
    for folder in [
        "my tools",
        "o'clock",
        "a\"b",
        "$(touch PWNED)",
        "`touch PWNED`",
        "$HOME",
        "NAME BIN COMPLETER VAR",
        "a\\b;*&",
    ] {
        let folder = home.path().join(folder);
        std::fs::create_dir(&folder).unwrap();
        let binary = folder.join("strongroom");
        std::os::unix::fs::symlink(BINARY, &binary).unwrap();
        for (shell, script) in [("bash", ODD_BASH), ("zsh", ZSH), ("fish", FISH)] {
            if Command::new(shell).arg("--version").output().is_err() {
                skipped(&format!("completion in {shell}: there is no {shell}"));
                continue;
            }
            let mut command = Command::new(shell);
            home.prepare(&mut command);
            match shell {
                "bash" => command.args(["--noprofile", "--norc", "-c", script, "bash"]),
                "zsh" => command.args(["-f", "-c", script, "zsh"]),
                _ => command.args(["--no-config", "-c", script]),
            };
            command.arg(&binary);
            let run = feed(command, b"").ok();
            let names: Vec<_> = run.text().lines().filter(|word| !word.starts_with('-')).collect();
            assert_eq!(
                names,
                ["API_KEY", "API_URL"],
                "{shell}, {}: {}",
                folder.display(),
                run.stderr
            );
        }
        assert!(!home.path().join("PWNED").exists(), "{}", folder.display());
    }
    let folder = home.path().join("a\nb");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(BINARY, folder.join("strongroom")).unwrap();
    let mut command = Command::new(folder.join("strongroom"));
    home.prepare(&mut command);
    command.args(["completions", "bash"]);
    feed(command, b"").fails("invalid_argument", 52);
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
complete -p strongroom | grep -q -- '-F _strongroom strongroom' || exit 3
COMP_TYPE=9 COMP_LINE="$2" COMP_POINT=${#2}
COMP_WORDS=($2) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_strongroom strongroom "${2##*[ @=:]}" ""
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_names() {
    let home = with_secrets();
    home.set("DB@production", b"v");
    home.set("DB@staging", b"v");
    home.run_with(&["--app", "other", "set", "THEIRS"], b"v").ok();
    for (line, offered) in [
        ("strongroom get API", "API_KEY\nAPI_URL\n"),
        ("strongroom get org/", "org/acme/key\n"),
        // Bash replaces only what stands behind the sign, and this one too.
        ("strongroom get DB@", "@production\n@staging\n"),
        ("strongroom get DB@p", "@production\n"),
        ("strongroom --app=other get ", "THEIRS\n"),
        ("strongroom get --secrets-backend=encr", "encrypted\n"),
    ] {
        let mut bash = Command::new("bash");
        home.prepare(&mut bash);
        bash.args(["--noprofile", "--norc", "-c", BASH, "bash", BINARY, line]);
        let run = feed(bash, b"").ok();
        let names: Vec<_> = run.text().lines().filter(|word| !word.starts_with('-')).collect();
        assert_eq!(names.join("\n") + "\n", offered, "{line}: {}", run.stderr);
    }
}

/// Types into a bash on a terminal of its own: each line with the key that completes it, then waits for its output.
const TYPIST: &str = r#"
import os, pty, signal, sys
binary, lines = sys.argv[1], sys.argv[2:]
signal.alarm(60)
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--noprofile", "--norc"])
def wait_for(text):
    screen = b""
    while text not in screen:
        screen += os.read(fd, 65536)
os.write(fd, b"source <('%s' completions bash); PATH='%s':$PATH; echo rea''dy\n" % (binary.encode(), os.path.dirname(binary).encode()))
wait_for(b"ready")
for line in lines:
    typed, answer = line.split("|")
    os.write(fd, typed.encode() + b"\t\n")
    wait_for(answer.encode())
    print(answer)
"#;

#[test]
fn bash_completes_what_is_typed() {
    let home = with_secrets().variable("TERM", "dumb");
    home.set("DB@production", b"value one");
    home.set("DB@staging", b"value two");
    let mut python = Command::new("python3");
    home.prepare(&mut python);
    python.args(["-c", TYPIST, BINARY]);
    python.args([
        "strongroom get DB@p|value one",
        "strongroom get --app=strongroom DB@s|value two",
    ]);
    python.arg("strongroom get --timeout=5s API_K|s3cret");
    if Command::new("python3").arg("--version").output().is_err() {
        skipped("completion as it is typed: there is no python3");
        return;
    }
    let run = feed(python, b"").ok();
    assert_eq!(run.text(), "value one\nvalue two\ns3cret\n");
}

/// What `_describe` is given is what the menu shows.
const ZSH: &str = r#"
autoload -Uz compinit && compinit -u -D
source <("$1" completions zsh)
_describe() { print -rl -- "${other[@]}" }
words=(strongroom get API) CURRENT=3
_clap_dynamic_completer_strongroom
"#;

const FISH: &str = r#"
$argv[1] completions fish | source
complete -C "strongroom get API"
"#;

#[test]
fn zsh_and_fish_complete_names() {
    let home = with_secrets();
    for (shell, args) in [
        ("zsh", &["-f", "-c", ZSH, "zsh", BINARY][..]),
        ("fish", &["--no-config", "-c", FISH, BINARY]),
    ] {
        if Command::new(shell).arg("--version").output().is_err() {
            skipped(&format!("completion in {shell}: there is no {shell}"));
            continue;
        }
        let mut command = Command::new(shell);
        home.prepare(&mut command);
        command.args(args);
        let run = feed(command, b"").ok();
        assert_eq!(run.text(), "API_KEY\nAPI_URL\n", "{shell}: {}", run.stderr);
    }
}
