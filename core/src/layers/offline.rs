//! The gate in front of a backend on another machine that is not to be asked.

use super::around::{Around, Call};
use crate::backend::{BoxFuture, Operation};
use crate::error::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(super) struct Offline;

impl Around for Offline {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        run: impl Fn() -> BoxFuture<'a, Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        match call.operation {
            // These wait for no other machine.
            Operation::Lock | Operation::Close | Operation::Refresh => run(),
            _ => Box::pin(std::future::ready(Err(call.name(refusal())))),
        }
    }
}

fn refusal() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "offline: the backend is not asked, and the cache does not have what would answer",
    )
    .with_setting("offline")
    .with_help("set `offline` to `off`; with `cache_file` what was read before then is answered")
}
