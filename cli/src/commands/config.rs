//! `strongroom config`: how this is configured, and which project may configure it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use strongroom::{ConfigRole, Error, ErrorKind, Inspection, SETTINGS, Setting, Settings};

use crate::args::{Format, Global};
use crate::failure::{Failure, report};
use crate::{document, output, project, session, trust};

/// What stands for a secret; its length says nothing.
const MASK: &str = "********";

const SHOW_EXAMPLES: &str = "\
Examples:
  strongroom config show                        every setting, its value and where that comes from
  strongroom --app sideseat config show -o json";

const TRUST_EXAMPLES: &str = "\
Examples:
  strongroom config trust                       the file of the project that this folder belongs to
  strongroom config trust --revoke ./strongroom.toml

A project's file may set anything but the names of keys only once it is trusted. Any change of the file, or of the
`.env` file that it names, ends that.";

/// What there is to see and to say.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting, its value and where that comes from
    Show(ShowArgs),
    /// Show which files are looked for, and which are there
    Path(PathArgs),
    /// Write the JSON Schema of a configuration file
    Schema,
    /// Let a project's file set how secrets are kept
    Trust(TrustArgs),
}

/// What `config show` takes.
#[derive(Args, Debug)]
#[command(after_help = SHOW_EXAMPLES)]
pub(crate) struct ShowArgs {
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
}

/// What `config path` takes.
#[derive(Args, Debug)]
pub(crate) struct PathArgs {
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
}

/// What `config trust` takes.
#[derive(Args, Debug)]
#[command(after_help = TRUST_EXAMPLES)]
pub(crate) struct TrustArgs {
    /// The file; by default the one of the project that this folder belongs to
    path: Option<PathBuf>,
    /// Trust it no longer
    #[arg(long)]
    revoke: bool,
}

/// Does one of them.
pub(crate) fn run(global: &Global, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show(args) => show(&session::inspect(global), args),
        ConfigCommand::Path(args) => path(global, args),
        ConfigCommand::Schema => output::bytes(strongroom::config_schema().as_bytes()),
        ConfigCommand::Trust(args) => change_trust(global, args),
    }
}

/// Shows what holds, then tells everything that is wrong; the first of that gives the exit code.
fn show(found: &Inspection, args: &ShowArgs) -> Result<(), Failure> {
    let settings = SETTINGS.iter().filter(|setting| !setting.key.starts_with("fault."));
    match output::format_or_default(args.output) {
        format if format.is_document() => {
            let list: Vec<_> = settings.map(|setting| setting_json(found, setting)).collect();
            document::write(format, "settings", Value::Array(list))?;
        }
        format => {
            let row = |setting: &Setting| {
                let (from, mark) = match is_untrusted(found, setting) {
                    true => (&found.untrusted, " (not trusted)"),
                    false => (&found.settings, ""),
                };
                let value = value(from, setting).unwrap_or_else(|| "-".to_owned());
                let origin = format!("{}{mark}", from.origin(setting.key));
                vec![setting.key.to_owned(), value, origin]
            };
            let rows: Vec<_> = settings.map(row).collect();
            output::rows(format, &["SETTING", "VALUE", "FROM"], &rows)?;
        }
    }
    let codes: Vec<_> = found.problems.iter().map(report).collect();
    codes.first().map_or(Ok(()), |code| Err(Failure::Reported(*code)))
}

fn setting_json(found: &Inspection, setting: &Setting) -> Value {
    let is_untrusted = is_untrusted(found, setting);
    let from = if is_untrusted {
        &found.untrusted
    } else {
        &found.settings
    };
    json!({
        "setting": setting.key,
        "value": value(from, setting),
        "from": from.origin(setting.key).to_string(),
        "set": from.is_set(setting.key),
        "secret": setting.secret,
        "trusted": !is_untrusted,
    })
}

/// The value, masked where it is secret.
fn value(settings: &Settings, setting: &Setting) -> Option<String> {
    if setting.secret {
        return settings.is_set(setting.key).then(|| MASK.to_owned());
    }
    settings.text(setting.key).map(str::to_owned)
}

/// Whether it comes from a project's file that nobody trusts: what that states would hold.
fn is_untrusted(found: &Inspection, setting: &Setting) -> bool {
    let key = setting.key;
    found.untrusted.is_set(key) && found.untrusted.origin(key) < found.settings.origin(key)
}

/// A file that is looked for, as it is shown.
struct Looked {
    role: &'static str,
    path: PathBuf,
    found: bool,
    refused: Option<Error>,
}

/// Shows the files; those of a project that nobody looks into too.
fn path(global: &Global, args: &PathArgs) -> Result<(), Failure> {
    let mut files = Vec::new();
    if !global.no_project
        && let Err(project::Refused { paths, error }) = project::find()
    {
        files.extend(paths.into_iter().map(|path| Looked {
            role: ConfigRole::Project.word(),
            path,
            found: true,
            refused: Some(error.clone()),
        }));
    }
    files.extend(session::inspect(global).files.into_iter().map(|file| Looked {
        role: file.role.word(),
        path: file.path,
        found: file.found,
        refused: file.refused,
    }));
    match output::format_or_default(args.output) {
        format if format.is_document() => {
            let entry = |file: &Looked| {
                let error = file.refused.as_ref();
                json!({
                    "role": file.role,
                    "path": file.path,
                    "found": file.found,
                    "error": error.map(|error| error.kind().token()),
                    "reason": error.map(Error::message),
                })
            };
            document::write(format, "files", Value::Array(files.iter().map(entry).collect()))
        }
        format => {
            let row = |file: &Looked| {
                let state = match (&file.refused, file.found) {
                    (_, false) => "not there",
                    (None, true) => "there",
                    (Some(_), true) => "refused",
                };
                let reason = file.refused.as_ref().map_or("-", Error::message);
                [file.role, state, &file.path.display().to_string(), reason]
                    .map(str::to_owned)
                    .to_vec()
            };
            let rows: Vec<_> = files.iter().map(row).collect();
            output::rows(format, &["WHOSE", "STATE", "FILE", "REASON"], &rows)
        }
    }
}

fn change_trust(global: &Global, args: &TrustArgs) -> Result<(), Failure> {
    let path = match &args.path {
        Some(path) => path.clone(),
        None => project::find().map_err(Error::from)?.ok_or_else(no_project)?,
    };
    if args.revoke {
        let was = trust::revoke(&path)?;
        let what = if was { "is trusted no longer" } else { "was not trusted" };
        output::notice(global, &format!("`{}` {what}", path.display()));
        return Ok(());
    }
    match entry_to_trust(&path)? {
        Some(entry) => {
            let variables = match entry.contains_key(ConfigRole::Dotenv.word()) {
                true => ", it or the variables that it names",
                false => "",
            };
            trust::trust(&path, entry)?;
            output::notice(
                global,
                &format!("`{}` is trusted until it changes{variables}", path.display()),
            );
        }
        None => output::notice(global, &format!("`{}` states nothing that needs trust", path.display())),
    }
    Ok(())
}

/// What there is to trust: the file's text, where that is in order and states what needs trust, and the variables that
/// it names.
fn entry_to_trust(path: &Path) -> Result<Option<trust::Entry>, Failure> {
    let seen = RefCell::new(trust::Entry::new());
    // The answer to the last question is no: only what is stated counts here, not what would come of it.
    let see = |role: ConfigRole, bytes: Option<&[u8]>| {
        trust::note(&mut seen.borrow_mut(), role, bytes);
        role == ConfigRole::Project
    };
    let builder = strongroom::SecretManager::builder().without_environment();
    let found = builder.backend("memory").project_file(path, see).inspect();
    let wrong = found
        .problems
        .into_iter()
        .find(|problem| problem.kind() != ErrorKind::PolicyDenied);
    if let Some(error) = wrong {
        return Err(error.into());
    }
    let entry = seen.into_inner();
    Ok((!entry.is_empty()).then_some(entry))
}

fn no_project() -> Error {
    let text = format!("no file of a project is here or above: {}", project::NAMES.join(", "));
    Error::new(ErrorKind::InvalidArgument, text).with_help("name the file, or go to the project's folder")
}
