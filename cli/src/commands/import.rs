//! `strongroom import`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use strongroom::transfer::{IfExists, ImportOptions, ImportReport, NamePolicy};
use strongroom::{ErrorKind, SecretScope};

use crate::args::Global;
use crate::commands::tell_made;
use crate::document_format::{DialectArg, FormatArg, fernet_keys, of_file};
use crate::failure::{Failure, report};
use crate::session;
use crate::{input, output};

const EXAMPLES: &str = "\
Examples:
  strongroom import .env                         all of a file, nothing replaced
  strongroom import .env --scope app/web         bare names as names of a scope
  vault-dump | strongroom import --format json   from a pipe
  strongroom import old.yaml --dry-run           only tell what would be written";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArgs {
    /// The document (`-` is stdin)
    pub(crate) file: Option<PathBuf>,
    /// Its form; where it is not given, the file's name tells
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,
    /// Whose rules for quotes a dotenv file keeps
    #[arg(long, value_name = "DIALECT", default_value = "common")]
    pub(crate) dialect: DialectArg,
    /// Put bare names there, such as `org/acme`
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Option<String>,
    /// What to do with names that are no keys
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    pub(crate) names: NamesArg,
    /// Replace secrets that are already there, with their metadata
    #[arg(long, conflicts_with = "skip_existing")]
    pub(crate) overwrite: bool,
    /// Leave secrets alone that are already there
    #[arg(long)]
    pub(crate) skip_existing: bool,
    /// Who issued the secrets, such as `openai`
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// Write nothing, only tell what would be written
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// The file with the keys of Fernet tokens; else the variable FERNET_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// What to do with names that are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NamesArg {
    /// Name all of them with their lines, and import nothing
    Refuse,
    /// Write them escaped (`my key` as `my=20key`)
    Escape,
    /// Leave them out
    Skip,
}

/// Imports a document. All that can be wrong with it is told before anything is written.
pub(crate) fn run(global: &Global, args: &ImportArgs) -> Result<(), Failure> {
    let options = options(args)?;
    let document = document(args.file.as_deref())?;
    // A dry run makes no store; where there is none yet, nothing is in the way.
    let (manager, made) = match args.dry_run {
        true => (session::open_or_stand_in(global)?.0, false),
        false => session::open_or_make(global)?,
    };
    tell_made(global, &manager, made)?;
    let outcome = manager.import(&document, options);
    tell(global, outcome.map_err(with_options)?)
}

fn options(args: &ImportArgs) -> Result<ImportOptions, Failure> {
    let format = of_file(args.format, args.file.as_deref())?;
    let mut options = ImportOptions::new(format.into())
        .dialect(args.dialect.into())
        .names(match args.names {
            NamesArg::Refuse => NamePolicy::Refuse,
            NamesArg::Escape => NamePolicy::Escape,
            NamesArg::Skip => NamePolicy::Skip,
        })
        .if_exists(match (args.overwrite, args.skip_existing) {
            (true, _) => IfExists::Replace,
            (_, true) => IfExists::Skip,
            _ => IfExists::Refuse,
        });
    if let Some(scope) = &args.scope {
        options = options.scope(SecretScope::parse(scope)?);
    }
    if let Some(provider) = &args.provider {
        options = options.provider(provider);
    }
    if args.dry_run {
        options = options.dry_run();
    }
    options.fernet_keys = fernet_keys(format, args.key_file.as_deref())?;
    Ok(options)
}

fn document(file: Option<&Path>) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    if file.is_none() && std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no document to import",
            "name a file, or pipe one in (`-` reads what is typed)",
        ));
    }
    let document = input::document(file.unwrap_or(Path::new("-")))?;
    if document.is_empty() {
        return Err(
            strongroom::Error::new(ErrorKind::InvalidArgument, "the document is empty")
                .with_help("see why whatever should have written it wrote nothing")
                .into(),
        );
    }
    Ok(document)
}

/// The core's error with the command's own words for what can be done.
fn with_options(error: strongroom::Error) -> Failure {
    let help = match error.kind() {
        ErrorKind::Conflict => "give `--overwrite` or `--skip-existing`; nothing was imported",
        ErrorKind::InvalidKey => "rename them, or give `--names escape` or `--names skip`; nothing was imported",
        _ => return error.into(),
    };
    error.with_help(help).into()
}

fn tell(global: &Global, done: ImportReport) -> Result<(), Failure> {
    for note in &done.notes {
        output::notice(global, &format!("note: {note}"));
    }
    for skipped in &done.skipped {
        let line = skipped.line.map(|line| format!("line {line}")).unwrap_or_default();
        let words = ["skipped", &skipped.name, &line].map(str::trim).join(" ");
        output::notice(global, &format!("{words} ({})", skipped.reason.word()));
    }
    if done.dry_run {
        let row = |what: &str, key: &strongroom::SecretKey| vec![what.to_owned(), key.to_string()];
        let created = done.created.iter().map(|key| row("create", key));
        let rows: Vec<_> = created
            .chain(done.replaced.iter().map(|key| row("replace", key)))
            .collect();
        return output::rows(output::format_or_default(None), &["WOULD", "KEY"], &rows);
    }
    let counts = [
        (done.created.len(), "created"),
        (done.replaced.len(), "replaced"),
        (done.skipped.len(), "skipped"),
        (done.failures.len(), "failed"),
    ];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, what)| *count > 0 || *what == "created")
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    output::notice(global, &counts.join(", "));
    let mut failed = None;
    for failure in &done.failures {
        let code = report(&failure.error);
        failed.get_or_insert(code);
    }
    failed.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}
