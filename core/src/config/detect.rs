//! Which backend is used where nobody states one, and why.

use super::settings::Settings;
use crate::error::Result;

/// States the backend where nobody did. Never one that keeps secrets in the clear, and never one that forgets them.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming what can be chosen, where this build has none that is fit.
pub(super) fn backend(app: &str, settings: &mut Settings) -> Result<()> {
    if settings.is_set("backend") {
        return Ok(());
    }
    let (word, reason) = choice(app, settings)?;
    settings.detected("backend", word.to_owned(), reason)
}

#[cfg(feature = "encrypted")]
fn choice(app: &str, settings: &Settings) -> Result<(&'static str, String)> {
    use crate::config::locations;
    use crate::sys::files::shown;

    let store = locations::store_file(app, settings)?;
    let there = if store.exists() { "is there" } else { "is to be made" };
    let key = match settings.exclusive(locations::KEY_SETTINGS)? {
        Some(key) => format!("`{key}` from {}", settings.origin(key)),
        None => format!("the key file `{}`", shown(&locations::key_file(app, settings)?)),
    };
    let reason = format!(
        "this build has no keystore of the operating system; the store `{}` {there}, opened by {key}",
        shown(&store)
    );
    Ok(("encrypted", reason))
}

#[cfg(not(feature = "encrypted"))]
fn choice(_app: &str, _settings: &Settings) -> Result<(&'static str, String)> {
    let message = format!(
        "no backend is stated, and this build has none that is chosen unasked; it has {}",
        crate::registry::names().join(", ")
    );
    Err(crate::Error::new(crate::ErrorKind::InvalidConfig, message).with_setting("backend"))
}
