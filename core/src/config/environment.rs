//! The environment: the only place of the core that reads it, on the caller's thread, when a manager is opened.

use super::settings::{Origin, Settings};
use super::table::{SETTINGS, variable};
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// A variable's value; `None` where it is unset.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where it is no Unicode.
pub(crate) fn read(name: &str) -> Result<Option<String>> {
    #[expect(clippy::disallowed_methods, reason = "the one home of environment reads")]
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::new(
            ErrorKind::InvalidConfig,
            format!("the environment variable {name} is not Unicode"),
        )
        .with_setting(name.to_owned())),
    }
}

/// A variable's bytes, which need not be Unicode; `None` where it is unset.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] on systems whose variables have no bytes, where it is no Unicode.
pub(crate) fn read_secret(name: &str) -> Result<Option<SecretValue>> {
    #[cfg(unix)]
    {
        #[expect(clippy::disallowed_methods, reason = "the one home of environment reads")]
        let found = std::env::var_os(name);
        Ok(found.map(|value| SecretValue::from(std::os::unix::ffi::OsStringExt::into_vec(value))))
    }
    #[cfg(not(unix))]
    read(name).map(|value| value.map(SecretValue::from))
}

/// Takes every setting that the environment states for `app`. An empty variable counts as unset.
pub(crate) fn apply(settings: &mut Settings, app: &str) -> Result<()> {
    for setting in SETTINGS {
        let name = variable(app, setting.env);
        if setting.secret {
            if let Some(value) = read_secret(&name)?.filter(|value| !value.is_empty()) {
                settings.set_secret(setting.key, value, Origin::Environment(name))?;
            }
        } else if let Some(value) = read(&name)?.filter(|value| !value.is_empty()) {
            settings.set(setting.key, value, Origin::Environment(name))?;
        }
    }
    Ok(())
}
