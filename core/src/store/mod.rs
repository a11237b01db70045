//! The store: one SQLite file in which every row is sealed by us. The format is `docs/store-format.md`.
//!
//! [`Session`] is a store that was opened with a key; [`read`], [`write`], [`index`] and [`verify`] are what can be done
//! with it. [`SharedStore`](shared::SharedStore) holds the connections, which all sessions of this process share.

mod cbor;
pub(crate) mod create;
mod error;
mod growth;
pub(crate) mod index;
mod keyring;
mod ledger;
mod link;
mod listing;
mod opener;
pub(crate) mod read;
mod records;
mod scan;
mod schema;
mod session;
mod shared;
mod side;
mod slots;
mod transaction;
pub(crate) mod verify;
mod wait;
pub(crate) mod write;

#[cfg(test)]
mod tests;

pub(crate) use error::{Halt, Step};
pub(crate) use link::guarded;
pub(crate) use session::{Limits, Session};
pub(crate) use shared::{check_place, gone, unknown_token, unpoisoned};
pub(crate) use wait::Wait;

/// The longest value that the store takes, in bytes.
pub(crate) const MAX_VALUE: usize = 8 << 20;
