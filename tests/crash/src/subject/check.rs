use std::io::Read;

use super::{complain, key, open, say, value};
use crate::subject::write::COUNTER;

/// What the ledger asks, one a line: `has <writer> <n>`, `head <writer> <n>`.
pub(super) fn questions() -> Vec<(String, u32, u64)> {
    let mut input = String::new();
    if std::io::stdin().read_to_string(&mut input).is_err() {
        say("error no questions");
    }
    input
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((
                words.next()?.to_owned(),
                words.next()?.parse().ok()?,
                words.next()?.parse().ok()?,
            ))
        })
        .collect()
}

/// Reads everything that was acknowledged, then lets the library verify the store.
pub(super) fn check() {
    let questions = questions();
    let Some(manager) = open("off") else { return };
    for (kind, writer, n) in questions {
        if kind == "head" {
            match manager.get_value(format!("app/w{writer}/head")) {
                Ok(Some(text)) if text.parse::<u64>().is_ok_and(|head| head >= n) => {}
                Ok(found) => say(format_args!("lost head {writer} {n}: found {found:?}")),
                Err(error) => complain(format_args!("head {writer}"), &error),
            }
        } else {
            match manager.get(key(writer, n)) {
                Ok(Some(secret)) if secret.value.expose() == value(writer, n).as_bytes() => {}
                Ok(Some(_)) => say(format_args!("lost {writer} {n}: another value")),
                Ok(None) => say(format_args!("lost {writer} {n}: not there")),
                Err(error) => complain(format_args!("get {writer} {n}"), &error),
            }
        }
    }
    match manager.get_value(COUNTER) {
        Ok(Some(count)) => say(format_args!("counter {count}")),
        Ok(None) => {}
        Err(error) => complain("counter", &error),
    }
    match manager.with_timeout(std::time::Duration::from_secs(100)).verify() {
        Ok(report) => say(format_args!("verified {} {}", report.secrets, report.sequence)),
        Err(error) => complain("verify", &error),
    }
}
