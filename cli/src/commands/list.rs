//! `strongroom list`

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};
use strongroom::backend::{EntryName, ListEntry};
use strongroom::{ListOptions, SecretKey, SecretScope, SecretValue};

use crate::args::{Format, Global};
use crate::completion;
use crate::document;
use crate::failure::Failure;
use crate::output::{self, short_time};
use crate::reveal::{self, MASK, RevealArgs, Revealed};
use crate::session::{self, Access};

const EXAMPLES: &str = "\
Examples:
  strongroom list --scope org/acme --long        what is known about each
  strongroom list -o json                        for programs
  strongroom list --show-values --yes -o yaml    with values, without asking";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// Only secrets of this scope, such as `global` or `org/acme`
    #[arg(long, value_name = "SCOPE", add = completion::scopes())]
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
    #[command(flatten)]
    pub(crate) reveal: RevealArgs,
}

/// Lists keys; values only when asked for.
pub(crate) fn run(global: &Global, args: &ListArgs) -> Result<(), Failure> {
    args.reveal.check()?;
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
    let manager = session::open(global, Access::Look)?;
    let entries = manager.list(options)?.entries;
    let keys: Vec<_> = entries.iter().filter_map(|entry| entry.name.key().cloned()).collect();
    let revealed = args.reveal.read(&manager, &keys)?;
    let values = revealed.as_ref().map(|revealed| &revealed.values);
    match output::format_or_default(args.output) {
        format if format.is_document() => {
            let entries = entries.iter().map(|entry| entry_json(entry, values)).collect();
            document::write(format, "entries", entries)?;
        }
        format => {
            let rows: Vec<_> = entries.iter().map(|entry| row(entry, args.long, values)).collect();
            let heading: &[&str] = match (args.long, values) {
                (true, _) => &["KEY", "VERSION", "PROVIDER", "UPDATED", "EXPIRES", "LABELS", "VALUE"],
                (false, Some(_)) => &["KEY", "VALUE"],
                (false, None) => &["KEY"],
            };
            output::rows(format, heading, &rows)?;
        }
    }
    Revealed::end(revealed)
}

type Values = BTreeMap<SecretKey, SecretValue>;

fn row(entry: &ListEntry, long: bool, values: Option<&Values>) -> Vec<String> {
    let mut row = vec![entry.name.to_string()];
    if long {
        row.extend(details(entry));
    }
    match (values, entry.name.key()) {
        (Some(values), Some(key)) => row.push(values.get(key).map_or_else(|| "-".to_owned(), reveal::shown)),
        (Some(_), None) => row.push("-".to_owned()),
        (None, _) if long => row.push(MASK.to_owned()),
        (None, _) => {}
    }
    row
}

fn details(entry: &ListEntry) -> [String; 5] {
    let metadata = &entry.metadata;
    let or_dash = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
    let labels: Vec<_> = metadata
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expires = short_time(metadata.expires_at);
    [
        or_dash(metadata.version.as_ref().map(ToString::to_string)),
        or_dash(metadata.provider.clone()),
        short_time(metadata.updated_at),
        if entry.expired {
            format!("{expires} (expired)")
        } else {
            expires
        },
        or_dash(Some(labels.join(","))),
    ]
}

fn entry_json(entry: &ListEntry, values: Option<&Values>) -> Value {
    let mut map = output::metadata_json(&entry.metadata);
    match &entry.name {
        EntryName::Key(key) => {
            if let Some(value) = values.and_then(|values| values.get(key)) {
                match value.expose_str() {
                    Ok(text) => map.insert("value".to_owned(), json!(text)),
                    Err(_) => map.insert("value_bytes".to_owned(), json!(value.expose())),
                };
            }
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
