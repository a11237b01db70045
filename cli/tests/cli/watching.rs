//! `watch`, over the store that other commands write to.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::home::Home;

/// The first line of a `watch` with these arguments, while another command writes again and again.
fn first_line(home: &Home, args: &[&str], key: &str) -> String {
    let args = [&["watch", "--every", "50ms", "--count", "1"], args].concat();
    let mut command = home.command(&args);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (done, is_done) = channel();
    let line = std::thread::scope(|scope| {
        // It tells what happens after it began to look, which nobody sees from outside.
        scope.spawn(move || {
            for count in 0.. {
                home.set("org/other/x", b"other");
                home.set(key, format!("c4nary {count}").as_bytes());
                if is_done.recv_timeout(Duration::from_millis(100)).is_ok() {
                    return;
                }
            }
        });
        let line = lines.next();
        done.send(()).unwrap();
        line.unwrap().unwrap()
    });
    assert!(child.wait().unwrap().success());
    assert!(!line.contains("c4nary"), "{line}");
    line
}

#[test]
fn a_change_of_a_named_secret_is_a_line() {
    let home = Home::with_store();
    let line = first_line(&home, &["org/acme/A"], "org/acme/A");
    assert!(line.starts_with("set\torg/acme/A"), "{line}");
    let line = first_line(&home, &["org/acme/A", "-o", "json"], "org/acme/A");
    let change: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&change["kind"], &change["key"]), (&"set".into(), &"org/acme/A".into()));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let home = Home::with_store();
    let run = home.run(&["watch", "--every", "soon"]).fails("usage", 2);
    assert!(run.stderr.contains("--every"), "{}", run.stderr);
    home.run(&["watch", ".."]).fails("invalid_key", 50);
    home.run(&["watch", "--count", "0"]).fails("usage", 2);
}
