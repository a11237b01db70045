//! Generated values.

use napi::ValueType;
use napi::bindgen_prelude::*;
use strongroom::{GenerateSpec, NewValue, Secret, SecretMetadata};

use super::write::stated;
use crate::arguments::{self, Bytes, count, fault_of_words, is, key, wrong_type};
use crate::call::verb;
use crate::entry::Arguments;
use crate::error::{Failure, Outcome};
use crate::options::Options;
use crate::secret;

/// How a value is generated: `{ kind: 'bytes' | 'hex' | 'base64', bytes }`, or `{ kind: 'password', length, symbols }`.
fn spec(of: Unknown<'_>) -> Outcome<GenerateSpec> {
    if !is(of, ValueType::Object)? {
        return Err(wrong_type("spec", "an object such as { kind: 'hex', bytes: 32 }", of));
    }
    let mut said = Options::of("spec", of)?;
    let kind = said.text("kind")?;
    let Some(kind) = kind else {
        return Err(Failure::Type(
            "spec has no kind; it is an object such as { kind: 'hex', bytes: 32 }".to_owned(),
        ));
    };
    let spec = match kind.as_str() {
        "bytes" => GenerateSpec::bytes(how_many(&mut said, "bytes")?),
        "hex" => GenerateSpec::hex(how_many(&mut said, "bytes")?),
        "base64" => GenerateSpec::base64(how_many(&mut said, "bytes")?),
        "password" => {
            let spec = GenerateSpec::password(how_many(&mut said, "length")?);
            match said.given("symbols", arguments::flag)? {
                Some(false) => spec.without_symbols(),
                _ => spec,
            }
        }
        _ => return Err(fault_of_words("kind", &["bytes", "hex", "base64", "password"])),
    };
    said.finish()?;
    Ok(spec)
}

fn how_many(said: &mut Options<'_>, name: &str) -> Outcome<usize> {
    let given = said.given(name, count)?;
    given.ok_or_else(|| Failure::Type(format!("spec does not say how many: {name} is a number")))
}

/// `generate(spec)`, which stores nothing.
pub(crate) fn generate<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    secret::handle(call.env, Secret::new(spec(call.at(0))?.generate()?))
}

/// `getOrGenerate(key, spec, { provider, scopeOfUse, labels, expiresAt })`
pub(crate) fn get_or_generate<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let spec = spec(call.at(3))?;
    let mut options = Options::at(call, 4)?;
    let spec = spec.with_metadata(stated(&mut options)?.over(SecretMetadata::new()));
    verb(call, options, |manager| async move {
        manager.get_or_generate(&key, &spec).await.map(Some)
    })
}

/// `rotate(key, value or spec)`
pub(crate) fn rotate<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let options = Options::at(call, 4)?;
    let given = call.at(3);
    let new = if is(given, ValueType::Object)? && !given.is_array()? && Bytes::of("a value", given)?.is_none() {
        NewValue::Generate(spec(given)?)
    } else {
        NewValue::Value(arguments::value_alone(given)?)
    };
    verb(call, options, |manager| async move { manager.rotate(&key, new).await })
}
