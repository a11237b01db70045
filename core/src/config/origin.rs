//! Where a setting's value comes from.

use std::fmt;
use std::path::PathBuf;

use crate::sys::files::shown;

/// Where a setting's value comes from. A later one of the list loses against an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// The program that embeds us.
    Builder,
    /// A flag of the command line.
    Flag,
    /// This environment variable.
    Environment(String),
    /// A variable of the file that the setting `dotenv` names, unless the project's file names it.
    EnvironmentFile {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// A document that the program or a flag names: the file's path, or the words that the program has for its text.
    File(String),
    /// A variable of the file that the project's file names by the setting `dotenv`: it is the project's too.
    ProjectEnvironmentFile {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// The project's file, which the command found on its way up.
    ProjectFile(PathBuf),
    /// The user's own file.
    UserFile(PathBuf),
    /// The variable `SECRET_BACKEND`, which belongs to no application: of the environment, or of this `dotenv` file.
    SeedVariable(Option<PathBuf>),
    /// Nobody stated it: found out when the manager was opened, for this reason.
    Detected(String),
    /// The table.
    Default,
}

impl Origin {
    /// The step of the order; what the origin names does not count.
    pub(crate) fn level(&self) -> u8 {
        match self {
            Self::Builder => 0,
            Self::Flag => 1,
            Self::Environment(_) => 2,
            Self::EnvironmentFile { .. } => 3,
            Self::File(_) => 4,
            Self::ProjectEnvironmentFile { .. } => 5,
            Self::ProjectFile(_) => 6,
            Self::UserFile(_) => 7,
            Self::SeedVariable(_) => 8,
            Self::Detected(_) => 9,
            Self::Default => 10,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builder => f.write_str("the program"),
            Self::Flag => f.write_str("a flag"),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::EnvironmentFile { path, variable } | Self::ProjectEnvironmentFile { path, variable } => {
                write!(f, "the variable {variable} of `{}`", shown(path))
            }
            Self::File(label) => write!(f, "`{label}`"),
            Self::ProjectFile(path) => write!(f, "the project's file `{}`", shown(path)),
            Self::UserFile(path) => write!(f, "the user's file `{}`", shown(path)),
            Self::SeedVariable(None) => f.write_str("the environment variable SECRET_BACKEND"),
            Self::SeedVariable(Some(path)) => write!(f, "the variable SECRET_BACKEND of `{}`", shown(path)),
            Self::Detected(reason) => write!(f, "detection: {reason}"),
            Self::Default => f.write_str("the default"),
        }
    }
}
