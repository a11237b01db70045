//! The verbs that tell where a secret is looked for, and that read and write documents of many secrets.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::transfer::{Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy};

use super::Manager;
use crate::arguments::{Key, NewSecret, scope, word};
use crate::call::Call;
use crate::fernet::Keys;

#[pyfunction]
#[pyo3(signature = (manager, key, scopes, options=None))]
pub(crate) fn explain(
    manager: &Bound<'_, Manager>,
    key: Key,
    scopes: Vec<String>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let scopes = scopes.iter().map(|text| scope(text)).collect::<PyResult<Vec<_>>>()?;
    manager
        .get()
        .call(options, |manager| async move { manager.explain(&key.0, &scopes).await })
}

fn format_of(text: &str) -> PyResult<Format> {
    word("format", text, Format::ALL, Format::word)
}

fn dialect_of(text: Option<&str>) -> PyResult<Dialect> {
    text.map_or_else(
        || Ok(Dialect::default()),
        |text| word("dialect", text, Dialect::ALL, Dialect::word),
    )
}

/// What becomes of a secret that is there already.
pub(super) fn policy_of(text: Option<&str>) -> PyResult<IfExists> {
    text.map_or_else(
        || Ok(IfExists::default()),
        |text| word("if_exists", text, IfExists::ALL, IfExists::word),
    )
}

#[pyfunction]
#[pyo3(signature = (manager, format, dialect, prefix, keys, full_names, include_expired, strict, fernet_keys, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn export(
    manager: &Bound<'_, Manager>,
    format: &str,
    dialect: Option<&str>,
    prefix: Option<String>,
    keys: Vec<Key>,
    full_names: bool,
    include_expired: bool,
    strict: bool,
    fernet_keys: Option<Keys>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ExportOptions::new(format_of(format)?).dialect(dialect_of(dialect)?);
    wanted.prefix = prefix;
    wanted.keys = keys.into_iter().map(|key| key.0).collect();
    wanted.full_names = full_names;
    wanted.include_expired = include_expired;
    wanted.strict = strict;
    wanted.fernet_keys = fernet_keys.map(|keys| keys.0);
    manager
        .get()
        .call(options, |manager| async move { manager.export(wanted).await })
}

#[pyfunction]
#[pyo3(signature = (manager, document, format, dialect, names, if_exists, provider, dry_run, fernet_keys, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn import_document(
    manager: &Bound<'_, Manager>,
    document: NewSecret<'_>,
    format: &str,
    dialect: Option<&str>,
    names: Option<&str>,
    if_exists: Option<&str>,
    provider: Option<String>,
    dry_run: bool,
    fernet_keys: Option<Keys>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ImportOptions::new(format_of(format)?).dialect(dialect_of(dialect)?);
    if let Some(names) = names {
        wanted.names = word("names", names, NamePolicy::ALL, NamePolicy::word)?;
    }
    wanted.if_exists = policy_of(if_exists)?;
    wanted.provider = provider;
    wanted.dry_run = dry_run;
    wanted.fernet_keys = fernet_keys.map(|keys| keys.0);
    let document = document.into_value()?;
    manager.get().call(options, |manager| async move {
        manager.import(document.expose(), wanted).await
    })
}
