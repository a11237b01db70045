//! The verbs that write.

use std::collections::BTreeMap;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::backend::MetadataUpdate;
use strongroom::{DeleteOptions, RollbackTo, SecretMetadata, SetOptions, UpdateOptions, Version};
use time::OffsetDateTime;

use super::Manager;
use crate::arguments::{self, Flag, Key, NewSecret, moment, optional_text, pairs, text, version};
use crate::call::Call;
use crate::error::fault;
use crate::results::BatchWritten;

/// The metadata that a write is given.
pub(crate) fn stated(
    provider: Option<&Bound<'_, PyAny>>,
    scope_of_use: Option<&Bound<'_, PyAny>>,
    labels: Option<&Bound<'_, PyAny>>,
    expires_at: Option<&Bound<'_, PyAny>>,
) -> PyResult<SecretMetadata> {
    let mut metadata = SecretMetadata::new();
    metadata.provider = optional_text("provider", provider)?;
    metadata.scope_of_use = optional_text("scope_of_use", scope_of_use)?;
    metadata.labels = labels.map(words).transpose()?.unwrap_or_default();
    metadata.expires_at = expires_at.map(|at| moment("expires_at", at)).transpose()?;
    Ok(metadata)
}

/// Labels: a mapping of texts to texts.
fn words(labels: &Bound<'_, PyAny>) -> PyResult<BTreeMap<String, String>> {
    let mut words = BTreeMap::new();
    for pair in pairs("labels", labels)? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair
            .extract()
            .map_err(|_| PyTypeError::new_err("labels is a mapping, and this one does not give pairs"))?;
        words.insert(text("labels", &name)?, text("labels", &value)?);
    }
    Ok(words)
}

/// A secret as it is to be written. Where it is given as a `Secret`, what else is given wins over its own metadata.
fn new_secret(value: NewSecret<'_>, metadata: SecretMetadata) -> PyResult<strongroom::Secret> {
    let metadata = match &value {
        NewSecret::Value(_) => metadata,
        NewSecret::Secret(secret) => {
            let mut merged = secret.get().metadata().clone();
            merged.provider = metadata.provider.or(merged.provider);
            merged.scope_of_use = metadata.scope_of_use.or(merged.scope_of_use);
            if !metadata.labels.is_empty() {
                merged.labels = metadata.labels;
            }
            merged.expires_at = metadata.expires_at.or(merged.expires_at);
            merged
        }
    };
    Ok(strongroom::Secret::new(value.into_value()?).with_metadata(metadata))
}

#[pyfunction]
#[pyo3(signature = (manager, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn set(
    manager: &Bound<'_, Manager>,
    key: Key,
    value: NewSecret<'_>,
    provider: Option<Bound<'_, PyAny>>,
    scope_of_use: Option<Bound<'_, PyAny>>,
    labels: Option<Bound<'_, PyAny>>,
    expires_at: Option<Bound<'_, PyAny>>,
    if_absent: Flag,
    if_version: Option<Bound<'_, PyAny>>,
    created_at: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let metadata = stated(
        provider.as_ref(),
        scope_of_use.as_ref(),
        labels.as_ref(),
        expires_at.as_ref(),
    )?;
    let secret = new_secret(value, metadata)?;
    let mut terms = SetOptions::new();
    terms.if_absent = if_absent.0;
    terms.if_version = demanded(if_version.as_ref())?;
    terms.created_at = created_at.map(|at| moment("created_at", &at)).transpose()?;
    manager.get().call(options, |manager| async move {
        manager.set_with(&key.0, &secret, terms).await
    })
}

/// The version that a conditional write demands.
fn demanded(if_version: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Version>> {
    if_version.map(|wanted| version("if_version", wanted)).transpose()
}

#[pyfunction]
#[pyo3(signature = (manager, entries, options=None))]
pub(crate) fn set_many(
    manager: &Bound<'_, Manager>,
    entries: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let (mut texts, mut secrets) = (Vec::new(), Vec::new());
    for [key, value] in arguments::entries("entries", &entries)? {
        texts.push(key.extract::<Key>()?.0);
        secrets.push(new_secret(value.extract()?, SecretMetadata::new())?);
    }
    manager.get().call(options, |manager| async move {
        let mut entries = Vec::with_capacity(texts.len());
        for (text, secret) in texts.iter().zip(secrets) {
            entries.push((manager.key_of(text)?, secret));
        }
        let outcome = manager.set_many(&entries).await?;
        Ok(BatchWritten { texts, outcome })
    })
}

#[pyfunction]
#[pyo3(signature = (manager, name, value, provider, options=None))]
pub(crate) fn set_api_key(
    manager: &Bound<'_, Manager>,
    name: Key,
    value: NewSecret<'_>,
    provider: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let provider = optional_text("provider", provider.as_ref())?;
    let value = value.into_value()?;
    manager.get().call(options, |manager| async move {
        manager.set_api_key(&name.0, value, provider.as_deref()).await
    })
}

/// What becomes of an expiry, of the changes that are stated: `None` keeps it.
fn expiry(changes: &Bound<'_, PyDict>, is_cleared: &Flag) -> PyResult<Option<Option<OffsetDateTime>>> {
    let stated = match changes.get_item("expires_at")? {
        None => None,
        Some(at) if at.is_none() => Some(None),
        Some(at) => Some(Some(moment("expires_at", &at)?)),
    };
    match (is_cleared.0, stated) {
        (true, Some(Some(_))) => Err(fault("clear_expiry", "excludes an `expires_at`")),
        (true, _) => Ok(Some(None)),
        (false, stated) => Ok(stated),
    }
}

#[pyfunction]
#[pyo3(signature = (manager, key, value, changes, clear_expiry, if_version, options=None))]
pub(crate) fn update_value(
    manager: &Bound<'_, Manager>,
    key: Key,
    value: NewSecret<'_>,
    changes: &Bound<'_, PyDict>,
    clear_expiry: Flag,
    if_version: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut terms = UpdateOptions::new();
    terms.expires_at = expiry(changes, &clear_expiry)?;
    terms.if_version = demanded(if_version.as_ref())?;
    let value = value.into_value()?;
    manager.get().call(options, |manager| async move {
        manager.update_value_with(&key.0, value, terms).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, changes, clear_expiry, if_version, options=None))]
pub(crate) fn update_metadata(
    manager: &Bound<'_, Manager>,
    key: Key,
    changes: &Bound<'_, PyDict>,
    clear_expiry: Flag,
    if_version: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let field = |name: &str| -> PyResult<Option<Option<Bound<'_, PyAny>>>> {
        let stated = changes.get_item(name)?;
        Ok(stated.map(|object| (!object.is_none()).then_some(object)))
    };
    let in_words = |name: &str| {
        let stated = field(name)?;
        stated.map(|object| optional_text(name, object.as_ref())).transpose()
    };
    let mut update = MetadataUpdate::new();
    update.provider = in_words("provider")?;
    update.scope_of_use = in_words("scope_of_use")?;
    update.labels = match field("labels")? {
        None => None,
        Some(None) => Some(BTreeMap::new()),
        Some(Some(labels)) => Some(words(&labels)?),
    };
    update.expires_at = expiry(changes, &clear_expiry)?;
    update.if_version = demanded(if_version.as_ref())?;
    manager.get().call(options, |manager| async move {
        manager.update_metadata(&key.0, &update).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, options=None))]
pub(crate) fn restore(manager: &Bound<'_, Manager>, key: Key, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
    manager
        .get()
        .call(options, |manager| async move { manager.restore(&key.0).await })
}

#[pyfunction]
#[pyo3(signature = (manager, key, version, back, options=None))]
pub(crate) fn rollback(
    manager: &Bound<'_, Manager>,
    key: Key,
    version: Option<Bound<'_, PyAny>>,
    back: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let to = match (version, back) {
        (Some(version), None) => RollbackTo::from(arguments::version("version", &version)?),
        (None, Some(back)) => RollbackTo::back(arguments::count("back", &back)?),
        (None, None) => {
            return Err(PyTypeError::new_err(
                "a rollback needs a version, or how many to go back",
            ));
        }
        (Some(_), Some(_)) => return Err(PyTypeError::new_err("`version` and `back` exclude each other")),
    };
    manager
        .get()
        .call(options, |manager| async move { manager.rollback(&key.0, to).await })
}

#[pyfunction]
#[pyo3(signature = (manager, key, missing_ok, soft, force, version, options=None))]
pub(crate) fn delete(
    manager: &Bound<'_, Manager>,
    key: Key,
    missing_ok: Flag,
    soft: Flag,
    force: Flag,
    version: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = DeleteOptions::new();
    wanted.missing_ok = missing_ok.0;
    wanted.soft = soft.0;
    wanted.force = force.0;
    wanted.version = version
        .map(|version| arguments::version("version", &version))
        .transpose()?;
    manager.get().call(
        options,
        |manager| async move { manager.delete_with(&key.0, wanted).await },
    )
}
