//! The arguments. Their doc comments are the help texts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EVERYWHERE: &str = "Options of every command";

/// Keeps secrets: API keys, credentials, tokens.
///
/// A key is written `[kind/id/]name[@target]`, such as `API_KEY`, `org/acme/api_key` or `API_KEY@production`.
#[derive(Debug, Parser)]
#[command(
    name = "strongroom",
    version,
    arg_required_else_help = true,
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
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME", default_value = "strongroom")]
    pub(crate) app: String,
    /// Where the secrets live, such as `encrypted`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "BACKEND")]
    pub(crate) secrets_backend: Option<String>,
    /// How long one call may take in all, such as `10s` or `500ms`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
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
    /// List the keys, never a value
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Remove secrets with their history
    #[command(visible_alias = "rm")]
    Delete(DeleteArgs),
    /// List the versions of a secret that are kept
    Versions(VersionsArgs),
    /// Make a former version of a secret the current one
    Rollback(RollbackArgs),
    /// Set a secret to a new random value
    Generate(GenerateArgs),
    /// Show where the secrets live, what opens them and how that place is
    Status(StatusArgs),
    /// Check everything that is stored
    Verify,
}

#[derive(Args, Debug)]
pub(crate) struct SetArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    // Taken so that it can be refused without being shown: an argument is seen by every process of the machine.
    #[arg(hide = true, num_args = 0..)]
    pub(crate) refused: Vec<OsString>,
    /// Read the value from this file (`-` is stdin), exactly as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// Keep a newline at the end of stdin (one is dropped otherwise)
    #[arg(long, conflicts_with = "from_file")]
    pub(crate) raw: bool,
    /// Accept an empty value
    #[arg(long)]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    /// Only where there is no such secret yet
    #[arg(long, conflicts_with = "if_version")]
    pub(crate) if_absent: bool,
    /// Only where this is the current version
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<String>,
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

#[derive(Args, Debug)]
pub(crate) struct GetArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    /// Read this version
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Read it even where it has expired
    #[arg(long)]
    pub(crate) include_expired: bool,
    /// Write to this file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns with a heading
    Table,
    /// One JSON document
    Json,
    /// One line an entry, columns separated by tabs
    Plain,
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Only secrets of this scope, such as `global` or `org/acme`
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Option<String>,
    /// Only keys that begin so, such as `org/acme/db_`
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Only secrets of this provider
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// Show the metadata too
    #[arg(short, long)]
    pub(crate) long: bool,
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
}

#[derive(Args, Debug)]
pub(crate) struct DeleteArgs {
    /// The keys
    #[arg(required = true, value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Do not mind where there is no such secret
    #[arg(long)]
    pub(crate) missing_ok: bool,
}

#[derive(Args, Debug)]
pub(crate) struct VersionsArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
}

#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    /// The version to go back to
    #[arg(required_unless_present = "back", conflicts_with = "back")]
    pub(crate) version: Option<String>,
    /// Go back so many versions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) back: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// The key, `[kind/id/]name[@target]`
    pub(crate) key: String,
    /// N random bytes as they are
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) bytes: Option<usize>,
    /// N random bytes as hexadecimal text
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) hex: Option<usize>,
    /// N random bytes as url-safe base64 text
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) base64: Option<usize>,
    /// A password of N characters; without any of these, one of 32
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) password: Option<usize>,
    /// Only letters and digits in the password
    #[arg(long, conflicts_with_all = ["bytes", "hex", "base64"])]
    pub(crate) no_symbols: bool,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    /// Replace the secret where there is one; its former version stays readable
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the new value to stdout
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// How to write it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}
