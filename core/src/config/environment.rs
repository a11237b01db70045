//! The environment: the only place of the core that reads it, on the caller's thread, when a manager is opened. A
//! file of variables counts like it, one step below.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
/// the file that the setting `dotenv` names, which is answered as it was read. Where the project's file names it, its
/// text is `of_project`: what was read when its trust was in question, and nothing that came later. An empty variable
/// counts as unset.
pub(super) fn apply(
    settings: &mut Settings,
    app: &str,
    environment: bool,
    of_project: Option<Text>,
    problems: &mut Vec<Error>,
) -> Option<File> {
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
    let mut file = settings.path("dotenv").map(|path| File {
        path,
        is_projects: matches!(settings.origin("dotenv"), Origin::ProjectFile(_)),
        entries: Vec::new(),
        private: false,
        refused: None,
    });
    if let Some(file) = &mut file {
        let text = match file.is_projects {
            true => Ok(of_project),
            false => files::read(&file.path, Links::Followed),
        };
        let mut wrong = Vec::new();
        match text.and_then(|text| file.take(text, app)) {
            Ok(()) => file.apply(settings, app, &mut wrong),
            Err(error) => wrong.push(error.with_setting("dotenv")),
        }
        file.refused = wrong.first().cloned();
        problems.extend(wrong);
    }
    // Last: it counts only where nothing else states a backend.
    if environment {
        process.seed(settings, problems);
    }
    if let Some(file) = &file {
        file.source(&|name| Ok(file.value(name)), &|variable| file.origin(variable))
            .seed(settings, problems);
    }
    file
}

/// A file of variables, as it was read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Whether the project's file names it: then it has no more say than that.
    is_projects: bool,
    /// Its lines; none where it is refused.
    entries: Vec<Entry>,
    /// Whether only its owner can read it.
    private: bool,
    /// The first of what is wrong with it.
    pub(super) refused: Option<Error>,
}

impl File {
    /// Takes its lines from its text.
    fn take(&mut self, text: Option<Text>, app: &str) -> Result<()> {
        let path = shown(&self.path);
        let wrong = |message: String| Error::new(ErrorKind::InvalidConfig, message);
        let Text { text, private } = text.ok_or_else(|| wrong(format!("there is no file `{path}`")))?;
        let entries = dotenv::read(&text).map_err(|error| wrong(format!("`{path}`: {}", error.message())))?;
        // One such file names no other: what it says would be taken from a file that nobody was asked about.
        let named = Setting::find("dotenv").map(|setting| setting.variable(app));
        if let Some(variable) = named.filter(|variable| entries.iter().any(|entry| entry.name == *variable)) {
            return Err(wrong(format!(
                "`{path}` states {variable}; a file of variables names no other"
            )));
        }
        (self.entries, self.private) = (entries, private);
        Ok(())
    }

    /// Applies every setting that it states.
    fn apply(&self, settings: &mut Settings, app: &str, problems: &mut Vec<Error>) {
        self.source(&|name| Ok(self.value(name)), &|variable| self.origin(variable))
            .apply(settings, app, problems);
        misspelt(app, self.entries.iter().map(|entry| entry.name.clone()), problems);
        let is_here = |origin: Origin| {
            matches!(
                origin,
                Origin::EnvironmentFile { .. } | Origin::ProjectEnvironmentFile { .. }
            )
        };
        let stated = |setting: &&Setting| setting.secret && is_here(settings.origin(setting.key));
        if !self.private
            && let Some(secret) = SETTINGS.iter().find(stated)
        {
            problems.push(files::open_to_others(&self.path, secret.key));
        }
    }

    /// The value of a variable, for a setting to keep.
    fn value(&self, name: &str) -> Option<SecretValue> {
        let found = self.entries.iter().find(|entry| entry.name == name)?;
        Some(SecretValue::copy_of(found.value.expose()))
    }

    fn origin(&self, variable: String) -> Origin {
        let path = self.path.clone();
        match self.is_projects {
            true => Origin::ProjectEnvironmentFile { path, variable },
            false => Origin::EnvironmentFile { path, variable },
        }
    }

    fn source<'a>(
        &'a self,
        value: &'a dyn Fn(&str) -> Result<Option<SecretValue>>,
        origin: &'a dyn Fn(String) -> Origin,
    ) -> Source<'a> {
        let seed = Origin::SeedVariable(Some(self.path.clone()));
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Source {
            value,
            origin,
            seed,
            folder,
        }
    }
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

/// The variables whose names begin with `prefix`; those of the environment win over those of the file of variables. What
/// is copied of the others on the way is wiped.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] where the file states a secret and others can read it.
#[cfg(feature = "env")]
pub(super) fn variables(prefix: &str, file: Option<File>) -> Result<Variables> {
    let is_ours = |name: &str| match cfg!(windows) {
        true => name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        false => name.starts_with(prefix),
    };
    let mut stated = Vec::new();
    if let Some(file) = file {
        stated.extend(file.entries.into_iter().filter(|entry| is_ours(&entry.name)));
        if !file.private
            && let Some(secret) = stated.first()
        {
            let name = secret.name.escape_debug();
            let what = format!(
                "states the secret {name} and can be read by others; run `chmod 600 {}`",
                shown(&file.path)
            );
            return Err(insecure(&file.path, what).with_setting("dotenv"));
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
    Ok(Variables::new(process, stated))
}

/// All variables of the process, without those of a file: what references lead to.
///
/// # Errors
/// None so far.
#[cfg(feature = "env")]
pub(crate) fn process() -> Result<Variables> {
    variables("", None)
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
