//! A secret: a value and what is known about it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use crate::error::{Error, ErrorKind, Result};
use crate::resolve::{REFERENCE_LABEL, Reference};
use crate::timestamp::IntoTimestamp;
use crate::value::SecretValue;

/// The most labels a secret may have.
pub const MAX_LABELS: usize = 32;
/// The longest name of a label, in bytes.
pub const MAX_LABEL_NAME: usize = 63;
/// The longest value of a label, in bytes; the longest provider and scope of use have the same limit times four.
pub const MAX_LABEL_VALUE: usize = 256;

/// A version of a secret: an opaque word and, where the backend counts, a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    word: Box<str>,
    number: Option<u64>,
}

impl Version {
    /// A version that is only a word.
    pub fn from_word(word: impl Into<Box<str>>) -> Self {
        let word = word.into();
        let number = word.parse().ok();
        Self { word, number }
    }

    /// A version that is a number.
    pub fn from_number(number: u64) -> Self {
        // The digits at once at their size: `to_string` would allocate twice, and a list makes one for every name.
        let mut room = [0; 20];
        let mut at = room.len();
        let mut left = number;
        loop {
            at -= 1;
            room[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        Self {
            word: std::str::from_utf8(&room[at..]).unwrap_or_default().into(),
            number: Some(number),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.word
    }

    /// The number, where there is one.
    pub fn number(&self) -> Option<u64> {
        self.number
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

/// What is known about a secret besides its value.
///
/// `provider`, `scope_of_use`, `labels` and `expires_at` belong to the version and are the caller's to set.
/// `created_at` belongs to the secret; `created_at`, `updated_at` and `version` are the backend's answer and are
/// ignored in what is written (only an import sets `created_at`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretMetadata {
    /// Who issued the secret, such as `openai`.
    pub provider: Option<String>,
    /// What the secret may be used for, such as the OAuth scopes `repo,read:user`.
    pub scope_of_use: Option<String>,
    /// The caller's own words; at most [`MAX_LABELS`].
    pub labels: BTreeMap<String, String>,
    /// From when on reading it answers [`ErrorKind::Expired`]. Kept to the microsecond, in UTC.
    pub expires_at: Option<OffsetDateTime>,
    /// When the secret was first set.
    pub created_at: Option<OffsetDateTime>,
    /// When this version was written.
    pub updated_at: Option<OffsetDateTime>,
    /// The version.
    pub version: Option<Version>,
    /// How long ago a remote backend answered this, where it is out of reach now and the setting `cache_max_stale` or
    /// `offline` lets the cache answer instead. Ignored in what is written.
    pub stale_for: Option<Duration>,
}

impl SecretMetadata {
    /// No metadata.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who issued the secret.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Sets what the secret may be used for.
    #[must_use]
    pub fn with_scope_of_use(mut self, scope: impl Into<String>) -> Self {
        self.scope_of_use = Some(scope.into());
        self
    }

    /// Adds a label, or replaces the one of that name.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Sets the expiry.
    #[must_use]
    pub fn with_expiry(mut self, at: impl IntoTimestamp) -> Self {
        self.expires_at = Some(at.into_timestamp());
        self
    }

    /// Whether the expiry lies at or before `now`.
    pub fn is_expired_at(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether the fields that a caller sets keep the limits.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] naming the limit; [`ErrorKind::InvalidValue`] for control characters or an empty label
    /// name.
    pub fn check(&self) -> Result<()> {
        if self.labels.len() > MAX_LABELS {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("more than {MAX_LABELS} labels"),
            ));
        }
        for (name, value) in &self.labels {
            if name.is_empty() {
                return Err(Error::new(ErrorKind::InvalidValue, "a label has no name"));
            }
            check_text("a label's name", name, MAX_LABEL_NAME)?;
            check_text("a label's value", value, MAX_LABEL_VALUE)?;
        }
        check_text(
            "`provider`",
            self.provider.as_deref().unwrap_or_default(),
            4 * MAX_LABEL_VALUE,
        )?;
        check_text(
            "`scope_of_use`",
            self.scope_of_use.as_deref().unwrap_or_default(),
            4 * MAX_LABEL_VALUE,
        )
    }
}

fn check_text(field: &str, text: &str, limit: usize) -> Result<()> {
    if text.len() > limit {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("{field} is longer than {limit} bytes"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::new(
            ErrorKind::InvalidValue,
            format!("{field} has a control character"),
        ));
    }
    Ok(())
}

/// A secret: a value and its metadata. `Debug` redacts the value.
///
/// ```
/// use strongroom::{Secret, SecretMetadata};
/// let secret = Secret::with_provider("sk-…", "openai").with_scope_of_use("models:read");
/// assert_eq!(secret.metadata.provider.as_deref(), Some("openai"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Secret {
    /// The bytes.
    pub value: SecretValue,
    /// What is known about them.
    pub metadata: SecretMetadata,
}

impl Secret {
    /// A secret without metadata.
    pub fn new(value: impl Into<SecretValue>) -> Self {
        Self {
            value: value.into(),
            metadata: SecretMetadata::default(),
        }
    }

    /// A secret issued by `provider`.
    pub fn with_provider(value: impl Into<SecretValue>, provider: impl Into<String>) -> Self {
        Self::new(value).with_metadata(SecretMetadata::new().with_provider(provider))
    }

    /// A reference to be stored in place of a value: [`resolve`](crate::SecretManager::resolve) follows it, every other
    /// verb shows it as it is. The label [`REFERENCE_LABEL`](crate::REFERENCE_LABEL) makes it one.
    ///
    /// ```
    /// use strongroom::{Secret, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// secrets.set("org/acme/db", &Secret::new(r#"{"user":"sam","password":"s3"}"#))?;
    /// secrets.set("DB_PASSWORD", &Secret::reference("secret://org/acme/db#/password")?)?;
    /// assert_eq!(secrets.resolve("secret://DB_PASSWORD")?.unwrap().value.expose(), b"s3");
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`], [`ErrorKind::InvalidKey`] where the text is no reference.
    pub fn reference(text: &str) -> Result<Self> {
        let reference = Reference::parse(text)?;
        let secret = Self::new(reference.to_string());
        Ok(secret.with_label(REFERENCE_LABEL, reference.scheme().word()))
    }

    /// Replaces the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: SecretMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets what the secret may be used for.
    #[must_use]
    pub fn with_scope_of_use(mut self, scope: impl Into<String>) -> Self {
        self.metadata.scope_of_use = Some(scope.into());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.labels.insert(name.into(), value.into());
        self
    }

    /// Sets the expiry.
    #[must_use]
    pub fn with_expiry(mut self, at: impl IntoTimestamp) -> Self {
        self.metadata.expires_at = Some(at.into_timestamp());
        self
    }

    /// A second secret with the same bytes and metadata. Named, not `Clone`, so that no copy is made by accident.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            value: SecretValue::copy_of(self.value.expose()),
            metadata: self.metadata.clone(),
        }
    }
}
