//! A person at a terminal, played by a pseudo-terminal.

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
    if not sent and b": " in screen:
        time.sleep(0.1)
        os.write(fd, typed.encode() + b"\n")
        sent = True
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

fn on_a_terminal(home: &Home, typed: &str, args: &[&str]) -> Option<(i32, String)> {
    let mut command = Command::new("python3");
    home.prepare(&mut command);
    command.args(["-c", TERMINAL, typed, BINARY]).args(args);
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
