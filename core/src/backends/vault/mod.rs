//! `vault`: HashiCorp Vault and OpenBao, the KV v2 secrets engine.
//!
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>, <https://openbao.org/api-docs/secret/kv/kv-v2/>

mod auth;
mod backend;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Reads the settings; the server is asked for the first time by the first call.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let _ = request;
    Ok(Arc::new(backend::Vault::new()))
}
