//! The files that SQLite keeps beside a store. Whoever can write one of them writes to the store: a planted journal is
//! rolled back over it, a planted log is read in its place.

use std::path::Path;
use std::time::Duration;

use super::error::damaged;
use super::shared::beside;
use crate::error::{ErrorKind, Result};
use crate::sys::files;

/// What SQLite puts after the store's name.
pub(crate) const SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How often, and how long after each other, a journal is looked at. Turning a store that comes from a network file
/// system to WAL makes a journal that goes away at once; what stays was left or planted.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Whether what lies beside the store is as private as the store must be. Where its mode is WAL, no journal may lie
/// there, not even one of ours: SQLite would roll it back over a store that it does not belong to.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] or [`ErrorKind::Integrity`], naming the file.
pub(crate) fn check(store: &Path, wal: bool) -> Result<()> {
    for suffix in SUFFIXES {
        match files::check_private_file(&beside(store, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let journal = beside(store, "-journal");
    for look in 1.. {
        if !wal || matches!(files::file_id(&journal), Ok(None)) {
            break;
        }
        if look == LOOKS {
            let text = format!(
                "{} lies beside the store, where none belongs; it is never replayed",
                files::shown(&journal)
            );
            return Err(damaged(text).with_help("close everything, move this file away, then run `verify`"));
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Ok(())
}

/// Whether nothing is left beside a path where no store is.
///
/// # Errors
/// [`ErrorKind::Integrity`] naming the file.
pub(crate) fn check_no_leftovers(path: &Path) -> Result<()> {
    for suffix in SUFFIXES {
        let leftover = beside(path, suffix);
        if !matches!(files::file_id(&leftover), Ok(None)) {
            let text = format!(
                "there is no store, but {} is left of one; it is never replayed",
                leftover.display()
            );
            return Err(damaged(text).with_help("bring the store's file back, or move the left-over file away"));
        }
    }
    Ok(())
}
