//! What a value is, in JavaScript's words: for messages, and to refuse an object that has something else to say than its
//! properties. Of a `Map`, a promise or a `Date` given as options nothing would be read.

use std::borrow::Cow;
use std::ptr;

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};

use crate::arguments;
use crate::entry::{Arguments, undefined};
use crate::error::{Failure, Outcome, check, value};
use crate::manager;
use crate::objects;
use crate::secret::Held;

/// The longest name of a class that a message shows.
const LONGEST: usize = 40;

/// What a value is.
pub(crate) fn type_of(of: Unknown<'_>) -> Outcome<Cow<'static, str>> {
    Ok(Cow::Borrowed(match of.get_type()? {
        ValueType::Undefined => "undefined",
        ValueType::Null => "null",
        ValueType::Boolean => "a boolean",
        ValueType::Number => "a number",
        ValueType::String => "a string",
        ValueType::Symbol => "a symbol",
        ValueType::Function => "a function",
        ValueType::BigInt => "a bigint",
        // A handle stands for what JavaScript has an object for.
        ValueType::External if Held::found(of).is_some() => "a Secret",
        ValueType::External if manager::found(of).is_some() => "a SecretManager",
        ValueType::External => "a handle of native code",
        _ => return Ok(other_kind(of)?.unwrap_or(Cow::Borrowed("an object"))),
    }))
}

/// What is given in place of what is wanted.
pub(crate) fn instead_of(wanted: &str, given: Unknown<'_>) -> Outcome<Cow<'static, str>> {
    let kind = type_of(given)?;
    // Who has the name of a class only is a proxy, or was made of its prototype.
    let names = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let is_alike = kind.starts_with("a")
        && (wanted.ends_with(kind.as_ref()) || wanted.strip_prefix(kind.as_ref()).is_some_and(names));
    Ok(if is_alike {
        Cow::Borrowed("an object that is only like one, such as a proxy")
    } else {
        kind
    })
}

/// `wrongType(name, wanted, given)`: the message of an argument of a wrong type.
pub(crate) fn wrong_type<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let (name, wanted) = (arguments::shown(call.at(0))?, arguments::shown(call.at(1))?);
    let instead = instead_of(&wanted, call.at(2))?;
    value(call.env, format!("{name} is {wanted}, not {instead}"))
}

/// `checkNamed(name, wanted, given)` throws where an object is none whose properties count.
pub(crate) fn check_named<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let (name, wanted) = (arguments::shown(call.at(0))?, arguments::shown(call.at(1))?);
    named(&name, &wanted, call.at(2))?;
    undefined(call.env)
}

/// Refuses what is no object whose properties count: neither a plain one nor an instance of a class.
pub(crate) fn named(name: &str, wanted: &str, given: Unknown<'_>) -> Outcome<()> {
    let is_object = arguments::is(given, ValueType::Object)?;
    if is_object && other_kind(given)?.is_none() {
        return Ok(());
    }
    let kind = instead_of(wanted, given)?;
    let hint = match kind.as_ref() {
        "an AbortSignal" => "; pass { signal }",
        "an AbortController" => "; pass { signal: controller.signal }",
        _ => "",
    };
    Err(Failure::Type(format!("{name} is {wanted}, not {kind}{hint}")))
}

/// What an object is besides properties with names; nothing where it is no more than these.
fn other_kind(of: Unknown<'_>) -> Outcome<Option<Cow<'static, str>>> {
    if of.is_array()? {
        return Ok(Some(Cow::Borrowed("an array")));
    }
    let symbols = objects::global(of, "Symbol")?;
    let has = |name: &str| has_stated(of, objects::get(symbols, objects::string(of, name)?)?);
    let then = objects::string(of, "then")?;
    if has_stated(of, then)? && arguments::is(objects::get(of, then)?, ValueType::Function)? {
        return Ok(Some(Cow::Borrowed("a promise (is an `await` missing?)")));
    }
    let tag = tag(of)?;
    // What someone put on the root of all objects says nothing about this one.
    let named = objects::get(symbols, objects::string(of, "toStringTag")?)?;
    let is_plain = tag == "Object" || (objects::is_of_root(of, named)? && !is_builtin(of)?);
    // The names of a module are its properties.
    if !is_plain && tag != "Module" {
        return Ok(Some(with_article(&tag)));
    }
    if has("iterator")? {
        return Ok(Some(Cow::Borrowed("an iterable")));
    }
    if has("asyncIterator")? {
        return Ok(Some(Cow::Borrowed("an async iterable")));
    }
    Ok(None)
}

/// Whether the engine itself has a word for the object, whatever its tag is.
fn is_builtin(of: Unknown<'_>) -> Outcome<bool> {
    Ok(of.is_date()? || of.is_error()? || of.is_promise()? || of.is_arraybuffer()? || of.is_typedarray()?)
}

/// Whether an object has a property that is not only there because all objects have it.
fn has_stated(object: Unknown<'_>, name: Unknown<'_>) -> Outcome<bool> {
    let found = objects::get(object, name)?;
    Ok(!arguments::is_absent(found)? && !objects::is_of_root(object, name)?)
}

/// `Map` of `[object Map]`.
fn tag(of: Unknown<'_>) -> Outcome<String> {
    let objects_ = objects::global(of, "Object")?;
    let root = objects::get(objects_, objects::string(of, "prototype")?)?;
    let to_string = objects::get(root, objects::string(of, "toString")?)?;
    let mut said = ptr::null_mut();
    // SAFETY: all are values of one environment; what is no function is refused.
    check(unsafe { sys::napi_call_function(of.value().env, of.raw(), to_string.raw(), 0, ptr::null(), &mut said) })?;
    // SAFETY: just taken from this environment.
    let said = arguments::shown(unsafe { Unknown::from_raw_unchecked(of.value().env, said) })?;
    let tag = said.strip_prefix("[object ").and_then(|said| said.strip_suffix(']'));
    Ok(tag.unwrap_or("Object").to_owned())
}

/// `a Map`, `an AbortSignal`. What is no name of a class may be anything, and is not told.
fn with_article(tag: &str) -> Cow<'static, str> {
    let is_name = tag.len() <= LONGEST && tag.chars().all(|one| one.is_ascii_alphanumeric() || one == ' ');
    if !is_name {
        return Cow::Borrowed("an object of another kind");
    }
    let article = if tag.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    Cow::Owned(format!("{article} {tag}"))
}
