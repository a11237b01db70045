//! The values of settings, checked when they are set.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::nearest::{nearest, shown_word};
use super::origin::Origin;
use super::provider::{Provided, SecretProvider};
use super::table::{SETTINGS, Setting, SettingKind};
#[cfg(feature = "env")]
use super::variables::Variables;
use crate::error::{Error, ErrorKind, Result};
use crate::registry;
use crate::value::SecretValue;

#[derive(Debug)]
enum Value {
    Plain(String),
    Secret(SecretValue),
    Provided(Provided),
    /// A secret that was used and is not kept.
    Forgotten,
}

/// The values that were set, each with its origin. What was not set has the table's default.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<&'static str, (Value, Origin)>,
    /// The variables that the backend `env` serves, where it is asked for.
    #[cfg(feature = "env")]
    pub(super) variables: Option<Arc<Variables>>,
    /// All variables of the process, where references may lead to them.
    #[cfg(feature = "env")]
    pub(super) environment: Option<Arc<Variables>>,
}

impl Settings {
    /// No value set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value; an origin that comes first in [`Origin`] wins over one that stands there already.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the setting: unknown (with the nearest known name), a secret setting given
    /// as ordinary text, or a text that the setting cannot have.
    pub fn set(&mut self, key: &str, value: impl Into<String>, origin: Origin) -> Result<()> {
        let setting = known(key)?;
        let value = value.into();
        if setting.secret {
            return Err(fault(setting, "is secret and is not given as ordinary text", &origin));
        }
        check(setting, &value).map_err(|reason| fault(setting, &reason, &origin))?;
        self.put(setting, Value::Plain(value), origin);
        Ok(())
    }

    /// Sets the value of a secret setting.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the setting: unknown, or no secret one.
    pub fn set_secret(&mut self, key: &str, value: SecretValue, origin: Origin) -> Result<()> {
        let setting = known_secret(key, &origin)?;
        self.put(setting, Value::Secret(value), origin);
        Ok(())
    }

    /// Sets who gives the value of a secret setting whenever it is needed.
    ///
    /// # Errors
    /// As [`Self::set_secret`].
    pub fn set_provider(&mut self, key: &str, provider: Arc<dyn SecretProvider>, origin: Origin) -> Result<()> {
        let setting = known_secret(key, &origin)?;
        self.put(setting, Value::Provided(Provided::new(provider, setting.key)), origin);
        Ok(())
    }

    fn put(&mut self, setting: &'static Setting, value: Value, origin: Origin) {
        match self.values.get(setting.key) {
            Some((_, present)) if present.level() < origin.level() => {}
            _ => {
                self.values.insert(setting.key, (value, origin));
            }
        }
    }

    /// Takes what others hold, each with its own origin.
    pub(super) fn take(&mut self, others: Self) {
        for (key, (value, origin)) in others.values {
            if let Some(setting) = Setting::find(key) {
                self.put(setting, value, origin);
            }
        }
    }

    /// Takes these settings out.
    pub(super) fn split_off(&mut self, keys: &[&'static str]) -> Self {
        let mut taken = Self::default();
        taken
            .values
            .extend(keys.iter().filter_map(|key| self.values.remove_entry(key)));
        taken
    }

    /// Whether someone set it.
    pub fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Where the value comes from.
    pub fn origin(&self, key: &str) -> Origin {
        self.values
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// Which of several settings that say the same in different ways holds: the one whose origin comes first. `None`
    /// where none is set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming two that are stated at the same place.
    pub fn exclusive(&self, keys: &[&'static str]) -> Result<Option<&'static str>> {
        let mut stated: Vec<_> = keys
            .iter()
            .filter_map(|key| Some((self.values.get(key)?.1.level(), *key)))
            .collect();
        stated.sort_by_key(|(level, _)| *level);
        match stated[..] {
            [(first, one), (second, other), ..] if first == second => {
                let reason = format!("and `{other}` exclude each other; set one of them");
                Err(self.error(one, &reason))
            }
            [(_, one), ..] => Ok(Some(one)),
            [] => Ok(None),
        }
    }

    /// States what was found out about a setting that nobody set.
    pub(super) fn detected(&mut self, key: &str, value: String, reason: String) -> Result<()> {
        self.set(key, value, Origin::Detected(reason))
    }

    /// The text, or the default's; `None` where there is neither, and for a secret setting.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some((Value::Plain(text), _)) => Some(text),
            Some((Value::Secret(_) | Value::Provided(_) | Value::Forgotten, _)) => None,
            None => Setting::find(key).and_then(|setting| setting.default),
        }
    }

    /// Wipes the values of all secret settings, and forgets who gives them. That they were set, and where, stays known.
    pub(crate) fn forget_secrets(&mut self) {
        #[cfg(feature = "env")]
        drop((self.variables.take(), self.environment.take()));
        for (value, _) in self.values.values_mut() {
            if matches!(value, Value::Secret(_) | Value::Provided(_)) {
                *value = Value::Forgotten;
            }
        }
    }

    /// The variables that were taken for references.
    #[cfg(feature = "env")]
    pub(crate) fn environment(&self) -> Option<Arc<Variables>> {
        self.environment.clone()
    }

    /// The variables that were taken for the backend `env`.
    #[cfg(feature = "env")]
    pub(crate) fn variables(&self) -> Option<Arc<Variables>> {
        self.variables.clone()
    }

    /// The value of a secret setting; `None` once a manager was opened with it, which keeps no secret setting, and where
    /// a provider gives it.
    pub fn secret(&self, key: &str) -> Option<&SecretValue> {
        match self.values.get(key) {
            Some((Value::Secret(value), _)) => Some(value),
            _ => None,
        }
    }

    /// Who gives the value of a secret setting, where someone was set to.
    #[cfg_attr(
        not(any(feature = "encrypted", feature = "vault")),
        allow(dead_code, reason = "secrets are the store's key and the credentials of Vault")
    )]
    pub(crate) fn provided(&self, key: &str) -> Option<&Provided> {
        match self.values.get(key) {
            Some((Value::Provided(provided), _)) => Some(provided),
            _ => None,
        }
    }

    /// The path.
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// The words of a list.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let words = self.text(key).unwrap_or_default().split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).collect()
    }

    /// Whether an `on`/`off` setting is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.text(key) == Some("on")
    }

    /// The number, or the number of bytes.
    pub fn integer(&self, key: &str) -> Option<u64> {
        let text = self.text(key)?;
        match Setting::find(key)?.kind {
            SettingKind::Size { .. } => parse_size(text),
            _ => text.parse().ok(),
        }
    }

    /// The time span.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        parse_duration(self.text(key)?)
    }

    /// The error of a setting whose value turns out wrong at opening, naming setting and origin.
    pub fn error(&self, key: &str, reason: &str) -> Error {
        let origin = self.origin(key);
        match Setting::find(key) {
            Some(setting) => fault(setting, reason, &origin),
            None => Error::new(ErrorKind::InvalidConfig, reason.to_owned()),
        }
    }
}

fn known_secret(key: &str, origin: &Origin) -> Result<&'static Setting> {
    let setting = known(key)?;
    if setting.secret {
        Ok(setting)
    } else {
        Err(fault(setting, "is not secret; give it as ordinary text", origin))
    }
}

fn known(key: &str) -> Result<&'static Setting> {
    Setting::find(key).ok_or_else(|| Error::new(ErrorKind::InvalidConfig, unknown(key)).with_setting(shown_word(key)))
}

/// What is said of a setting that there is not.
pub(super) fn unknown(key: &str) -> String {
    let shown = shown_word(key);
    let group = key.split_once('.').map_or("", |(group, _)| group);
    if let Some(word) = registry::coming(group) {
        return format!("`{word}` is a backend that this version does not have, so `{shown}` is not known");
    }
    match nearest(key, SETTINGS.iter().map(|setting| setting.key)) {
        Some(name) => format!("there is no setting `{shown}`; did you mean `{name}`?"),
        None => format!("there is no setting `{shown}`"),
    }
}

fn fault(setting: &'static Setting, reason: &str, origin: &Origin) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("`{}` {reason} (from {origin})", setting.key),
    )
    .with_setting(setting.key)
}

/// What is wrong with a text for this setting; for the end of a sentence that begins with the setting's name.
pub(super) fn check(setting: &Setting, text: &str) -> Result<(), String> {
    let in_range = |number: Option<u64>, min: u64, max: u64, what: &str| match number {
        Some(number) if (min..=max).contains(&number) => Ok(()),
        _ => Err(format!("must be {what} from {min} to {max}")),
    };
    match setting.kind {
        SettingKind::Text | SettingKind::List => Ok(()),
        SettingKind::Path if text.is_empty() => Err("is an empty path".to_owned()),
        SettingKind::Path if text.contains('\0') => Err("is a path with a NUL byte".to_owned()),
        SettingKind::Path => Ok(()),
        SettingKind::Choice(words) if words.contains(&text) => Ok(()),
        SettingKind::Choice(words) => Err(format!("must be one of {}", words.join(", "))),
        SettingKind::Integer { min, max } => in_range(text.parse().ok(), min, max, "a whole number"),
        SettingKind::Size { min, max } => in_range(parse_size(text), min, max, "a number of bytes (`64KiB`, `1MiB`)"),
        SettingKind::Duration => parse_duration(text)
            .map(drop)
            .ok_or_else(|| "must be a time span from `1ms` to `24h`, such as `250ms`, `10s`, `5m`".to_owned()),
    }
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..unit].parse().ok()?, &text[unit..]))
}

fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Reads a time span as settings have it: `250ms`, `10s`, `5m`, `2h`, from a millisecond to a day. `None` where it is
/// none.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis = match unit {
        "ms" => number,
        "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        _ => return None,
    };
    (1..=MAX_DURATION_MILLIS)
        .contains(&millis)
        .then(|| Duration::from_millis(millis))
}

/// The longest time span of any setting: a day, as for a call's deadline.
const MAX_DURATION_MILLIS: u64 = crate::context::MAX_DEADLINE.as_millis() as u64;
