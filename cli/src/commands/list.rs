//! `strongroom list`

use clap::Args;
use serde_json::{Value, json};
use strongroom::backend::{EntryName, ListEntry};
use strongroom::{ListOptions, SecretScope};

use crate::args::{Format, Global};
use crate::failure::Failure;
use crate::output::{self, short_time};
use crate::session::{self, Create};

/// What the verb takes.
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

/// Lists keys, never a value.
pub(crate) fn run(global: &Global, args: &ListArgs) -> Result<(), Failure> {
    let mut options = ListOptions::new();
    if let Some(scope) = &args.scope {
        options = options.scope(SecretScope::parse(scope)?);
    }
    if let Some(prefix) = &args.prefix {
        options = options.prefix(prefix);
    }
    if let Some(provider) = &args.provider {
        options = options.provider(provider);
    }
    if args.long {
        options = options.full_metadata();
    }
    let manager = session::open(global, Create::Never)?;
    let entries = manager.list(options)?.entries;
    match output::format_or_default(args.output) {
        Format::Json => output::document("entries", entries.iter().map(entry_json).collect()),
        format => {
            let rows: Vec<_> = entries.iter().map(|entry| row(entry, args.long)).collect();
            let heading: &[&str] = if args.long {
                &["KEY", "VERSION", "PROVIDER", "UPDATED", "EXPIRES", "LABELS"]
            } else {
                &["KEY"]
            };
            output::rows(format, heading, &rows)
        }
    }
}

fn row(entry: &ListEntry, long: bool) -> Vec<String> {
    let mut row = vec![entry.name.to_string()];
    if !long {
        return row;
    }
    let metadata = &entry.metadata;
    let or_dash = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
    let labels: Vec<_> = metadata
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expires = short_time(metadata.expires_at);
    row.extend([
        or_dash(metadata.version.as_ref().map(ToString::to_string)),
        or_dash(metadata.provider.clone()),
        short_time(metadata.updated_at),
        if entry.expired {
            format!("{expires} (expired)")
        } else {
            expires
        },
        or_dash(Some(labels.join(","))),
    ]);
    row
}

fn entry_json(entry: &ListEntry) -> Value {
    let mut map = output::metadata_json(&entry.metadata);
    match &entry.name {
        EntryName::Key(key) => {
            map.insert("key".to_owned(), json!(key.as_str()));
            map.insert("scope".to_owned(), json!(key.scope().to_string()));
            map.insert("name".to_owned(), json!(key.name()));
            if let Some(target) = key.target() {
                map.insert("target".to_owned(), json!(target));
            }
        }
        name => {
            map.insert("reference".to_owned(), json!(name.to_string()));
        }
    }
    map.insert("expired".to_owned(), json!(entry.expired));
    Value::Object(map)
}
