//! Generated values.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::{GenerateSpec, NewValue};

use super::Manager;
use super::write::stated;
use crate::arguments::{Flag, Key, NewSecret, count};
use crate::call::Call;
use crate::error::raised;
use crate::secret::Secret;

/// How a value is generated, from the system's random numbers: its constructors say which form it gets.
///
/// `generate` makes a `Secret` of it; `get_or_generate` and `rotate` take it.
///
/// >>> Generate.password(20, symbols=False)
/// Generate.password(20, symbols=False)
#[pyclass(frozen, eq, hash, module = "strongroom", name = "Generate")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Generate(Form);

#[derive(PartialEq, Eq, Hash)]
enum Form {
    Bytes(usize),
    Hex(usize),
    Base64(usize),
    Password { length: usize, symbols: bool },
}

impl Generate {
    fn spec(&self) -> GenerateSpec {
        match self.0 {
            Form::Bytes(size) => GenerateSpec::bytes(size),
            Form::Hex(size) => GenerateSpec::hex(size),
            Form::Base64(size) => GenerateSpec::base64(size),
            Form::Password { length, symbols: true } => GenerateSpec::password(length),
            Form::Password { length, symbols: false } => GenerateSpec::password(length).without_symbols(),
        }
    }
}

#[pymethods]
impl Generate {
    /// So many random bytes.
    ///
    /// >>> len(generate(Generate.bytes(32)).reveal_bytes())
    /// 32
    #[staticmethod]
    fn bytes(size: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(Form::Bytes(count("size", size)?)))
    }

    /// So many random bytes as lower-case hexadecimal, twice as many characters.
    ///
    /// >>> len(generate(Generate.hex(32)).reveal())
    /// 64
    #[staticmethod]
    fn hex(size: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(Form::Hex(count("size", size)?)))
    }

    /// So many random bytes as url-safe base64 without padding.
    ///
    /// >>> len(generate(Generate.base64(32)).reveal())
    /// 43
    #[staticmethod]
    fn base64(size: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(Form::Base64(count("size", size)?)))
    }

    /// A password of so many characters with at least one lower-case letter, upper-case letter, digit and symbol.
    ///
    /// >>> generate(Generate.password(24, symbols=False)).reveal().isalnum()
    /// True
    #[staticmethod]
    #[pyo3(signature = (length, *, symbols=Flag(true)), text_signature = "(length, *, symbols=True)")]
    fn password(length: &Bound<'_, PyAny>, symbols: Flag) -> PyResult<Self> {
        let length = count("length", length)?;
        Ok(Self(Form::Password {
            length,
            symbols: symbols.0,
        }))
    }

    fn __repr__(&self) -> String {
        match self.0 {
            Form::Bytes(size) => format!("Generate.bytes({size})"),
            Form::Hex(size) => format!("Generate.hex({size})"),
            Form::Base64(size) => format!("Generate.base64({size})"),
            Form::Password { length, symbols: true } => format!("Generate.password({length})"),
            Form::Password { length, symbols: false } => format!("Generate.password({length}, symbols=False)"),
        }
    }
}

/// Generates a value; nothing is stored.
///
/// Raises `InvalidArgument` for a length of 0 or above 65,536, and for a password that is too short for a character of
/// each class.
///
/// >>> len(generate(Generate.password(32)).reveal())
/// 32
#[pyfunction]
pub(crate) fn generate(spec: &Bound<'_, PyAny>) -> PyResult<Secret> {
    let spec = spec_of(spec)?;
    let value = spec.generate().map_err(raised)?;
    Ok(Secret::of(strongroom::Secret::new(value)))
}

fn spec_of(object: &Bound<'_, PyAny>) -> PyResult<GenerateSpec> {
    let spec = object.cast::<Generate>().map_err(|_| {
        let given = crate::arguments::type_name(object);
        PyTypeError::new_err(format!(
            "spec is a Generate, such as Generate.password(32), not {given}"
        ))
    })?;
    Ok(spec.get().spec())
}

#[pyfunction]
#[pyo3(signature = (manager, key, spec, provider, scope_of_use, labels, expires_at, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
pub(crate) fn get_or_generate(
    manager: &Bound<'_, Manager>,
    key: Key,
    spec: &Bound<'_, PyAny>,
    provider: Option<Bound<'_, PyAny>>,
    scope_of_use: Option<Bound<'_, PyAny>>,
    labels: Option<Bound<'_, PyAny>>,
    expires_at: Option<Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let metadata = stated(
        provider.as_ref(),
        scope_of_use.as_ref(),
        labels.as_ref(),
        expires_at.as_ref(),
    )?;
    let spec = spec_of(spec)?.with_metadata(metadata);
    manager.get().call(options, |manager| async move {
        manager.get_or_generate(&key.0, &spec).await.map(Some)
    })
}

#[pyfunction]
#[pyo3(signature = (manager, key, value, options=None))]
pub(crate) fn rotate(
    manager: &Bound<'_, Manager>,
    key: Key,
    value: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let new = match value.cast::<Generate>() {
        Ok(spec) => NewValue::Generate(spec.get().spec()),
        Err(_) => NewValue::Value(value.extract::<NewSecret<'_>>()?.into_value()?),
    };
    manager
        .get()
        .call(options, |manager| async move { manager.rotate(&key.0, new).await })
}
