//! What verbs answer, as plain objects.

use std::collections::BTreeMap;

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::backend::SetOutcome;
use strongroom::{SecretMetadata, Version};
use time::OffsetDateTime;

use crate::call::Answer;
use crate::error::Outcome;

/// A count as a `number`.
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript has no other numbers, and counts are far below 2^53"
)]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
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

/// The largest whole number that a `number` tells exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The version's word; and its number, where the backend counts and JavaScript can tell it.
pub(crate) fn set_version(fields: &mut Object<'_>, version: Option<&Version>) -> Outcome<()> {
    fields.set("version", version.map(Version::as_str))?;
    let number = version.and_then(Version::number).filter(|number| *number <= MAX_SAFE);
    #[expect(clippy::cast_precision_loss, reason = "checked")]
    fields.set("number", number.map(|number| number as f64))?;
    Ok(())
}

pub(crate) fn labels<'a>(env: &'a Env, labels: &BTreeMap<String, String>) -> Outcome<Object<'a>> {
    let mut words = Object::new(env)?;
    for (name, value) in labels {
        words.set(name, value)?;
    }
    Ok(words)
}

/// Metadata, all fields of it.
pub(crate) fn metadata<'a>(env: &'a Env, metadata: &SecretMetadata) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("provider", metadata.provider.as_deref())?;
    fields.set("scopeOfUse", metadata.scope_of_use.as_deref())?;
    fields.set("labels", labels(env, &metadata.labels)?)?;
    fields.set("expiresAt", moment(env, metadata.expires_at)?)?;
    fields.set("createdAt", moment(env, metadata.created_at)?)?;
    fields.set("updatedAt", moment(env, metadata.updated_at)?)?;
    set_version(&mut fields, metadata.version.as_ref())?;
    Ok(fields)
}

impl Answer for SetOutcome {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("created", self.created)?;
        set_version(&mut fields, self.version.as_ref())?;
        Ok(fields.to_unknown())
    }
}
