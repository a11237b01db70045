//! What `python -m strongroom` asks the core, so that it answers as the command does.

use std::path::PathBuf;

use pyo3::prelude::*;
use strongroom::transfer::Format;
use strongroom::{ErrorKind, Setting, SettingKind, locations};

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

/// The encrypted store of an application, where there is one or will be, and every file that its secrets or their key
/// may lie in.
#[pyfunction]
pub(crate) fn own_files(
    py: Python<'_>,
    app: Text,
    settings: Vec<(Text, Text)>,
    config_files: Vec<PathBuf>,
) -> PyResult<(Option<PathBuf>, Vec<PathBuf>)> {
    let builder = builder(
        py,
        Some(Text(app.0.clone())),
        settings,
        Vec::new(),
        &config_files,
        Vec::new(),
        true,
    )?;
    Ok(py.detach(|| {
        let settings = builder.inspect().settings;
        let store = locations::store_file(&app.0, &settings).ok();
        let beside = ["", "-wal", "-shm", "-journal"].into_iter().filter_map(|ending| {
            let mut name = store.clone()?.into_os_string();
            name.push(ending);
            Some(PathBuf::from(name))
        });
        let key = locations::key_file(&app.0, &settings).ok();
        let plain = locations::plain_file(&app.0, &settings).ok();
        let own = beside.chain(key).chain(plain).collect();
        (store, own)
    }))
}
