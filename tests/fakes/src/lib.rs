//! Servers that tests start, and what stands between them and their clients.
//!
//! Everything blocks and runs on threads of the standard library, so that any test can use it. Servers end with the
//! value that started them, and with the process, however it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub mod certificates;
pub mod http;
mod moto;
mod openbao;
mod process;
mod proxy;
mod python;
mod rules;
mod stub;

pub use moto::Moto;
pub use openbao::OpenBao;
pub use proxy::Proxy;
pub use python::{Script, missing, python};
pub use rules::Fault;
pub use stub::Stub;
