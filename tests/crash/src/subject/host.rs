//! A host program that looks into the store's files while it uses the store.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use strongroom::Secret;

use super::{acknowledge, complain, key, open, say, value};

/// Writes `count` values while another thread opens, reads and closes every file of the home.
pub(super) fn meddle(id: u32, count: u64) {
    let Some(manager) = open("on") else { return };
    #[expect(clippy::disallowed_methods, reason = "where the rig told the host to meddle")]
    let home = std::env::var_os("RIG_HOME").map(PathBuf::from).unwrap_or_default();
    let done = AtomicBool::new(false);
    let openings = AtomicU64::new(0);
    say("open");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                openings.fetch_add(read_all(&home), Ordering::Relaxed);
            }
        });
        for n in 0..count {
            let outcome = manager.set(key(id, n), &Secret::new(value(id, n)));
            if !acknowledge(outcome, format_args!("ack {id} {n}")) {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    if let Err(error) = manager.close() {
        complain("close", &error);
    }
    say(format_args!("note {} openings", openings.load(Ordering::Relaxed)));
}

/// Opens, reads and closes everything below; answers how many files that were.
fn read_all(folder: &Path) -> u64 {
    let Ok(entries) = folder.read_dir() else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_all(&entry.path()),
            // `read` opens, reads and closes, which is the point; side files come and go.
            _ => u64::from(fs::read(entry.path()).is_ok()),
        })
        .sum()
}
