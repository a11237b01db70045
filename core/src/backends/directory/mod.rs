//! `directory`: one file a secret, read-only. Docker's secrets (`/run/secrets`), systemd's credentials
//! (`$CREDENTIALS_DIRECTORY`), Kubernetes' mounts, whose files are links through `..data`.
//!
//! Every read goes by path, so that a swap of links is seen; [`names`] says which file is which key's.

mod backend;
mod config;
mod names;
mod way;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Looks at the folder; it must be there.
///
/// # Errors
/// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where it is not,
/// [`ErrorKind::InsecurePath`](crate::ErrorKind::InsecurePath) where anyone may write to it.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.settings)?;
    Ok(Arc::new(backend::Directory::open(config)?))
}
