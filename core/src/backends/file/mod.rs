//! `file`: secrets in one plain JSON file, the vault file of SideSeat. INSECURE: whoever reads the file has every
//! secret in it. For development, and for reading what such a vault holds.
//!
//! `document` is the text and what it says, `entry` what a write is about, `render` writes the text anew, `place` is the
//! file with its lock, `order` its migration and what happens to a corrupt one.
//!
//! A version is the microsecond of `updated_at`, as the format has no other. `if_version` therefore does not see an edit
//! by hand that changes a value and leaves its `updated_at`.

mod backend;
mod config;
mod document;
mod entry;
mod metadata;
mod order;
mod place;
mod render;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;
use crate::sys::files::fs_is_network;

/// Opens the file that the settings name: migrates one of version 1, sets a corrupt one aside. Where there is none,
/// the first write makes it.
///
/// # Errors
/// Those of path and file, each naming the path at fault: `insecure_path`, `unsupported_format` for a newer version,
/// `integrity` for a corrupt one where `file.on_corrupt` is `stop` or nothing can be written there; `unavailable` for one
/// that somebody went on writing.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.app, request.settings)?;
    let is_remote = fs_is_network(&config.path);
    Ok(Arc::new(backend::FileBackend::open(config, is_remote, request.cx)?))
}
