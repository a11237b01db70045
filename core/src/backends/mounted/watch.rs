//! A change token over files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backend::ChangeToken;
use crate::sys::fork::ForkCell;
use crate::sys::mounted::{self, Stamp};

/// How many paths are looked at for one token: with more, it takes longer than it saves.
const MOST: usize = 256;

/// Remembers in which state each file was that a value was read from, and each folder that did not hold a file that was
/// looked for. A look at the token is one `stat` for each of them: what the path leads to now, through whatever links, so
/// that an edit in place, a replacement, a removal, a swap of links and a new file are all seen.
pub(crate) struct Watch {
    instance: u64,
    state: ForkCell<Mutex<State>>,
}

#[derive(Default)]
struct State {
    paths: BTreeMap<PathBuf, Stamp>,
    /// Something was read whose changes would not be seen, so the next look takes it for changed.
    doubt: bool,
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

    /// What was answered follows from `path` in the state `stamp`; `None`: a later change could leave the same one.
    pub(crate) fn saw(&self, path: &Path, stamp: Option<Stamp>) {
        let mut state = self.lock();
        let State { paths, doubt, changes } = &mut *state;
        let is_full = paths.len() == MOST;
        match (stamp, paths.get_mut(path)) {
            (None, _) => *doubt = true,
            // Two readings of two states: nobody knows which of them is cached last.
            (Some(stamp), Some(known)) if *known != stamp => {
                *known = stamp;
                *changes += 1;
            }
            (Some(_), Some(_)) => {}
            (Some(_), None) if is_full => *doubt = true,
            (Some(stamp), None) => drop(paths.insert(path.to_owned(), stamp)),
        }
    }

    /// What was answered may follow from anything.
    #[cfg_attr(
        not(feature = "directory"),
        allow(dead_code, reason = "a variable that names a file always leads to it")
    )]
    pub(crate) fn doubt(&self) {
        self.lock().doubt = true;
    }

    /// A value that differs after any change of what was read. Beyond [`MOST`] paths it differs each time that more were
    /// read.
    pub(crate) fn token(&self) -> ChangeToken {
        let mut state = self.lock();
        let State { paths, doubt, changes } = &mut *state;
        if std::mem::take(doubt) {
            // What was answered so far has an older token, so none of it needs to be looked at any more.
            paths.clear();
            *changes += 1;
        }
        let before = paths.len();
        paths.retain(|path, known| {
            let now = std::fs::metadata(path).map(|found| mounted::stamp(&found).0);
            now.is_ok_and(|now| now == *known)
        });
        *changes += (before - paths.len()) as u64;
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
    fn the_token_changes_with_a_folder_that_gets_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Watch::new();
        let first = watch.token();
        watch.saw(dir.path(), stamp(dir.path()));
        assert_eq!(watch.token(), first);
        let mut files = 0;
        // The first may come within the same tick of the file system's clock.
        crate::backends::mounted::until(|| {
            files += 1;
            std::fs::write(dir.path().join(files.to_string()), "").unwrap();
            watch.token() != first
        });
    }

    #[test]
    fn beyond_what_is_looked_at_every_token_differs_until_less_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..=MOST).map(|at| dir.path().join(at.to_string())).collect();
        for path in &paths {
            std::fs::write(path, "1").unwrap();
        }
        let watch = Watch::new();
        let read = |paths: &[PathBuf]| paths.iter().for_each(|path| watch.saw(path, stamp(path)));
        let first = watch.token();
        read(&paths[..MOST]);
        assert_eq!(watch.token(), first);
        let mut former = first;
        for _ in 0..3 {
            read(&paths);
            let now = watch.token();
            assert_ne!(now, former);
            former = now;
        }
        assert_eq!(watch.token(), former, "nothing was read since");
        read(&paths[MOST..]);
        assert_eq!(watch.token(), former);
        std::fs::write(&paths[MOST], "22").unwrap();
        assert_ne!(watch.token(), former);
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
