//! The machine round the setup: clock, memory, terminal.

use std::time::{Duration, SystemTime};

use strongroom::locations;

use super::finding::Finding;
use super::setup::Setup;
use crate::commands::status::{key_memory, process};
use crate::terminal;

/// No earlier time is right: 2025-01-01.
const EARLIEST: Duration = Duration::from_secs(1_735_689_600);
/// As much as clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(300);

pub(super) fn findings(setup: &Setup) -> Vec<Finding> {
    vec![clock(setup), memory(), Finding::ok("process", process()), asking()]
}

fn clock(setup: &Setup) -> Finding {
    let now = SystemTime::now();
    let help = "set the clock: expiry goes by it";
    if now < SystemTime::UNIX_EPOCH + EARLIEST {
        return Finding::warn("clock", "it stands long before this version was made", help);
    }
    let written = locations::store_file(&setup.app, setup.settings())
        .ok()
        .and_then(|store| std::fs::metadata(store).ok()?.modified().ok());
    match written {
        Some(written) if written > now + TOLERANCE => {
            Finding::warn("clock", "it stands before the store's last change", help)
        }
        _ => Finding::ok("clock", "it does not contradict the store"),
    }
}

fn memory() -> Finding {
    let found = strongroom::hardening();
    if found.secret_memory || found.locked {
        return Finding::ok("key memory", key_memory());
    }
    Finding::warn(
        "key memory",
        key_memory(),
        "allow some locked memory (`ulimit -l`), or encrypt the swap",
    )
}

fn asking() -> Finding {
    let what = if terminal::is_there() {
        "there is one; values can be asked for, hidden"
    } else {
        "there is none; nothing is asked, and values come from stdin or files"
    };
    Finding::ok("terminal", what)
}
