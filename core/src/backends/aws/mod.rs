//! `aws` (also `aws_sm`): AWS Secrets Manager.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html>
//!
//! Addresses, regions, credentials and proxies are found as the AWS SDK finds them, in its own variables and files, which
//! it reads in the runtime's threads at the first call and at the first one after `refresh`, `lock` or a fork.

mod backend;
mod client;
mod config;
mod content;
mod error;
mod list;
mod load;
mod metadata;
mod names;
mod put;
mod quiet;
mod read;
mod reference;
mod remove;
mod requests;
mod wire;
mod write;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Reads the settings; the service is asked for the first time by the first call.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.app, request.settings)?;
    Ok(Arc::new(backend::Aws::new(config)))
}
