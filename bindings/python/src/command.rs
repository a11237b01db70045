//! What `python -m strongroom` asks the core, so that it answers as the command does.

use std::path::PathBuf;

use pyo3::prelude::*;
use strongroom::transfer::Format;
use strongroom::{ErrorKind, Setting, SettingKind, Settings, locations};

use crate::arguments::Text;
use crate::open::builder;

/// The exit code of a failure, by its kind's token.
#[pyfunction]
pub(crate) fn exit_code(kind: &str) -> u8 {
    ErrorKind::from_token(kind).unwrap_or(ErrorKind::Internal).exit_code()
}

/// The longest value in bytes that any store may be told to take.
#[pyfunction]
pub(crate) fn longest_value() -> u64 {
    match Setting::find("max_value").map(|setting| setting.kind) {
        Some(SettingKind::Size { max, .. }) => max,
        _ => u64::MAX,
    }
}

/// The longest document in bytes that is read.
#[pyfunction]
pub(crate) fn longest_document() -> usize {
    strongroom::transfer::MAX_DOCUMENT
}

/// The version of the library.
#[pyfunction]
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The form of a document that the name of its file tells.
#[pyfunction]
pub(crate) fn document_format(file_name: &str) -> Option<&'static str> {
    Format::of_file_name(file_name).map(Format::word)
}

/// The encrypted store of an application, where there is one or will be.
#[pyfunction]
pub(crate) fn store_file(
    py: Python<'_>,
    app: Text,
    settings: Vec<(Text, Text)>,
    config_files: Vec<PathBuf>,
) -> PyResult<Option<PathBuf>> {
    found(py, app, settings, &config_files, |app, settings| {
        locations::store_file(app, settings).ok()
    })
}

/// Whether an application keeps its secrets, or the key to them, in this file.
#[pyfunction]
pub(crate) fn keeps_secrets(
    py: Python<'_>,
    app: Text,
    settings: Vec<(Text, Text)>,
    config_files: Vec<PathBuf>,
    path: PathBuf,
) -> PyResult<bool> {
    found(py, app, settings, &config_files, |app, settings| {
        locations::keeps_secrets(app, settings, &path)
    })
}

/// What the settings tell that an application would be opened with.
fn found<T: Send>(
    py: Python<'_>,
    app: Text,
    settings: Vec<(Text, Text)>,
    config_files: &[PathBuf],
    told: impl FnOnce(&str, &Settings) -> T + Send,
) -> PyResult<T> {
    let name = app.0.clone();
    let builder = builder(py, Some(app), settings, Vec::new(), config_files, Vec::new(), true)?;
    Ok(py.detach(|| told(&name, &builder.inspect().settings)))
}
