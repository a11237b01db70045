//! Opening the manager that a command works with.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use strongroom::backend::Persistence;
use strongroom::blocking::SecretManager;
use strongroom::{Builder, Error, ErrorKind, Inspection, Result, SecretKey, locations};

use crate::args::{DEFAULT_APP, Global};
use crate::failure::Failure;
use crate::{output, project, trust};

/// What is closed at the end.
static OPENED: Mutex<Vec<SecretManager>> = Mutex::new(Vec::new());

/// The backend whose values everyone can read who can read its file.
pub(crate) const PLAIN: &str = "file";

/// The backend that asks others.
pub(crate) const CHAIN: &str = "chain";

/// What a plain file means.
pub(crate) const PLAIN_TEXT: &str = "INSECURE: every value is plain text, for development only";

/// What a command may do to the place where the secrets live, beside what it was asked for. Only what brings in a secret
/// makes a store: a slip in `--app` must not leave an empty one behind, and a read must not answer "no such secret" where
/// there is no store at all. Nor does any other command put a corrupt file aside: in a fresh one is nothing to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Make a store, as the settings say.
    Make,
    /// Change what is stored.
    Change,
    /// Nothing; a statement about corrupt files holds all the same.
    Look,
}

const ON_CORRUPT: &str = "file.on_corrupt";

/// Opens the manager.
pub(crate) fn open(global: &Global, access: Access) -> Result<SecretManager> {
    open_built(global, builder(global, access)?)
}

/// Opens a manager that may ask the person at the terminal.
pub(crate) fn open_built(global: &Global, mut builder: Builder) -> Result<SecretManager> {
    if may_prompt(&global.app) {
        builder = builder.flag("prompt", "allow");
    }
    let manager = builder.open_blocking().map_err(|error| advised(global, error))?;
    close_at_the_end(&manager);
    Ok(manager)
}

/// Remembers a manager of another machine's secrets: at its end the command gives up the token of a login, and what is to
/// be kept on this machine is written.
pub(crate) fn close_at_the_end(manager: &SecretManager) {
    let backend = manager.backend();
    if backend.persistence() == Persistence::Remote || backend.name() == CHAIN {
        OPENED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(manager.clone());
    }
}

/// Closes them. What does not end well has no consequence for what the command was asked for.
pub(crate) fn close_all() {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    for manager in opened {
        let _ = manager.close();
    }
}

/// A store that is not there is made by this command, for the same application.
fn advised(global: &Global, error: Error) -> Error {
    if error.kind() != ErrorKind::Unavailable || error.setting() != Some("encrypted.path") {
        return error;
    }
    let app = match &global.app[..] {
        DEFAULT_APP => String::new(),
        app => format!(" --app {app}"),
    };
    let message = format!("{}; `strongroom{app} init` makes one", error.message());
    Error::new(error.kind(), message)
        .with_setting("encrypted.path")
        .with_help("set a secret, which makes the store too, or look whether this is the right `--app`")
}

/// Says that what is now written lies open, or does not last.
pub(crate) fn tell_nature(global: &Global, manager: &SecretManager) {
    let backend = manager.backend();
    if backend.capabilities().read_only {
        return;
    }
    let word = match backend.name() {
        CHAIN => manager.settings().text("chain.writer").unwrap_or(CHAIN),
        word => word,
    };
    let nature = match backend.persistence() {
        _ if word == PLAIN => format!("is {PLAIN_TEXT}"),
        Persistence::Process => "forgets everything when this command ends".to_owned(),
        lasting if lasting.survives_reboot() => return,
        fleeting => format!("does not outlive a restart of the machine; it keeps secrets for: {fleeting}"),
    };
    output::notice(global, &format!("note: the backend `{word}` {nature}"));
}

/// What the flags and documents say, for a manager that asks nobody.
pub(crate) fn builder(global: &Global, access: Access) -> Result<Builder> {
    let mut builder = stated(global)?;
    let settings = inspect(global).settings;
    if !settings.is_set("cache_file") && !settings.is_on("offline") {
        // One read and out: a cache in memory would only be one more copy of the value.
        builder = builder.flag("cache", "off");
    }
    let builder = match access {
        Access::Make => return Ok(builder),
        Access::Change | Access::Look => builder.flag("encrypted.create", "never"),
    };
    match inspect(global).settings.is_set(ON_CORRUPT) {
        true => Ok(builder),
        false => Ok(stopping(builder)),
    }
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
    if global.offline {
        builder = builder.flag("offline", "on");
    }
    if global.no_project {
        return Ok(builder);
    }
    Ok(match project::find()? {
        Some(path) => builder.project_file(&path, |role, bytes| trust::is_trusted(&path, role, bytes)),
        None => builder,
    })
}

/// A manager that asks nobody and changes nothing, whatever is stated.
pub(crate) fn harmless_builder(global: &Global) -> Result<Builder> {
    Ok(stopping(builder(global, Access::Change)?))
}

/// Opening leaves a corrupt file where it is; else it moves it away and makes a fresh one.
fn stopping(builder: Builder) -> Builder {
    match strongroom::Setting::find(ON_CORRUPT) {
        Some(_) => builder.flag(ON_CORRUPT, "stop"),
        None => builder,
    }
}

/// Opens the manager for what brings in a secret; whether a store was made for it.
pub(crate) fn open_or_make(global: &Global) -> Result<(SecretManager, bool)> {
    // Looked at before, and not by opening twice: a key that comes from a descriptor can be read only once.
    let was_there = store_file(global).is_some_and(|path| path.exists());
    let manager = open(global, Access::Make)?;
    tell_nature(global, &manager);
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
            let empty = builder(global, Access::Change)?.flag("backend", "memory");
            Ok((empty.open_blocking()?, true))
        }
        manager => Ok((manager?, false)),
    }
}

/// Where the encrypted store lies, or will.
fn store_file(global: &Global) -> Option<PathBuf> {
    locations::store_file(&global.app, &inspect(global).settings).ok()
}

/// Refuses to write over what this application keeps its secrets in, or the key to them.
pub(crate) fn spare_own_files(global: &Global, path: &Path) -> Result<()> {
    if locations::keeps_secrets(&global.app, &inspect(global).settings, path) {
        let message = format!("`{}` is a file that keeps secrets or their key", path.display());
        return Err(Error::new(ErrorKind::InvalidArgument, message).with_help("name another file"));
    }
    Ok(())
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
            return Error::new(ErrorKind::InvalidKey, hidden)
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
    Error::new(ErrorKind::NotFound, message).with_key(key).into()
}
