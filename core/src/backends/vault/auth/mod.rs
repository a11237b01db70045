//! Logging in: where the token comes from, for how long it is good, and what happens when the server refuses it.
//!
//! One login at a time for all callers, made by a task of the runtime: a caller who leaves takes nothing away from the
//! others, and a wrapped secret id, which can be unwrapped only once, does not get lost with him.

mod config;
mod flight;
mod given;
mod kept;
mod lease;
mod login;
mod method;
mod renewal;
mod reply;
mod state;
mod verdict;
mod wire;
mod wrapped;

#[cfg(test)]
mod tests;

pub(super) use login::Login;
pub(super) use verdict::Refusal;
pub(super) use wire::{Method, Token, Wire, WireReply, WireRequest};
