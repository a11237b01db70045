//! Error objects.

use std::ffi::{CString, c_char};

use strongroom::backend::Operation;
use strongroom::{Error, ErrorKind};

use crate::guard::{guard_free, guard_value};
use crate::handle::{object, pin};
use crate::status::Status;
use crate::words::{c_text, kind_help, kind_token, pointer, word_table};

/// Why a call failed. It never carries a value of a secret. Several threads may read it at once.
pub struct ErrorObject {
    inner: Error,
    message: CString,
    key: Option<CString>,
    setting: Option<CString>,
    backend: Option<CString>,
    help: CString,
}

object!(ErrorObject, "error", 1, stripes 1);

impl ErrorObject {
    pub(crate) fn new(inner: Error) -> Self {
        Self {
            message: c_text(&inner.to_string()),
            key: inner.key().map(c_text),
            setting: inner.setting().map(c_text),
            backend: inner.backend().map(c_text),
            help: c_text(inner.help()),
            inner,
        }
    }
}

/// The kind of the error; `invalid_handle` where `error` is none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_status(error: *const ErrorObject) -> Status {
    guard_value(Status::InvalidHandle, || Ok(Status::of(pin(error)?.inner.kind())))
}

/// One line for people: the kind, what happened, and the fields. It lives as long as the error. Never NULL: what is no
/// error object reads as an error of the kind `invalid_handle`.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_message(error: *const ErrorObject) -> *const c_char {
    guard_value(c"invalid_handle: this is no error object".as_ptr(), || {
        Ok(pin(error)?.message.as_ptr())
    })
}

/// The kind's token, such as `not_found`: the same in every language. It lives for ever. Never NULL, as the message.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_token(error: *const ErrorObject) -> *const c_char {
    guard_value(c"invalid_handle".as_ptr(), || Ok(kind_token(pin(error)?.inner.kind())))
}

/// The verb that failed, such as `get`; NULL where none is known. It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_operation(error: *const ErrorObject) -> *const c_char {
    guard_value(std::ptr::null(), || {
        let operation = pin(error)?.inner.operation();
        Ok(operation.map_or(std::ptr::null(), operation_word))
    })
}

/// The backend that failed; NULL where none is known. It lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_backend(error: *const ErrorObject) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(error)?.backend.as_deref())))
}

/// The key, control characters escaped; NULL where the error is about none. It lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_key(error: *const ErrorObject) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(error)?.key.as_deref())))
}

/// The setting at fault; NULL where the error is about none. It lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_setting(error: *const ErrorObject) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(error)?.setting.as_deref())))
}

/// One line that says what to do. It lives as long as the error. Never NULL, as the message.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_help(error: *const ErrorObject) -> *const c_char {
    guard_value(kind_help(ErrorKind::InvalidHandle), || Ok(pin(error)?.help.as_ptr()))
}

/// Whether the same call may succeed later without anyone changing anything.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_is_retryable(error: *const ErrorObject) -> bool {
    guard_value(false, || Ok(pin(error)?.inner.is_retryable()))
}

/// How many microseconds to wait before trying again; -1 where the backend did not say.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_retry_after(error: *const ErrorObject) -> i64 {
    guard_value(-1, || {
        let wait = pin(error)?.inner.retry_after();
        Ok(wait.map_or(-1, |wait| i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
    })
}

/// The code of the system or library underneath (`errno`, SQLite's extended code, an HTTP status); 0 where there is
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_foreign_code(error: *const ErrorObject) -> i64 {
    guard_value(0, || Ok(pin(error)?.inner.foreign_code().unwrap_or(0)))
}

/// Gives an error object back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_error_free(error: *mut ErrorObject) -> Status {
    guard_free(error)
}

word_table!(operation_word, Operation, Operation::ALL, word);
