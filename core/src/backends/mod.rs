//! The backends. Every folder has the same files in the same order: `mod`, `config`, `backend`, then what it needs.

#[cfg(feature = "chain")]
pub(crate) mod chain;
#[cfg(feature = "encrypted")]
pub(crate) mod encrypted;
#[cfg(feature = "testing")]
pub(crate) mod fault;
pub(crate) mod memory;
