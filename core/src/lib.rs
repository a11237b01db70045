//! Strongroom keeps secrets (API keys, credentials, tokens) wherever suits the machine.

pub mod backend;
mod backends;
mod config;
mod context;
mod error;
mod key;
mod registry;
mod scope;
mod secret;
mod sys;
mod timestamp;
mod value;
mod worker;

pub use config::locations;
pub use config::{Origin, SETTINGS, Setting, SettingKind, Settings};
pub use context::{CallContext, CallOptions, CancellationToken, Face, MAX_DEADLINE, PromptPolicy};
pub use error::{Error, ErrorKind, Result};
pub use key::{AsKey, MAX_SEGMENT, SecretKey};
pub use scope::{ScopeKind, SecretScope};
pub use secret::{MAX_LABEL_NAME, MAX_LABEL_VALUE, MAX_LABELS, Secret, SecretMetadata, Version};
pub use timestamp::IntoTimestamp;
pub use value::SecretValue;
