//! Settings: one table, and where their values come from.

pub(crate) mod environment;
pub mod locations;
mod provider;
mod settings;
mod table;
#[cfg(feature = "env")]
pub(crate) mod variables;

#[cfg(feature = "encrypted")]
pub(crate) use provider::Provided;
pub use provider::SecretProvider;
pub use settings::{Origin, Settings, parse_duration};
pub use table::{SETTINGS, Setting, SettingKind};
