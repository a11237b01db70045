//! What exports, imports and copies answer, as objects. Errors in them are plain objects of what an error says, of which
//! `lib/transfer.js` makes errors.

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::transfer::{
    CopiedSecret, CopyLoss, CopyPhase, CopyPlan, CopyProgress, CopyReport, Export, Exported, ImportReport, PlannedCopy,
    Skipped,
};
use strongroom::{Error, SecretKey};

use crate::call::Answer;
use crate::error::{self, Outcome};
use crate::results::count;
use crate::secret;

/// An object for each of them.
pub(crate) fn each<'a, T>(
    env: &'a Env,
    of: &[T],
    make: impl Fn(&'a Env, &T) -> Outcome<Object<'a>>,
) -> Outcome<Vec<Object<'a>>> {
    of.iter().map(|one| make(env, one)).collect()
}

/// What an error says, or `null`.
pub(crate) fn set_error(env: &Env, fields: &mut Object<'_>, name: &str, error: Option<&Error>) -> Outcome<()> {
    let error = error.map(|error| error::fields(env, error)).transpose()?;
    Ok(fields.set(name, error)?)
}

fn keys(of: &[SecretKey]) -> Vec<&str> {
    of.iter().map(SecretKey::as_str).collect()
}

fn losses(of: &[CopyLoss]) -> Vec<&'static str> {
    of.iter().map(|loss| loss.word()).collect()
}

fn skipped<'a>(env: &'a Env, skipped: &Skipped) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("name", &skipped.name)?;
    fields.set("reason", skipped.reason.word())?;
    fields.set("line", skipped.line.map(count))?;
    Ok(fields)
}

fn exported<'a>(env: &'a Env, exported: &Exported) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("key", exported.key.as_str())?;
    fields.set("name", &exported.name)?;
    fields.set("escaped", exported.escaped)?;
    fields.set("losses", losses(&exported.losses))?;
    Ok(fields)
}

impl Answer for Export {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("document", secret::handle(env, strongroom::Secret::new(self.document))?)?;
        fields.set("exported", each(env, &self.exported, exported)?)?;
        fields.set("skipped", each(env, &self.skipped, skipped)?)?;
        Ok(fields.to_unknown())
    }
}

impl Answer for ImportReport {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("created", keys(&self.created))?;
        fields.set("replaced", keys(&self.replaced))?;
        fields.set("skipped", each(env, &self.skipped, skipped)?)?;
        let failures = each(env, &self.failures, |env, failure| {
            let mut failed = Object::new(env)?;
            failed.set("key", failure.key.as_str())?;
            set_error(env, &mut failed, "error", Some(&failure.error))?;
            Ok(failed)
        })?;
        fields.set("failures", failures)?;
        fields.set("notes", self.notes)?;
        fields.set("dryRun", self.dry_run)?;
        Ok(fields.to_unknown())
    }
}

fn planned<'a>(env: &'a Env, planned: &PlannedCopy) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("key", planned.key.as_str())?;
    fields.set("action", planned.action.word())?;
    fields.set("losses", losses(&planned.losses))?;
    set_error(env, &mut fields, "error", planned.error.as_ref())?;
    Ok(fields)
}

impl Answer for CopyPlan {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("secrets", each(env, &self.secrets, planned)?)?;
        set_error(env, &mut fields, "refusal", self.refusal().as_ref())?;
        fields.set("references", self.references)?;
        Ok(fields.to_unknown())
    }
}

fn copied<'a>(env: &'a Env, copied: &CopiedSecret) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("key", copied.key.as_str())?;
    fields.set("outcome", copied.outcome.word())?;
    fields.set("losses", losses(&copied.losses))?;
    fields.set("deleted", copied.deleted)?;
    set_error(env, &mut fields, "error", copied.error.as_ref())?;
    Ok(fields)
}

impl Answer for CopyReport {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("secrets", each(env, &self.secrets, copied)?)?;
        fields.set("references", self.references)?;
        fields.set("resumed", self.resumed)?;
        fields.set("deletedBefore", keys(&self.deleted_before))?;
        Ok(fields.to_unknown())
    }
}

/// How far a copy is.
pub(crate) struct HowFar {
    phase: CopyPhase,
    done: usize,
    total: usize,
    key: SecretKey,
}

impl HowFar {
    pub(crate) fn of(progress: &CopyProgress<'_>) -> Self {
        Self {
            phase: progress.phase,
            done: progress.done,
            total: progress.total,
            key: progress.key.clone(),
        }
    }
}

impl Answer for HowFar {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("phase", self.phase.word())?;
        fields.set("done", count(self.done))?;
        fields.set("total", count(self.total))?;
        fields.set("key", self.key.as_str())?;
        Ok(fields.to_unknown())
    }
}
