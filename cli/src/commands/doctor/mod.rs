//! `strongroom doctor`: everything that can be found out about a setup, also where it cannot be opened. It changes
//! nothing and shows no value.

mod files;
mod finding;
mod setup;
mod surroundings;

use clap::Args;
use serde_json::json;
use strongroom::ListOptions;
use strongroom::backend::HealthState;
use strongroom::blocking::SecretManager;

use self::finding::{Finding, Level};
use self::setup::Setup;
use crate::args::{Format, Global};
use crate::document;
use crate::failure::Failure;
use crate::output;
use crate::session;

/// Long enough for a store that is busy, and short enough for one that someone holds.
const PATIENCE: &str = "3s";

const EXAMPLES: &str = "\
Examples:
  strongroom doctor                              this setup, line by line
  strongroom --app sideseat doctor -o json       another application's, for programs

Exit code: 0 where nothing fails, else that of the first line that does (docs/errors.md).";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Check everything that is stored too, as `verify` does
    #[arg(long)]
    pub(crate) deep: bool,
    /// How to write it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// Looks at everything and tells it; the first failure gives the exit code.
pub(crate) fn run(global: &Global, args: &DoctorArgs) -> Result<(), Failure> {
    let findings = examine(global, args.deep);
    tell(args.output, &findings)?;
    let first = findings.iter().find_map(Finding::exit_code);
    first.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}

fn examine(global: &Global, deep: bool) -> Vec<Finding> {
    let setup = Setup::gather(global);
    let mut findings = setup.findings();
    findings.extend(files::findings(&setup));
    if setup.can_be_opened() {
        match open(global, &setup) {
            Ok(manager) => findings.extend(opened(&manager, deep)),
            Err(error) => findings.push(Finding::error("opening", &error)),
        }
    }
    findings.extend(surroundings::findings(&setup));
    findings
}

fn open(global: &Global, setup: &Setup) -> strongroom::Result<SecretManager> {
    let mut builder = session::harmless_builder(global)?;
    if !setup.settings().is_set("deadline") {
        builder = builder.flag("deadline", PATIENCE);
    }
    let manager = builder.open_blocking()?;
    session::close_at_the_end(&manager);
    Ok(manager)
}

/// What only an opened manager knows.
fn opened(manager: &SecretManager, deep: bool) -> Vec<Finding> {
    let name = manager.backend().name();
    let mut findings = Vec::new();
    findings.push(match (name, manager.backend().persistence()) {
        ("file", _) => Finding::warn(
            "opening",
            "`file` keeps every value as plain text",
            "use it for development only; `encrypted` keeps them sealed",
        ),
        ("memory", _) => Finding::warn(
            "opening",
            "`memory` forgets everything when the process ends",
            "choose another backend for what is to be kept",
        ),
        (_, persistence) => Finding::ok("opening", format!("`{name}` opens; it keeps secrets on: {persistence}")),
    });
    findings.push(health(manager));
    findings.extend(contents(manager));
    if deep {
        findings.push(match manager.verify() {
            Ok(report) => Finding::ok(
                "contents",
                format!(
                    "{} versions and {} journal records are whole",
                    report.versions, report.journal
                ),
            ),
            Err(error) => Finding::error("contents", &error),
        });
    }
    findings
}

fn health(manager: &SecretManager) -> Finding {
    match manager.health() {
        Err(error) => Finding::error("health", &error),
        Ok(health) => match (health.state, health.error) {
            (HealthState::Ok, _) => Finding::ok("health", "ok"),
            (HealthState::Unavailable, Some(error)) => Finding::error("health", &error),
            (state, _) => Finding::warn(
                "health",
                format!("{}: {}", state.word(), health.reason.unwrap_or_default()),
                "see what the reason names",
            ),
        },
    }
}

/// Reading the names proves that the key opens what is stored. A backend that cannot list says so elsewhere.
fn contents(manager: &SecretManager) -> Option<Finding> {
    if !manager.backend().capabilities().list {
        return None;
    }
    Some(match manager.list(ListOptions::new()) {
        Err(error) => Finding::error("contents", &error),
        Ok(page) => {
            let expired = page.entries.iter().filter(|entry| entry.expired).count();
            let what = format!("{} secrets, {expired} of them expired", page.entries.len());
            match expired {
                0 => Finding::ok("contents", what),
                _ => Finding::warn("contents", what, "`strongroom list --long` shows which; set new values"),
            }
        }
    })
}

fn tell(format: Format, findings: &[Finding]) -> Result<(), Failure> {
    match format {
        format if format.is_document() => {
            let failed = findings.iter().any(|finding| finding.level == Level::Fail);
            let findings: Vec<_> = findings.iter().map(Finding::json).collect();
            document::write(format, "doctor", json!({ "ok": !failed, "findings": findings }))
        }
        Format::Plain => {
            let rows: Vec<_> = findings.iter().map(Finding::line).collect();
            output::rows(format, &[], &rows)
        }
        format => {
            let rows: Vec<_> = findings.iter().flat_map(Finding::rows).collect();
            output::rows(format, &[], &rows)
        }
    }
}
