//! The one error type.

mod kind;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use kind::ErrorKind;

use crate::operation::Operation;

/// The result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: a kind, and what is known about where and why.
///
/// No error, and neither its `Display` nor its `Debug`, ever carries a value, a token or a raw reply. Keys, paths and
/// names of settings may appear. An error of a foreign library is reduced to a fixed text and its code, because such
/// texts quote what they choked on; so [`source`](StdError::source) only ever yields [`Error`].
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<Operation>,
    backend: Option<&'static str>,
    key: Option<Box<str>>,
    setting: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    foreign_code: Option<i64>,
    help: Option<&'static str>,
    source: Option<Error>,
}

impl Error {
    /// An error with one line of text: lower case, no full stop, never a value.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                operation: None,
                backend: None,
                key: None,
                setting: None,
                retry_after: None,
                foreign_code: None,
                help: None,
                source: None,
            }),
        }
    }

    /// Names the operation, unless one is named already: the innermost layer knows best.
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.inner.operation.get_or_insert(operation);
        self
    }

    /// Names the backend, unless one is named already.
    #[must_use]
    pub fn with_backend(mut self, backend: &'static str) -> Self {
        self.inner.backend.get_or_insert(backend);
        self
    }

    /// Names the key, unless one is named already.
    #[must_use]
    pub fn with_key(mut self, key: impl AsRef<str>) -> Self {
        let key = key.as_ref();
        if self.inner.key.is_none() {
            // A key may come from anywhere; control characters must not reach a terminal or a log line.
            let shown: String = key.chars().flat_map(|c| c.escape_debug()).take(256).collect();
            self.inner.key = Some(shown.into_boxed_str());
        }
        self
    }

    /// Names the setting at fault.
    #[must_use]
    pub fn with_setting(mut self, setting: impl Into<Cow<'static, str>>) -> Self {
        self.inner.setting = Some(setting.into());
        self
    }

    /// Says how long to wait before trying again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.inner.retry_after = Some(wait);
        self
    }

    /// Adds the code of the system or library underneath (`errno`, SQLite's extended code, an HTTP status).
    #[must_use]
    pub fn with_foreign_code(mut self, code: impl Into<i64>) -> Self {
        self.inner.foreign_code = Some(code.into());
        self
    }

    /// Replaces the kind's line of help by a more exact one.
    #[must_use]
    pub fn with_help(mut self, help: &'static str) -> Self {
        self.inner.help = Some(help);
        self
    }

    /// Adds to the text, after a comma.
    #[cfg_attr(
        not(feature = "chain"),
        allow(dead_code, reason = "only a chain adds to what others said")
    )]
    #[must_use]
    pub(crate) fn noting(mut self, note: &str) -> Self {
        self.inner.message = format!("{}, {note}", self.inner.message).into();
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: Self) -> Self {
        self.inner.source = Some(source);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The text, without the fields.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The verb that failed.
    pub fn operation(&self) -> Option<Operation> {
        self.inner.operation
    }

    /// The backend that failed.
    pub fn backend(&self) -> Option<&'static str> {
        self.inner.backend
    }

    /// The key, control characters escaped, at most 256 characters.
    pub fn key(&self) -> Option<&str> {
        self.inner.key.as_deref()
    }

    /// The setting at fault.
    pub fn setting(&self) -> Option<&str> {
        self.inner.setting.as_deref()
    }

    /// How long to wait before trying again, where the backend said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// The code of the system or library underneath.
    pub fn foreign_code(&self) -> Option<i64> {
        self.inner.foreign_code
    }

    /// One line that says what to do.
    pub fn help(&self) -> &'static str {
        self.inner.help.unwrap_or_else(|| self.inner.kind.help())
    }

    /// Whether a fallback may go on after it, where its caller allows that: the place is out of reach, and refuses nothing.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        matches!(
            self.inner.kind,
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited
        )
    }

    /// Whether the same call may succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        self.inner.kind.is_retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        write!(f, "{}: {}", inner.kind, inner.message)?;
        let mut separator = " (";
        let mut field = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let result = write!(f, "{separator}{name}: {value}");
            separator = ", ";
            result
        };
        if let Some(key) = &inner.key {
            field(f, "key", key)?;
        }
        if let Some(setting) = &inner.setting {
            field(f, "setting", setting)?;
        }
        if let Some(operation) = inner.operation {
            field(f, "operation", &operation)?;
        }
        if let Some(backend) = inner.backend {
            field(f, "backend", &backend)?;
        }
        if let Some(code) = inner.foreign_code {
            field(f, "code", &code)?;
        }
        if separator == ", " {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("operation", &self.inner.operation)
            .field("backend", &self.inner.backend)
            .field("key", &self.inner.key)
            .field("setting", &self.inner.setting)
            .field("retry_after", &self.inner.retry_after)
            .field("foreign_code", &self.inner.foreign_code)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_ref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.meaning().trim())
    }
}
