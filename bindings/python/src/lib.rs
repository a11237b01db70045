//! The native half of the package `strongroom`. It translates and decides nothing: what a verb means stands in the core,
//! what Python sees of it in `python/strongroom`.
//!
//! A verb makes a [`call::Call`], which Python waits for or awaits. Whatever can wait runs detached from the
//! interpreter, and nothing of the core ever waits for the interpreter: wakers hand over to [`wake`], events to [`log`].
//! So no lock of the core and the interpreter's own can wait for each other.

#![allow(unsafe_code, reason = "this crate faces CPython")]
#![allow(unreachable_pub, reason = "Python reaches what the module exports")]

#[cfg(Py_GIL_DISABLED)]
compile_error!(
    "strongroom has not been tested on a free-threaded CPython and refuses it; use an interpreter with a GIL"
);

mod arguments;
mod asking;
mod call;
mod command;
mod error;
mod explanation;
mod fernet;
mod inspect;
mod keys;
mod log;
mod manager;
mod open;
mod results;
mod secret;
#[cfg(feature = "testing")]
mod testing;
mod transferred;
mod wake;

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// Every block is wiped when it is freed, also those of libraries that know nothing of secrets. Python's own objects
/// lie in Python's memory.
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

/// What `python/strongroom` is written with; not for programs.
#[pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::arguments::CancelToken;
    #[pymodule_export]
    use super::asking::Asked;
    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::command::{
        document_format, exit_code, keeps_secrets, longest_document, longest_value, store_file, version,
    };
    #[pymodule_export]
    use super::fernet::{
        fernet_check_file, fernet_decrypt, fernet_encrypt, fernet_generate, fernet_rotate, fernet_timestamp,
    };
    #[pymodule_export]
    use super::inspect::{config_schema, inspect, settings_table};
    #[pymodule_export]
    use super::keys::{key_escape, key_of, key_parse, key_unescape, key_variable};
    #[pymodule_export]
    use super::manager::admin::{close, health, lock, refresh, scoped, verify, with_options};
    #[pymodule_export]
    use super::manager::copy::{copy_journal, copy_plan, copy_to};
    #[pymodule_export]
    use super::manager::generate::{Generate, generate, get_or_generate, rotate};
    #[pymodule_export]
    use super::manager::read::{
        describe, exists, get, get_cached, get_into, get_into_cached, get_many, get_value, get_value_cached,
        get_version, get_with_fallback, list, missing, versions,
    };
    #[pymodule_export]
    use super::manager::transfer::{explain, export, import_document};
    #[pymodule_export]
    use super::manager::watch::{
        Subscription, end_subscription, metrics, next_change, next_change_within, resolve, subscribe,
    };
    #[pymodule_export]
    use super::manager::write::{delete, restore, rollback, set, set_api_key, set_many, update_metadata, update_value};
    #[pymodule_export]
    use super::manager::{BlockingManager, Manager};
    #[pymodule_export]
    use super::open::open;
    #[pymodule_export]
    use super::secret::{Exposed, Secret};
    #[cfg(feature = "testing")]
    #[pymodule_export]
    use super::testing::{
        testing_age_cache, testing_fault_counters, testing_fault_wait, testing_fault_wake, testing_panic,
        testing_runtime_is_built,
    };

    #[pymodule_init]
    fn begin(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        use pyo3::prelude::*;

        super::refuse_second_interpreter(module.py())?;
        // Texts of panics, which may hold a secret, stay off the program's standard error. This module has a copy of
        // Rust's standard library of its own: no other library's hook is replaced.
        std::panic::set_hook(Box::new(|_| ()));
        super::log::listen();
        let end = wrap_pyfunction!(super::wake::end, module)?;
        module.py().import("atexit")?.call_method1("register", (end,))?;
        Ok(())
    }
}

/// What is kept between calls belongs to the interpreter that imported the module first; another one must not see it.
fn refuse_second_interpreter(_attached: Python<'_>) -> PyResult<()> {
    static FIRST: AtomicI64 = AtomicI64::new(-1);
    // SAFETY: the thread is attached, so it has an interpreter.
    let this = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
    let first = FIRST
        .compare_exchange(-1, this, Ordering::SeqCst, Ordering::SeqCst)
        .unwrap_or_else(|first| first);
    if first == -1 || first == this {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "strongroom works in one interpreter of a process only, and subinterpreters are others; use the one that \
         imported it first (mod_wsgi: `WSGIApplicationGroup %{GLOBAL}`)",
    ))
}
