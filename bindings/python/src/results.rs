//! What verbs answer, as objects of the classes in `_results.py`.

use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};
use strongroom::backend::{
    BatchResult, Description, EntryName, Health, ListEntry, ListPage, SetManyOutcome, SetOutcome, VerifyReport,
    VersionEntry,
};
use strongroom::{SETTINGS, SecretKey, SecretManager, SecretMetadata, Settings, Version};
use time::{OffsetDateTime, UtcOffset};

use crate::call::Answer;
use crate::error::exception;
use crate::secret::Secret;

/// An object of a class of `_results.py`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    class: &'static str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || PyResult::Ok(py.import("strongroom._results")?.unbind()))?;
    made(module.bind(py), class, fields)
}

/// An object of a class of a module, with all of its fields. Without the class's `__init__`, which is written in Python:
/// when the interpreter ends it ends threads in the midst of such code, and not below a function of Rust.
pub(crate) fn made<'py>(
    module: &Bound<'py, PyModule>,
    class: &'static str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = module.py();
    let new = NEW.get_or_try_init(py, || {
        let object = py.get_type::<PyAny>();
        PyResult::Ok(object.getattr(intern!(py, "__new__"))?.unbind())
    })?;
    let made = new.bind(py).call1((module.getattr(class)?,))?;
    let own = made.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    own.update(fields.as_mapping())?;
    Ok(made)
}

/// An aware `datetime` in UTC.
pub(crate) fn moment<'py>(py: Python<'py>, at: Option<OffsetDateTime>) -> PyResult<Option<Bound<'py, PyAny>>> {
    at.map(|at| Ok(at.to_offset(UtcOffset::UTC).into_pyobject(py)?.into_any()))
        .transpose()
}

fn set_version(fields: &Bound<'_, PyDict>, version: Option<&Version>) -> PyResult<()> {
    fields.set_item("version", version.map(Version::as_str))?;
    fields.set_item("number", version.and_then(Version::number))
}

/// Metadata as keyword arguments.
pub(crate) fn metadata<'py>(py: Python<'py>, metadata: &SecretMetadata) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("provider", &metadata.provider)?;
    fields.set_item("scope_of_use", &metadata.scope_of_use)?;
    fields.set_item("labels", &metadata.labels)?;
    fields.set_item("expires_at", moment(py, metadata.expires_at)?)?;
    fields.set_item("created_at", moment(py, metadata.created_at)?)?;
    fields.set_item("updated_at", moment(py, metadata.updated_at)?)?;
    set_version(&fields, metadata.version.as_ref())?;
    fields.set_item("stale_for", metadata.stale_for.map(|age| age.as_secs_f64()))?;
    Ok(fields)
}

impl Answer for Option<strongroom::Secret> {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            None => Ok(py.None()),
            Some(secret) => Ok(Py::new(py, Secret::of(secret))?.into_any()),
        }
    }
}

impl Answer for Option<Description> {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(description) = self else {
            return Ok(py.None());
        };
        let fields = metadata(py, &description.metadata)?;
        fields.set_item("expired", description.expired)?;
        Ok(object(py, "Description", &fields)?.unbind())
    }
}

impl Answer for SetOutcome {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("created", self.created)?;
        set_version(&fields, self.version.as_ref())?;
        Ok(object(py, "SetOutcome", &fields)?.unbind())
    }
}

impl Answer for ListPage {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let entries = self.entries.into_iter().map(|entry| list_entry(py, &entry));
        let entries = entries.collect::<PyResult<Vec<_>>>()?;
        let fields = PyDict::new(py);
        fields.set_item("entries", PyTuple::new(py, entries)?)?;
        fields.set_item("next", self.next.as_ref().map(strongroom::SecretKey::as_str))?;
        Ok(object(py, "ListPage", &fields)?.unbind())
    }
}

fn list_entry<'py>(py: Python<'py>, entry: &ListEntry) -> PyResult<Bound<'py, PyAny>> {
    let fields = metadata(py, &entry.metadata)?;
    fields.set_item("name", entry.name.to_string())?;
    fields.set_item("is_reference", matches!(entry.name, EntryName::Reference(_)))?;
    fields.set_item("expired", entry.expired)?;
    object(py, "ListEntry", &fields)
}

impl Answer for Vec<VersionEntry> {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let entries = PyList::empty(py);
        for entry in self {
            let fields = PyDict::new(py);
            set_version(&fields, Some(&entry.version))?;
            fields.set_item("current", entry.current)?;
            fields.set_item("created_at", moment(py, entry.created_at)?)?;
            fields.set_item("expires_at", moment(py, entry.expires_at)?)?;
            entries.append(object(py, "VersionEntry", &fields)?)?;
        }
        Ok(entries.into_any().unbind())
    }
}

/// A batch that was read, with the texts of its keys as they were given: under these the caller looks.
pub(crate) struct BatchRead {
    pub(crate) asked: Vec<(String, SecretKey)>,
    pub(crate) result: BatchResult,
}

impl Answer for BatchRead {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut read = HashMap::new();
        for (key, secret) in self.result.secrets {
            read.insert(key, Py::new(py, Secret::of(secret))?.into_any());
        }
        let mut failed = HashMap::new();
        for failure in self.result.failures {
            let error = exception(py, &failure.error)?.unbind();
            failed.insert(failure.key, error);
        }
        let (secrets, failures) = (PyDict::new(py), PyDict::new(py));
        for (text, key) in &self.asked {
            if let Some(secret) = read.get(key) {
                secrets.set_item(text, secret)?;
            }
            if let Some(error) = failed.get(key) {
                failures.set_item(text, error)?;
            }
        }
        let fields = PyDict::new(py);
        fields.set_item("secrets", secrets)?;
        fields.set_item("failures", failures)?;
        Ok(object(py, "BatchResult", &fields)?.unbind())
    }
}

/// A batch that was written, with the texts of its keys as they were given.
pub(crate) struct BatchWritten {
    pub(crate) texts: Vec<String>,
    pub(crate) outcome: SetManyOutcome,
}

impl Answer for BatchWritten {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let (outcomes, failures) = (PyDict::new(py), PyDict::new(py));
        for (text, outcome) in self.texts.iter().zip(self.outcome.outcomes) {
            match outcome {
                Ok(outcome) => outcomes.set_item(text, outcome.into_object(py)?)?,
                Err(error) => failures.set_item(text, exception(py, &error)?)?,
            }
        }
        let fields = PyDict::new(py);
        fields.set_item("outcomes", outcomes)?;
        fields.set_item("failures", failures)?;
        Ok(object(py, "SetManyOutcome", &fields)?.unbind())
    }
}

/// Settings by their names. Secret ones have no value.
pub(crate) fn settings<'py>(py: Python<'py>, settings: &Settings) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    for setting in SETTINGS {
        let fields = PyDict::new(py);
        fields.set_item("value", settings.text(setting.key))?;
        fields.set_item("origin", settings.origin(setting.key).to_string())?;
        fields.set_item("secret", setting.secret)?;
        shown.set_item(setting.key, object(py, "Setting", &fields)?)?;
    }
    Ok(shown)
}

/// What is known about a manager's backend.
pub(crate) fn backend<'py>(py: Python<'py>, manager: &SecretManager) -> PyResult<Bound<'py, PyAny>> {
    let backend = manager.backend();
    let capabilities = backend.capabilities();
    let fields = PyDict::new(py);
    fields.set_item("name", backend.name())?;
    fields.set_item("chosen_by", backend.chosen_by().to_string())?;
    fields.set_item("persistence", backend.persistence().word())?;
    fields.set_item("max_value", backend.max_value())?;
    fields.set_item("max_key", capabilities.max_key)?;
    for (name, has) in [
        ("read_only", capabilities.read_only),
        ("list", capabilities.list),
        ("versions", capabilities.versions),
        ("metadata", capabilities.metadata),
        ("expiry", capabilities.expiry),
        ("cas", capabilities.cas),
        ("atomic_batch", capabilities.atomic_batch),
        ("binary", capabilities.binary),
        ("empty_value", capabilities.empty_value),
        ("verify", capabilities.verify),
        ("restore", capabilities.restore),
    ] {
        fields.set_item(name, has)?;
    }
    object(py, "BackendInfo", &fields)
}

impl Answer for Health {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("state", self.state.word())?;
        fields.set_item("reason", &self.reason)?;
        let error = self.error.as_ref().map(|error| exception(py, error)).transpose()?;
        fields.set_item("error", error)?;
        Ok(object(py, "Health", &fields)?.unbind())
    }
}

impl Answer for VerifyReport {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("secrets", self.secrets)?;
        fields.set_item("versions", self.versions)?;
        fields.set_item("journal", self.journal)?;
        fields.set_item("sequence", self.sequence)?;
        Ok(object(py, "VerifyReport", &fields)?.unbind())
    }
}
