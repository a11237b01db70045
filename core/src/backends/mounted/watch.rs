//! A change token over files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backend::ChangeToken;
use crate::sys::fork::ForkCell;
use crate::sys::mounted::{self, Stamp};

/// Remembers in which state each file was that a value was read from. A look at the token is one `stat` for each of
/// them: the file that the path leads to now, through whatever links, so that an edit in place, a replacement, a removal
/// and a swap of links are all seen.
pub(crate) struct Watch {
    instance: u64,
    state: ForkCell<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// `None`: the state could not be relied on, so the next look takes the file for changed.
    files: BTreeMap<PathBuf, Option<Stamp>>,
    changes: u64,
}

impl Watch {
    pub(crate) fn new() -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        Self {
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            state: ForkCell::new(Mutex::default),
        }
    }

    /// A value was read from `path` in the state `stamp`.
    pub(crate) fn saw(&self, path: &Path, stamp: Option<Stamp>) {
        let mut state = self.lock();
        let State { files, changes } = &mut *state;
        match files.get_mut(path) {
            // Two readings of two states: nobody knows which of them is cached last.
            Some(known) if *known != stamp => {
                *known = stamp;
                *changes += 1;
            }
            Some(_) => {}
            None => drop(files.insert(path.to_owned(), stamp)),
        }
    }

    /// A value that differs after any change of a file that was read.
    pub(crate) fn token(&self) -> ChangeToken {
        let mut state = self.lock();
        let State { files, changes } = &mut *state;
        let before = files.len();
        files.retain(|path, known| {
            let now = std::fs::metadata(path).ok().map(|found| mounted::stamp(&found).0);
            known.is_some() && now == *known
        });
        *changes += (before - files.len()) as u64;
        ChangeToken([self.instance, *changes, 0, 0])
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes, so a poisoned state is whole.
        self.state.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(path: &Path) -> Option<Stamp> {
        Some(mounted::stamp(&std::fs::metadata(path).unwrap()).0)
    }

    #[test]
    fn the_token_changes_with_any_file_that_was_read_and_with_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&a, "1").unwrap();
        std::fs::write(&b, "1").unwrap();
        let watch = Watch::new();
        let first = watch.token();
        watch.saw(&a, stamp(&a));
        assert_eq!(watch.token(), first, "reading is no change");
        std::fs::write(&b, "22").unwrap();
        assert_eq!(watch.token(), first, "nobody read that file");
        std::fs::write(&a, "22").unwrap();
        let second = watch.token();
        assert_ne!(second, first);
        assert_eq!(watch.token(), second);
        watch.saw(&a, stamp(&a));
        std::fs::remove_file(&a).unwrap();
        assert_ne!(watch.token(), second);
        assert_ne!(Watch::new().token(), Watch::new().token());
    }

    #[test]
    fn a_state_that_cannot_be_relied_on_counts_as_changed_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "1").unwrap();
        let watch = Watch::new();
        let first = watch.token();
        watch.saw(&path, None);
        let second = watch.token();
        assert_ne!(second, first);
        assert_eq!(watch.token(), second);
        watch.saw(&path, stamp(&path));
        watch.saw(&path, None);
        assert_ne!(watch.token(), second, "two readings of two states");
    }
}
