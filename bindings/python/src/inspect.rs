//! Settings: their table, and what a manager would be opened with.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use strongroom::{ConfigFile, Inspection, SETTINGS, SettingKind};

use crate::arguments::{Text, text};
use crate::error::exception;
use crate::open::{SecretSetting, builder};
use crate::results;

/// What a manager would be opened with.
#[pyfunction]
pub(crate) fn inspect<'py>(
    py: Python<'py>,
    app: Option<Text>,
    settings: Vec<(Text, Text)>,
    secrets: Vec<(Text, SecretSetting)>,
    config_files: Vec<PathBuf>,
    config_texts: Vec<(Text, Text)>,
    environment: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let builder = builder(py, app, settings, secrets, &config_files, config_texts, environment)?;
    let found = py.detach(|| builder.inspect());
    inspection(py, &found)
}

fn inspection<'py>(py: Python<'py>, found: &Inspection) -> PyResult<Bound<'py, PyAny>> {
    let problems = found.problems.iter().map(|error| exception(py, error));
    let files = found.files.iter().map(|looked_for| file(py, looked_for));
    let fields = PyDict::new(py);
    fields.set_item("settings", results::settings(py, &found.settings)?)?;
    fields.set_item("problems", PyTuple::new(py, problems.collect::<PyResult<Vec<_>>>()?)?)?;
    fields.set_item("files", PyTuple::new(py, files.collect::<PyResult<Vec<_>>>()?)?)?;
    object(py, "Inspection", &fields)
}

/// An object of a class of `_settings.py`.
fn object<'py>(py: Python<'py>, class: &'static str, fields: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    results::made(&py.import("strongroom._settings")?, class, fields)
}

fn file<'py>(py: Python<'py>, file: &ConfigFile) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("role", file.role.word())?;
    fields.set_item("path", &file.path)?;
    fields.set_item("found", file.found)?;
    object(py, "ConfigFile", &fields)
}

/// The table of settings, with the variables of an application.
#[pyfunction]
pub(crate) fn settings_table<'py>(py: Python<'py>, app: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let app = text("app", app)?;
    let rows = SETTINGS.iter().map(|setting| {
        let (kind, choices, least, most) = kind(setting.kind);
        let fields = PyDict::new(py);
        fields.set_item("key", setting.key)?;
        fields.set_item("kind", kind)?;
        fields.set_item("choices", PyTuple::new(py, choices)?)?;
        fields.set_item("min", least)?;
        fields.set_item("max", most)?;
        fields.set_item("default", setting.default)?;
        fields.set_item("variables", PyTuple::new(py, setting.variables(&app))?)?;
        fields.set_item("secret", setting.secret)?;
        fields.set_item("help", setting.help)?;
        object(py, "SettingInfo", &fields)
    });
    PyTuple::new(py, rows.collect::<PyResult<Vec<_>>>()?)
}

/// A kind's word, its choices, and the least and the most that it can be.
fn kind(kind: SettingKind) -> (&'static str, &'static [&'static str], Option<u64>, Option<u64>) {
    match kind {
        SettingKind::Path => ("path", &[], None, None),
        SettingKind::List => ("list", &[], None, None),
        SettingKind::Choice(words) => ("choice", words, None, None),
        SettingKind::Integer { min, max } => ("integer", &[], Some(min), Some(max)),
        SettingKind::Size { min, max } => ("size", &[], Some(min), Some(max)),
        SettingKind::Duration => ("duration", &[], None, None),
        _ => ("text", &[], None, None),
    }
}

/// The JSON Schema of a document of settings, as text.
#[pyfunction]
pub(crate) fn config_schema() -> String {
    strongroom::config_schema()
}
