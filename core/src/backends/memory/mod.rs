//! `memory`: secrets of this process alone, gone with it. The reference implementation of the contract: every
//! capability, no I/O, every future ready at its first poll.

mod backend;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

pub(crate) use backend::MemoryBackend;

/// Opens a new, empty memory; two managers share one only where they share the manager.
pub(crate) fn open(_request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    Ok(Arc::new(MemoryBackend::new()))
}
