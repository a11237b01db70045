//! Settings: one table, and where their values come from.

pub(crate) mod environment;
pub mod locations;
mod settings;
mod table;

#[cfg(feature = "testing")]
pub(crate) use settings::parse_duration;
pub use settings::{Origin, Settings};
pub use table::{SETTINGS, Setting, SettingKind};
