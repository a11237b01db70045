//! Strongroom keeps secrets (API keys, credentials, tokens) in whatever place suits the machine.
//!
//! Open a [`SecretManager`] (or [`blocking::SecretManager`]), share it, call its verbs. Keys are texts such as
//! `org/acme/api_key`; values are [`SecretValue`]s, which are wiped when dropped; every failure is an [`Error`] of one
//! [`ErrorKind`]. [`backend`] is the contract for those who write a backend.

pub mod backend;
mod backends;
pub mod blocking;
mod changes;
mod config;
mod context;
#[cfg(feature = "encrypted")]
mod crypto;
mod error;
pub mod face;
#[cfg(feature = "clap")]
pub mod flags;
mod key;
mod layers;
mod manager;
mod metrics;
mod operation;
mod park;
pub mod registry;
mod resolve;
mod runtime;
mod scope;
mod secret;
#[cfg(feature = "encrypted")]
mod store;
mod sys;
#[cfg(feature = "testing")]
pub mod testing;
mod timestamp;
pub mod transfer;
mod value;
mod wipe;
mod worker;

pub use changes::{Change, ChangeKind};
pub use config::locations;
pub use config::{
    ConfigFile, ConfigFormat, ConfigRole, Inspection, Origin, SETTINGS, SecretProvider, Setting, SettingKind, Settings,
    config_schema, parse_duration,
};
pub use context::{CallContext, CallOptions, CancellationToken, Face, MAX_DEADLINE, PromptPolicy};
#[cfg(feature = "encrypted")]
pub use crypto::fernet;
pub use error::{Error, ErrorKind, Result};
pub use key::{AsKey, MAX_SEGMENT, SecretKey, VariableMapping};
pub use layers::cache::{CachedSecret, Lookup};
pub use layers::{AuditRecord, AuditSink};
pub use manager::{
    BackendInfo, Builder, DeleteOptions, FallbackOptions, GenerateSpec, GetOptions, ListOptions, NewValue, RollbackTo,
    SecretManager, SetOptions, SubscribeOptions, Subscription, TooSmall, UpdateOptions,
};
pub use metrics::Metrics;
pub use resolve::{REFERENCE_LABEL, Reference, ReferenceScheme};
pub use scope::{ScopeKind, SecretScope};
pub use secret::{MAX_LABEL_NAME, MAX_LABEL_VALUE, MAX_LABELS, Secret, SecretMetadata, Version};
pub use sys::alloc::{ProcessHardening, WipingAllocator, harden_process};
pub use sys::arena::{Hardening, hardening};
pub use timestamp::IntoTimestamp;
pub use value::SecretValue;

/// Every verb's future can be sent to another thread.
#[cfg(test)]
#[allow(dead_code, reason = "it only has to compile")]
fn futures_are_send(manager: &SecretManager, secret: &Secret) {
    fn is_send(_: impl Send) {}
    is_send(manager.get("k"));
    is_send(manager.get_value("k"));
    is_send(manager.get_many(&["k"]));
    is_send(manager.get_with_fallback("k", &[]));
    is_send(manager.set("k", secret));
    is_send(manager.set_api_key("k", "v", None));
    is_send(manager.update_value("k", "v"));
    is_send(manager.rotate("k", "v"));
    is_send(manager.rollback("k", RollbackTo::back(1)));
    is_send(manager.explain("k", &[]));
    is_send(manager.list(ListOptions::new()));
    is_send(manager.close());
}

/// The code blocks of the readme are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
