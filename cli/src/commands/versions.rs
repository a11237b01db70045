//! `strongroom versions`

use clap::Args;
use serde_json::{Value, json};
use strongroom::backend::VersionEntry;

use crate::args::{Format, Global};
use crate::document;
use crate::failure::Failure;
use crate::output::{self, exact_time, short_time};
use crate::session::{self, Access};

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct VersionsArgs {
    /// The key, `[kind/id/]name[@target]`
    #[arg(add = crate::completion::keys())]
    pub(crate) key: String,
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
}

/// Lists the versions that are kept, newest first.
pub(crate) fn run(global: &Global, args: &VersionsArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let manager = session::open(global, Access::Look)?;
    let versions = manager.versions(&key)?;
    match output::format_or_default(args.output) {
        format if format.is_document() => {
            document::write(format, "versions", versions.iter().map(version_json).collect())
        }
        format => {
            let rows: Vec<_> = versions.iter().map(row).collect();
            output::rows(format, &["VERSION", "CURRENT", "WRITTEN", "EXPIRES"], &rows)
        }
    }
}

fn row(entry: &VersionEntry) -> Vec<String> {
    let current = if entry.current { "yes" } else { "-" };
    vec![
        entry.version.to_string(),
        current.to_owned(),
        short_time(entry.created_at),
        short_time(entry.expires_at),
    ]
}

fn version_json(entry: &VersionEntry) -> Value {
    let mut map = serde_json::Map::new();
    map.insert("version".to_owned(), json!(entry.version.as_str()));
    map.insert("current".to_owned(), json!(entry.current));
    if let Some(at) = entry.created_at {
        map.insert("created_at".to_owned(), json!(exact_time(at)));
    }
    if let Some(at) = entry.expires_at {
        map.insert("expires_at".to_owned(), json!(exact_time(at)));
    }
    Value::Object(map)
}
