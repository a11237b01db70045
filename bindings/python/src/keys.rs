//! Keys as text, without a manager.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use strongroom::{SecretKey, SecretScope, VariableMapping};

use crate::arguments::{self, Key, NewSecret, optional_text, text};
use crate::error::raised;

/// The parts of a key: its canonical text, the scope's kind and id, the name, the target.
type Parts = (String, &'static str, Option<String>, String, Option<String>);

fn parts(key: &SecretKey) -> Parts {
    (
        key.as_str().to_owned(),
        key.kind().word(),
        key.id().map(str::to_owned),
        key.name().to_owned(),
        key.target().map(str::to_owned),
    )
}

/// Reads a key.
#[pyfunction]
pub(crate) fn key_parse(text: Key) -> PyResult<Parts> {
    SecretKey::parse(&text.0).map(|key| parts(&key)).map_err(raised)
}

/// The text of a key of these parts.
#[pyfunction]
#[pyo3(signature = (name, scope, target))]
pub(crate) fn key_of(name: Key, scope: Option<Bound<'_, PyAny>>, target: Option<Bound<'_, PyAny>>) -> PyResult<String> {
    let scope = match optional_text("scope", scope.as_ref())? {
        Some(text) => arguments::scope(&text)?,
        None => SecretScope::global(),
    };
    let mut key = SecretKey::in_scope(scope, &name.0);
    if let Some(target) = optional_text("target", target.as_ref())? {
        key = key.target_of(target);
    }
    key.check().map_err(raised)?;
    Ok(key.as_str().to_owned())
}

/// Any bytes as one segment of a key.
#[pyfunction]
pub(crate) fn key_escape(word: NewSecret<'_>) -> PyResult<String> {
    Ok(SecretKey::escape(word.into_value()?.expose()))
}

/// The bytes that a segment stands for.
#[pyfunction]
pub(crate) fn key_unescape(py: Python<'_>, segment: Key) -> PyResult<Bound<'_, PyBytes>> {
    let bytes = SecretKey::unescape(&segment.0).map_err(raised)?;
    Ok(PyBytes::new(py, &bytes))
}

/// The name of the environment variable that stands for a key.
#[pyfunction]
#[pyo3(signature = (key, prefix, mapping))]
pub(crate) fn key_variable(key: Key, prefix: Bound<'_, PyAny>, mapping: Option<Bound<'_, PyAny>>) -> PyResult<String> {
    let key = SecretKey::parse(&key.0).map_err(raised)?;
    let mapping = mapping.map_or_else(
        || Ok(VariableMapping::default()),
        |mapping| {
            let known = [VariableMapping::Plain, VariableMapping::Escaped];
            arguments::word("mapping", &mapping, &known, |mapping| match mapping {
                VariableMapping::Escaped => "escaped",
                _ => "plain",
            })
        },
    )?;
    Ok(mapping.variable(&text("prefix", &prefix)?, &key))
}
