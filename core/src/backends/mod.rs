//! The backends. Every folder has the same files in the same order: `mod`, `config`, `backend`, then what it needs.

#[cfg(feature = "aws")]
pub(crate) mod aws;
#[cfg(feature = "chain")]
pub(crate) mod chain;
#[cfg(feature = "directory")]
pub(crate) mod directory;
#[cfg(feature = "encrypted")]
pub(crate) mod encrypted;
#[cfg(feature = "env")]
pub(crate) mod env;
#[cfg(feature = "testing")]
pub(crate) mod fault;
#[cfg(feature = "file")]
pub(crate) mod file;
#[cfg(feature = "encrypted")]
pub(crate) mod local_encrypted;
pub(crate) mod memory;
#[cfg(any(feature = "directory", feature = "env"))]
mod mounted;
#[cfg(any(feature = "aws", feature = "directory", feature = "env"))]
mod page;
#[cfg(any(feature = "aws", feature = "vault"))]
mod remote;
#[cfg(any(feature = "aws", feature = "file", feature = "vault"))]
mod stored;
#[cfg(feature = "vault")]
pub(crate) mod vault;
