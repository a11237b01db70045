//! `encrypted`: the store, opened with a raw key from a setting, a file or a descriptor.

mod backend;
mod config;
mod key_source;

#[cfg(test)]
mod opening;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Opens the store that the settings name; makes it, and the default key file, where there is none.
///
/// # Errors
/// Those of path, key and store, each naming the setting or path at fault.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.app, request.settings, request.cx.deadline())?;
    Ok(Arc::new(backend::Encrypted::open(config, request.cx)?))
}
