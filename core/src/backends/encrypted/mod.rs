//! `encrypted`: the store, opened with a raw key from a setting, a file or a descriptor.

mod backend;
mod config;
mod key_source;
mod last_known;
mod questions;

#[cfg(test)]
mod opening;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use backend::Encrypted;
pub(super) use config::Config;
pub(super) use key_source::{Key, KeySource, Keys};
pub(crate) use last_known::open_last_known;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

const NAME: &str = "encrypted";

/// Opens the store that the settings name; makes it, and the default key file, where there is none.
///
/// # Errors
/// Those of path, key and store, each naming the setting or path at fault.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = Config::read(request.app, request.settings, request.cx.deadline())?;
    Ok(Arc::new(Encrypted::open(config, request.cx)?))
}
