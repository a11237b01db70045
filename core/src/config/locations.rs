//! Where an application's files lie by default.

use std::path::{Path, PathBuf};

use super::environment;
use super::settings::Settings;
use super::table;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files;

/// The file of the encrypted store: `encrypted.path`, by default `<data folder>/<app>/secrets.strongroom`.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where neither the setting nor a default folder is there.
pub fn store_file(app: &str, settings: &Settings) -> Result<PathBuf> {
    match settings.path("encrypted.path") {
        Some(path) => Ok(path),
        None => Ok(data_dir(app).map_err(of("encrypted.path"))?.join("secrets.strongroom")),
    }
}

/// The file of the store's key: `encrypted.key_file`, by default `<state folder>/<app>/secrets.key`.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where neither the setting nor a default folder is there.
pub fn key_file(app: &str, settings: &Settings) -> Result<PathBuf> {
    match settings.path("encrypted.key_file") {
        Some(path) => Ok(path),
        None => Ok(state_dir(app).map_err(of("encrypted.path"))?.join("secrets.key")),
    }
}

/// The file of the key to the last known values: `cache_key_file`, by default `<state folder>/<app>/cache.key`.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where neither the setting nor a default folder is there.
pub(crate) fn cache_key_file(app: &str, settings: &Settings) -> Result<PathBuf> {
    match settings.path("cache_key_file") {
        Some(path) => Ok(path),
        None => Ok(state_dir(app).map_err(of("cache_key_file"))?.join("cache.key")),
    }
}

/// The folder of the journals of copies: `<state folder>/<app>/migrations`.
pub(crate) fn migrations(app: &str) -> Result<PathBuf> {
    state_folder(app).map(|dir| dir.join("migrations"))
}

/// The settings that state the store's key, each in its own way.
#[cfg(feature = "encrypted")]
pub(crate) const KEY_SETTINGS: &[&str] = &["encrypted.key", "encrypted.key_file", "encrypted.key_fd"];

/// Where the user's own configuration of an application may lie: `<configuration folder>/<app>/config.toml` and
/// `config.json`, one of them. Nothing where the system names no such folder.
///
/// Linux: `$XDG_CONFIG_HOME` or `~/.config`; macOS: `~/Library/Application Support`; Windows: `%APPDATA%`.
pub fn user_files(app: &str) -> Vec<PathBuf> {
    let folder = base(&["XDG_CONFIG_HOME"], ".config").map(|base| base.join(app));
    let files = |folder: PathBuf| ["config.toml", "config.json"].map(|name| folder.join(name)).to_vec();
    folder.map(files).unwrap_or_default()
}

/// `<state folder>/<app>`: what a machine knows and no other needs.
///
/// Linux: `$XDG_STATE_HOME` or `~/.local/state`; macOS and Windows: the application's folder.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where the system names no such folder.
pub fn state_folder(app: &str) -> Result<PathBuf> {
    if cfg!(any(target_os = "macos", windows)) {
        return data_dir(app);
    }
    base(&["XDG_STATE_HOME"], ".local/state").map(|base| base.join(app))
}

/// The plain file of the backend `file`: `file.path`, by default `<APP>_DATA_DIR` or `<data folder>/<app>`, and in it
/// `secrets.json`. For the app `sideseat` that is where SideSeat keeps it.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where neither the setting nor a default folder is there.
pub fn plain_file(app: &str, settings: &Settings) -> Result<PathBuf> {
    if let Some(path) = settings.path("file.path") {
        return Ok(path);
    }
    let stated = environment::read(&table::app_variable(app, "DATA_DIR"))?.filter(|path| !path.is_empty());
    let folder = match stated {
        Some(folder) => Ok(PathBuf::from(folder)),
        None if app == "sideseat" && cfg!(target_os = "macos") => data_dir("SideSeat"),
        None if app == "sideseat" && cfg!(windows) => data_dir("SideSeat").map(|dir| dir.join("data")),
        None => data_dir(app),
    };
    Ok(folder.map_err(of("file.path"))?.join("secrets.json"))
}

/// The folder of the backend `directory`: `directory.path`, by default `$CREDENTIALS_DIRECTORY` of systemd, else
/// `/run/secrets` of Docker and Podman.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where the variable or, for a relative path, the working folder leads nowhere.
pub fn secrets_folder(settings: &Settings) -> Result<PathBuf> {
    const PATH: &str = "directory.path";
    const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
    if let Some(path) = settings.path(PATH) {
        return std::path::absolute(path)
            .map_err(|_| settings.error(PATH, "is relative, and the working folder cannot be found"));
    }
    let Some(path) = environment::read(CREDENTIALS)?.filter(|path| !path.is_empty()) else {
        return Ok(PathBuf::from("/run/secrets"));
    };
    let path = PathBuf::from(path);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Error::new(
        ErrorKind::InvalidConfig,
        format!("the environment variable {CREDENTIALS} names no absolute path"),
    )
    .with_setting(PATH))
}

/// Where the tools of Vault and OpenBao keep the token of whoever logged in with them: `~/.vault-token`.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where the system names no home.
#[cfg(feature = "vault")]
pub(crate) fn vault_token_file() -> Result<PathBuf> {
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let folder = absolute(home)?.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidConfig,
            format!("no token is given, and {home} is not set, so there is no default token file"),
        )
        .with_setting("vault.token")
        .with_help("give a token (`vault.token`) or its file (`vault.token_file`), or set `vault.auth` to a method")
    })?;
    Ok(folder.join(".vault-token"))
}

/// Whether an application keeps its secrets, or the key to them, in this file, by whatever name it is called: who writes
/// documents spares it. What lies beside a store counts, its log and its locks.
pub fn keeps_secrets(app: &str, settings: &Settings, path: &Path) -> bool {
    let beside = |file: PathBuf, endings: &'static [&str]| {
        endings.iter().map(move |ending| {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        })
    };
    let stores = store_file(app, settings).into_iter().chain(settings.path("cache_file"));
    let stores = stores.flat_map(|store| beside(store, &["", "-wal", "-shm", "-journal", ".lock"]));
    let plain = plain_file(app, settings).into_iter();
    let plain = plain.flat_map(|plain| beside(plain, &["", ".lock"]));
    let keys = [key_file(app, settings), cache_key_file(app, settings)];
    let mut own = stores.chain(plain).chain(keys.into_iter().flatten());
    let (path, id) = (without_links(path), file_id(path));
    own.any(|own| without_links(&own) == path || (id.is_some() && file_id(&own) == id))
}

fn file_id(path: &Path) -> Option<files::FileId> {
    files::file_id(path).ok().flatten()
}

/// The path without links, also of a file that is not there.
fn without_links(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let in_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or(path)
}

/// What the variables of the backend `env` begin with: `env.prefix`, by default `<APP>_SECRET_`.
#[cfg(feature = "env")]
pub fn variable_prefix(app: &str, settings: &Settings) -> String {
    super::variables::prefix(settings, app)
}

/// `<data folder>/<app>`: the store.
///
/// Linux: `$XDG_DATA_HOME` or `~/.local/share`; macOS: `~/Library/Application Support`; Windows: `%APPDATA%`.
fn data_dir(app: &str) -> Result<PathBuf> {
    base(&["XDG_DATA_HOME"], ".local/share").map(|base| base.join(app))
}

/// `<state folder>/<app>`: the default key file, apart from the store so that a copy of the data folder alone opens
/// nothing. macOS and Windows: `keys` in the application's folder.
fn state_dir(app: &str) -> Result<PathBuf> {
    let folder = state_folder(app)?;
    Ok(if cfg!(any(target_os = "macos", windows)) {
        folder.join("keys")
    } else {
        folder
    })
}

fn base(variables: &[&str], below_home: &str) -> Result<PathBuf> {
    if cfg!(windows) {
        return absolute("APPDATA")?.ok_or_else(|| missing("APPDATA"));
    }
    if cfg!(target_os = "macos") {
        return Ok(absolute("HOME")?
            .ok_or_else(|| missing("HOME"))?
            .join("Library/Application Support"));
    }
    for variable in variables {
        if let Some(path) = absolute(variable)? {
            return Ok(path);
        }
    }
    Ok(absolute("HOME")?.ok_or_else(|| missing("HOME"))?.join(below_home))
}

/// The variable's path. Empty and relative ones are ignored, as the XDG Base Directory specification says.
fn absolute(variable: &str) -> Result<Option<PathBuf>> {
    Ok(environment::read(variable)?
        .map(PathBuf::from)
        .filter(|path| path.is_absolute()))
}

/// Names the setting that would do without the default folder.
fn of(setting: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_setting(setting)
}

fn missing(variable: &'static str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("{variable} is not set, so there is no default folder"),
    )
    .with_help("set the variable that the message names, or the paths: `encrypted.path` and `encrypted.key_file`, or `file.path`")
}
