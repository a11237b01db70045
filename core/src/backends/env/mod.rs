//! `env`: secrets in environment variables, read-only.
//!
//! The variables are those of the moment of opening. Later changes of the environment are not seen, and `lock` keeps what
//! was read: there would be no other place to read it from. Everything is wiped with the manager; the process's own
//! environment is the system's and cannot be.

mod backend;
mod config;
mod names;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Looks at the variables that were taken when the opening began.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) for settings that are wrong and naming every required
/// variable that is not set; [`ErrorKind::Ambiguous`](crate::ErrorKind::Ambiguous) where two declared keys share a
/// variable; what reading a required one answers.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.app, request.settings)?;
    let variables = request.settings.variables().unwrap_or_default();
    Ok(Arc::new(backend::Environment::open(config, variables)?))
}
