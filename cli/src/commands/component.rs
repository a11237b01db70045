//! `strongroom component`: the secrets of one component, which are those of the scope `component/<id>`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, ListOptions, Result, SecretKey, SecretScope};

use crate::args::{Format, Global};
use crate::commands::delete::remove;
use crate::commands::set::{self, SetArgs};
use crate::completion;
use crate::document;
use crate::failure::Failure;
use crate::output;
use crate::reveal::{self, RevealArgs, Revealed};
use crate::session::{self, Access};
use crate::terminal;

const LIST_EXAMPLES: &str = "\
Examples:
  strongroom component list time-component
  strongroom component list time-component --show-values --yes -o yaml";

const SET_EXAMPLES: &str = "\
Examples:
  strongroom component set time-component API_KEY    ask for the value, hidden
  strongroom component set time-component A=1 B=2    several at once; process listings
                                                     and shell histories show them";

/// The verbs of a component.
#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// List a component's secrets; values only when asked for
    #[command(visible_alias = "ls")]
    List(ComponentListArgs),
    /// Set secrets of a component
    #[command(after_help = SET_EXAMPLES)]
    Set(ComponentSetArgs),
    /// Remove secrets of a component; missing ones do not matter
    #[command(visible_alias = "rm")]
    Delete(ComponentDeleteArgs),
}

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ComponentListArgs {
    /// The component, such as `time-component`
    #[arg(value_name = "COMPONENT", add = completion::components())]
    pub(crate) component: String,
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) reveal: RevealArgs,
}

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct ComponentSetArgs {
    /// The component, such as `time-component`
    #[arg(value_name = "COMPONENT", add = completion::components())]
    pub(crate) component: String,
    #[command(flatten)]
    pub(crate) set: SetArgs,
}

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct ComponentDeleteArgs {
    /// The component, such as `time-component`
    #[arg(value_name = "COMPONENT", add = completion::components())]
    pub(crate) component: String,
    /// The names of the secrets
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Do not ask before several are removed
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Runs the verb.
pub(crate) fn run(global: &Global, command: &ComponentCommand) -> Result<(), Failure> {
    match command {
        ComponentCommand::List(args) => list(global, args),
        ComponentCommand::Set(args) => {
            let scope = scope(&args.component)?;
            set::set(global, &args.set, |name| key(&scope, name))
        }
        ComponentCommand::Delete(args) => delete(global, args),
    }
}

fn scope(component: &str) -> Result<SecretScope> {
    SecretScope::parse(&format!("component/{component}"))
}

/// The key of a component's secret. A name that brings its own scope would leave the component.
fn key(scope: &SecretScope, name: &str) -> Result<SecretKey> {
    if name.contains('/') {
        return Err(Error::new(
            ErrorKind::InvalidKey,
            "a component's secret has a bare name, without a scope",
        ));
    }
    SecretKey::parse(&format!("{scope}/{name}"))
}

/// A name of the component's as it was given: with its target, without its scope.
fn name(scope: &SecretScope, key: &SecretKey) -> String {
    let text = key.as_str();
    text.strip_prefix(&format!("{scope}/")).unwrap_or(text).to_owned()
}

fn list(global: &Global, args: &ComponentListArgs) -> Result<(), Failure> {
    let scope = scope(&args.component)?;
    args.reveal.check()?;
    let manager = session::open(global, Access::Look)?;
    let keys = keys(&manager, &scope)?;
    let revealed = args.reveal.read(&manager, &keys)?;
    match output::format_or_default(args.output) {
        format if format.is_document() => {
            let mut content = Map::new();
            content.insert("schema".to_owned(), json!(1));
            content.insert("status".to_owned(), json!("success"));
            content.insert("component_id".to_owned(), json!(args.component));
            match &revealed {
                None => {
                    let names: Vec<_> = keys.iter().map(|key| name(&scope, key)).collect();
                    content.insert("secret_keys".to_owned(), json!(names));
                }
                Some(revealed) => {
                    content.insert("secrets".to_owned(), Value::Object(secrets(&scope, revealed)?));
                }
            }
            document::write_whole(format, Value::Object(content))?;
        }
        format => {
            let rows: Vec<_> = keys
                .iter()
                .map(|key| {
                    let mut row = vec![name(&scope, key)];
                    if let Some(revealed) = &revealed {
                        let value = revealed.values.get(key);
                        row.push(value.map_or_else(|| "-".to_owned(), reveal::shown));
                    }
                    row
                })
                .collect();
            let heading: &[&str] = if revealed.is_some() {
                &["NAME", "VALUE"]
            } else {
                &["NAME"]
            };
            output::rows(format, heading, &rows)?;
        }
    }
    Revealed::end(revealed)
}

fn keys(manager: &SecretManager, scope: &SecretScope) -> Result<Vec<SecretKey>> {
    let entries = manager.list(ListOptions::new().scope(scope.clone()))?.entries;
    Ok(entries.iter().filter_map(|entry| entry.name.key().cloned()).collect())
}

/// Names and values. The document maps names to texts, so it cannot hold other bytes.
fn secrets(scope: &SecretScope, revealed: &Revealed) -> Result<Map<String, Value>> {
    let mut map = Map::new();
    for (key, value) in &revealed.values {
        let text = value.expose_str().map_err(|error| {
            error
                .with_key(key)
                .with_help("read this one with `get`; the others are shown with `-o table`")
        })?;
        map.insert(name(scope, key), json!(text));
    }
    Ok(map)
}

fn delete(global: &Global, args: &ComponentDeleteArgs) -> Result<(), Failure> {
    let scope = scope(&args.component)?;
    let keys = args
        .names
        .iter()
        .map(|name| {
            key(&scope, name).map_err(|error| match name.contains('=') {
                true => Error::new(
                    ErrorKind::InvalidKey,
                    "this is no name (it is not shown: it may hold a value)",
                ),
                false => error,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if keys.len() > 1 && !args.yes && terminal::is_there() {
        terminal::confirm(&format!(
            "Remove {} secrets of {} with their history?",
            keys.len(),
            args.component
        ))?;
    }
    remove(global, &keys, true, &strongroom::DeleteOptions::new())
}
