//! Stores that lose writes, so that the rig has something to find.

use std::fs;
use std::path::PathBuf;

use super::check::questions;
use super::{say, value};

fn folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "where the rig told the control to write")]
    let home = std::env::var_os("RIG_HOME").map(PathBuf::from).unwrap_or_default();
    let folder = home.join("plain");
    // The write that follows shows it when there is no folder.
    let _ = fs::create_dir_all(&folder);
    folder
}

/// Acknowledges each write before it makes it.
pub(super) fn early(id: u32, start: u64) {
    let folder = folder();
    say("open");
    for n in start.. {
        say(format_args!("ack {id} {n}"));
        if let Err(error) = fs::write(folder.join(format!("w{id}-{n}")), value(id, n)) {
            return say(format_args!("error {error}"));
        }
    }
}

/// Increments a number in a file that nothing locks.
pub(super) fn rmw(id: u32) {
    let path = folder().join("counter");
    say("open");
    loop {
        let next = fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0_u64)
            + 1;
        if let Err(error) = fs::write(&path, next.to_string()) {
            return say(format_args!("error {error}"));
        }
        say(format_args!("count {id} {next}"));
    }
}

/// What `check` does, for these stores.
pub(super) fn check() {
    let questions = questions();
    let folder = folder();
    for (_, writer, n) in questions {
        match fs::read_to_string(folder.join(format!("w{writer}-{n}"))) {
            Ok(text) if text == value(writer, n) => {}
            Ok(_) => say(format_args!("lost {writer} {n}: another value")),
            Err(_) => say(format_args!("lost {writer} {n}: not there")),
        }
    }
    if let Ok(count) = fs::read_to_string(folder.join("counter")) {
        say(format_args!("counter {count}"));
    }
    say("verified plainly");
}
