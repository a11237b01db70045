//! What verbs answer, as plain objects.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::backend::{
    BatchResult, Description, EntryName, Health, HealthState, ListEntry, ListPage, SetManyOutcome, SetOutcome,
    VerifyReport, VersionEntry,
};
use strongroom::{Change, Metrics, SETTINGS, SecretKey, SecretManager, SecretMetadata, Settings, Version};
use time::OffsetDateTime;

use crate::arguments::MAX_SAFE;
use crate::call::Answer;
use crate::error::{self, Outcome, value};
use crate::objects;
use crate::secret;

/// A count as a `number`.
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript has no other numbers; what is not exact is the largest that is"
)]
pub(crate) fn count(of: usize) -> f64 {
    (of as u64).min(MAX_SAFE) as f64
}

/// A time span in milliseconds, with what is beneath them.
pub(crate) fn milliseconds(of: Duration) -> f64 {
    of.as_secs_f64() * 1e3
}

/// A point in time as a `Date`, which has milliseconds.
pub(crate) fn moment(env: &Env, at: Option<OffsetDateTime>) -> Outcome<Option<napi::JsDate<'_>>> {
    let Some(at) = at else {
        return Ok(None);
    };
    let milliseconds = at.unix_timestamp_nanos().div_euclid(1_000_000);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let milliseconds = milliseconds as f64;
    Ok(Some(env.create_date(milliseconds)?))
}

/// The version's word; and its number, where the backend counts and JavaScript can tell it.
pub(crate) fn set_version(fields: &mut Object<'_>, version: Option<&Version>) -> Outcome<()> {
    fields.set("version", version.map(Version::as_str))?;
    let number = version.and_then(Version::number).filter(|number| *number <= MAX_SAFE);
    #[expect(clippy::cast_precision_loss, reason = "checked")]
    fields.set("number", number.map(|number| number as f64))?;
    Ok(())
}

pub(crate) fn labels<'a>(env: &'a Env, labels: &BTreeMap<String, String>) -> Outcome<Object<'a>> {
    let words = Object::new(env)?;
    for (name, text) in labels {
        objects::define(&words, name, error::value(env, text)?)?;
    }
    Ok(words)
}

/// Metadata, all fields of it.
pub(crate) fn metadata<'a>(env: &'a Env, metadata: &SecretMetadata) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    set_metadata(env, &mut fields, metadata)?;
    Ok(fields)
}

fn set_metadata(env: &Env, fields: &mut Object<'_>, metadata: &SecretMetadata) -> Outcome<()> {
    fields.set("provider", metadata.provider.as_deref())?;
    fields.set("scopeOfUse", metadata.scope_of_use.as_deref())?;
    fields.set("labels", labels(env, &metadata.labels)?)?;
    fields.set("expiresAt", moment(env, metadata.expires_at)?)?;
    fields.set("createdAt", moment(env, metadata.created_at)?)?;
    fields.set("updatedAt", moment(env, metadata.updated_at)?)?;
    fields.set("staleForMs", metadata.stale_for.map(milliseconds))?;
    set_version(fields, metadata.version.as_ref())
}

impl Answer for SetOutcome {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("created", self.created)?;
        set_version(&mut fields, self.version.as_ref())?;
        Ok(fields.to_unknown())
    }
}

impl Answer for Option<Description> {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let Some(description) = self else {
            return value(env, Null);
        };
        let mut fields = metadata(env, &description.metadata)?;
        fields.set("expired", description.expired)?;
        Ok(fields.to_unknown())
    }
}

impl Answer for ListPage {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let entries = self.entries.iter().map(|entry| list_entry(env, entry));
        let mut fields = Object::new(env)?;
        fields.set("entries", entries.collect::<Outcome<Vec<_>>>()?)?;
        fields.set("next", self.next.as_ref().map(SecretKey::as_str))?;
        Ok(fields.to_unknown())
    }
}

fn list_entry<'a>(env: &'a Env, entry: &ListEntry) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("name", entry.name.to_string())?;
    fields.set("isReference", matches!(entry.name, EntryName::Reference(_)))?;
    set_metadata(env, &mut fields, &entry.metadata)?;
    fields.set("expired", entry.expired)?;
    Ok(fields)
}

impl Answer for Vec<VersionEntry> {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let entries = self.iter().map(|entry| {
            let mut fields = Object::new(env)?;
            set_version(&mut fields, Some(&entry.version))?;
            fields.set("current", entry.current)?;
            fields.set("createdAt", moment(env, entry.created_at)?)?;
            fields.set("expiresAt", moment(env, entry.expires_at)?)?;
            Ok(fields)
        });
        value(env, entries.collect::<Outcome<Vec<_>>>()?)
    }
}

/// A batch that was read, with the texts of its keys as they were given: under these the caller looks.
pub(crate) struct BatchRead {
    pub(crate) asked: Vec<(String, SecretKey)>,
    pub(crate) result: BatchResult,
}

impl Answer for BatchRead {
    /// Pairs of texts and secrets, and of texts and errors, of which `lib/` makes maps.
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut read = HashMap::new();
        for (key, secret) in self.result.secrets {
            read.insert(key, secret::handle(env, secret)?);
        }
        let mut failed = HashMap::new();
        for failure in self.result.failures {
            failed.insert(failure.key, error::fields(env, &failure.error)?.to_unknown());
        }
        let (mut secrets, mut failures) = (Vec::new(), Vec::new());
        for (text, key) in &self.asked {
            if let Some(secret) = read.get(key) {
                secrets.push(vec![value(env, text)?, *secret]);
            }
            if let Some(error) = failed.get(key) {
                failures.push(vec![value(env, text)?, *error]);
            }
        }
        let mut fields = Object::new(env)?;
        fields.set("secrets", secrets)?;
        fields.set("failures", failures)?;
        Ok(fields.to_unknown())
    }
}

/// A batch that was written, with the texts of its keys as they were given.
pub(crate) struct BatchWritten {
    pub(crate) texts: Vec<String>,
    pub(crate) outcome: SetManyOutcome,
}

impl Answer for BatchWritten {
    /// Pairs of texts and outcomes, and of texts and errors, of which `lib/` makes maps.
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
        for (text, outcome) in self.texts.iter().zip(self.outcome.outcomes) {
            let text = value(env, text)?;
            match outcome {
                Ok(outcome) => outcomes.push(vec![text, outcome.into_js(env)?]),
                Err(error) => failures.push(vec![text, error::fields(env, &error)?.to_unknown()]),
            }
        }
        let mut fields = Object::new(env)?;
        fields.set("outcomes", outcomes)?;
        fields.set("failures", failures)?;
        Ok(fields.to_unknown())
    }
}

impl Answer for Health {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("state", self.state.word())?;
        fields.set("reason", self.reason)?;
        let error = self.error.as_ref().map(|error| error::fields(env, error)).transpose()?;
        fields.set("error", error)?;
        Ok(fields.to_unknown())
    }
}

impl Answer for VerifyReport {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        for (name, number) in [
            ("secrets", self.secrets),
            ("versions", self.versions),
            ("journal", self.journal),
            ("sequence", self.sequence),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "counted one by one: far below 2^53")]
            fields.set(name, number as f64)?;
        }
        Ok(fields.to_unknown())
    }
}

impl Answer for Option<Change> {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let Some(change) = self else {
            return value(env, Null);
        };
        let mut fields = Object::new(env)?;
        fields.set("kind", change.kind.word())?;
        fields.set("key", change.key.as_ref().map(SecretKey::as_str))?;
        set_version(&mut fields, change.version.as_ref())?;
        fields.set("health", change.health.map(HealthState::word))?;
        fields.set("reason", change.reason)?;
        Ok(fields.to_unknown())
    }
}

/// Numbers by their names.
pub(crate) fn metrics<'a>(env: &'a Env, counted: &Metrics) -> Outcome<Object<'a>> {
    let mut numbers = Object::new(env)?;
    for (name, number) in counted.iter() {
        #[expect(clippy::cast_precision_loss, reason = "what is not exact is the largest that is")]
        numbers.set(name, number.min(MAX_SAFE) as f64)?;
    }
    Ok(numbers)
}

/// Settings by their names. Secret ones have no value.
pub(crate) fn settings<'a>(env: &'a Env, settings: &Settings) -> Outcome<Object<'a>> {
    let mut shown = Object::new(env)?;
    for setting in SETTINGS {
        let mut fields = Object::new(env)?;
        fields.set("value", settings.text(setting.key))?;
        fields.set("origin", settings.origin(setting.key).to_string())?;
        fields.set("secret", setting.secret)?;
        shown.set(setting.key, fields)?;
    }
    Ok(shown)
}

/// What is known about a manager's backend.
pub(crate) fn backend<'a>(env: &'a Env, manager: &SecretManager) -> Outcome<Object<'a>> {
    let backend = manager.backend();
    let capabilities = backend.capabilities();
    let mut fields = Object::new(env)?;
    fields.set("name", backend.name())?;
    fields.set("chosenBy", backend.chosen_by().to_string())?;
    fields.set("persistence", backend.persistence().word())?;
    fields.set("maxValue", count(backend.max_value()))?;
    fields.set("maxKey", count(capabilities.max_key))?;
    for (name, has) in [
        ("readOnly", capabilities.read_only),
        ("list", capabilities.list),
        ("versions", capabilities.versions),
        ("metadata", capabilities.metadata),
        ("expiry", capabilities.expiry),
        ("cas", capabilities.cas),
        ("atomicBatch", capabilities.atomic_batch),
        ("binary", capabilities.binary),
        ("emptyValue", capabilities.empty_value),
        ("verify", capabilities.verify),
        ("restore", capabilities.restore),
    ] {
        fields.set(name, has)?;
    }
    Ok(fields)
}
