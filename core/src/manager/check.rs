//! What is checked before a write reaches any backend, from its capabilities.

use crate::backend::{Capabilities, DeleteHow, IfVersion};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata};

/// The longest value in bytes that the setting `max_value` can allow.
pub(crate) const MAX_VALUE: usize = 8 << 20;

/// Refuses what is too long whatever the settings are.
pub(crate) fn length(bytes: usize) -> Result<()> {
    if bytes <= MAX_VALUE {
        return Ok(());
    }
    let message = format!("the value has more than {MAX_VALUE} bytes, the highest limit that there is");
    Err(Error::new(ErrorKind::TooLarge, message).with_setting("max_value"))
}

/// Whether a backend with these capabilities can hold this secret.
///
/// # Errors
/// [`ErrorKind::ReadOnly`]; [`ErrorKind::TooLarge`] naming the limit; [`ErrorKind::Unsupported`] naming the field;
/// [`ErrorKind::InvalidValue`] for malformed metadata.
pub(crate) fn secret(capabilities: &Capabilities, max_value: usize, secret: &Secret) -> Result<()> {
    writable(capabilities)?;
    let limit = capabilities.max_value.min(max_value);
    let bytes = secret.value.expose();
    if bytes.len() > limit {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the value has {} bytes; the limit is {limit}", bytes.len()),
        )
        .with_setting("max_value"));
    }
    if bytes.is_empty() && !capabilities.empty_value {
        return Err(lacks("an empty value"));
    }
    if !capabilities.binary && std::str::from_utf8(bytes).is_err() {
        return Err(lacks("a value that is not UTF-8 text"));
    }
    metadata(capabilities, &secret.metadata)
}

/// Whether a backend with these capabilities has this way of removal.
pub(super) fn removal(capabilities: &Capabilities, how: DeleteHow<'_>) -> Result<()> {
    writable(capabilities)?;
    let lacking = match how {
        DeleteHow::Soft if !capabilities.restore => "`soft`: it keeps nothing that was removed",
        DeleteHow::Version(_) if !capabilities.restore => "`version`: it removes secrets as a whole",
        _ => return Ok(()),
    };
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("this backend lacks {lacking}"),
    ))
}

/// Whether a backend with these capabilities can hold this metadata.
pub(super) fn metadata(capabilities: &Capabilities, metadata: &SecretMetadata) -> Result<()> {
    metadata.check()?;
    if !capabilities.metadata {
        if metadata.provider.is_some() {
            return Err(lacks("`provider`"));
        }
        if metadata.scope_of_use.is_some() {
            return Err(lacks("`scope_of_use`"));
        }
        if !metadata.labels.is_empty() {
            return Err(lacks("labels"));
        }
    }
    if !capabilities.expiry && metadata.expires_at.is_some() {
        return Err(lacks("`expires_at`"));
    }
    Ok(())
}

/// Whether a backend with these capabilities can be written to.
pub(crate) fn writable(capabilities: &Capabilities) -> Result<()> {
    if capabilities.read_only {
        return Err(Error::new(ErrorKind::ReadOnly, "this backend cannot write"));
    }
    Ok(())
}

/// Whether the key is short enough.
pub(crate) fn fits(capabilities: &Capabilities, key: &SecretKey) -> Result<()> {
    let limit = capabilities.max_key;
    if key.as_str().len() > limit {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the key is longer than this backend's {limit} bytes"),
        ));
    }
    Ok(())
}

/// Whether a write may depend on the current version.
pub(super) fn condition(capabilities: &Capabilities, condition: IfVersion<'_>) -> Result<()> {
    match condition {
        IfVersion::Any => Ok(()),
        _ if capabilities.cas => Ok(()),
        IfVersion::Absent => Err(lacks("a write that depends on absence (`if_absent`)")),
        IfVersion::Is(_) => Err(lacks("a write that depends on the version (`if_version`)")),
    }
}

/// Whether former versions are kept.
pub(super) fn versions(capabilities: &Capabilities) -> Result<()> {
    if capabilities.versions {
        Ok(())
    } else {
        Err(lacks("former versions"))
    }
}

fn lacks(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this backend cannot hold {what}"))
}

/// The longest name of an application: with endings and a lock's name it still is a file name everywhere.
const MAX_APP: usize = 64;

/// An application's name becomes part of paths and variables.
pub(super) fn app(app: &str) -> Result<()> {
    let is_good = crate::key::check_segment(app).is_ok() && app.len() <= MAX_APP;
    if is_good {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidConfig,
        format!("the application's name must be 1 to {MAX_APP} letters, digits, `.`, `_` and `-`"),
    )
    .with_setting("app"))
}

/// A number of the table as a size.
pub(super) fn to_usize(number: Option<u64>) -> usize {
    number
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(usize::MAX)
}
