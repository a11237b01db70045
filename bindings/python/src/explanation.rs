//! Where a secret is looked for, as objects.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use strongroom::backend::{ExplainStep, Explanation};

use crate::call::Answer;
use crate::error::exception;
use crate::results;
use crate::transferred::object;

impl Answer for Explanation {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let steps = self.steps.iter().map(|told| step(py, told));
        let steps = steps.collect::<PyResult<Vec<_>>>()?;
        let fields = PyDict::new(py);
        fields.set_item("steps", PyTuple::new(py, steps)?)?;
        fields.set_item("answer", self.answer)?;
        let error = self.error.as_ref().map(|error| exception(py, error)).transpose()?;
        fields.set_item("error", error)?;
        Ok(object(py, "Explanation", &fields)?.unbind())
    }
}

fn step<'py>(py: Python<'py>, step: &ExplainStep) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("key", step.key.as_str())?;
    fields.set_item("backend", step.backend)?;
    fields.set_item("answer", step.answer.word())?;
    let error = step.answer.error().map(|error| exception(py, error)).transpose()?;
    fields.set_item("error", error)?;
    fields.set_item("passed_over", step.passed_over)?;
    fields.set_item("shadowed", step.shadowed)?;
    fields.set_item("took", step.took)?;
    fields.set_item("detail", &step.detail)?;
    let metadata = step.metadata.as_ref().map(|known| {
        let known = results::metadata(py, known)?;
        results::object(py, "Metadata", &known)
    });
    fields.set_item("metadata", metadata.transpose()?)?;
    object(py, "ExplainStep", &fields)
}
