//! `Secret`: a value that Python holds without seeing it, until it asks.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use strongroom::{Error, ErrorKind, SecretMetadata, SecretValue};

use crate::arguments::{self, Value};
use crate::error::raised;
use crate::manager::write::stated;
use crate::results;

/// A secret value and what is known about it.
///
/// Neither `repr` nor `str` shows the value, and it is neither copied nor pickled. `reveal` gives it out; what was given
/// out as `str` or `bytes` nobody can wipe any more, so where that matters use `expose` or `reveal_into`. Leaving a
/// `with` block wipes the secret. May be used by several threads.
///
/// >>> secret = Secret("sk-123", provider="openai")
/// >>> print(secret, secret.provider)
/// Secret(***) openai
/// >>> secret.reveal()
/// 'sk-123'
#[pyclass(frozen, weakref, module = "strongroom", name = "Secret")]
pub(crate) struct Secret {
    value: Mutex<Option<Arc<SecretValue>>>,
    metadata: SecretMetadata,
}

impl Secret {
    pub(crate) fn of(secret: strongroom::Secret) -> Self {
        Self {
            value: Mutex::new(Some(Arc::new(secret.value))),
            metadata: secret.metadata,
        }
    }

    pub(crate) fn metadata(&self) -> &SecretMetadata {
        &self.metadata
    }

    /// The value, which stays as it is while someone looks at it, also where it is wiped meanwhile.
    pub(crate) fn value(&self) -> PyResult<Arc<SecretValue>> {
        // An exception is made of Python's objects, and nothing of Python's runs under a lock that other threads wait for
        // while they are attached.
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner).clone();
        value.ok_or_else(|| raised(Error::new(ErrorKind::Closed, "the secret was wiped")))
    }
}

/// What stands for a secret wherever it is shown.
const MASK: &str = "Secret(***)";

fn refused(what: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "a Secret cannot be {what}: its value would lie in memory that nobody wipes"
    ))
}

#[pymethods]
impl Secret {
    #[new]
    #[pyo3(signature = (value, *, provider=None, scope_of_use=None, labels=None, expires_at=None))]
    fn new(
        value: Value,
        provider: Option<Bound<'_, PyAny>>,
        scope_of_use: Option<Bound<'_, PyAny>>,
        labels: Option<Bound<'_, PyAny>>,
        expires_at: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let metadata = stated(
            provider.as_ref(),
            scope_of_use.as_ref(),
            labels.as_ref(),
            expires_at.as_ref(),
        )?;
        Ok(Self::of(strongroom::Secret::new(value.0).with_metadata(metadata)))
    }

    /// The value as text.
    ///
    /// The `str` is Python's and cannot be wiped. Raises `InvalidValue` where the value is not UTF-8, `Closed` where the
    /// secret was wiped.
    fn reveal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        text(py, self.value()?.expose())
    }

    /// The value as bytes.
    ///
    /// They are Python's and cannot be wiped. Raises `Closed` where the secret was wiped.
    fn reveal_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.value()?.expose()))
    }

    /// Copies the value to the beginning of a writable buffer, such as a `bytearray`, and returns its length in bytes.
    ///
    /// What lies beyond it stays as it was. Raises `BufferTooSmall`, and copies nothing, where it does not fit; `Closed`
    /// where the secret was wiped.
    ///
    /// >>> buffer = bytearray(8)
    /// >>> length = Secret("sk-123").reveal_into(buffer)
    /// >>> buffer[:length]
    /// bytearray(b'sk-123')
    fn reveal_into(&self, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        copy_into(self.value()?.expose(), buffer)
    }

    /// Lends the value within a `with` block, as a read-only `memoryview` that is wiped at its end.
    ///
    /// >>> with Secret("sk-123").expose() as view:
    /// ...     view.nbytes, bytes(view[:3])
    /// (6, b'sk-')
    fn expose(this: Py<Self>) -> PyResult<Exposed> {
        this.get().value()?;
        Ok(Exposed {
            secret: this,
            lent: Mutex::new(None),
        })
    }

    /// Wipes the value. Whoever asks for it from then on gets `Closed`; the metadata stays. Idempotent.
    fn wipe(&self) {
        let taken = self.value.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(taken);
    }

    /// Who issued the secret.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.metadata.provider.as_deref()
    }

    /// What the secret may be used for, such as OAuth scopes.
    #[getter]
    fn scope_of_use(&self) -> Option<&str> {
        self.metadata.scope_of_use.as_deref()
    }

    /// The caller's own words.
    #[getter]
    fn labels(&self) -> std::collections::BTreeMap<String, String> {
        self.metadata.labels.clone()
    }

    /// From when on it is expired, as an aware `datetime` in UTC.
    #[getter]
    fn expires_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        results::moment(py, self.metadata.expires_at)
    }

    /// When the secret was first set.
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        results::moment(py, self.metadata.created_at)
    }

    /// When this version was written.
    #[getter]
    fn updated_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        results::moment(py, self.metadata.updated_at)
    }

    /// The version: an opaque word.
    #[getter]
    fn version(&self) -> Option<&str> {
        self.metadata.version.as_ref().map(strongroom::Version::as_str)
    }

    /// The version as a number, where the backend counts.
    #[getter]
    fn number(&self) -> Option<u64> {
        self.metadata.version.as_ref().and_then(strongroom::Version::number)
    }

    /// How many seconds ago a backend on another machine gave it, where it is out of reach now; else `None`.
    #[getter]
    fn stale_for(&self) -> Option<f64> {
        self.metadata.stale_for.map(|age| age.as_secs_f64())
    }

    /// Whether the expiry has passed by now.
    #[getter]
    fn expired(&self) -> bool {
        self.metadata.is_expired_at(time::OffsetDateTime::now_utc())
    }

    fn __repr__(&self) -> &'static str {
        MASK
    }

    /// What `repr` shows, laid out as a `str` is.
    fn __format__<'py>(&self, py: Python<'py>, spec: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        PyString::new(py, MASK).call_method1("__format__", (spec,))
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, pyo3::types::PyTuple>) {
        self.wipe();
    }

    fn __copy__(&self) -> PyResult<()> {
        Err(refused("copied"))
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("copied"))
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("pickled"))
    }
}

/// A value's text, made in Python's memory at once.
#[inline]
pub(crate) fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // Python's own message quotes the bytes.
    PyString::from_bytes(py, bytes).map_err(|_| {
        raised(
            Error::new(ErrorKind::InvalidValue, "the value is not UTF-8")
                .with_help("ask for its bytes instead: `reveal_bytes`, `reveal_into` or `expose`"),
        )
    })
}

/// Copies a value to the beginning of a writable buffer.
pub(crate) fn copy_into(value: &[u8], buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
    let view = writable(buffer)?;
    if view.len_bytes() < value.len() {
        return Err(too_small(value.len(), view.len_bytes()));
    }
    // SAFETY: the buffer is writable, lies in one piece, is at least as long as the value and is held by `view`; Python
    // makes no promise to anyone who reads it at the same time.
    unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), view.buf_ptr().cast(), value.len()) };
    Ok(value.len())
}

/// A buffer that a value can be copied into.
pub(crate) fn writable(buffer: &Bound<'_, PyAny>) -> PyResult<PyUntypedBuffer> {
    let view = arguments::buffer(
        buffer,
        "a buffer of bytes that can be written is needed, such as a bytearray",
    )?;
    if view.readonly() {
        return Err(PyTypeError::new_err("the buffer cannot be written; a bytearray can"));
    }
    if !view.is_c_contiguous() {
        return Err(PyTypeError::new_err("the buffer does not lie in one piece"));
    }
    Ok(view)
}

/// A buffer does not hold the value.
#[cold]
pub(crate) fn too_small(needed: usize, room: usize) -> PyErr {
    let message = format!("the value has {needed} bytes and the buffer {room}");
    raised(Error::new(ErrorKind::BufferTooSmall, message))
}

/// A secret's value while it is lent: `with secret.expose() as view`.
///
/// Each block has a copy of its own, which is wiped at its end; a part of the view that someone kept shows zeroes from
/// then on.
#[pyclass(frozen, module = "strongroom", name = "Exposed")]
pub(crate) struct Exposed {
    secret: Py<Secret>,
    lent: Mutex<Option<Lent>>,
}

/// A copy that Python looks at, and the view that it was given.
struct Lent {
    copy: Py<Copied>,
    view: Py<PyAny>,
}

/// Bytes that are wiped in place, at an address that lives as long as anyone looks at it.
#[pyclass(frozen, module = "strongroom._native")]
struct Copied(Box<[Cell<u8>]>);

// SAFETY: the bytes are only changed by `wipe`, attached to the interpreter as all who read them are.
unsafe impl Sync for Copied {}

impl Copied {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().map(Cell::new).collect())
    }

    fn wipe(&self) {
        for byte in &self.0 {
            // SAFETY: it is ours; volatile, so that it happens although nobody reads it again.
            unsafe { byte.as_ptr().write_volatile(0) };
        }
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[pymethods]
impl Copied {
    unsafe fn __getbuffer__(this: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let bytes = &this.get().0;
        let (start, length) = (bytes.as_ptr().cast_mut(), bytes.len().cast_signed());
        // SAFETY: the bytes live as long as the object, which the view refers to, and it is read-only.
        let status = unsafe { ffi::PyBuffer_FillInfo(view, this.as_ptr(), start.cast(), length, 1, flags) };
        if status == 0 {
            Ok(())
        } else {
            Err(PyErr::fetch(this.py()))
        }
    }
}

#[pymethods]
impl Exposed {
    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("pickled"))
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        // Made before the lock is taken: making objects may run anybody's code.
        let copy = Py::new(py, Copied::of(self.secret.get().value()?.expose()))?;
        let view = pyo3::types::PyMemoryView::from(copy.bind(py).as_any())?
            .into_any()
            .unbind();
        let given = view.clone_ref(py);
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        if lent.is_some() {
            drop(lent);
            return Err(raised(Error::new(
                ErrorKind::ReentrantCall,
                "the value is lent already; call `expose` once for each block",
            )));
        }
        *lent = Some(Lent { copy, view });
        Ok(given)
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, pyo3::types::PyTuple>) {
        let lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(lent) = lent {
            lent.copy.get().wipe();
            // Where a part of the view is still used, it cannot be released; it shows zeroes.
            drop(lent.view.call_method0(py, "release"));
        }
    }
}
