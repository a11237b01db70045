//! Keys as text, without a manager.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use strongroom::{SecretKey, SecretScope, VariableMapping};

use crate::arguments::{self, Key, NewSecret, key_text};
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
pub(crate) fn key_of(name: Key, scope: Option<&str>, target: Option<&str>) -> PyResult<String> {
    let scope = scope.map_or_else(|| Ok(SecretScope::global()), arguments::scope)?;
    let mut key = SecretKey::in_scope(scope, &name.0);
    if let Some(target) = target {
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
pub(crate) fn key_unescape<'py>(py: Python<'py>, segment: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    let segment = key_text(segment)?;
    let bytes = SecretKey::unescape(segment).map_err(raised)?;
    Ok(PyBytes::new(py, &bytes))
}

/// The name of the environment variable that stands for a key.
#[pyfunction]
pub(crate) fn key_variable(key: Key, prefix: &str, mapping: Option<&str>) -> PyResult<String> {
    let key = SecretKey::parse(&key.0).map_err(raised)?;
    let mapping = mapping.map_or_else(
        || Ok(VariableMapping::default()),
        |text| {
            let known = [VariableMapping::Plain, VariableMapping::Escaped];
            arguments::word("mapping", text, &known, |mapping| match mapping {
                VariableMapping::Escaped => "escaped",
                _ => "plain",
            })
        },
    )?;
    Ok(mapping.variable(prefix, &key))
}
