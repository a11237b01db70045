//! The arguments. Their doc comments are the help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};

use strongroom::flags::SecretsArgs;

use crate::commands::completions::CompletionsArgs;
use crate::commands::component::ComponentCommand;
use crate::commands::config::ConfigCommand;
use crate::commands::copy::CopyArgs;
use crate::commands::delete::DeleteArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::export::ExportArgs;
use crate::commands::fernet::FernetCommand;
use crate::commands::generate::GenerateArgs;
use crate::commands::get::GetArgs;
use crate::commands::import::ImportArgs;
use crate::commands::list::ListArgs;
use crate::commands::migrate::MigrateArgs;
use crate::commands::resolve::ResolveArgs;
use crate::commands::restore::RestoreArgs;
use crate::commands::rollback::RollbackArgs;
use crate::commands::set::SetArgs;
use crate::commands::status::StatusArgs;
use crate::commands::versions::VersionsArgs;
use crate::commands::watch::WatchArgs;
use crate::completion;

/// Whose secrets these are where nothing is said.
pub(crate) const DEFAULT_APP: &str = "strongroom";
const EVERYWHERE: &str = "Options of every command";

/// Keeps secrets: API keys, credentials, tokens.
///
/// A key is written `[kind/id/]name[@target]`, such as `API_KEY`, `org/acme/api_key` or `API_KEY@production`.
#[derive(Debug, Parser)]
#[command(
    name = "strongroom",
    version,
    arg_required_else_help = true,
    mut_arg("secrets_backend", |arg| arg.help_heading(EVERYWHERE).add(completion::backends())),
    mut_arg("secrets_config", |arg| arg.help_heading(EVERYWHERE).long("config").alias("secrets-config")),
    mut_arg("secrets_set", |arg| arg.help_heading(EVERYWHERE).add(completion::settings())),
    after_help = "Exit codes: 0 done, 2 wrong usage, 141 the reader of stdout went away; every kind of error has its own \
                  (docs/errors.md)."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every subcommand takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// The application whose secrets these are
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME", default_value = DEFAULT_APP)]
    pub(crate) app: String,
    #[command(flatten)]
    pub(crate) secrets: SecretsArgs,
    /// Pass over the project's file of configuration
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) no_project: bool,
    /// How long one call may take in all, such as `10s` or `500ms`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
    /// Never ask another machine: what the file of `cache_file` has is answered
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) offline: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the store and its key file, where they are not there yet
    Init,
    /// Set a secret; its value comes from stdin, a hidden prompt or a file
    Set(SetArgs),
    /// Write a secret's exact bytes to stdout or to a file
    Get(GetArgs),
    /// List the keys; values only when asked for
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Remove secrets with their history
    #[command(visible_alias = "rm")]
    Delete(DeleteArgs),
    /// List the versions of a secret that are kept
    Versions(VersionsArgs),
    /// Make a former version of a secret the current one
    Rollback(RollbackArgs),
    /// Bring back a secret that was deleted, where the backend still keeps it
    Restore(RestoreArgs),
    /// Write the exact bytes that a reference leads to
    Resolve(ResolveArgs),
    /// Tell changes as they happen, never a value
    Watch(WatchArgs),
    /// Set a secret to a new random value
    Generate(GenerateArgs),
    /// Read many secrets from a document: a `.env` file, JSON, YAML
    Import(ImportArgs),
    /// Write many secrets into a document, values included
    Export(ExportArgs),
    /// Copy secrets to another place
    Copy(CopyArgs),
    /// Copy all secrets to another place, and remove them here on request
    Migrate(MigrateArgs),
    /// The secrets of one component
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Keys and tokens of Fernet, as Python's `cryptography` has them
    #[command(subcommand)]
    Fernet(FernetCommand),
    /// Show where the secrets live, what opens them and how that place is
    Status(StatusArgs),
    /// Show where a secret is looked for, what each place answered and what is hidden behind the answer
    Explain(ExplainArgs),
    /// Check everything that is stored
    Verify,
    /// Find out what is wrong with this setup, and what to do
    Doctor(DoctorArgs),
    /// See how this is configured, and say which project may configure it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write the script that completes commands and names in a shell
    Completions(CompletionsArgs),
}

/// What is kept beside a value.
#[derive(Args, Debug)]
pub(crate) struct MetadataArgs {
    /// Who issued the secret, such as `openai`
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// What the secret may be used for, such as OAuth scopes
    #[arg(long, value_name = "TEXT")]
    pub(crate) scope_of_use: Option<String>,
    /// A word of your own; may be given again
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// Expire after this time: `90d`, `12h`, `30m`, `45s`, `2w`
    #[arg(long, value_name = "TIME", conflicts_with = "expires_at")]
    pub(crate) expires_in: Option<String>,
    /// Expire then: `2030-01-31T12:00:00Z`
    #[arg(long, value_name = "RFC3339")]
    pub(crate) expires_at: Option<String>,
}

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns with a heading
    Table,
    /// One JSON document
    Json,
    /// The same document as YAML
    Yaml,
    /// One line an entry, columns separated by tabs
    Plain,
}

impl Format {
    /// Whether it is a document for programs, not lines.
    pub(crate) fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}
