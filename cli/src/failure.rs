//! What ends a command early, how it is told and which exit code it gives.

use std::io::{self, Write};

use clap::error::{ContextKind, ErrorKind as ClapKind};
use strongroom::{Error, ErrorKind};

use crate::terminal::printable;

/// Wrong usage, as everywhere.
const USAGE: u8 = 2;
/// What a shell reports for a program that SIGPIPE ended; a closed pipe is nobody's fault and gets no message.
const CLOSED_PIPE: u8 = 141;

/// What ends a command early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command was called wrongly.
    Usage { message: String, help: String },
    /// A help text or the version was asked for, or nothing at all.
    Help(Box<clap::Error>),
    /// The core refused, or an own check in its words.
    Strongroom(Error),
    /// Stdout did not take what was written.
    Stdout(io::Error),
    /// All was told already.
    Reported(u8),
}

impl Failure {
    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            help: help.into(),
        }
    }

    /// Tells it on stderr and gives the exit code. Nothing here may panic: stderr may be closed too.
    pub(crate) fn report(self) -> u8 {
        match self {
            Self::Usage { message, help } => {
                say(&message_of("usage", &message, &[]), &help);
                USAGE
            }
            Self::Help(error) => {
                let shown = error.print().and_then(|()| io::stdout().flush());
                if let (Err(refused), false) = (shown, error.use_stderr()) {
                    return Self::Stdout(refused).report();
                }
                u8::try_from(error.exit_code()).unwrap_or(USAGE)
            }
            Self::Strongroom(error) => report(&error),
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => CLOSED_PIPE,
            Self::Stdout(error) => report(&local(&error, "cannot write to stdout")),
            Self::Reported(code) => code,
        }
    }
}

/// Tells an error of the core on stderr, in two lines, and gives its exit code.
pub(crate) fn report(error: &Error) -> u8 {
    let mut fields = Vec::new();
    if let Some(key) = error.key() {
        fields.push(format!("key {key}"));
    }
    if let Some(setting) = error.setting() {
        fields.push(format!("setting {setting}"));
    }
    if let Some(code) = error.foreign_code() {
        fields.push(format!("code {code}"));
    }
    say(
        &message_of(error.kind().token(), error.message(), &fields),
        error.help(),
    );
    error.kind().exit_code()
}

/// An error of the system about a file or stream of the caller's, in the core's words.
pub(crate) fn local(error: &io::Error, what: &str) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            ErrorKind::StorageFull
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        _ => ErrorKind::InvalidArgument,
    };
    let reason = error.kind();
    let failure = Error::new(kind, format!("{what}: {reason}"));
    match error.raw_os_error() {
        Some(code) => failure.with_foreign_code(code),
        None => failure,
    }
}

fn message_of(token: &str, message: &str, fields: &[String]) -> String {
    let mut text = format!("strongroom: {token}: {message}");
    if !fields.is_empty() {
        text.push_str(&format!(" ({})", fields.join(", ")));
    }
    text
}

fn say(line: &str, help: &str) {
    let text = format!("{}\n  help: {}\n", printable(line), printable(help));
    let _ = io::stderr().write_all(text.as_bytes());
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Strongroom(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ClapKind::DisplayHelp
            | ClapKind::DisplayVersion
            | ClapKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ClapKind::MissingSubcommand => return Self::Help(Box::new(error)),
            // The text quotes the argument. It may be a value that begins with a dash, unless it looks like one of ours.
            ClapKind::UnknownArgument if error.get(ContextKind::SuggestedArg).is_none() => {
                return Self::usage(
                    "there is an argument that this command does not know (it is not shown: it may be a value)",
                    "see `strongroom help`; values come from stdin, a prompt, `--from-file`, or as `KEY=VALUE`",
                );
            }
            // `--print=…`: the text quotes what an option that takes no value was given.
            ClapKind::TooManyValues => {
                return Self::usage(
                    "an option that takes no value was given one (it is not shown: it may be a secret)",
                    "see `strongroom help`; values come from stdin, a prompt, `--from-file`, or as `KEY=VALUE`",
                );
            }
            // `strongroom KEY=VALUE`: the text quotes it.
            ClapKind::InvalidSubcommand if error.to_string().contains('=') => {
                return Self::usage(
                    "there is no such command (it is not shown: what stands behind the `=` may be a value)",
                    "`strongroom set KEY=VALUE` sets secrets; see `strongroom help`",
                );
            }
            _ => {}
        }
        let text = error.to_string();
        let mut lines = text.lines().map(str::trim);
        let message: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let message = message.join(" ");
        let tips: Vec<_> = lines.filter_map(|line| line.strip_prefix("tip: ")).collect();
        let help = if tips.is_empty() {
            "see `strongroom help`".to_owned()
        } else {
            tips.join("; ")
        };
        Self::usage(message.strip_prefix("error: ").unwrap_or(&message), help)
    }
}
