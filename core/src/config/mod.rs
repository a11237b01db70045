//! Settings: one table, and where their values come from.

pub(crate) mod environment;
pub mod locations;
mod provider;
mod settings;
mod table;

#[cfg(feature = "encrypted")]
pub(crate) use provider::Provided;
pub use provider::SecretProvider;
#[cfg(feature = "testing")]
pub(crate) use settings::parse_duration;
pub use settings::{Origin, Settings};
pub use table::{SETTINGS, Setting, SettingKind};
