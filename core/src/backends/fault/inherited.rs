//! What a forked child takes over of what stands behind a lock, without ever waiting for that lock.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crate::sys::fork;

/// Makes a process's value, for a [`ForkCell`](crate::sys::fork::ForkCell): `first` in this process, a copy in its
/// children. Where a thread that is not in the child held the lock at the fork, the child has a copy of `first`.
pub(super) fn copied<T: Clone + Send + Sync + 'static>(first: T) -> impl Fn() -> Arc<Mutex<T>> + Send + Sync {
    // From here on a fork is counted.
    fork::arm();
    let (generation, ours) = (fork::generation(), Arc::new(Mutex::new(first.clone())));
    move || {
        if generation == fork::generation() {
            return Arc::clone(&ours);
        }
        Arc::new(Mutex::new(copy(&ours).unwrap_or_else(|| first.clone())))
    }
}

/// A copy of what the parent has; `None` where a thread that is not here held the lock at the fork.
pub(super) fn copy<T: Clone>(of: &Mutex<T>) -> Option<T> {
    match of.try_lock() {
        Ok(value) => Some(value.clone()),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner().clone()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// No code of others runs under these locks, so a poisoned one only means that a thread died between two statements.
pub(super) fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}
