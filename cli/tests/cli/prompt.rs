//! A person at a terminal, played by a pseudo-terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use crate::home::{BINARY, Home, feed, skipped};

/// Runs the command on a terminal of its own, types `typed` once something was asked, and prints what the screen showed.
const TERMINAL: &str = r#"
import os, pty, sys, time
typed, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(command[0], command)
screen, sent = b"", typed == ""
while True:
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    screen += chunk
    if not sent and (b": " in screen or b"[y/N] " in screen):
        time.sleep(0.1)
        os.write(fd, os.fsencode(typed) + b"\n")
        sent = True
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

pub(crate) fn on_a_terminal(home: &Home, typed: impl AsRef<OsStr>, args: &[&str]) -> Option<(i32, String)> {
    let mut command = Command::new("python3");
    home.prepare(&mut command);
    command.args(["-c", TERMINAL]).arg(typed).arg(BINARY).args(args);
    if Command::new("python3")
        .arg("--version")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .is_err()
    {
        skipped("the tests on a terminal: there is no python3");
        return None;
    }
    let run = feed(command, b"");
    Some((run.code, String::from_utf8(run.stdout).unwrap()))
}

#[test]
fn a_value_is_asked_for_and_not_shown() {
    let home = Home::with_store();
    let Some((code, screen)) = on_a_terminal(&home, "typed s3cret", &["set", "org/acme/key"]) else {
        return;
    };
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("org/acme/key: ") && !screen.contains("s3cret"),
        "{screen}"
    );
    assert_eq!(home.get("org/acme/key"), b"typed s3cret");
}

/// What is stored is what was typed, or nothing.
#[test]
fn what_is_typed_in_another_encoding_is_refused() {
    let home = Home::with_store();
    let typed = OsStr::from_bytes(b"p\xe4ssword");
    let Some((code, screen)) = on_a_terminal(&home, typed, &["set", "A"]) else {
        return;
    };
    assert_eq!(code, 52, "{screen}");
    assert!(screen.contains("no UTF-8") && !screen.contains("ssword"), "{screen}");
    home.run(&["get", "A"]).fails("not_found", 10);
}

#[test]
fn nothing_typed_is_refused() {
    let home = Home::with_store();
    home.set("A", b"before");
    let mut typed_nothing = Command::new("true");
    home.prepare(&mut typed_nothing);
    let Some((code, screen)) = on_a_terminal(&home, "\u{8}", &["set", "A"]) else {
        return;
    };
    assert_eq!(code, 51, "{screen}");
    assert_eq!(home.get("A"), b"before");
}

#[test]
fn a_terminal_gets_a_newline_and_a_table() {
    let home = Home::with_store();
    home.set("A", b"value");
    let Some((_, screen)) = on_a_terminal(&home, "", &["get", "A"]) else {
        return;
    };
    assert_eq!(screen, "value\r\n");
    let Some((_, screen)) = on_a_terminal(&home, "", &["list"]) else {
        return;
    };
    assert_eq!(screen, "KEY\r\nglobal/A\r\n");
}

#[test]
fn values_are_shown_only_after_a_yes() {
    let home = Home::with_store();
    home.set("A", b"s3cret");
    home.set("B", b"s3cret");
    for args in [&["list", "--show-values"][..], &["component", "list", "c", "--reveal"]] {
        home.run_with(&["component", "set", "c", "A"], b"s3cret").ok();
        for no in ["n", "no", "yep", " "] {
            let Some((code, screen)) = on_a_terminal(&home, no, args) else {
                return;
            };
            assert_eq!(code, 34, "{screen}");
            assert!(
                screen.contains("Show the values of") && !screen.contains("s3cret"),
                "{screen}"
            );
        }
        for yes in ["y", "YES"] {
            let Some((code, screen)) = on_a_terminal(&home, yes, args) else {
                return;
            };
            assert!(
                code == 0 && screen.contains("[y/N]") && screen.contains("s3cret"),
                "{code} {screen}"
            );
        }
    }
    let Some((code, screen)) = on_a_terminal(&home, "", &["list", "--reveal", "--yes", "--scope", "global"]) else {
        return;
    };
    assert_eq!(
        (code, &screen[..]),
        (0, "KEY       VALUE\r\nglobal/A  s3cret\r\nglobal/B  s3cret\r\n")
    );
}

#[test]
fn several_are_removed_only_after_a_yes() {
    let home = Home::with_store();
    for key in ["A", "B", "component/c/A", "component/c/B"] {
        home.set(key, b"v");
    }
    for args in [&["delete", "A", "B"][..], &["component", "delete", "c", "A", "B"]] {
        let Some((code, screen)) = on_a_terminal(&home, "n", args) else {
            return;
        };
        assert!(code == 34 && screen.contains("Remove 2 secrets"), "{code} {screen}");
    }
    assert_eq!(home.run(&["list"]).ok().text().lines().count(), 4);
    on_a_terminal(&home, "y", &["delete", "A", "B"]);
    on_a_terminal(&home, "", &["component", "delete", "--yes", "c", "A", "B"]);
    assert_eq!(home.run(&["list"]).ok().text(), "");
    home.set("A", b"v");
    // One alone is not asked for, and neither is anything where nobody can be asked.
    assert_eq!(
        on_a_terminal(&home, "", &["delete", "A"]).map(|(code, _)| code),
        Some(0)
    );
    home.set("A", b"v");
    home.set("B", b"v");
    home.run(&["delete", "A", "B"]).ok();
}

#[test]
fn what_is_set_in_arguments_needs_no_prompt() {
    let home = Home::with_store();
    let Some((code, screen)) = on_a_terminal(&home, "", &["set", "PORT=8080", "B=2"]) else {
        return;
    };
    assert!(code == 0 && screen.contains("created global/PORT"), "{screen}");
    // A terminal holds no value, so this is no key with an escape.
    let Some((code, _)) = on_a_terminal(&home, "", &["set", "PORT=9090"]) else {
        return;
    };
    assert_eq!((code, home.get("PORT")), (0, b"9090".to_vec()));
}

/// Whether `--help` comes in colours on a terminal with these variables.
fn is_coloured(variables: &[(&str, &str)]) -> Option<bool> {
    let mut home = Home::new();
    for (name, value) in variables {
        home = home.variable(name, value);
    }
    let (code, screen) = on_a_terminal(&home, "", &["--help"])?;
    assert!(code == 0 && screen.contains("rollback"), "{screen}");
    Some(screen.contains('\u{1b}'))
}

#[test]
fn colours_are_off_where_they_are_not_wanted() {
    let Some(coloured) = is_coloured(&[("TERM", "xterm")]) else {
        return;
    };
    assert!(coloured, "else the rest proves nothing");
    assert_eq!(is_coloured(&[("TERM", "dumb")]), Some(false));
    assert_eq!(is_coloured(&[("TERM", "xterm"), ("NO_COLOR", "1")]), Some(false));
    let run = Home::new().run(&["--help"]).ok();
    assert!(!run.text().contains('\u{1b}'), "no terminal, no colours");
    let run = Home::new().variable("CLICOLOR_FORCE", "1").run(&["--help"]).ok();
    assert!(run.text().contains('\u{1b}'));
    // Only help texts have any.
    let home = Home::with_store().variable("CLICOLOR_FORCE", "1");
    home.set("A", b"v");
    for args in [&["list"][..], &["status"], &["doctor"], &["versions", "A"]] {
        assert!(
            !home
                .run(&[args, &["-o", "table"]].concat())
                .ok()
                .text()
                .contains('\u{1b}'),
            "{args:?}"
        );
    }
}

/// An export shows values, so a person is asked before they are shown on a terminal.
#[test]
fn an_export_to_a_terminal_is_confirmed() {
    let home = Home::with_store();
    home.set("A", b"s3cret");
    let export = ["export", "--format", "env"];
    let Some((code, screen)) = on_a_terminal(&home, "n", &export) else {
        return;
    };
    assert!(
        code != 0 && screen.contains("[y/N]") && !screen.contains("s3cret"),
        "{screen}"
    );
    let (code, screen) = on_a_terminal(&home, "y", &export).expect("python3 is still there");
    assert!(code == 0 && screen.contains("A='s3cret'"), "{screen}");
    let (code, screen) =
        on_a_terminal(&home, "", &["export", "--format", "env", "--yes"]).expect("python3 is still there");
    assert!(
        code == 0 && screen.contains("A='s3cret'") && !screen.contains("[y/N]"),
        "{screen}"
    );
}
