//! The verbs that write.

use std::collections::BTreeMap;

use napi::bindgen_prelude::*;
use strongroom::backend::MetadataUpdate;
use strongroom::{DeleteOptions, RollbackTo, SecretKey, SecretMetadata, SetOptions, UpdateOptions};
use time::OffsetDateTime;

use crate::arguments::{self, Longest, VALUE, is_absent, text, wrong_type};
use crate::call::{verb, verb_of_many};
use crate::entry::Arguments;
use crate::error::{Failure, Outcome};
use crate::kinds;
use crate::objects;
use crate::options::Options;
use crate::results::BatchWritten;

/// The metadata that a write is given. What is not given is nothing, what is to be none is an inner nothing.
#[derive(Default)]
pub(crate) struct Stated {
    provider: Option<Option<String>>,
    scope_of_use: Option<Option<String>>,
    labels: Option<BTreeMap<String, String>>,
    expires_at: Option<Option<OffsetDateTime>>,
}

pub(crate) fn stated(options: &mut Options<'_>) -> Outcome<Stated> {
    Ok(Stated {
        provider: cleared_or(options, "provider", text)?,
        scope_of_use: cleared_or(options, "scopeOfUse", text)?,
        labels: cleared_or(options, "labels", words)?.map(Option::unwrap_or_default),
        expires_at: cleared_or(options, "expiresAt", arguments::moment)?,
    })
}

impl Stated {
    /// The metadata of what is written, where what it brings along holds as far as nothing is stated.
    pub(crate) fn over(self, own: SecretMetadata) -> SecretMetadata {
        let mut metadata = own;
        metadata.provider = self.provider.unwrap_or(metadata.provider);
        metadata.scope_of_use = self.scope_of_use.unwrap_or(metadata.scope_of_use);
        metadata.labels = self.labels.unwrap_or(metadata.labels);
        metadata.expires_at = self.expires_at.unwrap_or(metadata.expires_at);
        metadata
    }
}

/// Labels: an object of texts, of which its own properties count.
fn words(name: &str, of: Unknown<'_>) -> Outcome<BTreeMap<String, String>> {
    kinds::named(name, "an object of strings", of)?;
    let mut words = BTreeMap::new();
    for label in objects::own_names(of)? {
        words.insert(text(name, label)?, text(name, objects::get(of, label)?)?);
    }
    Ok(words)
}

/// A secret as it is to be written. Where it is given as a `Secret`, what else is given wins over its own metadata.
pub(crate) fn new_secret(of: Unknown<'_>, longest: Longest, stated: Stated) -> Outcome<strongroom::Secret> {
    let mut secret = arguments::new_secret(of, longest)?;
    secret.metadata = stated.over(secret.metadata);
    Ok(secret)
}

/// `set(key, value, { provider, scopeOfUse, labels, expiresAt, ifAbsent, ifVersion, createdAt })`
pub(crate) fn set<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let mut options = Options::at(call, 4)?;
    let metadata = stated(&mut options)?;
    let mut terms = SetOptions::new();
    terms.if_absent = options.flag("ifAbsent")?;
    terms.if_version = options.given("ifVersion", arguments::version)?;
    terms.created_at = options.given("createdAt", arguments::moment)?;
    let secret = new_secret(call.at(3), Longest::Value, metadata)?;
    verb(call, options, |manager| async move {
        manager.set_with(&key, &secret, terms).await
    })
}

/// The secret of one of several entries, which the message names where the value is none.
fn entry(place: usize, key: &str, value: Unknown<'_>) -> Outcome<strongroom::Secret> {
    arguments::new_secret(value, Longest::Value).map_err(|failure| match failure {
        // What stands in a key's place may be a value.
        Failure::Type(_) if SecretKey::parse(key).is_ok() => wrong_type(&format!("the value of '{key}'"), VALUE, value),
        Failure::Type(_) => wrong_type(&format!("the value of entry {}", place + 1), VALUE, value),
        failure => failure,
    })
}

/// `setMany(keys, values)`
pub(crate) fn set_many<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let texts = arguments::keys("entries", call.at(2))?;
    let values = arguments::array("entries", "an array of values", call.at(3))?;
    let secrets: Vec<_> = values
        .into_iter()
        .zip(&texts)
        .enumerate()
        .map(|(place, (value, key))| entry(place, key, value))
        .collect::<Outcome<_>>()?;
    let options = Options::at(call, 4)?;
    verb_of_many(call, options, |manager| async move {
        let mut entries = Vec::with_capacity(texts.len());
        for (text, secret) in texts.iter().zip(secrets) {
            entries.push((manager.key_of(text)?, secret));
        }
        let outcome = manager.set_many(&entries).await?;
        Ok(BatchWritten { texts, outcome })
    })
}

/// `setApiKey(name, value, provider)`
pub(crate) fn set_api_key<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let name = arguments::key(call.at(2))?;
    let provider = match call.at(4) {
        none if is_absent(none)? => None,
        given => Some(text("provider", given)?),
    };
    let options = Options::at(call, 5)?;
    let value = arguments::value_alone(call.at(3))?;
    verb(call, options, |manager| async move {
        manager.set_api_key(&name, value, provider.as_deref()).await
    })
}

/// What becomes of an expiry: `None` keeps it.
fn expiry(options: &mut Options<'_>) -> Outcome<Option<Option<OffsetDateTime>>> {
    let stated = cleared_or(options, "expiresAt", arguments::moment)?;
    match (options.flag("clearExpiry")?, stated) {
        (true, Some(Some(_))) => {
            let message = "`clearExpiry` and an `expiresAt` exclude each other";
            Err(Failure::Exclusive(message.to_owned()))
        }
        (true, _) => Ok(Some(None)),
        (false, stated) => Ok(stated),
    }
}

/// A field of an update: not given keeps it, `null` clears it.
fn cleared_or<'a, T>(
    options: &mut Options<'a>,
    name: &str,
    read: impl FnOnce(&str, Unknown<'a>) -> Outcome<T>,
) -> Outcome<Option<Option<T>>> {
    match options.take(name)? {
        None => Ok(None),
        Some(null) if is_absent(null)? => Ok(Some(None)),
        Some(given) => read(name, given).map(|read| Some(Some(read))),
    }
}

/// `updateValue(key, value, { expiresAt, clearExpiry, ifVersion })`
pub(crate) fn update_value<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let mut options = Options::at(call, 4)?;
    let mut terms = UpdateOptions::new();
    terms.expires_at = expiry(&mut options)?;
    terms.if_version = options.given("ifVersion", arguments::version)?;
    let value = arguments::value_alone(call.at(3))?;
    verb(call, options, |manager| async move {
        manager.update_value_with(&key, value, terms).await
    })
}

/// `updateMetadata(key, { provider, scopeOfUse, labels, expiresAt, clearExpiry, ifVersion })`
pub(crate) fn update_metadata<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let mut options = Options::at(call, 3)?;
    let mut update = MetadataUpdate::new();
    update.provider = cleared_or(&mut options, "provider", text)?;
    update.scope_of_use = cleared_or(&mut options, "scopeOfUse", text)?;
    update.labels = cleared_or(&mut options, "labels", words)?.map(Option::unwrap_or_default);
    update.expires_at = expiry(&mut options)?;
    update.if_version = options.given("ifVersion", arguments::version)?;
    verb(call, options, |manager| async move {
        manager.update_metadata(&key, &update).await
    })
}

/// `rollback(key, version, { back })`
pub(crate) fn rollback<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let version = match call.at(3) {
        none if is_absent(none)? => None,
        given => Some(arguments::version("version", given)?),
    };
    let mut options = Options::at(call, 4)?;
    let back = options.given("back", arguments::count)?;
    let to = match (version, back) {
        (Some(version), None) => RollbackTo::from(version),
        (None, Some(back)) => RollbackTo::back(back),
        (None, None) => {
            let message = "a rollback needs a version, or how many to go `back`";
            return Err(Failure::Type(message.to_owned()));
        }
        (Some(_), Some(_)) => return Err(Failure::Exclusive("a version and `back` exclude each other".to_owned())),
    };
    verb(call, options, |manager| async move { manager.rollback(&key, to).await })
}

/// `delete(key, { missingOk, soft, force, version })`
pub(crate) fn delete<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let mut options = Options::at(call, 3)?;
    let mut wanted = DeleteOptions::new();
    wanted.missing_ok = options.flag("missingOk")?;
    wanted.soft = options.flag("soft")?;
    wanted.force = options.flag("force")?;
    wanted.version = options.given("version", arguments::version)?;
    verb(call, options, |manager| async move {
        manager.delete_with(&key, wanted).await
    })
}

/// `restore(key)`
pub(crate) fn restore<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = arguments::key(call.at(2))?;
    let options = Options::at(call, 3)?;
    verb(call, options, |manager| async move { manager.restore(&key).await })
}
