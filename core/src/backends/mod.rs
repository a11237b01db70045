//! The backends. Every folder has the same files in the same order: `mod`, `config`, `backend`, then what it needs.

#[cfg(feature = "encrypted")]
pub(crate) mod encrypted;
#[cfg(feature = "testing")]
pub(crate) mod fault;
#[cfg(feature = "file")]
pub(crate) mod file;
pub(crate) mod memory;
