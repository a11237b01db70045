//! `local_encrypted`: the encrypted store, opened with Fernet keys from a setting or `FERNET_SECRET_KEY`.
//!
//! A Fernet key has the size of a raw key and is used as one; what is stored is no Fernet token.

mod config;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::encrypted::Encrypted;
use crate::backend::{Backend, OpenRequest};
use crate::error::{ErrorKind, Result};

/// Opens the store that the settings name; makes it where there is none.
///
/// # Errors
/// [`KeyMissing`](crate::ErrorKind::KeyMissing) where nobody states a key; else those of path, key and store, each
/// naming the setting or path at fault.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::read(request.app, request.settings)?;
    let backend = Encrypted::open(config, request.cx).map_err(|error| match error.kind() {
        ErrorKind::WrongKey => error.with_setting(config::KEY).with_help(
            "give the key that the store was made with, beside others as `new,old`; a store that `encrypted` made \
             has a key of its own",
        ),
        _ => error,
    })?;
    Ok(Arc::new(backend))
}
