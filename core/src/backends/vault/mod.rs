//! `vault`: HashiCorp Vault and OpenBao, the KV v2 secrets engine.
//!
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>, <https://openbao.org/api-docs/secret/kv/kv-v2/>
//!
//! `names` says where a key lies, `client` sends requests, `auth` logs in, `engine` makes the calls of KV v2, `stored` and
//! `error` say what the answers mean; `read`, `write`, `remove`, `list` and `health` are the verbs.

mod auth;
mod backend;
mod client;
mod config;
mod engine;
mod error;
mod health;
mod list;
mod names;
mod read;
mod remove;
mod stored;
mod write;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;

/// Reads the settings; the server is asked for the first time by the first call.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.app, request.settings)?;
    let login = auth::Login::open(request)?;
    Ok(Arc::new(backend::Vault::new(config, login)))
}
