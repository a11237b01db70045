//! How an entry is written as JSON by every backend that writes one: SideSeat's entry, with ours beside it.

pub(in crate::backends) mod json;
pub(in crate::backends) mod metadata;
