//! The cache in front of a backend on another machine: what ends an entry, what is read ahead, what is answered while the
//! backend is out of reach, and what of it lies on the disk. Time is set forward, nothing waits for it.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

#[path = "../executor/mod.rs"]
mod executor;

mod disk;
mod events;
mod memory;
mod reach;
mod remote;
