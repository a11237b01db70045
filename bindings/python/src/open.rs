//! Opening a manager.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::{Builder, CallOptions, ConfigFormat, Face, SecretManager, face};

use crate::arguments::{Text, Value, general};
use crate::asking::Provider;
use crate::call::{self, Call};
use crate::error::fault;

/// A secret setting: its value, or the function that is asked for it.
pub(crate) enum SecretSetting {
    Value(Value),
    Provider(Provider),
}

impl<'py> FromPyObject<'_, 'py> for SecretSetting {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok((function, elsewhere)) = object.extract() {
            return Ok(Self::Provider(Provider::new(function, elsewhere)));
        }
        let refused = |error: PyErr| {
            if error.is_instance_of::<PyTypeError>(object.py()) {
                PyTypeError::new_err("a secret setting is a str, a buffer of bytes, or a function that gives one")
            } else {
                error
            }
        };
        object.extract().map(Self::Value).map_err(refused)
    }
}

/// What a manager is to be opened with. Files are read here.
pub(crate) fn builder(
    py: Python<'_>,
    app: Option<Text>,
    settings: Vec<(Text, Text)>,
    secrets: Vec<(Text, SecretSetting)>,
    config_files: &[PathBuf],
    config_texts: Vec<(Text, Text)>,
    environment: bool,
) -> PyResult<Builder> {
    let mut builder = SecretManager::builder();
    if let Some(app) = app {
        builder = builder.app(app.0);
    }
    for (key, value) in settings {
        builder = builder.option(&key.0, value.0);
    }
    for (key, value) in secrets {
        builder = match value {
            SecretSetting::Value(value) => builder.secret_option(&key.0, value.0),
            SecretSetting::Provider(provider) => builder.secret_provider(&key.0, Arc::new(provider)),
        };
    }
    for (format, text) in config_texts {
        let format = match format.0.as_str() {
            "json" => ConfigFormat::Json,
            "toml" => ConfigFormat::Toml,
            _ => return Err(fault("config_text", "the language of a document is `json` or `toml`")),
        };
        builder = builder.config_text(format, &text.0);
    }
    if !environment {
        builder = builder.without_environment();
    }
    Ok(py.detach(|| {
        config_files
            .iter()
            .fold(builder, |builder, path| builder.config_file(path))
    }))
}

/// A call that opens a manager.
#[pyfunction]
#[pyo3(signature = (app, settings, secrets, config_files, config_texts, environment, options=None))]
#[expect(clippy::too_many_arguments, reason = "they are those of an opening")]
pub(crate) fn open(
    py: Python<'_>,
    app: Option<Text>,
    settings: Vec<(Text, Text)>,
    secrets: Vec<(Text, SecretSetting)>,
    config_files: Vec<PathBuf>,
    config_texts: Vec<(Text, Text)>,
    environment: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Call> {
    let mut call = CallOptions::new();
    if let Some(options) = options {
        let (chosen, scope) = general(call, options)?;
        if scope.is_some() {
            return Err(fault(
                "scope",
                "an opening has no scope; `scoped` of the manager gives a view",
            ));
        }
        call = chosen;
    }
    let asks = secrets
        .iter()
        .any(|(_, value)| matches!(value, SecretSetting::Provider(_)));
    let builder = builder(py, app, settings, secrets, &config_files, config_texts, environment)?.call_options(call);
    Ok(Call::new(async move {
        let face = match (call::may_wait(), asks) {
            // A function that prompts is asked on the thread of its program, where Ctrl-C reaches it.
            (true, true) => Face::Blocking,
            (true, false) => Face::Watched,
            (false, _) => Face::Async,
        };
        face::open(builder, face).await
    }))
}
