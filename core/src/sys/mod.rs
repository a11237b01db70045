//! What the operating system gives, behind safe functions. The only home of `unsafe` in this crate.

#![allow(
    unsafe_code,
    reason = "system calls and the memory that they hand out; every block states why it is sound"
)]

pub(crate) mod alloc;
pub(crate) mod arena;
pub(crate) mod clock;
pub(crate) mod files;
pub(crate) mod fork;
#[cfg(not(unix))]
mod portable;
#[cfg(feature = "encrypted")]
pub(crate) mod sqlite;
#[cfg(all(test, target_os = "linux"))]
mod tests;
#[cfg(unix)]
mod unix;
