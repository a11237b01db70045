//! Settings: their table, and what a manager would be opened with.

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::{SETTINGS, SettingKind};

use crate::arguments::text;
use crate::entry::Arguments;
use crate::error::{self, Outcome, value};
use crate::open::Stated;
use crate::options::Options;
use crate::results;

/// `inspect(functions, stated, {})`
pub(crate) fn inspect<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::of("options", call.at(2))?;
    let stated = Stated::of(call, 0, &mut options)?;
    options.finish()?;
    let found = stated.read().inspect();
    let problems = found.problems.iter().map(|error| error::fields(call.env, error));
    let files = found.files.iter().map(|looked_for| {
        let mut fields = Object::new(call.env)?;
        fields.set("role", looked_for.role.word())?;
        fields.set("path", looked_for.path.to_string_lossy().into_owned())?;
        fields.set("found", looked_for.found)?;
        Ok(fields)
    });
    let mut answer = Object::new(call.env)?;
    answer.set("settings", results::settings(call.env, &found.settings)?)?;
    answer.set("problems", problems.collect::<Outcome<Vec<_>>>()?)?;
    answer.set("files", files.collect::<Outcome<Vec<_>>>()?)?;
    Ok(answer.to_unknown())
}

/// The table of settings, with the variables of an application: `settingsTable(app)`
pub(crate) fn settings_table<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let app = text("app", call.at(0))?;
    let rows = SETTINGS.iter().map(|setting| {
        let (kind, choices, least, most) = kind(setting.kind);
        let mut fields = Object::new(call.env)?;
        fields.set("key", setting.key)?;
        fields.set("kind", kind)?;
        fields.set("choices", choices.to_vec())?;
        fields.set("min", least.map(number))?;
        fields.set("max", most.map(number))?;
        fields.set("default", setting.default)?;
        fields.set("variables", setting.variables(&app))?;
        fields.set("secret", setting.secret)?;
        fields.set("help", setting.help)?;
        Ok(fields)
    });
    value(call.env, rows.collect::<Outcome<Vec<_>>>()?)
}

/// A bound as a `number`: the largest one is rounded.
#[expect(clippy::cast_precision_loss, reason = "JavaScript has no other numbers")]
fn number(of: u64) -> f64 {
    of as f64
}

/// A kind's word, its choices, and the least and the most that it can be.
fn kind(kind: SettingKind) -> (&'static str, &'static [&'static str], Option<u64>, Option<u64>) {
    match kind {
        SettingKind::Path => ("path", &[], None, None),
        SettingKind::List => ("list", &[], None, None),
        SettingKind::Choice(words) => ("choice", words, None, None),
        SettingKind::Integer { min, max } => ("integer", &[], Some(min), Some(max)),
        SettingKind::Size { min, max } => ("size", &[], Some(min), Some(max)),
        SettingKind::Duration => ("duration", &[], None, None),
        _ => ("text", &[], None, None),
    }
}

/// The JSON Schema of a document of settings, as text: `configSchema()`
pub(crate) fn config_schema<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, strongroom::config_schema())
}
