//! The variables that the backend `env` serves: taken on the caller's thread when a manager is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::environment::File;
use super::settings::Settings;
use crate::error::Result;
use crate::value::SecretValue;

/// A variable's value.
#[derive(Debug)]
pub(crate) enum Variable {
    Text(SecretValue),
    /// What it holds is no Unicode; it is not kept.
    NotUnicode,
}

/// The variables whose names begin with a prefix, as they were at one moment.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    process: Named,
    /// Those of the file of variables, as they were when the manager was opened; the process's win over them.
    file: Arc<Named>,
}

/// Windows knows no case in names, so they are kept in upper case there.
type Named = BTreeMap<String, Variable>;

fn named<N: Into<String>>(variables: impl IntoIterator<Item = (N, Variable)>) -> Named {
    let named = variables.into_iter().map(|(name, value)| {
        let name = name.into();
        match cfg!(windows) {
            true => (name.to_ascii_uppercase(), value),
            false => (name, value),
        }
    });
    named.collect()
}

impl Variables {
    /// The variables of the process beside those of a file.
    pub(super) fn new(
        process: impl IntoIterator<Item = (String, Variable)>,
        file: impl IntoIterator<Item = (String, Variable)>,
    ) -> Self {
        Self {
            process: named(process),
            file: Arc::new(named(file)),
        }
    }

    /// The variables of the process as they are now, on the calling thread, beside those of the same file.
    pub(crate) fn again(&self, prefix: &str) -> Result<Self> {
        Ok(Self {
            process: super::environment::variables(prefix, None)?.process,
            file: Arc::clone(&self.file),
        })
    }

    /// The variable of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        let upper = cfg!(windows).then(|| name.to_ascii_uppercase());
        let name = upper.as_deref().unwrap_or(name);
        self.process.get(name).or_else(|| self.file.get(name))
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<_> = self
            .process
            .keys()
            .chain(self.file.keys())
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }
}

#[cfg(test)]
impl<N: Into<String>> FromIterator<(N, Variable)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, Variable)>>(variables: I) -> Self {
        Self {
            process: named(variables),
            file: Arc::default(),
        }
    }
}

/// What the names of an application's variables begin with: `env.prefix`, by default `<APP>_SECRET_`.
pub(crate) fn prefix(settings: &Settings, app: &str) -> String {
    match settings.text("env.prefix") {
        Some(prefix) => prefix.to_owned(),
        None => super::table::app_variable(app, "SECRET_"),
    }
}

/// Takes the variables into `settings`, where a backend that they name or references will read them: of the environment, and of the
/// file of variables as it was when the settings were taken from it. To be called on the caller's thread: opening may go
/// on elsewhere.
///
/// # Errors
/// Where the file states a secret and can be read by others.
pub(super) fn take(settings: &mut Settings, app: &str, file: Option<File>) -> Result<()> {
    let words = [settings.text("backend"), settings.text("fault.inner")];
    let is_wanted = words.contains(&Some("env")) || settings.list("chain.members").contains(&"env");
    if is_wanted {
        let variables = super::environment::variables(&prefix(settings, app), file)?;
        settings.variables = Some(Arc::new(variables));
    }
    if settings.list("references").contains(&"env") {
        settings.environment = Some(Arc::new(super::environment::process()?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_keeps_the_name_of_every_application() {
        for (app, expected) in [
            ("sideseat", "SIDESEAT_SECRET_"),
            ("my-secrets-app", "MY_SECRETS_APP_SECRET_"),
            ("the.secrets", "THE_SECRETS_SECRET_"),
        ] {
            assert_eq!(prefix(&Settings::new(), app), expected);
        }
    }
}
