//! The environment: the only place of the core that reads it, on the caller's thread, when a manager is opened. A
//! file of variables counts like it, one step below.

use std::ffi::OsString;
use std::path::Path;

use zeroize::Zeroizing;

use super::files::{self, Links, Text};
use super::nearest::nearest;
use super::origin::Origin;
use super::settings::Settings;
use super::table::{SETTINGS, Setting, SettingKind, in_variables};
#[cfg(feature = "env")]
use super::variables::{Variable, Variables};
use crate::error::{Error, ErrorKind, Result};
use crate::registry;
#[cfg(feature = "env")]
use crate::sys::files::insecure;
use crate::sys::files::shown;
use crate::transfer::{Entry, dotenv};
use crate::value::SecretValue;

/// The variable of Fernet keys, `new,old`; every application reads the same one.
#[cfg(feature = "encrypted")]
pub(crate) const FERNET_KEYS: &str = "FERNET_SECRET_KEY";

/// The variable that belongs to no application.
const SEED: &str = "SECRET_BACKEND";
/// What it may say.
const SEED_WORDS: [&str; 4] = ["local", "local_encrypted", "aws_sm", "vault"];

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

/// Takes every setting that variables state for `app`: those of the environment, where that is wanted, and those of
/// the file that the setting `dotenv` names. An empty variable counts as unset.
pub(super) fn apply(settings: &mut Settings, app: &str, environment: bool, problems: &mut Vec<Error>) {
    let process = Source {
        value: &read_secret,
        origin: &Origin::Environment,
        seed: Origin::SeedVariable(None),
        folder: None,
    };
    if environment {
        process.apply(settings, app, problems);
        let names = copies().filter_map(|(name, _)| name.into_string().ok());
        misspelt(app, names, problems);
    }
    let file = settings.path("dotenv");
    let entries = file.as_deref().map(|path| apply_file(settings, app, path, problems));
    // Last: it counts only where nothing else states a backend.
    if environment {
        process.seed(settings, problems);
    }
    if let (Some(path), Some(entries)) = (&file, &entries) {
        of_file(path, &|name| Ok(value_of(entries, name)), &|variable| {
            in_file(path, variable)
        })
        .seed(settings, problems);
    }
}

/// Takes every setting that a file of variables states.
fn apply_file(settings: &mut Settings, app: &str, path: &Path, problems: &mut Vec<Error>) -> Vec<Entry> {
    let (entries, private) = match variables_of(path) {
        Ok(found) => found,
        Err(error) => {
            problems.push(error.with_setting("dotenv"));
            return Vec::new();
        }
    };
    let value = |name: &str| Ok(value_of(&entries, name));
    let origin = |variable: String| in_file(path, variable);
    of_file(path, &value, &origin).apply(settings, app, problems);
    misspelt(app, entries.iter().map(|entry| entry.name.clone()), problems);
    let stated =
        |setting: &&Setting| setting.secret && matches!(settings.origin(setting.key), Origin::EnvironmentFile { .. });
    if !private && let Some(secret) = SETTINGS.iter().find(stated) {
        problems.push(files::open_to_others(path, secret.key));
    }
    entries
}

/// The value of a variable, for a setting to keep.
fn value_of(entries: &[Entry], name: &str) -> Option<SecretValue> {
    let found = entries.iter().find(|entry| entry.name == name)?;
    Some(SecretValue::copy_of(found.value.expose()))
}

fn in_file(path: &Path, variable: String) -> Origin {
    let path = path.to_owned();
    Origin::EnvironmentFile { path, variable }
}

fn of_file<'a>(
    path: &'a Path,
    value: &'a dyn Fn(&str) -> Result<Option<SecretValue>>,
    origin: &'a dyn Fn(String) -> Origin,
) -> Source<'a> {
    let seed = Origin::SeedVariable(Some(path.to_owned()));
    Source {
        value,
        origin,
        seed,
        folder: path.parent().filter(|folder| !folder.as_os_str().is_empty()),
    }
}

/// The lines of a file of variables, and whether it is private.
fn variables_of(path: &Path) -> Result<(Vec<Entry>, bool)> {
    let Some(Text { text, private }) = files::read(path, Links::Followed)? else {
        let message = format!("there is no file `{}`", shown(path));
        return Err(Error::new(ErrorKind::InvalidConfig, message));
    };
    let entries = dotenv::read(&text).map_err(|error| {
        let message = format!("`{}`: {}", shown(path), error.message());
        Error::new(ErrorKind::InvalidConfig, message)
    })?;
    Ok((entries, private))
}

/// Where variables come from.
struct Source<'a> {
    value: &'a dyn Fn(&str) -> Result<Option<SecretValue>>,
    origin: &'a dyn Fn(String) -> Origin,
    seed: Origin,
    /// What relative paths start from, where that is not the working folder.
    folder: Option<&'a Path>,
}

impl Source<'_> {
    fn apply(&self, settings: &mut Settings, app: &str, problems: &mut Vec<Error>) {
        for setting in SETTINGS {
            if let Err(error) = self.setting(settings, setting, app) {
                problems.push(error);
            }
        }
    }

    /// One setting, under whichever of its names it is stated.
    fn setting(&self, settings: &mut Settings, setting: &'static Setting, app: &str) -> Result<()> {
        let mut stated: Option<(String, SecretValue)> = None;
        for name in setting.variables(app) {
            let Some(value) = self.variable(&name)? else { continue };
            match &stated {
                None => stated = Some((name, value)),
                Some((_, present)) if present.expose() == value.expose() => {}
                // One that every program reads: the application's own wins.
                Some(_) if !setting.is_own(&name, app) => {}
                Some((first, _)) => {
                    let message = format!(
                        "{first} and {name} both state `{}` and differ; set one of them",
                        setting.key
                    );
                    return Err(Error::new(ErrorKind::InvalidConfig, message).with_setting(setting.key));
                }
            }
        }
        let Some((name, value)) = stated else { return Ok(()) };
        if setting.secret {
            return settings.set_secret(setting.key, value, (self.origin)(name));
        }
        let text = self.text(&name, &value)?;
        let whole = match (setting.kind, self.folder) {
            (SettingKind::Path, Some(folder)) => folder.join(text),
            _ => return settings.set(setting.key, text, (self.origin)(name)),
        };
        let whole = whole.to_str().ok_or_else(|| {
            let message = format!(
                "{} lies in a folder whose name is no Unicode",
                (self.origin)(name.clone())
            );
            Error::new(ErrorKind::InvalidConfig, message).with_setting(setting.key)
        })?;
        settings.set(setting.key, whole, (self.origin)(name))
    }

    /// The backend by the variable that belongs to no application, where nothing else states it.
    fn seed(&self, settings: &mut Settings, problems: &mut Vec<Error>) {
        if !settings.is_set("backend")
            && let Err(error) = self.take_seed(settings)
        {
            problems.push(error);
        }
    }

    /// Only the words that it was made for: another program's word must not be taken for ours.
    fn take_seed(&self, settings: &mut Settings) -> Result<()> {
        let Some(value) = self.variable(SEED)? else {
            return Ok(());
        };
        let text = self.text(SEED, &value)?;
        if !SEED_WORDS.contains(&text) {
            let near = nearest(text, SEED_WORDS).map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            let message = format!("{SEED} may say {}{near} (from {})", SEED_WORDS.join(", "), self.seed);
            let help = "where it belongs to another program, state the backend by `<APP>_SECRETS_BACKEND`, which wins";
            return Err(Error::new(ErrorKind::InvalidConfig, message)
                .with_setting("backend")
                .with_help(help));
        }
        settings.set("backend", text, self.seed.clone())
    }

    /// A variable's value; an empty one counts as unset.
    fn variable(&self, name: &str) -> Result<Option<SecretValue>> {
        Ok((self.value)(name)?.filter(|value| !value.is_empty()))
    }

    fn text<'v>(&self, name: &str, value: &'v SecretValue) -> Result<&'v str> {
        value.expose_str().map_err(|_| {
            let message = format!("{} is not Unicode", (self.origin)(name.to_owned()));
            Error::new(ErrorKind::InvalidConfig, message).with_setting(name.to_owned())
        })
    }
}

/// Variables that look like a slip of one of ours. Others that begin like ours are left alone: what runs containers
/// names variables after its services, as `<APP>_SECRETS_SERVICE_HOST`.
fn misspelt(app: &str, names: impl Iterator<Item = String>, problems: &mut Vec<Error>) {
    let prefix = format!("{}_SECRETS_", in_variables(app));
    let known = || SETTINGS.iter().map(|setting| setting.env);
    for name in names {
        let Some(suffix) = name
            .strip_prefix(&prefix)
            .filter(|suffix| !known().any(|known| known == *suffix))
        else {
            continue;
        };
        let group = suffix.split('_').next().unwrap_or_default().to_ascii_lowercase();
        if registry::coming(&group).is_some() || suffix.starts_with("PORT") || suffix.starts_with("SERVICE_") {
            continue;
        }
        if let Some(near) = nearest(suffix, known()) {
            let shown: String = name.escape_debug().take(128).collect();
            let message = format!("there is no variable {shown}; did you mean {prefix}{near}?");
            problems.push(Error::new(ErrorKind::InvalidConfig, message).with_setting(shown));
        }
    }
}

/// A copy of the whole environment: the system library knows no way to only the names. Each value is wiped.
fn copies() -> impl Iterator<Item = (OsString, Zeroizing<Vec<u8>>)> {
    std::env::vars_os().map(|(name, value)| (name, Zeroizing::new(value.into_encoded_bytes())))
}

/// The variables whose names begin with `prefix`; those of the environment win over those of the file `dotenv`. What is
/// copied of the others on the way is wiped.
///
/// # Errors
/// What reading the file answers; [`ErrorKind::InsecurePath`] where it states a secret and others can read it.
#[cfg(feature = "env")]
pub(super) fn variables(prefix: &str, dotenv: Option<&Path>) -> Result<Variables> {
    let is_ours = |name: &str| match cfg!(windows) {
        true => name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        false => name.starts_with(prefix),
    };
    let mut stated = Vec::new();
    if let Some(path) = dotenv {
        let (entries, private) = variables_of(path).map_err(|error| error.with_setting("dotenv"))?;
        stated.extend(entries.into_iter().filter(|entry| is_ours(&entry.name)));
        if !private && let Some(secret) = stated.first() {
            let name = secret.name.escape_debug();
            let what = format!(
                "states the secret {name} and can be read by others; run `chmod 600 {}`",
                shown(path)
            );
            return Err(insecure(path, what).with_setting("dotenv"));
        }
    }
    let stated = stated
        .into_iter()
        .map(|entry| (entry.name, Variable::Text(entry.value)));
    // The names are made of letters, digits and `_`, so one that is no Unicode is nobody's.
    let process = copies()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| is_ours(name))
        .map(|(name, value)| (name, Variable::of(value)));
    Ok(stated.chain(process).collect())
}

#[cfg(feature = "env")]
impl Variable {
    fn of(mut value: Zeroizing<Vec<u8>>) -> Self {
        match std::str::from_utf8(&value) {
            Ok(_) => Self::Text(SecretValue::from(std::mem::take(&mut *value))),
            Err(_) => Self::NotUnicode,
        }
    }
}
