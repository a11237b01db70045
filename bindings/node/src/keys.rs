//! Keys as text, without a manager.

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::{SecretKey, SecretScope, VariableMapping};

use crate::arguments::{key, scope, text, value_alone};
use crate::entry::Arguments;
use crate::error::{Outcome, value};
use crate::manager::transfer::word;
use crate::options::Options;
use crate::secret;

/// `parse(text)`: the parts of a key.
pub(crate) fn parse<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = SecretKey::parse(&key(call.at(0))?)?;
    let mut parts = Object::new(call.env)?;
    parts.set("key", key.as_str())?;
    parts.set("kind", key.kind().word())?;
    parts.set("id", key.id())?;
    parts.set("name", key.name())?;
    parts.set("target", key.target())?;
    Ok(parts.to_unknown())
}

/// `of(name, { scope, target })`: the text of a key of these parts.
pub(crate) fn of<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let name = key(call.at(0))?;
    let mut options = Options::of("options", call.at(1))?;
    let scope = options.given("scope", scope)?.unwrap_or_else(SecretScope::global);
    let mut key = SecretKey::in_scope(scope, &name);
    if let Some(target) = options.text("target")? {
        key = key.target_of(target);
    }
    options.finish()?;
    key.check()?;
    value(call.env, key.as_str())
}

/// `escape(word)`: any bytes as one segment of a key.
pub(crate) fn escape<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let word = value_alone(call.at(0))?;
    value(call.env, SecretKey::escape(word.expose()))
}

/// `unescape(segment)`: the bytes that a segment stands for.
pub(crate) fn unescape<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let bytes = SecretKey::unescape(&key(call.at(0))?)?;
    secret::array(call.env, &bytes)
}

/// `variable(key, prefix, { mapping })`: the name of the environment variable that stands for a key.
pub(crate) fn variable<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = SecretKey::parse(&key(call.at(0))?)?;
    let prefix = text("prefix", call.at(1))?;
    let mut options = Options::of("options", call.at(2))?;
    let known = [VariableMapping::Plain, VariableMapping::Escaped];
    let mapping = options.given("mapping", |name, of| {
        word(name, of, &known, |mapping| match mapping {
            VariableMapping::Escaped => "escaped",
            _ => "plain",
        })
    })?;
    options.finish()?;
    value(call.env, mapping.unwrap_or_default().variable(&prefix, &key))
}
