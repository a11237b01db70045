//! Settings: one table, and where their values come from.

pub(crate) mod environment;
pub mod locations;
mod provider;
mod settings;
mod table;

#[cfg(feature = "encrypted")]
pub(crate) use provider::Provided;
pub use provider::SecretProvider;
#[cfg(feature = "chain")]
pub(crate) use settings::nearest;
pub use settings::{Origin, Settings, parse_duration};
pub use table::{SETTINGS, Setting, SettingKind};
