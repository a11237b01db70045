//! What a remote backend was found not to have.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys that were absent, each until when that is believed, by the cache's clock.
pub(super) struct Absent {
    until: Mutex<HashMap<Box<[u8]>, u64, foldhash::fast::RandomState>>,
    most: usize,
}

impl Absent {
    pub(super) fn new(most: usize) -> Self {
        Self {
            until: Mutex::default(),
            most,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, u64, foldhash::fast::RandomState>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, key: &[u8], now: u64) -> bool {
        self.lock().get(key).is_some_and(|until| now < *until)
    }

    /// Keeps a key where `wanted` still says so under the lock.
    pub(super) fn put_if(&self, key: &[u8], now: u64, until: u64, wanted: impl FnOnce() -> bool) {
        let mut keys = self.lock();
        if !wanted() {
            return;
        }
        if keys.len() >= self.most {
            keys.retain(|_, until| now < *until);
        }
        if keys.len() < self.most {
            keys.insert(key.into(), until);
        }
    }

    pub(super) fn remove(&self, key: &[u8]) {
        self.lock().remove(key);
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_and_are_no_more_than_the_limit() {
        let absent = Absent::new(2);
        absent.put_if(b"a", 0, 10, || true);
        absent.put_if(b"b", 0, 20, || true);
        absent.put_if(b"c", 0, 20, || true);
        assert!(absent.has(b"a", 9) && !absent.has(b"a", 10));
        assert!(absent.has(b"b", 0) && !absent.has(b"c", 0), "there is room for two");
        absent.put_if(b"c", 10, 20, || true);
        assert!(absent.has(b"c", 10), "what has ended makes room");
        absent.put_if(b"d", 20, 30, || false);
        absent.remove(b"b");
        assert!(!absent.has(b"d", 20) && !absent.has(b"b", 10));
        absent.clear();
        assert!(!absent.has(b"c", 10));
    }
}
