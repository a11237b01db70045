//! Objects that C builds up call by call.

#![expect(
    clippy::disallowed_types,
    reason = "only ever tried: a child that inherits it locked gets an error and does not hang"
)]

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use strongroom::{Error, ErrorKind, Result};

/// Something that is read by several and changed by one. Nobody ever waits for it, so that a forked child, in which
/// nobody would let it go, does not hang.
#[derive(Default)]
pub(crate) struct Shared<T>(RwLock<T>);

impl<T> Shared<T> {
    pub(crate) fn new(content: T) -> Self {
        Self(RwLock::new(content))
    }

    /// Reads.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] while another thread changes it.
    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, T>> {
        match self.0.try_read() {
            Ok(content) => Ok(content),
            Err(TryLockError::Poisoned(poisoned)) => Ok(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => Err(in_use()),
        }
    }

    /// Changes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] while another thread uses it.
    pub(crate) fn write(&self) -> Result<RwLockWriteGuard<'_, T>> {
        match self.0.try_write() {
            Ok(content) => Ok(content),
            Err(TryLockError::Poisoned(poisoned)) => Ok(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => Err(in_use()),
        }
    }
}

#[cold]
fn in_use() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "another thread uses this object while it is being changed",
    )
}
