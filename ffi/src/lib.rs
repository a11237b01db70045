//! Strongroom's C ABI: what `include/strongroom.h` declares. It translates and decides nothing: what a verb means
//! stands in the core.
//!
//! Every exported function goes through [`guard`]: no panic leaves it. Objects are [handles](handle), looked up in
//! tables, so that no word that C passes as one can harm. Each verb has a form that waits and one that is told by a
//! callback ([`completion`]); both are one function of [`manager`].

#![allow(unsafe_code, reason = "this crate faces C")]
#![allow(unreachable_pub, reason = "C reaches what is exported")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's first comment holds for every function"
)]

mod arguments;
mod batch;
mod builder;
mod call;
mod cancel;
mod change;
mod completion;
mod error;
mod explanation;
mod fernet;
mod generate;
mod guard;
mod handle;
mod keys;
mod library;
mod list;
mod listener;
mod log;
mod manager;
mod metadata;
mod moments;
mod options;
mod report;
mod secret;
mod status;
mod subscription;
#[cfg(feature = "testing")]
mod testing;
#[cfg(test)]
mod tests;
mod transfer;
mod transferred;
mod under_way;
mod words;
mod written;

/// Every block is wiped when it is freed, also those of libraries that know nothing of secrets.
/// Miri cannot run its barrier, which is inline assembly.
#[cfg(not(miri))]
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;
