//! What Python passes: texts, values, times, and the keywords that every verb takes.

use std::time::Duration;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDict, PyString};
use strongroom::{
    CallOptions, CancellationToken, Error, ErrorKind, MAX_DEADLINE, PromptPolicy, SecretManager, SecretScope,
    SecretValue,
};
use time::OffsetDateTime;

use crate::error::{fault, raised};
use crate::secret::Secret;

/// Cancels calls from another thread: `cancel=` of any verb takes one.
#[pyclass(frozen, module = "strongroom", name = "CancelToken")]
pub(crate) struct CancelToken(CancellationToken);

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self(CancellationToken::new())
    }

    /// Ends the calls that carry this token, now and later, with `Cancelled`. Idempotent, from any thread.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.0.cancel());
    }

    /// Whether `cancel` was called.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_cancelled() {
            "<CancelToken: cancelled>"
        } else {
            "<CancelToken>"
        }
    }
}

/// A key's text. What it means is judged by the verb.
pub(crate) struct Key(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Key {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>().map_err(|_| {
            PyTypeError::new_err(format!(
                "a key is a str such as \"org/acme/api_key\", not {}",
                type_name(&object)
            ))
        })?;
        key_text(&text).map(|text| Self(text.to_owned()))
    }
}

/// The text of a key as it lies in Python's memory.
#[inline]
pub(crate) fn key_text<'a>(key: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    key.to_str()
        .map_err(|_| raised(Error::new(ErrorKind::InvalidKey, "the key is no valid Unicode")))
}

pub(crate) fn type_name(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .name()
        .map_or_else(|_| "that".to_owned(), |name| name.to_string())
}

/// A value: a `str`, as UTF-8, or any buffer of bytes.
pub(crate) struct Value(pub(crate) SecretValue);

impl<'py> FromPyObject<'_, 'py> for Value {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            let text = text
                .to_str()
                .map_err(|_| raised(Error::new(ErrorKind::InvalidValue, "the value is no valid Unicode")))?;
            return Ok(Self(SecretValue::copy_of(text.as_bytes())));
        }
        let buffer = PyBuffer::<u8>::get(&object).map_err(|_| {
            PyTypeError::new_err(format!(
                "a value is a str or a buffer of bytes, not {}",
                type_name(&object)
            ))
        })?;
        let mut bytes = zeroize::Zeroizing::new(vec![0; buffer.len_bytes()]);
        buffer.copy_to_slice(object.py(), &mut bytes)?;
        Ok(Self(SecretValue::from(std::mem::take(&mut *bytes))))
    }
}

/// What a write is given: a value, or a secret whose metadata holds where nothing else is stated.
pub(crate) enum NewSecret<'py> {
    Value(SecretValue),
    Secret(Bound<'py, Secret>),
}

impl<'py> FromPyObject<'_, 'py> for NewSecret<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<Secret>() {
            Ok(secret) => Ok(Self::Secret(secret.to_owned())),
            Err(_) => object.extract().map(|Value(value)| Self::Value(value)),
        }
    }
}

impl NewSecret<'_> {
    /// The value alone, as a copy of its own.
    pub(crate) fn into_value(self) -> PyResult<SecretValue> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Secret(secret) => Ok(SecretValue::copy_of(secret.get().value()?.expose())),
        }
    }
}

/// One of the words that an argument knows.
pub(crate) fn word<T: Copy>(name: &str, text: &str, known: &[T], word_of: impl Fn(T) -> &'static str) -> PyResult<T> {
    let found = known.iter().copied().find(|known| word_of(*known) == text);
    found.ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|known| format!("`{}`", word_of(*known))).collect();
        fault(name, format!("must be one of {}", words.join(", ")))
    })
}

/// A point in time: an aware `datetime`. A naive one does not say where it counts.
pub(crate) fn moment(name: &str, object: &Bound<'_, PyAny>) -> PyResult<OffsetDateTime> {
    let is_naive = object.hasattr("tzinfo")? && object.getattr("tzinfo")?.is_none();
    if is_naive {
        let message = "a datetime without a timezone; say which, as `datetime.now(timezone.utc)` does";
        return Err(fault(name, message));
    }
    object.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyTypeError>(object.py()) {
            PyTypeError::new_err(format!("{name} is an aware datetime, not {}", type_name(object)))
        } else {
            fault(name, "a datetime that cannot be told in UTC")
        }
    })
}

/// A time span: seconds, or a `timedelta`.
pub(crate) fn span(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds: f64 = match object.cast::<PyDelta>() {
        Ok(delta) => delta.call_method0("total_seconds")?.extract()?,
        Err(_) => object.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "{name} is a number of seconds or a timedelta, not {}",
                type_name(object)
            ))
        })?,
    };
    if seconds.is_nan() || seconds < 0.0 {
        return Err(fault(name, "a time span is not negative"));
    }
    Ok(Duration::try_from_secs_f64(seconds).map_or(MAX_DEADLINE, |span| span.min(MAX_DEADLINE)))
}

/// A scope's text.
pub(crate) fn scope(text: &str) -> PyResult<SecretScope> {
    SecretScope::parse(text).map_err(raised)
}

/// The keywords that every verb takes, and which [`general`] reads.
const GENERAL: [&str; 7] = ["scope", "timeout", "prompt", "actor", "reason", "request_id", "cancel"];

/// The manager's view that a call's keywords ask for.
pub(crate) fn view(manager: &SecretManager, options: Option<&Bound<'_, PyDict>>) -> PyResult<SecretManager> {
    let Some(options) = options.filter(|options| !options.is_empty()) else {
        return Ok(manager.clone());
    };
    let (call, scope) = general(manager.call_options().clone(), options)?;
    let view = manager.with_options(call);
    match scope {
        Some(scope) => view.scoped(&scope).map_err(raised),
        None => Ok(view),
    }
}

/// What a call's keywords say, over what held before.
pub(crate) fn general(mut call: CallOptions, options: &Bound<'_, PyDict>) -> PyResult<(CallOptions, Option<String>)> {
    let mut scope = None;
    for (name, value) in options {
        let name: String = name.extract()?;
        if !GENERAL.contains(&name.as_str()) {
            return Err(PyTypeError::new_err(format!(
                "got an unexpected keyword argument '{name}'"
            )));
        }
        if value.is_none() {
            continue;
        }
        let text = || {
            let text: Result<String, _> = value.extract();
            text.map_err(|_| PyTypeError::new_err(format!("{name} is a str, not {}", type_name(&value))))
        };
        match name.as_str() {
            "scope" => scope = Some(text()?),
            "timeout" => call.timeout = Some(span("timeout", &value)?),
            "prompt" => {
                call.prompt = Some(match text()?.as_str() {
                    "never" => PromptPolicy::Never,
                    "allow" => PromptPolicy::Allow,
                    _ => return Err(fault("prompt", "must be `never` or `allow`")),
                });
            }
            "actor" => call.actor = Some(text()?.into()),
            "reason" => call.reason = Some(text()?.into()),
            "request_id" => call.request_id = Some(text()?.into()),
            _ => {
                let token: PyRef<'_, CancelToken> = value
                    .extract()
                    .map_err(|_| PyTypeError::new_err(format!("cancel is a CancelToken, not {}", type_name(&value))))?;
                call.cancel = Some(token.0.clone());
            }
        }
    }
    Ok((call, scope))
}
