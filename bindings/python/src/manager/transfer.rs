//! The verbs that tell where a secret is looked for, and that read and write documents of many secrets.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::transfer::{Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy};

use super::Manager;
use crate::arguments::{self, Flag, Key, NewSecret, optional_text, word};
use crate::call::Call;
use crate::fernet::Keys;

#[pyfunction]
#[pyo3(signature = (manager, key, scopes, options=None))]
pub(crate) fn explain(
    manager: &Bound<'_, Manager>,
    key: Key,
    scopes: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let scopes = arguments::scopes("scopes", &scopes)?;
    manager
        .get()
        .call(options, |manager| async move { manager.explain(&key.0, &scopes).await })
}

fn format_of(format: &Bound<'_, PyAny>) -> PyResult<Format> {
    word("format", format, Format::ALL, Format::word)
}

fn dialect_of(dialect: Option<&Bound<'_, PyAny>>) -> PyResult<Dialect> {
    dialect.map_or_else(
        || Ok(Dialect::default()),
        |dialect| word("dialect", dialect, Dialect::ALL, Dialect::word),
    )
}

/// What becomes of a secret that is there already.
pub(super) fn policy_of(if_exists: Option<&Bound<'_, PyAny>>) -> PyResult<IfExists> {
    if_exists.map_or_else(
        || Ok(IfExists::default()),
        |if_exists| word("if_exists", if_exists, IfExists::ALL, IfExists::word),
    )
}

#[pyfunction]
#[pyo3(signature = (manager, format, dialect, prefix, keys, full_names, include_expired, strict, fernet_keys, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn export(
    manager: &Bound<'_, Manager>,
    format: Bound<'_, PyAny>,
    dialect: Option<Bound<'_, PyAny>>,
    prefix: Option<Bound<'_, PyAny>>,
    keys: Bound<'_, PyAny>,
    full_names: Flag,
    include_expired: Flag,
    strict: Flag,
    fernet_keys: Option<Keys>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ExportOptions::new(format_of(&format)?).dialect(dialect_of(dialect.as_ref())?);
    wanted.prefix = optional_text("prefix", prefix.as_ref())?;
    wanted.keys = arguments::keys("keys", &keys)?;
    wanted.full_names = full_names.0;
    wanted.include_expired = include_expired.0;
    wanted.strict = strict.0;
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
    format: Bound<'_, PyAny>,
    dialect: Option<Bound<'_, PyAny>>,
    names: Option<Bound<'_, PyAny>>,
    if_exists: Option<Bound<'_, PyAny>>,
    provider: Option<Bound<'_, PyAny>>,
    dry_run: Flag,
    fernet_keys: Option<Keys>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut wanted = ImportOptions::new(format_of(&format)?).dialect(dialect_of(dialect.as_ref())?);
    if let Some(names) = names {
        wanted.names = word("names", &names, NamePolicy::ALL, NamePolicy::word)?;
    }
    wanted.if_exists = policy_of(if_exists.as_ref())?;
    wanted.provider = optional_text("provider", provider.as_ref())?;
    wanted.dry_run = dry_run.0;
    wanted.fernet_keys = fernet_keys.map(|keys| keys.0);
    let document = document.into_value()?;
    manager.get().call(options, |manager| async move {
        manager.import(document.expose(), wanted).await
    })
}
