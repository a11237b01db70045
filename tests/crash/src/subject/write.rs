use strongroom::{ErrorKind, Secret, SetOptions};

use super::{acknowledge, complain, key, open, say, value};

/// The shared counter of all read-modify-write subjects.
pub(super) const COUNTER: &str = "app/shared/counter";

/// Sets one key after the other from `start` on, and now and then a key of which it is the only writer; for ever where
/// `count` is 0.
pub(super) fn write(id: u32, start: u64, count: u64) {
    let Some(manager) = open("on") else { return };
    say("open");
    let head = format!("app/w{id}/head");
    for n in start..start.saturating_add(if count == 0 { u64::MAX } else { count }) {
        let outcome = manager.set(key(id, n), &Secret::new(value(id, n)));
        if !acknowledge(outcome, format_args!("ack {id} {n}")) {
            return;
        }
        if n % 4 == 0 {
            let outcome = manager.set(&head, &Secret::new(n.to_string()));
            if !acknowledge(outcome, format_args!("head {id} {n}")) {
                return;
            }
        }
    }
    if let Err(error) = manager.close() {
        complain("close", &error);
    }
}

/// Increments the counter for ever; writers with an odd number read through the cache.
pub(super) fn rmw(id: u32) {
    let Some(manager) = open(if id % 2 == 1 { "on" } else { "off" }) else {
        return;
    };
    say("open");
    loop {
        let (next, options) = match manager.get(COUNTER) {
            Ok(Some(secret)) => {
                let count = secret.value.expose_str().ok().and_then(|text| text.parse::<u64>().ok());
                let (Some(count), Some(version)) = (count, secret.metadata.version) else {
                    return say("error counter: no number or no version");
                };
                (count + 1, SetOptions::new().if_version(version))
            }
            Ok(None) => (1, SetOptions::new().if_absent()),
            Err(error) => return complain("counter", &error),
        };
        match manager.set_with(COUNTER, &Secret::new(next.to_string()), options) {
            Ok(_) => say(format_args!("count {id} {next}")),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => say("unknown count"),
            Err(error) => return complain("counter", &error),
        }
    }
}
