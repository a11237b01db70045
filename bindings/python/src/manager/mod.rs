//! The manager, and its verbs as functions that make calls.

pub(crate) mod admin;
pub(crate) mod copy;
pub(crate) mod generate;
pub(crate) mod read;
pub(crate) mod transfer;
pub(crate) mod watch;
pub(crate) mod write;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use strongroom::{Face, SecretManager, face};

use crate::arguments::{GENERAL, view};
use crate::call::{Answer, Call, Detached};
use crate::results;

/// What `SecretManager` and `aio.SecretManager` inherit: the core's manager, and what asks no backend.
#[pyclass(frozen, subclass, weakref, module = "strongroom._native")]
pub(crate) struct Manager {
    pub(crate) inner: Detached<SecretManager>,
}

impl Answer for SecretManager {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, Manager { inner: self.into() })?.into_any())
    }
}

impl Manager {
    fn of(other: &Self, face: Face) -> Self {
        Self {
            inner: face::view(&other.inner, face).into(),
        }
    }

    /// A call of one verb, through the view that the call's keywords ask for.
    fn call<T: Answer, F>(
        &self,
        options: Option<&Bound<'_, PyDict>>,
        verb: impl FnOnce(SecretManager) -> F,
    ) -> PyResult<Call>
    where
        F: Future<Output = strongroom::Result<T>> + Send + 'static,
    {
        Ok(Call::new(verb(view(&self.inner, options)?)))
    }
}

/// The manager that another one is made of; a program that has none yet is told how to open one.
fn only<'a, 'py>(
    of: &'a Bound<'py, PyTuple>,
    named: Option<&Bound<'py, PyDict>>,
    opening: &str,
) -> PyResult<Borrowed<'a, 'py, Manager>> {
    let only = if of.len() == 1 && named.is_none() {
        of.get_borrowed_item(0)?.cast::<Manager>().ok()
    } else {
        None
    };
    only.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "a SecretManager is made of another one only; open one with {opening}"
        ))
    })
}

#[pymethods]
impl Manager {
    #[new]
    #[pyo3(signature = (*of, **named), text_signature = "(of, /)")]
    fn new(of: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let of = only(of, named, "await strongroom.aio.open()")?;
        Ok(Self::of(of.get(), Face::Async))
    }

    /// The name of the application.
    #[getter]
    fn app(&self) -> &str {
        self.inner.app()
    }

    /// The backend: its word, what it can do, and who chose it.
    #[getter]
    fn backend<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        results::backend(py, &self.inner)
    }

    /// Whether secrets are still there after the machine has started again.
    #[getter]
    fn is_persistent(&self) -> bool {
        self.inner.is_persistent()
    }

    /// The scope of bare names in this view; `None` where they are global.
    #[getter]
    fn scope(&self) -> Option<String> {
        self.inner.scope().map(ToString::to_string)
    }

    /// The settings that the manager was opened with, by name, each with its origin. Secret ones show no value.
    ///
    /// >>> secrets.settings["backend"].value
    /// 'memory'
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        results::settings(py, self.inner.settings())
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a SecretManager cannot be pickled or copied; share it between threads, and open one in each process",
        ))
    }

    fn __repr__(this: &Bound<'_, Self>) -> PyResult<String> {
        let (class, inner) = (this.get_type().fully_qualified_name()?, &this.get().inner);
        let scope = inner
            .scope()
            .map(|scope| format!(" scope='{scope}'"))
            .unwrap_or_default();
        Ok(format!(
            "<{class} app='{}' backend='{}'{scope}>",
            inner.app(),
            inner.backend().name()
        ))
    }
}

/// What `SecretManager` inherits besides: the one verb that is nothing but a look into the cache most of the time.
#[pyclass(frozen, subclass, extends = Manager, module = "strongroom._native")]
pub(crate) struct BlockingManager;

#[pymethods]
impl BlockingManager {
    #[new]
    #[pyo3(signature = (*of, **named), text_signature = "(of, /)")]
    fn new(of: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>) -> PyResult<PyClassInitializer<Self>> {
        let of = only(of, named, "strongroom.open()")?;
        // Its calls are waited for by `Call::wait`.
        Ok(PyClassInitializer::from(Manager::of(of.get(), Face::Watched)).add_subclass(Self))
    }

    /// The value of a secret as `str`, or `default` where there is no such secret.
    ///
    /// The shortest way to a secret, and the fastest. The `str` is Python's and cannot be wiped; `get` gives a `Secret`,
    /// which can. Raises what `get` raises, and `InvalidValue` where the value is not UTF-8.
    ///
    /// >>> secrets.set("org/acme/api_key", "sk-123").created
    /// True
    /// >>> secrets.get_value("org/acme/api_key")
    /// 'sk-123'
    /// >>> secrets.get_value("org/acme/other", "none")
    /// 'none'
    // Keywords are named one by one: for a function that takes any, the interpreter would make a tuple at each call.
    #[pyo3(
        signature = (
            key, default=None, *,
            scope=None, timeout=None, prompt=None, actor=None, reason=None, request_id=None, cancel=None
        ),
        text_signature = "($self, key, default=None, **options)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the verb's own")]
    fn get_value<'py>(
        this: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
        scope: Option<&Bound<'py, PyAny>>,
        timeout: Option<&Bound<'py, PyAny>>,
        prompt: Option<&Bound<'py, PyAny>>,
        actor: Option<&Bound<'py, PyAny>>,
        reason: Option<&Bound<'py, PyAny>>,
        request_id: Option<&Bound<'py, PyAny>>,
        cancel: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (py, manager) = (this.py(), this.as_super());
        let given = [scope, timeout, prompt, actor, reason, request_id, cancel];
        if given.iter().all(Option::is_none)
            && let Some(text) = read::cached_text(manager, key)?
        {
            return Ok(Some(text.into_any()));
        }
        let options = PyDict::new(py);
        for (name, value) in GENERAL.iter().zip(given) {
            if let Some(value) = value {
                options.set_item(name, value)?;
            }
        }
        let found = read::get_text(manager, key.extract()?, Some(&options))?.wait(py)?;
        Ok(if found.is_none(py) {
            default.cloned()
        } else {
            Some(found.into_bound(py))
        })
    }
}
