//! Secrets from one place to another: what `copy` and `migrate` share. The plan first, then a yes, then the work.

use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value, json};
use strongroom::backend::Persistence;
use strongroom::blocking::SecretManager;
use strongroom::transfer::{
    CopiedSecret, CopyAction, CopyLoss, CopyOptions, CopyOutcome, CopyPlan, CopyProgress, CopyReport, IfExists,
    PlannedCopy,
};
use strongroom::{Builder, Error, ErrorKind, SecretKey, SecretScope, Setting};

use crate::args::Global;
use crate::commands::migrate::{EndArgs, HowArgs};
use crate::failure::{Failure, report as tell};
use crate::session::{self, Access};
use crate::{document, output, terminal};

/// Which secrets, and what becomes of them at the source.
#[derive(Default)]
pub(crate) struct What {
    pub(crate) keys: Vec<SecretKey>,
    pub(crate) scope: Option<SecretScope>,
    pub(crate) prefix: Option<String>,
    pub(crate) delete_source: bool,
    /// Whether the program is to use the new place from now on.
    pub(crate) is_migration: bool,
}

/// Shows the plan, asks, and does it. An interrupted run is begun again with the same words and goes on.
pub(crate) fn run(global: &Global, ends: &EndArgs, how: &HowArgs, what: &What) -> Result<(), Failure> {
    if what.delete_source && !how.yes && !how.dry_run && !terminal::is_there() {
        return Err(Failure::usage(
            "secrets are removed only after a yes, and there is no terminal to ask at",
            "give `--yes`, or copy first and look at the plan with `--dry-run`",
        ));
    }
    if let Some(journal) = &how.journal {
        session::spare_own_files(global, journal)?;
    }
    let source = source(global, ends)?;
    let target = Target::open(global, ends)?;
    target.lasts(global, ends)?;
    if !target.is_missing {
        session::tell_nature(global, target.manager());
    }
    let format = output::format_or_default(how.output);
    let options = options(how, what);
    let plan = source.copy_plan(target.manager(), &options)?;
    let summary = planned(&plan, &source, &target);
    let refusal = plan.refusal();
    if !format.is_document() {
        output::rows(format, &["KEY", "ACTION", "NOTE"], &rows(&plan))?;
        output::notice(global, &summary);
        tell_references(global, &plan.references);
    } else if refusal.is_some() || how.dry_run {
        let secrets = plan.secrets.iter().map(plan_json).collect();
        document::write(format, "plan", whole(&source, &target, secrets, &plan.references))?;
    }
    if let Some(error) = refusal {
        return Err(advised(error, &plan).into());
    }
    if how.dry_run {
        return Ok(());
    }
    let work = plan.count(CopyAction::Create) + plan.count(CopyAction::Replace);
    let removal = if what.delete_source { plan.secrets.len() } else { 0 };
    if work + removal > 0 && !how.yes && terminal::is_there() {
        terminal::confirm(&question(work, removal))?;
    }
    let target = if work == 0 { target } else { target.made(global, ends)? };
    let bar = bar(global);
    let shown = bar.clone();
    let journal = match &how.journal {
        Some(path) => path.clone(),
        None => source.copy_journal(target.manager())?,
    };
    let options = options
        .journal(journal)
        .progress(move |progress| advance(&shown, progress));
    let outcome = source.copy_to(target.manager(), options);
    bar.finish_and_clear();
    let report = outcome?;
    if format.is_document() {
        let secrets = report.secrets.iter().map(report_json).collect();
        document::write(format, "report", whole(&source, &target, secrets, &report.references))?;
    }
    conclude(global, what, &source, &target, &report)
}

/// One end as the command line states it.
struct End<'a> {
    word: Option<&'a String>,
    options: &'a [String],
    config: Option<&'a PathBuf>,
    flag: &'static str,
}

impl End<'_> {
    fn builder(&self, global: &Global, access: Access) -> Result<Builder, Failure> {
        let mut builder = match access {
            Access::Make => session::builder(global, access),
            // A corrupt file is not set aside, and its secrets with it, for a plan.
            Access::Change | Access::Look => session::harmless_builder(global),
        }?;
        if let Some(path) = self.config {
            builder = builder.config_file(path);
        }
        if let Some(word) = self.word {
            builder = builder.flag("backend", word);
        }
        with_options(builder, self.options, self.flag)
    }

    fn open(&self, global: &Global, access: Access) -> Result<SecretManager, Failure> {
        Ok(session::open_built(global, self.builder(global, access)?)?)
    }
}

fn source(global: &Global, ends: &EndArgs) -> Result<SecretManager, Failure> {
    let end = End {
        word: ends.from.as_ref(),
        options: &ends.from_options,
        config: ends.from_config.as_ref(),
        flag: "--from-option",
    };
    end.open(global, Access::Look)
}

fn target(ends: &EndArgs) -> End<'_> {
    End {
        word: ends.to.as_ref(),
        options: &ends.to_options,
        config: ends.to_config.as_ref(),
        flag: "--to-option",
    }
}

/// The place that gets the secrets. One that is not there yet is made when the first is written.
struct Target {
    manager: SecretManager,
    is_missing: bool,
}

impl Target {
    fn open(global: &Global, ends: &EndArgs) -> Result<Self, Failure> {
        let builder = target(ends).builder(global, Access::Look)?;
        let (manager, is_missing) = session::or_stand_in(global, session::open_built(global, builder))?;
        Ok(Self { manager, is_missing })
    }

    /// Refuses a place that ends with this command. A chain that is not made yet keeps what its writer keeps, which is
    /// asked alone: the store of another member would be made for nothing.
    fn lasts(&self, global: &Global, ends: &EndArgs) -> Result<(), Failure> {
        if !self.is_missing {
            return kept_by(&self.manager);
        }
        let builder = || target(ends).builder(global, Access::Look);
        let settings = builder()?.inspect().settings;
        let writer = settings
            .text("chain.writer")
            .map(str::trim)
            .filter(|word| !word.is_empty() && settings.text("backend") == Some(session::CHAIN));
        let Some(word) = writer else { return Ok(()) };
        let writer = session::open_built(global, builder()?.flag("backend", word));
        match session::or_stand_in(global, writer)? {
            (_, true) => Ok(()),
            (writer, false) => kept_by(&writer),
        }
    }

    /// The same place, made where it was not there.
    fn made(self, global: &Global, ends: &EndArgs) -> Result<Self, Failure> {
        if !self.is_missing {
            return Ok(self);
        }
        let manager = target(ends).open(global, Access::Make)?;
        session::tell_nature(global, &manager);
        Ok(Self {
            manager,
            is_missing: false,
        })
    }

    fn manager(&self) -> &SecretManager {
        &self.manager
    }

    fn name(&self) -> &str {
        if self.is_missing {
            "encrypted"
        } else {
            self.manager.backend().name()
        }
    }
}

/// Refuses what ends with this command.
fn kept_by(manager: &SecretManager) -> Result<(), Failure> {
    let backend = manager.backend();
    if backend.capabilities().persistence > Persistence::Process {
        return Ok(());
    }
    let message = format!(
        "what `{}` holds ends with this command, so a copy to it is lost at once",
        backend.name()
    );
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .with_backend(backend.name())
        .with_help("name a backend that keeps secrets, such as `encrypted`")
        .into())
}

/// Adds `SETTING=VALUE`s. What is none is not shown: it may be a value.
fn with_options(mut builder: Builder, options: &[String], flag: &str) -> Result<Builder, Failure> {
    for option in options {
        let Some((key, value)) = option.split_once('=') else {
            return Err(Failure::usage(
                format!("`{flag}` takes SETTING=VALUE (what was given is not shown: it may be a value)"),
                "name a setting, such as `encrypted.path=/old/s.strongroom`",
            ));
        };
        if Setting::find(key).is_some_and(|setting| setting.secret) {
            return Err(Failure::usage(
                format!(
                    "`{key}` is secret and is not given as an argument: every process of the machine can read it there"
                ),
                "state it in the environment or in a file",
            ));
        }
        builder = builder.flag(key, value);
    }
    Ok(builder)
}

fn options(how: &HowArgs, what: &What) -> CopyOptions {
    let mut options = CopyOptions::new();
    options.keys.clone_from(&what.keys);
    options.scope.clone_from(&what.scope);
    options.prefix.clone_from(&what.prefix);
    options.delete_source = what.delete_source;
    options.allow_loss = how.allow_loss;
    options.skip_unfit = how.skip_unfit;
    options.if_exists = match (how.replace, how.skip_existing) {
        (true, _) => IfExists::Replace,
        (_, true) => IfExists::Skip,
        _ => IfExists::Refuse,
    };
    options
}

fn rows(plan: &CopyPlan) -> Vec<Vec<String>> {
    let row = |secret: &PlannedCopy| {
        let note = match &secret.error {
            Some(error) => format!("{}: {}", error.kind().token(), error.message()),
            None if secret.losses.is_empty() => "-".to_owned(),
            None => format!("without {}", words(&secret.losses).join(", ")),
        };
        vec![secret.key.to_string(), secret.action.word().to_owned(), note]
    };
    plan.secrets.iter().map(row).collect()
}

fn words(losses: &[CopyLoss]) -> Vec<&'static str> {
    losses.iter().map(|loss| loss.word()).collect()
}

fn planned(plan: &CopyPlan, source: &SecretManager, target: &Target) -> String {
    let actions = [
        CopyAction::Create,
        CopyAction::Replace,
        CopyAction::Same,
        CopyAction::Skip,
        CopyAction::Refuse,
    ];
    let counts: Vec<_> = actions
        .iter()
        .map(|&action| (plan.count(action), action.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counts = if counts.is_empty() {
        "no secrets".to_owned()
    } else {
        counts.join(", ")
    };
    let made = if target.is_missing { " (to be made)" } else { "" };
    format!("from {} to {}{made}: {counts}", source.backend().name(), target.name())
}

fn tell_references(global: &Global, references: &[String]) {
    for name in references {
        output::notice(global, &format!("not copied, for it is no secret of ours: {name}"));
    }
}

/// What a person can do about a refusal, in the words of this command.
fn advised(error: Error, plan: &CopyPlan) -> Error {
    let refused = plan.secrets.iter().find(|secret| secret.action == CopyAction::Refuse);
    let has_losses = refused.is_some_and(|secret| !secret.losses.is_empty());
    match error.kind() {
        ErrorKind::Conflict => error.with_help("give `--replace` or `--skip-existing`, or remove one of the two"),
        ErrorKind::Unsupported if has_losses => error.with_help("give `--allow-loss`, or choose another backend"),
        ErrorKind::Unsupported | ErrorKind::TooLarge => {
            error.with_help("give `--skip-unfit`, or choose another backend")
        }
        _ => error,
    }
}

fn question(work: usize, removal: usize) -> String {
    let noun = |count: usize| if count == 1 { "secret" } else { "secrets" };
    match (work, removal) {
        (work, 0) => format!("Copy {work} {}?", noun(work)),
        (0, removal) => format!("Remove {removal} {} at the old place?", noun(removal)),
        (work, removal) => format!("Copy {work} {}, then remove {removal} at the old place?", noun(work)),
    }
}

/// A bar for a person who looks; nothing for anyone else.
fn bar(global: &Global) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() && !global.quiet {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    match ProgressStyle::with_template("{prefix:9} [{bar:30}] {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

fn advance(bar: &ProgressBar, progress: &CopyProgress<'_>) {
    bar.update(|state| {
        state.set_len(progress.total as u64);
        state.set_pos(progress.done as u64);
    });
    bar.set_prefix(progress.phase.word());
    bar.set_message(progress.key.to_string());
}

/// Says what was done and what is left to do; the exit code of a secret that was to be removed and was kept.
fn conclude(
    global: &Global,
    what: &What,
    source: &SecretManager,
    target: &Target,
    report: &CopyReport,
) -> Result<(), Failure> {
    if report.resumed {
        output::notice(global, "went on with a run that was interrupted");
    }
    let count = |outcome| report.count(outcome);
    let (copied, same) = (count(CopyOutcome::Copied), count(CopyOutcome::Same));
    let mut parts = vec![
        format!("{copied} copied and read back"),
        format!("{same} there already"),
    ];
    for (number, word) in [
        (count(CopyOutcome::Skipped), "skipped"),
        (count(CopyOutcome::Gone), "gone"),
    ] {
        parts.extend((number > 0).then(|| format!("{number} {word}")));
    }
    if what.delete_source {
        let before = report.deleted_before.len();
        parts.push(format!("{} removed at the source", report.deleted() + before));
    }
    output::notice(global, &parts.join(", "));
    if what.is_migration {
        let variable = session::setting_variable(&global.app, "backend").unwrap_or_default();
        output::notice(
            global,
            &format!(
                "to use the new place: set {variable}={}, and its settings",
                target.name()
            ),
        );
        if !what.delete_source {
            let kept = format!("the secrets in {} are as they were", source.backend().name());
            output::notice(global, &kept);
        }
    }
    let kept = report
        .secrets
        .iter()
        .filter(|secret| what.delete_source && !secret.deleted);
    let codes: Vec<_> = kept.filter_map(|secret| secret.error.as_ref()).map(tell).collect();
    codes.first().map_or(Ok(()), |code| Err(Failure::Reported(*code)))
}

fn whole(source: &SecretManager, target: &Target, secrets: Vec<Value>, references: &[String]) -> Value {
    json!({
        "from": source.backend().name(),
        "to": target.name(),
        "secrets": secrets,
        "references": references,
    })
}

fn plan_json(secret: &PlannedCopy) -> Value {
    entry(
        &secret.key,
        "action",
        secret.action.word(),
        &secret.losses,
        secret.error.as_ref(),
    )
}

fn report_json(secret: &CopiedSecret) -> Value {
    let mut value = entry(
        &secret.key,
        "outcome",
        secret.outcome.word(),
        &secret.losses,
        secret.error.as_ref(),
    );
    value["deleted"] = json!(secret.deleted);
    value
}

fn entry(key: &SecretKey, name: &str, word: &str, losses: &[CopyLoss], error: Option<&Error>) -> Value {
    let mut map = Map::new();
    map.insert("key".to_owned(), json!(key.as_str()));
    map.insert(name.to_owned(), json!(word));
    map.insert("losses".to_owned(), json!(words(losses)));
    if let Some(error) = error {
        map.insert("error".to_owned(), json!(error.kind().token()));
        map.insert("reason".to_owned(), json!(error.message()));
    }
    Value::Object(map)
}
