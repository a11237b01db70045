//! The forms of documents, for what reads and writes them.

use std::path::Path;

use clap::ValueEnum;
use strongroom::SecretValue;
use strongroom::fernet::{FernetKeys, KEYS_VARIABLE};
use strongroom::transfer::{Dialect, Format};

use crate::failure::{Failure, local};
use crate::session;

/// The form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// `NAME='value'` lines that a POSIX shell can source
    Env,
    /// A `.env` file
    Dotenv,
    /// A JSON object, name to text
    Json,
    /// A YAML mapping, name to text
    Yaml,
    /// A JSON object, name to Fernet token
    Fernet,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Env => Self::Env,
            FormatArg::Dotenv => Self::Dotenv,
            FormatArg::Json => Self::Json,
            FormatArg::Yaml => Self::Yaml,
            FormatArg::Fernet => Self::Fernet,
        }
    }
}

/// Whose rules a dotenv file keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectArg {
    /// What python-dotenv, Node's dotenv and a shell read alike
    Common,
    /// python-dotenv
    Python,
    /// Node's dotenv
    Node,
    /// Docker Compose
    Compose,
}

impl From<DialectArg> for Dialect {
    fn from(dialect: DialectArg) -> Self {
        match dialect {
            DialectArg::Common => Self::Common,
            DialectArg::Python => Self::Python,
            DialectArg::Node => Self::Node,
            DialectArg::Compose => Self::Compose,
        }
    }
}

/// The form that was asked for, else the one that the file's name tells.
pub(crate) fn of_file(stated: Option<FormatArg>, file: Option<&Path>) -> Result<FormatArg, Failure> {
    let told = || {
        let name = file?.file_name()?.to_str()?;
        match Format::of_file_name(name)? {
            Format::Env => Some(FormatArg::Env),
            Format::Dotenv => Some(FormatArg::Dotenv),
            Format::Json => Some(FormatArg::Json),
            Format::Yaml => Some(FormatArg::Yaml),
            _ => None,
        }
    };
    stated.or_else(told).ok_or_else(|| {
        Failure::usage(
            "nothing tells the form of the document",
            "give `--format env`, `dotenv`, `json`, `yaml` or `fernet`",
        )
    })
}

/// The keys for a document of tokens: those of the file, else those of the environment.
pub(crate) fn fernet_keys(format: FormatArg, file: Option<&Path>) -> Result<Option<SecretValue>, Failure> {
    if format != FormatArg::Fernet {
        return match file {
            None => Ok(None),
            Some(_) => Err(Failure::usage(
                "`--key-file` is for the format `fernet`",
                "leave it out, or give `--format fernet`",
            )),
        };
    }
    if let Some(path) = file {
        // Says who else could read the file, and whether it holds keys.
        FernetKeys::from_file(path)?;
        let read = std::fs::read(path);
        let bytes = read.map_err(|error| local(&error, &format!("cannot read `{}`", path.display())))?;
        return Ok(Some(SecretValue::from(bytes)));
    }
    FernetKeys::from_environment()?;
    let text = session::variable(KEYS_VARIABLE).and_then(|text| text.into_string().ok());
    Ok(text.map(SecretValue::from))
}
