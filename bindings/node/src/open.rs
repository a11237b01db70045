//! Opening a manager.

use std::path::PathBuf;
use std::sync::Arc;

use napi::ValueType;
use napi::bindgen_prelude::*;
use strongroom::{Builder, CallOptions, ConfigFormat, ErrorKind, SecretManager, SecretValue, face};

use crate::arguments::{Longest, array, is, new_secret, text, wrong_type};
use crate::asking::Provider;
use crate::call::{Begins, How, end_of, run};
use crate::entry::Arguments;
use crate::error::{Failure, Outcome, fault};
use crate::objects;
use crate::options::Options;

/// `open(waits, functions, stated, {})`
pub(crate) fn open<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let how = How::of(call)?;
    let mut options = Options::at(call, 3)?;
    let stated = Stated::of(call, 1, &mut options)?;
    let (chosen, scope) = options.general(CallOptions::new(), how)?;
    if scope.is_some() {
        return Err(fault(
            "scope",
            "an opening has no scope; `scoped` of the manager gives a view",
        ));
    }
    let cancel = end_of(chosen.cancel.as_ref());
    let chosen = chosen.cancel(cancel.clone());
    // JavaScript's thread is not to wait for files of settings.
    let opening = async move { face::open(stated.read().call_options(chosen), how.face()).await };
    run(call.env, how, Begins::Elsewhere, &[cancel], &[], opening)
}

/// What a manager is to be opened with.
pub(crate) struct Stated {
    builder: Builder,
    files: Vec<PathBuf>,
}

impl Stated {
    /// Takes it from what `lib/open.js` makes of the options: at a place the numbers of the functions that are asked
    /// for secret settings, at the next one what is an opening's own. No file is read yet.
    pub(crate) fn of(call: &Arguments<'_>, place: usize, options: &mut Options<'_>) -> Outcome<Self> {
        for (name, _) in properties("options", call.at(place + 1))? {
            options.take(&name)?;
        }
        let mut own = Options::of("options", call.at(place + 1))?;
        let mut builder = SecretManager::builder();
        if let Some(app) = own.text("app")? {
            builder = builder.app(app);
        }
        for (setting, of) in own.given("settings", properties)?.unwrap_or_default() {
            builder = builder.option(&setting, setting_text(&setting, of)?);
        }
        for (setting, of) in own.given("secrets", properties)?.unwrap_or_default() {
            builder = builder.secret_option(&setting, secret(&setting, of)?);
        }
        for (setting, of) in properties("functions", call.at(place))? {
            // SAFETY: `lib/asking.js` gives numbers.
            let function = unsafe { of.cast()? };
            let provider = Provider::new(call.env, function)?;
            builder = builder.secret_provider(&setting, Arc::new(provider));
        }
        for (language, of) in own.given("configText", properties)?.unwrap_or_default() {
            let document = text(&format!("configText.{language}"), of)?;
            builder = builder.config_text(format(&language)?, &document);
        }
        if own.given("environment", crate::arguments::flag)? == Some(false) {
            builder = builder.without_environment();
        }
        let files = own.given("configFile", paths)?.unwrap_or_default();
        Ok(Self { builder, files })
    }

    /// Reads the files of settings.
    pub(crate) fn read(self) -> Builder {
        let files = self.files.iter();
        files.fold(self.builder, |builder, path| builder.config_file(path))
    }
}

/// What an object has.
fn properties<'a>(name: &str, of: Unknown<'a>) -> Outcome<Vec<(String, Unknown<'a>)>> {
    if !is(of, ValueType::Object)? {
        return Err(wrong_type(name, "an object", of));
    }
    let names = objects::own_names(of)?.into_iter();
    names
        .map(|key| Ok((text(name, key)?, objects::get(of, key)?)))
        .collect()
}

/// A setting as the settings' table writes it.
fn setting_text(setting: &str, of: Unknown<'_>) -> Outcome<String> {
    match of.get_type()? {
        ValueType::String => text(setting, of),
        ValueType::Boolean => {
            // SAFETY: it is one.
            let is_on: bool = unsafe { of.cast()? };
            Ok(if is_on { "on" } else { "off" }.to_owned())
        }
        ValueType::Number => {
            // SAFETY: it is one.
            let number: f64 = unsafe { of.cast()? };
            if number.fract() != 0.0 {
                return Err(fault(setting, "a setting that is given as a number is a whole one"));
            }
            Ok(number.to_string())
        }
        _ => Err(wrong_type(
            &format!("the setting '{}'", setting.escape_debug()),
            "a string, a number, a boolean or a file: URL",
            of,
        )),
    }
}

/// A secret setting's value.
fn secret(setting: &str, of: Unknown<'_>) -> Outcome<SecretValue> {
    new_secret(of, Longest::Value)
        .map(|secret| secret.value)
        .map_err(|failure| match failure {
            Failure::Type(_) => wrong_type(
                &format!("the secret setting '{}'", setting.escape_debug()),
                "a string, a Uint8Array, a Secret or a function that gives one",
                of,
            ),
            Failure::Ours(error) if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::TooLarge) => {
                Failure::Ours(error.with_setting(setting.to_owned()))
            }
            failure => failure,
        })
}

fn format(language: &str) -> Outcome<ConfigFormat> {
    match language {
        "json" => Ok(ConfigFormat::Json),
        "toml" => Ok(ConfigFormat::Toml),
        _ => Err(fault("configText", "the language of a document is `json` or `toml`")),
    }
}

/// One path, or several.
fn paths(name: &str, of: Unknown<'_>) -> Outcome<Vec<PathBuf>> {
    let wanted = "a path, a file: URL, or an array of them";
    let path = |of: Unknown<'_>| {
        if !is(of, ValueType::String)? {
            return Err(wrong_type(name, wanted, of));
        }
        text(name, of).map(PathBuf::from)
    };
    if of.is_array()? {
        return array(name, wanted, of)?.into_iter().map(path).collect();
    }
    Ok(vec![path(of)?])
}
