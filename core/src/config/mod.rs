//! Settings: one table, and where their values come from.

mod collect;
mod detect;
mod document;
pub(crate) mod environment;
mod files;
mod json;
pub mod locations;
pub(crate) mod nearest;
mod node;
mod origin;
mod provider;
mod schema;
mod settings;
mod table;
mod toml;
#[cfg(feature = "env")]
pub(crate) mod variables;

#[cfg(test)]
mod tests;

pub(crate) use collect::Collected;
pub use collect::{ConfigFile, ConfigRole, Inspection};
pub use document::ConfigFormat;
pub use origin::Origin;
#[cfg(any(feature = "encrypted", feature = "vault"))]
pub(crate) use provider::Provided;
pub use provider::SecretProvider;
pub use schema::config_schema;
pub use settings::{Settings, parse_duration};
pub use table::{SETTINGS, Setting, SettingKind};
