//! `strongroom explain`

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use strongroom::SecretScope;
use strongroom::backend::{ExplainStep, Explanation};

use crate::args::{Format, Global};
use crate::document;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The key, `[kind/id/]name[@target]`; with `--scope` the name alone
    #[arg(add = crate::completion::keys())]
    pub(crate) key: String,
    /// Look for the name in this scope, such as `org/acme` or `global`; give it again for the next one
    #[arg(long = "scope", value_name = "SCOPE", add = crate::completion::scopes())]
    pub(crate) scopes: Vec<String>,
    /// How to write it; `table` on a terminal, else `plain`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
}

/// Shows every place where a secret is looked for. The exit code is that of `get`.
pub(crate) fn run(global: &Global, args: &ExplainArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let scopes: Result<Vec<_>, _> = args.scopes.iter().map(|scope| SecretScope::parse(scope)).collect();
    let scopes = scopes?;
    let manager = session::open(global, Access::Look)?;
    let explanation = if scopes.is_empty() {
        manager.explain(&key, &[])?
    } else {
        manager.explain(args.key.as_str(), &scopes)?
    };
    match output::format_or_default(args.output) {
        format @ (Format::Json | Format::Yaml) => document::write(format, "explanation", json(&explanation))?,
        format => {
            let steps = explanation.steps.iter().enumerate();
            let rows: Vec<_> = steps.map(|(at, step)| row(step, mark(&explanation, at))).collect();
            output::rows(format, &["KEY", "BACKEND", "WHERE", "ANSWER", "TIME", "MEANING"], &rows)?;
        }
    }
    match (explanation.error, explanation.answer) {
        (Some(error), _) => Err(error.into()),
        (None, None) => Err(session::missing(&key, None)),
        (None, Some(_)) => Ok(()),
    }
}

/// What a step means for a read.
fn mark(explanation: &Explanation, at: usize) -> &'static str {
    let step = &explanation.steps[at];
    if explanation.answer == Some(at) {
        "the answer"
    } else if step.shadowed {
        "shadowed"
    } else if step.passed_over {
        "passed over"
    } else if step.answer.error().is_some() {
        "ends the search"
    } else {
        "-"
    }
}

fn row(step: &ExplainStep, mark: &str) -> Vec<String> {
    let answer = match step.answer.error() {
        Some(error) => format!("{}: {}", error.kind(), error.message()),
        None => step.answer.word().replace('_', " "),
    };
    vec![
        step.key.to_string(),
        step.backend.to_owned(),
        step.detail.clone().unwrap_or_else(|| "-".to_owned()),
        answer,
        time(step.took),
        mark.to_owned(),
    ]
}

/// A time span for people.
fn time(took: Duration) -> String {
    if took < Duration::from_millis(10) {
        format!("{}us", took.as_micros())
    } else {
        format!("{}ms", took.as_millis())
    }
}

fn json(explanation: &Explanation) -> Value {
    let steps: Vec<_> = explanation.steps.iter().map(step_json).collect();
    json!({
        "answer": explanation.answer,
        "error": explanation.error.as_ref().map(error_json),
        "cache": "not asked",
        "steps": steps,
    })
}

fn step_json(step: &ExplainStep) -> Value {
    let mut map = serde_json::Map::new();
    map.insert("key".to_owned(), json!(step.key.as_str()));
    map.insert("scope".to_owned(), json!(step.scope().to_string()));
    map.insert("backend".to_owned(), json!(step.backend));
    map.insert("answer".to_owned(), json!(step.answer.word()));
    map.insert("shadowed".to_owned(), json!(step.shadowed));
    map.insert("passed_over".to_owned(), json!(step.passed_over));
    let micros = u64::try_from(step.took.as_micros()).unwrap_or(u64::MAX);
    map.insert("took_us".to_owned(), json!(micros));
    if let Some(detail) = &step.detail {
        map.insert("detail".to_owned(), json!(detail));
    }
    if let Some(error) = step.answer.error() {
        map.insert("error".to_owned(), error_json(error));
    }
    if let Some(metadata) = &step.metadata {
        map.insert("metadata".to_owned(), output::metadata_json(metadata).into());
    }
    Value::Object(map)
}

fn error_json(error: &strongroom::Error) -> Value {
    json!({ "kind": error.kind().token(), "message": error.message(), "backend": error.backend() })
}
