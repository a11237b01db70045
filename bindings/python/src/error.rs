//! Errors as exceptions. Their classes are written in Python (`exceptions.py`); what an error says becomes
//! attributes.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use strongroom::{Error, ErrorKind};

/// A fault of an argument, named.
#[cold]
pub(crate) fn fault(name: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> PyErr {
    raised(Error::new(ErrorKind::InvalidArgument, message).with_setting(name.to_owned()))
}

/// The exception of an error.
#[cold]
pub(crate) fn raised(error: Error) -> PyErr {
    Python::attach(|py| exception(py, &error).map_or_else(|failed| failed, PyErr::from_value))
}

/// The exception of an error, as an object: some answers carry errors.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static CLASSES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let fields = PyDict::new(py);
    fields.set_item("backend", error.backend())?;
    fields.set_item("operation", error.operation().map(|operation| operation.word()))?;
    fields.set_item("key", error.key())?;
    fields.set_item("setting", error.setting())?;
    fields.set_item("retryable", error.is_retryable())?;
    fields.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    fields.set_item("foreign_code", error.foreign_code())?;
    fields.set_item("help", error.help())?;
    let class = CLASSES
        .import(py, "strongroom.exceptions", "BY_KIND")?
        .get_item(error.kind().token())?;
    let made = class.call1((error.to_string(),))?;
    // Not by a function of Python: see `results::made`.
    let own = made.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    own.update(fields.as_mapping())?;
    Ok(made)
}
