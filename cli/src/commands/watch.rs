//! `strongroom watch`

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use strongroom::{Change, SecretScope, SubscribeOptions, parse_duration};

use crate::args::Global;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};
use crate::terminal::printable;

const EXAMPLES: &str = "\
Examples:
  strongroom watch                               every change, until Ctrl-C
  strongroom watch API_KEY --count 1             wait for the next change of one secret
  strongroom watch --scope org/acme -o json      one JSON object a line";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WatchArgs {
    /// Only these secrets
    #[arg(value_name = "KEY", add = crate::completion::keys())]
    pub(crate) keys: Vec<String>,
    /// Only secrets of this scope
    #[arg(long, value_name = "KIND/ID")]
    pub(crate) scope: Option<String>,
    /// Only keys that begin so
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// How often to look at the backend, such as `5s`
    #[arg(long, value_name = "TIME")]
    pub(crate) every: Option<String>,
    /// End after so many changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// How to write a change
    #[arg(short, long, value_name = "FORMAT", default_value = "plain")]
    pub(crate) output: Line,
}

/// How a change is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Line {
    /// Words, with tabs between them
    Plain,
    /// One JSON object
    Json,
}

/// Writes a line for every change, never a value.
pub(crate) fn run(global: &Global, args: &WatchArgs) -> Result<(), Failure> {
    let manager = session::open(global, Access::Look)?;
    let mut subscription = manager.subscribe(options(args)?)?;
    let mut told = 0;
    while args.count.is_none_or(|count| told < count) {
        let Some(change) = manager.wait_for(|_| subscription.next()) else {
            break;
        };
        let line = match args.output {
            Line::Plain => plain(&change),
            Line::Json => json_of(&change).to_string(),
        };
        output::bytes(format!("{line}\n").as_bytes())?;
        told += 1;
    }
    Ok(())
}

fn options(args: &WatchArgs) -> Result<SubscribeOptions, Failure> {
    let mut options = SubscribeOptions::new();
    for text in &args.keys {
        options = options.key(session::key(text)?);
    }
    if let Some(scope) = &args.scope {
        options = options.scope(SecretScope::parse(scope)?);
    }
    if let Some(prefix) = &args.prefix {
        options = options.prefix(prefix);
    }
    if let Some(every) = &args.every {
        options = options.every(span(every)?);
    }
    Ok(options)
}

fn span(text: &str) -> Result<Duration, Failure> {
    parse_duration(text).ok_or_else(|| {
        Failure::usage(
            format!("`--every {}` is no time span", printable(text)),
            "write it as `500ms`, `10s` or `5m`",
        )
    })
}

fn plain(change: &Change) -> String {
    let mut words = vec![change.kind.word()];
    words.extend(change.key.as_ref().map(strongroom::SecretKey::as_str));
    words.extend(change.version.as_ref().map(strongroom::Version::as_str));
    words.extend(change.health.map(strongroom::backend::HealthState::word));
    words.extend(change.reason.as_deref());
    let words: Vec<_> = words.into_iter().map(printable).collect();
    words.join("\t")
}

fn json_of(change: &Change) -> Value {
    let mut map = serde_json::Map::new();
    map.insert("kind".to_owned(), json!(change.kind.word()));
    let texts = [
        ("key", change.key.as_ref().map(strongroom::SecretKey::as_str)),
        ("version", change.version.as_ref().map(strongroom::Version::as_str)),
        ("health", change.health.map(strongroom::backend::HealthState::word)),
        ("reason", change.reason.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            map.insert(name.to_owned(), json!(text));
        }
    }
    Value::Object(map)
}
