//! What the operating system gives, behind safe functions. The only home of `unsafe` in this crate.

#![allow(
    unsafe_code,
    reason = "system calls and the memory that they hand out; every block states why it is sound"
)]
#![cfg_attr(
    not(all(feature = "encrypted", feature = "file")),
    allow(
        dead_code,
        reason = "keys and private files are those of the backends that keep them"
    )
)]

pub(crate) mod alloc;
pub(crate) mod arena;
pub(crate) mod clock;
pub(crate) mod files;
pub(crate) mod fork;
#[cfg(any(feature = "directory", feature = "env"))]
pub(crate) mod mounted;
pub(crate) mod place;
#[cfg(not(unix))]
mod portable;
pub(crate) mod sharded;
pub(crate) mod signals;
#[cfg(feature = "encrypted")]
pub(crate) mod sqlite;
pub(crate) mod stack;
#[cfg(all(test, target_os = "linux"))]
mod tests;
#[cfg(unix)]
mod unix;
