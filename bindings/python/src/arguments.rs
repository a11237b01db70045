//! What Python passes: texts, values, times, and the keywords that every verb takes.

use std::time::Duration;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyDateTime, PyDelta, PyDict, PyInt, PyIterator, PyList, PyMapping, PyMemoryView, PyString, PyTzInfo,
};
use strongroom::{
    CallOptions, CancellationToken, Error, ErrorKind, PromptPolicy, SecretManager, SecretScope, SecretValue, Version,
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

/// A text other than a key or a value.
pub(crate) fn text(name: &str, object: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = object
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(format!("{name} is a str, not {}", type_name(object))))?;
    // Python's own message quotes the text.
    let text = text.to_str().map_err(|_| fault(name, "the text is no valid Unicode"))?;
    Ok(text.to_owned())
}

/// A text among others that are taken at once.
pub(crate) struct Text(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = object
            .cast::<PyString>()
            .map_err(|_| PyTypeError::new_err(format!("a str is needed, not {}", type_name(&object))))?;
        let text = text.to_str().map_err(|_| {
            let message = "a text that an opening is given is no valid Unicode";
            raised(Error::new(ErrorKind::InvalidArgument, message))
        })?;
        Ok(Self(text.to_owned()))
    }
}

/// A text, where there is one.
pub(crate) fn optional_text(name: &str, object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    object.map(|object| text(name, object)).transpose()
}

/// A `bool`, and nothing that merely counts as one.
pub(crate) struct Flag(pub(crate) bool);

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let flag = object
            .cast::<PyBool>()
            .map_err(|_| PyTypeError::new_err(format!("a bool is needed, not {}", type_name(&object))))?;
        Ok(Self(flag.is_true()))
    }
}

/// An `int`, and no `bool`, which is one by accident.
fn number<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyInt>> {
    let number = object.cast::<PyInt>().ok()?;
    (!object.is_instance_of::<PyBool>()).then_some(number)
}

/// How many. What is too much for any count is the largest one: the verb judges it.
pub(crate) fn count(name: &str, object: &Bound<'_, PyAny>) -> PyResult<usize> {
    let number =
        number(object).ok_or_else(|| PyTypeError::new_err(format!("{name} is an int, not {}", type_name(object))))?;
    if number.lt(0)? {
        return Err(fault(name, "a count is not negative"));
    }
    Ok(number.extract().unwrap_or(usize::MAX))
}

/// A version: its word, or its number.
pub(crate) fn version(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Version> {
    if object.is_instance_of::<PyString>() {
        return text(name, object).map(Version::from_word);
    }
    let number = number(object).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{name} is a version's word or number, not {}",
            type_name(object)
        ))
    })?;
    let number = number
        .extract()
        .map_err(|_| fault(name, "a version's number is from 0 to 18446744073709551615"))?;
    Ok(Version::from_number(number))
}

/// One of the words that an argument knows.
pub(crate) fn word<T: Copy>(
    name: &str,
    object: &Bound<'_, PyAny>,
    known: &[T],
    word_of: impl Fn(T) -> &'static str,
) -> PyResult<T> {
    let text = text(name, object)?;
    let found = known.iter().copied().find(|known| word_of(*known) == text);
    found.ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|known| format!("`{}`", word_of(*known))).collect();
        fault(name, format!("must be one of {}", words.join(", ")))
    })
}

/// The texts of several keys.
pub(crate) fn keys(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut texts = Vec::new();
    for key in several(name, object)? {
        texts.push(key?.extract::<Key>()?.0);
    }
    Ok(texts)
}

/// Several scopes.
pub(crate) fn scopes(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<SecretScope>> {
    let mut scopes = Vec::new();
    for entry in several(name, object)? {
        scopes.push(scope(&text(name, &entry?)?)?);
    }
    Ok(scopes)
}

/// What an iterable gives. A `str` is one text, not several.
pub(crate) fn several<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    let refused = || PyTypeError::new_err(format!("{name} is an iterable of str, not {}", type_name(object)));
    if object.is_instance_of::<PyString>() {
        return Err(refused());
    }
    object.try_iter().map_err(|error| {
        if error.is_instance_of::<PyTypeError>(object.py()) {
            refused()
        } else {
            error
        }
    })
}

/// The pairs of a mapping.
pub(crate) fn pairs<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let mapping = object
        .cast::<PyMapping>()
        .map_err(|_| PyTypeError::new_err(format!("{name} is a mapping, not {}", type_name(object))))?;
    mapping.items()
}

/// The pairs of a mapping, or of an iterable of pairs.
pub(crate) fn entries<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Vec<[Bound<'py, PyAny>; 2]>> {
    let refused = || {
        let given = type_name(object);
        PyTypeError::new_err(format!("{name} is a mapping or an iterable of pairs, not {given}"))
    };
    let given = match object.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.try_iter()?,
        Err(_) if object.is_instance_of::<PyString>() => return Err(refused()),
        Err(_) => object.try_iter().map_err(|_| refused())?,
    };
    given
        .map(|pair| {
            let pair: (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?
                .extract()
                .map_err(|_| PyTypeError::new_err(format!("{name} gives pairs: tuples of a key and a value")))?;
            Ok([pair.0, pair.1])
        })
        .collect()
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
        let buffer = buffer(&object, "a value is a str or a buffer of bytes")?;
        if buffer.is_c_contiguous() && buffer.len_bytes() > 0 {
            // SAFETY: they lie in one piece, which `buffer` holds; nothing of Python runs meanwhile, and it makes no promise
            // to anyone else who changes it without the interpreter.
            let bytes = unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast(), buffer.len_bytes()) };
            return Ok(Self(SecretValue::copy_of(bytes)));
        }
        if buffer.len_bytes() == 0 {
            return Ok(Self(SecretValue::copy_of(&[])));
        }
        // What is left lies in several pieces; Python puts them together, whatever it calls the bytes.
        let mut bytes = zeroize::Zeroizing::new(vec![0; buffer.len_bytes()]);
        copy_pieces(&buffer, &mut bytes);
        Ok(Self(SecretValue::from(std::mem::take(&mut *bytes))))
    }
}

/// The bytes of a buffer, signed ones and those of `ctypes` too. Whatever is none, or has longer items, is of a wrong type.
pub(crate) fn buffer(object: &Bound<'_, PyAny>, wanted: &str) -> PyResult<PyUntypedBuffer> {
    let py = object.py();
    let refused = || PyTypeError::new_err(format!("{wanted}, not {}", type_name(object)));
    // `ctypes` says less of its arrays than is asked for here; a view of them says all.
    let found = match PyUntypedBuffer::get(object) {
        Err(error) if error.is_instance_of::<PyBufferError>(py) => {
            PyMemoryView::from(object).and_then(|view| PyUntypedBuffer::get(&view))
        }
        found => found,
    };
    match found {
        Ok(buffer) if buffer.item_size() == 1 => Ok(buffer),
        Ok(_) => Err(refused()),
        Err(error) if error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyBufferError>(py) => {
            Err(refused())
        }
        Err(error) => Err(error),
    }
}

/// Copies a buffer of bytes that does not lie in one piece, in the order of its indices.
fn copy_pieces(buffer: &PyUntypedBuffer, bytes: &mut [u8]) {
    let mut indices = vec![0; buffer.dimensions()];
    for byte in bytes {
        // SAFETY: the indices are within the shape, the items are bytes, and `buffer` holds them.
        *byte = unsafe { buffer.get_ptr(&indices).cast::<u8>().read() };
        for (index, length) in indices.iter_mut().zip(buffer.shape()).rev() {
            *index += 1;
            if *index < *length {
                break;
            }
            *index = 0;
        }
    }
}

/// What a write is given: a value, or a secret whose metadata holds where nothing else is stated.
pub(crate) enum NewSecret<'py> {
    Value(SecretValue),
    Secret(Bound<'py, Secret>),
}

impl NewSecret<'_> {
    /// The value alone, for verbs that keep the metadata that is stored.
    pub(crate) fn into_value(self) -> PyResult<SecretValue> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Secret(secret) => Ok(SecretValue::copy_of(secret.get().value()?.expose())),
        }
    }
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

/// A point in time: an aware `datetime`. A naive one does not say where it counts.
pub(crate) fn moment(name: &str, object: &Bound<'_, PyAny>) -> PyResult<OffsetDateTime> {
    let at = object
        .cast::<PyDateTime>()
        .map_err(|_| PyTypeError::new_err(format!("{name} is an aware datetime, not {}", type_name(object))))?;
    // As Python has it, a time zone that gives no offset makes no datetime aware.
    if at.call_method0("utcoffset")?.is_none() {
        let message = "a datetime without a timezone; say which, as `datetime.now(timezone.utc)` does";
        return Err(fault(name, message));
    }
    let in_utc = at.call_method1("astimezone", (PyTzInfo::utc(at.py())?,));
    let in_utc = in_utc.map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(at.py()) {
            fault(name, "a datetime that cannot be told in UTC")
        } else {
            error
        }
    })?;
    in_utc.extract()
}

/// A time span: seconds, or a `timedelta`.
pub(crate) fn span(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let refused = || {
        let given = type_name(object);
        PyTypeError::new_err(format!("{name} is a number of seconds or a timedelta, not {given}"))
    };
    // A number first: the look for a `timedelta` imports its module, in whose midst a signal's handler may raise.
    let seconds: f64 = match object.extract() {
        Ok(_) if object.is_instance_of::<PyBool>() => return Err(refused()),
        Ok(seconds) => seconds,
        // An int that is no float is either longer than any deadline or negative.
        Err(_) if number(object).is_some() => {
            if object.lt(0)? {
                -1.0
            } else {
                f64::INFINITY
            }
        }
        Err(_) => {
            let delta = object.cast::<PyDelta>().map_err(|_| refused())?;
            delta.call_method0("total_seconds")?.extract()?
        }
    };
    if seconds.is_nan() || seconds < 0.0 {
        return Err(fault(name, "a time span is not negative"));
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A scope's text.
pub(crate) fn scope(text: &str) -> PyResult<SecretScope> {
    SecretScope::parse(text).map_err(raised)
}

/// The keywords that every verb takes, and which [`general`] reads.
pub(crate) const GENERAL: [&str; 7] = ["scope", "timeout", "prompt", "actor", "reason", "request_id", "cancel"];

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
        let text = || text(&name, &value);
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
