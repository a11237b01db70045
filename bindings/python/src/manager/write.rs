//! The verbs that write.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::{DeleteOptions, SecretMetadata, SetOptions, Version};

use super::Manager;
use crate::arguments::{Key, NewSecret, moment};
use crate::call::Call;

/// The metadata that a write is given.
pub(crate) fn metadata(
    provider: Option<String>,
    scope_of_use: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    expires_at: Option<&Bound<'_, PyAny>>,
) -> PyResult<SecretMetadata> {
    let mut metadata = SecretMetadata::new();
    metadata.provider = provider;
    metadata.scope_of_use = scope_of_use;
    metadata.labels = labels.unwrap_or_default();
    metadata.expires_at = expires_at.map(|at| moment("expires_at", at)).transpose()?;
    Ok(metadata)
}

/// A secret as it is to be written. Where it is given as a `Secret`, what else is given wins over its own metadata.
fn new_secret(value: NewSecret<'_>, metadata: SecretMetadata) -> PyResult<strongroom::Secret> {
    match value {
        NewSecret::Value(value) => Ok(strongroom::Secret::new(value).with_metadata(metadata)),
        NewSecret::Secret(secret) => {
            let secret = secret.get();
            let mut merged = secret.metadata().clone();
            merged.provider = metadata.provider.or(merged.provider);
            merged.scope_of_use = metadata.scope_of_use.or(merged.scope_of_use);
            if !metadata.labels.is_empty() {
                merged.labels = metadata.labels;
            }
            merged.expires_at = metadata.expires_at.or(merged.expires_at);
            let copy = strongroom::SecretValue::copy_of(secret.value()?.expose());
            Ok(strongroom::Secret::new(copy).with_metadata(merged))
        }
    }
}

#[pyfunction]
#[pyo3(signature = (manager, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn set(
    manager: &Bound<'_, Manager>,
    key: Key,
    value: NewSecret<'_>,
    provider: Option<String>,
    scope_of_use: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    expires_at: Option<Bound<'_, PyAny>>,
    if_absent: bool,
    if_version: Option<String>,
    created_at: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let secret = new_secret(value, metadata(provider, scope_of_use, labels, expires_at.as_ref())?)?;
    let mut terms = SetOptions::new();
    terms.if_absent = if_absent;
    terms.if_version = if_version.map(Version::from_word);
    terms.created_at = created_at.map(|at| moment("created_at", &at)).transpose()?;
    manager.get().call(options, |manager| async move {
        manager.set_with(&key.0, &secret, terms).await
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, missing_ok, options=None))]
pub(crate) fn delete(
    manager: &Bound<'_, Manager>,
    key: Key,
    missing_ok: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = DeleteOptions::new();
    wanted.missing_ok = missing_ok;
    manager.get().call(
        options,
        |manager| async move { manager.delete_with(&key.0, wanted).await },
    )
}
