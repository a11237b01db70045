//! Opening the manager that a command works with.

use std::path::PathBuf;

use strongroom::backend::{Health, HealthState};
use strongroom::blocking::SecretManager;
use strongroom::{Builder, ErrorKind, Inspection, Result, SecretKey};

use crate::args::Global;
use crate::failure::Failure;
use crate::{output, project, trust};

/// The backend whose values everyone can read who can read its file.
pub(crate) const PLAIN: &str = "file";

/// What that means.
pub(crate) const PLAIN_TEXT: &str = "INSECURE: every value is plain text, for development only";

/// Whether a store that is not there may be made. Only what brings in a secret makes one: a slip in `--app` must not
/// leave an empty store behind, and a read must not answer "no such secret" where there is no store at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// As the settings say.
    IfAbsent,
    /// Never.
    Never,
}

/// Opens the manager.
pub(crate) fn open(global: &Global, create: Create) -> Result<SecretManager> {
    open_built(global, builder(global, create)?)
}

/// Opens a manager that may ask the person at the terminal.
pub(crate) fn open_built(global: &Global, mut builder: Builder) -> Result<SecretManager> {
    if may_prompt(&global.app) {
        builder = builder.flag("prompt", "allow");
    }
    let manager = builder.open_blocking()?;
    tell_damage(&manager);
    Ok(manager)
}

/// Says that a corrupt file was set aside, also to those who asked for quiet: what they look for may be in it.
fn tell_damage(manager: &SecretManager) {
    if manager.backend().name() != PLAIN {
        return;
    }
    if let Ok(Health {
        state: HealthState::Degraded,
        reason: Some(reason),
        ..
    }) = manager.health()
    {
        output::warning(&reason);
    }
}

/// Says that what is now written lies open.
pub(crate) fn tell_plain(global: &Global, manager: &SecretManager) {
    if manager.backend().name() == PLAIN {
        output::notice(global, &format!("note: the backend `{PLAIN}` is {PLAIN_TEXT}"));
    }
}

/// What the flags and documents say, for a manager that asks nobody.
pub(crate) fn builder(global: &Global, create: Create) -> Result<Builder> {
    // One read and out: a cache would only be one more copy of the value.
    let builder = stated(global)?.flag("cache", "off");
    Ok(if create == Create::Never {
        builder.flag("encrypted.create", "never")
    } else {
        builder
    })
}

/// Everything that is configured, good or bad, without opening anything.
pub(crate) fn inspect(global: &Global) -> Inspection {
    match stated(global) {
        Ok(builder) => builder.inspect(),
        Err(error) => {
            let mut rest = strongroom::SecretManager::builder().app(&global.app).inspect();
            rest.problems.insert(0, error);
            rest
        }
    }
}

/// What the flags, the document that they name and the project's file state.
fn stated(global: &Global) -> Result<Builder> {
    let mut builder = strongroom::SecretManager::builder().app(&global.app);
    builder = global.secrets.apply(builder)?;
    if let Some(timeout) = &global.timeout {
        builder = builder.flag("deadline", timeout);
    }
    Ok(match project::find()? {
        Some(path) => builder.project_file(&path, |text| trust::is_trusted(&path, text)),
        None => builder,
    })
}

/// A manager that asks nobody and changes nothing, for those who only look.
pub(crate) fn harmless_builder(global: &Global) -> Result<Builder> {
    let builder = builder(global, Create::Never)?;
    let on_corrupt = "file.on_corrupt";
    Ok(match strongroom::Setting::find(on_corrupt) {
        // Else opening moves a corrupt file away and makes a fresh one.
        Some(_) => builder.flag(on_corrupt, "stop"),
        None => builder,
    })
}

/// Opens the manager for what brings in a secret; whether a store was made for it.
pub(crate) fn open_or_make(global: &Global) -> Result<(SecretManager, bool)> {
    // Looked at before, and not by opening twice: a key that comes from a descriptor can be read only once.
    let was_there = store_file(global).is_some_and(|path| path.exists());
    let manager = open(global, Create::IfAbsent)?;
    tell_plain(global, &manager);
    let made = !was_there && matches!(manager.backend().name(), "encrypted" | "local_encrypted");
    Ok((manager, made))
}

/// Opens the manager for what only tells what it would write; an empty place that holds everything, as the store will,
/// stands in for one that is not there yet. Whether it does.
pub(crate) fn open_or_stand_in(global: &Global) -> Result<(SecretManager, bool)> {
    let manager = harmless_builder(global).and_then(|builder| open_built(global, builder));
    or_stand_in(global, manager)
}

/// The manager, or what stands in for a store that is not there yet.
pub(crate) fn or_stand_in(global: &Global, manager: Result<SecretManager>) -> Result<(SecretManager, bool)> {
    match manager {
        Err(error) if error.kind() == ErrorKind::Unavailable && error.setting() == Some("encrypted.path") => {
            let empty = builder(global, Create::Never)?.flag("backend", "memory");
            Ok((empty.open_blocking()?, true))
        }
        manager => Ok((manager?, false)),
    }
}

/// Where the encrypted store lies, or will.
fn store_file(global: &Global) -> Option<PathBuf> {
    strongroom::locations::store_file(&global.app, &inspect(global).settings).ok()
}

/// A person at the terminal may be asked, unless the environment has its own word on it.
fn may_prompt(app: &str) -> bool {
    let said = setting_variable(app, "prompt").is_some_and(|name| variable(&name).is_some());
    !said && crate::terminal::is_there()
}

/// The environment variable of a setting.
pub(crate) fn setting_variable(app: &str, key: &str) -> Option<String> {
    strongroom::Setting::find(key).map(|setting| setting.variable(app))
}

/// A variable of the environment; empty counts as unset, as in the core.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the core keeps its reads to itself; only the presence is asked here"
    )]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Reads a key before anything is opened, asked for or read.
pub(crate) fn key(text: &str) -> Result<SecretKey, Failure> {
    SecretKey::parse(text).map_err(|error| {
        if text.contains('=') {
            // The commonest slip is `KEY=value`: what may be a value is not shown again.
            let hidden = "this is no key (it is not shown: what stands behind the `=` may be a value)";
            return strongroom::Error::new(ErrorKind::InvalidKey, hidden)
                .with_help("give the key alone; only `set` takes `KEY=VALUE`")
                .into();
        }
        error.into()
    })
}

/// The answer where there is no secret of this name, or no such version of it.
pub(crate) fn missing(key: &SecretKey, version: Option<&str>) -> Failure {
    let message = match version {
        Some(version) => format!("there is no version {version} of this secret"),
        None => "there is no such secret".to_owned(),
    };
    strongroom::Error::new(ErrorKind::NotFound, message)
        .with_key(key)
        .into()
}
