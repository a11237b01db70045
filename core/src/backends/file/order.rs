//! Putting the file in order, under its lock: version 1 is migrated, a corrupt file set aside.

use std::path::{Path, PathBuf};

use super::place::{Place, hidden, outside, stamp_at};
use super::render;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{self, Stamp, shown};
use crate::timestamp;

/// How many names of one second are tried for a file that is kept.
const NAMES: u64 = 1 << 16;

/// Keeps a file of version 1 beside and writes it anew in version 2, unless it is another one than that of the stamp by
/// then. Killed in between, it begins again.
pub(super) fn migrate(path: &Path, text: &[u8], old: &[u8], stamp: Stamp) -> Result<()> {
    let kept = first_free(path, "v1", |kept| match files::write_private_file_new(kept, old) {
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
        outcome => outcome.map(|()| true),
    })?;
    let is_wanted = || Ok(stamp_at(path)? == Some(stamp));
    let replaced = files::replace(path, &path.with_file_name(hidden(path)), text, is_wanted).map_err(outside)?;
    if replaced.is_none() {
        // Best effort: a copy of what someone else has replaced is of no use.
        let _ = std::fs::remove_file(&kept);
        return Ok(());
    }
    tracing::info!(
        backend = super::backend::NAME,
        file = %shown(path),
        kept = %shown(&kept),
        "the secrets file was migrated from format version 1 to 2"
    );
    Ok(())
}

/// Gives a corrupt file another name and makes a fresh one.
pub(super) fn put_aside(path: &Path, reason: &'static str, stamp: Stamp) -> Result<()> {
    if stamp_at(path)? != Some(stamp) {
        // Replaced since by someone who does not know the lock.
        return Ok(());
    }
    let Some(aside) = move_aside(path, stamp)? else {
        return Ok(());
    };
    tracing::error!(
        backend = super::backend::NAME,
        file = %shown(path),
        set_aside = %shown(&aside),
        reason,
        "the secrets file is corrupt; it was set aside and a fresh one is made"
    );
    files::flush(&aside).map_err(outside)?;
    match files::write_private_file_new(path, render::EMPTY.as_bytes()) {
        // Someone who does not know the lock has made one.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        outcome => outcome.map_err(outside),
    }
}

/// Gives the file of this stamp another name, at once. What turns out to be another file gets its name back: `None`.
pub(super) fn move_aside(path: &Path, stamp: Stamp) -> Result<Option<PathBuf>> {
    let aside = first_free(path, "corrupt", |aside| files::rename_new(path, aside))?;
    let moved = stamp_at(&aside)?;
    // The time of the last change of its name is a new one.
    let same = |moved: Stamp| (moved.id, moved.modified, moved.size) == (stamp.id, stamp.modified, stamp.size);
    if moved.is_some_and(same) {
        return Ok(Some(aside));
    }
    if !files::rename_new(&aside, path).map_err(outside)? {
        // Yet another one stands there by now. Nothing is lost: both are.
        tracing::error!(
            backend = super::backend::NAME,
            file = %shown(path),
            set_aside = %shown(&aside),
            "another program replaced the secrets file twice while it was put in order; the former one was set aside"
        );
    }
    Ok(None)
}

/// Makes the first file whose name is free: `<file>.<what>.<unix seconds>`, and a number behind it where that is taken.
fn first_free(path: &Path, what: &str, make: impl Fn(&Path) -> Result<bool>) -> Result<PathBuf> {
    let seconds = timestamp::now().unix_timestamp();
    for number in 0..NAMES {
        let free = Place::beside(path, &kept_name(what, seconds, number));
        if make(&free).map_err(outside)? {
            return Ok(free);
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("there is no free name beside `{}`", shown(path)),
    ))
}

fn kept_name(what: &str, seconds: i64, number: u64) -> String {
    match number {
        0 => format!(".{what}.{seconds}"),
        number => format!(".{what}.{seconds}.{number}"),
    }
}
