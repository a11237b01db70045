//! The settings of a manager that is to be opened, collected from everywhere that may state them.

use std::path::{Path, PathBuf};

use super::document::{self, Applied, ConfigFormat};
use super::files::{self, Links, Text};
use super::origin::Origin;
use super::settings::Settings;
use super::{detect, environment, locations};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::shown;

/// What a file of configuration is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigRole {
    /// Named by the program or a flag.
    Explicit,
    /// The project's.
    Project,
    /// The user's own.
    User,
    /// Variables, named by the setting `dotenv`.
    Dotenv,
}

impl ConfigRole {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Project => "project",
            Self::User => "user",
            Self::Dotenv => "dotenv",
        }
    }
}

/// A file that was looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigFile {
    /// What it is to us.
    pub role: ConfigRole,
    /// Where it lies, or would.
    pub path: PathBuf,
    /// Whether something is there.
    pub found: bool,
    /// Why `open` refuses it: the first of what is wrong with it.
    pub refused: Option<Error>,
}

/// What a [`Builder`](crate::Builder) would open a manager with, good or not; see
/// [`Builder::inspect`](crate::Builder::inspect).
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Every setting that is stated and well-formed, with where it comes from.
    pub settings: Settings,
    /// Everything that is wrong. The first is what `open` would answer.
    pub problems: Vec<Error>,
    /// The files that were looked for, in the order of their precedence.
    pub files: Vec<ConfigFile>,
    /// What the project's file states and counts only once a person trusts it. Nothing acts on it.
    pub untrusted: Settings,
}

/// What was collected so far.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) settings: Settings,
    pub(crate) problems: Vec<Error>,
    files: Vec<ConfigFile>,
    untrusted: Settings,
    /// The variables that the project's file names, as they were when their trust was in question.
    variables: Option<Text>,
    /// The file of variables, as it was when settings were taken from it.
    #[cfg(feature = "env")]
    dotenv: Option<environment::File>,
}

impl Collected {
    /// Takes a file that was named.
    pub(crate) fn file(&mut self, path: &Path) {
        let origin = Origin::File(shown(path));
        let taken = files::apply(&mut self.settings, path, Links::Followed, &origin);
        let found = taken.is_some();
        let problems = taken.map_or_else(|| vec![absent(path)], |(applied, _)| applied.problems);
        self.looked_at(ConfigRole::Explicit, path, found, problems);
    }

    /// Takes the text of a document.
    pub(crate) fn text(&mut self, format: ConfigFormat, text: &str) {
        let origin = Origin::File("the configuration text".to_owned());
        let applied = document::apply(&mut self.settings, format, text, &origin, None);
        self.problems.extend(applied.problems);
    }

    /// Takes the project's file. Where it states what needs trust, `trusted` is asked about its text, and then about that
    /// of the variables that it names, which are not even looked at before.
    pub(crate) fn project(&mut self, path: &Path, mut trusted: impl FnMut(ConfigRole, Option<&[u8]>) -> bool) {
        let origin = Origin::ProjectFile(path.to_owned());
        let mut found = Settings::new();
        let taken = files::apply(&mut found, path, Links::Refused, &origin);
        let Some((Applied { stated, mut problems }, text)) = taken else {
            return self.looked_at(ConfigRole::Project, path, false, vec![absent(path)]);
        };
        let bold: Vec<_> = stated
            .iter()
            .filter(|setting| setting.needs_trust())
            .map(|setting| setting.key)
            .collect();
        if !bold.is_empty()
            && let Err(error) = self.ask(path, &found, &bold, text.as_bytes(), &mut trusted)
        {
            problems.push(error);
            self.untrusted.take(found.split_off(&bold));
        }
        self.looked_at(ConfigRole::Project, path, true, problems);
        self.settings.take(found);
    }

    /// Asks whether what the project's file states is trusted, and takes the variables that it names.
    fn ask(
        &mut self,
        path: &Path,
        found: &Settings,
        bold: &[&'static str],
        text: &[u8],
        trusted: &mut dyn FnMut(ConfigRole, Option<&[u8]>) -> bool,
    ) -> Result<()> {
        let file = shown(path);
        let refusal = |message: String, setting: &'static str| {
            let message = format!("{message}; `strongroom config trust {file}` says so");
            Error::new(ErrorKind::PolicyDenied, message)
                .with_setting(setting)
                .with_help("read the file; where it is as you want it, run `strongroom config trust`")
        };
        if !trusted(ConfigRole::Project, Some(text)) {
            let stated = bold.join("`, `");
            let message = format!("the project's file `{file}` states `{stated}`, and nobody said that it is trusted");
            return Err(refusal(message, bold[0]));
        }
        if let Some(named) = found.path("dotenv") {
            let text = files::read(&named, Links::Followed).map_err(|error| error.with_setting("dotenv"))?;
            if !trusted(ConfigRole::Dotenv, text.as_ref().map(|text| text.text.as_bytes())) {
                let named = shown(&named);
                let message = format!(
                    "the project's file `{file}` takes variables from `{named}`, which is not as it was when the \
                     project was trusted"
                );
                return Err(refusal(message, "dotenv"));
            }
            self.variables = text;
        }
        Ok(())
    }

    /// Takes what the machine states: with `environment` the user's file and variables, always the file of variables
    /// that is named; with `detect` a backend where nobody stated one.
    pub(crate) fn finish(&mut self, app: &str, environment: bool, detect: bool) {
        if environment {
            self.user_file(app);
        }
        let of_project = self.variables.take();
        let dotenv = environment::apply(&mut self.settings, app, environment, of_project, &mut self.problems);
        if let Some(file) = &dotenv {
            self.files.push(ConfigFile {
                role: ConfigRole::Dotenv,
                path: file.path.clone(),
                found: file.path.exists(),
                refused: file.refused.clone(),
            });
        }
        #[cfg(feature = "env")]
        {
            self.dotenv = dotenv;
        }
        if detect && let Err(error) = detect::backend(app, &mut self.settings) {
            self.problems.push(error);
        }
    }

    /// Takes the variables that the backend `env` serves, where one is to be opened.
    ///
    /// # Errors
    /// Where the file of variables states a secret and can be read by others.
    #[cfg(feature = "env")]
    pub(crate) fn take_variables(&mut self, app: &str) -> Result<()> {
        super::variables::take(&mut self.settings, app, self.dotenv.take())
    }

    fn user_file(&mut self, app: &str) {
        let candidates = locations::user_files(app);
        // A link counts as there, whatever it points to: what cannot be read must be told and not passed over.
        let there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
        let found: Vec<_> = candidates.iter().filter(|path| there(path)).collect();
        let several = |one: &Path, other: &Path| {
            let message = format!(
                "there are two configurations of the user, `{}` and `{}`; remove one of them",
                shown(one),
                shown(other)
            );
            Error::new(ErrorKind::InvalidConfig, message)
        };
        for path in &candidates {
            let problems = match found[..] {
                [one, other, ..] if path == one => vec![several(one, other)],
                [one] if path == one => {
                    let origin = Origin::UserFile(path.clone());
                    files::apply(&mut self.settings, path, Links::Followed, &origin)
                        .map_or_else(|| vec![absent(path)], |(applied, _)| applied.problems)
                }
                _ => Vec::new(),
            };
            self.looked_at(ConfigRole::User, path, there(path), problems);
        }
    }

    /// Keeps what was looked for and what is wrong with it.
    fn looked_at(&mut self, role: ConfigRole, path: &Path, found: bool, problems: Vec<Error>) {
        self.files.push(ConfigFile {
            role,
            path: path.to_owned(),
            found,
            refused: problems.first().cloned(),
        });
        self.problems.extend(problems);
    }

    /// All of it, for a look.
    pub(crate) fn into_inspection(self) -> Inspection {
        let Self {
            settings,
            problems,
            files,
            untrusted,
            ..
        } = self;
        Inspection {
            settings,
            problems,
            files,
            untrusted,
        }
    }
}

fn absent(path: &Path) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("there is no file `{}`", shown(path)))
}
