//! The cryptography of the store (sealed boxes, keyed hashes, randomness) and of Fernet tokens. Everything else asks here.
//!
//! One library underneath (aws-lc-rs), and one source of randomness (the system's), never the library's own.

pub(crate) mod digest;
pub mod fernet;
pub(crate) mod padding;
pub(crate) mod random;
pub(crate) mod sealed;

pub(crate) use sealed::{Address, Deriver, Refusal, SealedBox, Table};

/// The number of bytes of every key.
pub(crate) const KEY_LEN: usize = 32;
/// What identifies a store; random, made with it.
pub(crate) type StoreId = [u8; 16];
/// What stands for a secret's key in the store.
pub(crate) type Sid = [u8; 16];
/// The one suite there is: HKDF-SHA-512, AES-256-GCM, SHA-256, HMAC-SHA-256.
pub(crate) const SUITE: u8 = 1;
