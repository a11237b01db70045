//! The verbs that concern the backend as a whole, and views.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::Manager;
use crate::arguments::{text, view};
use crate::call::Call;
use crate::error::raised;

/// The same manager, with calls that carry these keywords.
#[pyfunction]
#[pyo3(signature = (manager, options=None))]
pub(crate) fn with_options(manager: &Bound<'_, Manager>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Manager> {
    Ok(Manager {
        inner: view(&manager.get().inner, options)?.into(),
    })
}

/// The same manager, in whose calls bare names are names of a scope.
#[pyfunction]
pub(crate) fn scoped(manager: &Bound<'_, Manager>, scope: &Bound<'_, PyAny>) -> PyResult<Manager> {
    let scope = text("scope", scope)?;
    Ok(Manager {
        inner: manager.get().inner.scoped(&scope).map_err(raised)?.into(),
    })
}

macro_rules! verbs {
    ($($verb:ident)+) => {$(
        #[pyfunction]
        #[pyo3(signature = (manager, options=None))]
        pub(crate) fn $verb(manager: &Bound<'_, Manager>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
            manager.get().call(options, |manager| async move { manager.$verb().await })
        }
    )+};
}

verbs! { health verify lock close refresh }
