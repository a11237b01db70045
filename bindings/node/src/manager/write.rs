//! The verbs that write.

use std::collections::BTreeMap;

use napi::ValueType;
use napi::bindgen_prelude::*;
use strongroom::{SecretMetadata, SetOptions};

use crate::arguments::{self, is, text, wrong_type};
use crate::call::verb;
use crate::entry::Arguments;
use crate::error::Outcome;
use crate::options::Options;

/// The metadata that a write is given.
pub(crate) fn stated(options: &mut Options<'_>) -> Outcome<SecretMetadata> {
    let mut metadata = SecretMetadata::new();
    metadata.provider = options.text("provider")?;
    metadata.scope_of_use = options.text("scopeOfUse")?;
    metadata.labels = options.given("labels", words)?.unwrap_or_default();
    metadata.expires_at = options.given("expiresAt", arguments::moment)?;
    Ok(metadata)
}

/// Labels: an object of texts.
pub(crate) fn words(name: &str, of: Unknown<'_>) -> Outcome<BTreeMap<String, String>> {
    if !is(of, ValueType::Object)? || of.is_array()? {
        return Err(wrong_type(name, "an object of strings", of));
    }
    // SAFETY: it is one.
    let object: Object<'_> = unsafe { of.cast()? };
    let mut words = BTreeMap::new();
    for label in Object::keys(&object)? {
        let value = object.get_named_property::<Unknown<'_>>(&label)?;
        words.insert(label, text(name, value)?);
    }
    Ok(words)
}

/// A secret as it is to be written. Where it is given as a `Secret`, what else is given wins over its own metadata.
pub(crate) fn new_secret(of: Unknown<'_>, metadata: SecretMetadata) -> Outcome<strongroom::Secret> {
    let mut secret = arguments::new_secret(of)?;
    let own = &mut secret.metadata;
    own.provider = metadata.provider.or(own.provider.take());
    own.scope_of_use = metadata.scope_of_use.or(own.scope_of_use.take());
    if !metadata.labels.is_empty() {
        own.labels = metadata.labels;
    }
    own.expires_at = metadata.expires_at.or(own.expires_at);
    Ok(secret)
}

/// `set(key, value, { provider, scopeOfUse, labels, expiresAt, ifAbsent, ifVersion, createdAt })`
pub(crate) fn set<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let mut options = Options::at(call, 4)?;
    let secret = new_secret(call.at(3), stated(&mut options)?)?;
    let mut terms = SetOptions::new();
    terms.if_absent = options.flag("ifAbsent")?;
    terms.if_version = options.given("ifVersion", arguments::version)?;
    terms.created_at = options.given("createdAt", arguments::moment)?;
    verb(call, options, |manager| async move {
        manager.set_with(&key, &secret, terms).await
    })
}
