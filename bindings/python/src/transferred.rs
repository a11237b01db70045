//! What exports, imports and copies answer, as objects of the classes in `_transfer.py`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use strongroom::Error;
use strongroom::transfer::{
    CopiedSecret, CopyLoss, CopyPlan, CopyProgress, CopyReport, Export, Exported, ImportReport, PlannedCopy, Skipped,
};

use crate::call::Answer;
use crate::error::exception;
use crate::results;
use crate::secret::Secret;

/// An object of a class of `_transfer.py`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    class: &'static str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || PyResult::Ok(py.import("strongroom._transfer")?.unbind()))?;
    results::made(module.bind(py), class, fields)
}

/// An object for each of them.
fn each<'py, T>(
    py: Python<'py>,
    of: &[T],
    make: impl Fn(Python<'py>, &T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let made = of.iter().map(|one| make(py, one)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, made)
}

fn texts<'py, T>(py: Python<'py>, of: &[T], text: impl Fn(&T) -> &str) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, of.iter().map(text).collect::<Vec<_>>())
}

fn losses<'py>(py: Python<'py>, losses: &[CopyLoss]) -> PyResult<Bound<'py, PyTuple>> {
    texts(py, losses, |loss| loss.word())
}

fn skipped<'py>(py: Python<'py>, skipped: &Skipped) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("name", &skipped.name)?;
    fields.set_item("reason", skipped.reason.word())?;
    fields.set_item("line", skipped.line)?;
    object(py, "Skipped", &fields)
}

fn exported<'py>(py: Python<'py>, exported: &Exported) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("key", exported.key.as_str())?;
    fields.set_item("name", &exported.name)?;
    fields.set_item("escaped", exported.escaped)?;
    fields.set_item("losses", losses(py, &exported.losses)?)?;
    object(py, "Exported", &fields)
}

impl Answer for Export {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        let document = Secret::of(strongroom::Secret::new(self.document));
        fields.set_item("document", Py::new(py, document)?)?;
        fields.set_item("exported", each(py, &self.exported, exported)?)?;
        fields.set_item("skipped", each(py, &self.skipped, skipped)?)?;
        Ok(object(py, "Export", &fields)?.unbind())
    }
}

impl Answer for ImportReport {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("created", texts(py, &self.created, |key| key.as_str())?)?;
        fields.set_item("replaced", texts(py, &self.replaced, |key| key.as_str())?)?;
        fields.set_item("skipped", each(py, &self.skipped, skipped)?)?;
        let failures = PyDict::new(py);
        for failure in &self.failures {
            failures.set_item(failure.key.as_str(), exception(py, &failure.error)?)?;
        }
        fields.set_item("failures", failures)?;
        fields.set_item("notes", texts(py, &self.notes, |note| note)?)?;
        fields.set_item("dry_run", self.dry_run)?;
        Ok(object(py, "ImportReport", &fields)?.unbind())
    }
}

fn set_error(py: Python<'_>, fields: &Bound<'_, PyDict>, error: Option<&Error>) -> PyResult<()> {
    fields.set_item("error", error.map(|error| exception(py, error)).transpose()?)
}

fn planned<'py>(py: Python<'py>, planned: &PlannedCopy) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("key", planned.key.as_str())?;
    fields.set_item("action", planned.action.word())?;
    fields.set_item("losses", losses(py, &planned.losses)?)?;
    set_error(py, &fields, planned.error.as_ref())?;
    object(py, "PlannedCopy", &fields)
}

impl Answer for CopyPlan {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("secrets", each(py, &self.secrets, planned)?)?;
        fields.set_item("references", PyTuple::new(py, &self.references)?)?;
        let refusal = self.refusal().map(|error| exception(py, &error)).transpose()?;
        fields.set_item("refusal", refusal)?;
        Ok(object(py, "CopyPlan", &fields)?.unbind())
    }
}

fn copied<'py>(py: Python<'py>, copied: &CopiedSecret) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("key", copied.key.as_str())?;
    fields.set_item("outcome", copied.outcome.word())?;
    fields.set_item("losses", losses(py, &copied.losses)?)?;
    fields.set_item("deleted", copied.deleted)?;
    set_error(py, &fields, copied.error.as_ref())?;
    object(py, "CopiedSecret", &fields)
}

impl Answer for CopyReport {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("secrets", each(py, &self.secrets, copied)?)?;
        fields.set_item("references", PyTuple::new(py, &self.references)?)?;
        fields.set_item("resumed", self.resumed)?;
        fields.set_item("deleted_before", texts(py, &self.deleted_before, |key| key.as_str())?)?;
        Ok(object(py, "CopyReport", &fields)?.unbind())
    }
}

/// How far a copy is.
pub(crate) fn progress<'py>(py: Python<'py>, progress: &CopyProgress<'_>) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("phase", progress.phase.word())?;
    fields.set_item("done", progress.done)?;
    fields.set_item("total", progress.total)?;
    fields.set_item("key", progress.key.as_str())?;
    object(py, "CopyProgress", &fields)
}
