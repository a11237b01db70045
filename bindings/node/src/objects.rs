//! Objects of JavaScript's: their properties, whatever stands behind them. Getters and proxies may run and throw, which
//! goes on unchanged.

use std::ptr;

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};

use crate::arguments;
use crate::error::{Outcome, check};

fn unknown<'a>(of: Unknown<'a>, raw: sys::napi_value) -> Unknown<'a> {
    // SAFETY: what is given was just taken from the same environment.
    unsafe { Unknown::from_raw_unchecked(of.value().env, raw) }
}

/// A string of JavaScript's.
pub(crate) fn string<'a>(beside: Unknown<'a>, text: &str) -> Outcome<Unknown<'a>> {
    let (start, length) = crate::entry::raw(text);
    let mut made = ptr::null_mut();
    // SAFETY: so many bytes lie there; they are copied.
    check(unsafe { sys::napi_create_string_utf8(beside.value().env, start, length, &mut made) })?;
    Ok(unknown(beside, made))
}

/// What the property of a name is; `undefined` where there is none.
pub(crate) fn get<'a>(object: Unknown<'a>, name: Unknown<'a>) -> Outcome<Unknown<'a>> {
    let mut found = ptr::null_mut();
    // SAFETY: both are values of one environment.
    check(unsafe { sys::napi_get_property(object.value().env, object.raw(), name.raw(), &mut found) })?;
    Ok(unknown(object, found))
}

/// Whether the object has a property of its own.
pub(crate) fn has_own(object: Unknown<'_>, name: Unknown<'_>) -> Outcome<bool> {
    let mut has = false;
    // SAFETY: both are values of one environment.
    check(unsafe { sys::napi_has_own_property(object.value().env, object.raw(), name.raw(), &mut has) })?;
    Ok(has)
}

/// The names of an object's own enumerable properties.
pub(crate) fn own_names(object: Unknown<'_>) -> Outcome<Vec<Unknown<'_>>> {
    let mut names = ptr::null_mut();
    // SAFETY: the object is one of this environment.
    check(unsafe {
        sys::napi_get_all_property_names(
            object.value().env,
            object.raw(),
            sys::KeyCollectionMode::own_only,
            sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols,
            sys::KeyConversion::numbers_to_strings,
            &mut names,
        )
    })?;
    arguments::array("names", "an array", unknown(object, names))
}

/// An object's prototype, where it has one.
fn prototype(object: Unknown<'_>) -> Outcome<Option<Unknown<'_>>> {
    let mut found = ptr::null_mut();
    // SAFETY: the object is one of this environment.
    check(unsafe { sys::napi_get_prototype(object.value().env, object.raw(), &mut found) })?;
    let found = unknown(object, found);
    Ok(match found.get_type()? {
        ValueType::Object | ValueType::Function => Some(found),
        _ => None,
    })
}

/// Whether a property is there only because the root of all objects has it. What someone put there for all objects was
/// not stated for this one.
pub(crate) fn is_of_root(object: Unknown<'_>, name: Unknown<'_>) -> Outcome<bool> {
    let mut link = object;
    while let Some(next) = prototype(link)? {
        if has_own(link, name)? {
            return Ok(false);
        }
        link = next;
    }
    Ok(link.raw() != object.raw() && has_own(link, name)?)
}

/// What the engine has by a name everywhere.
pub(crate) fn global<'a>(beside: Unknown<'a>, name: &str) -> Outcome<Unknown<'a>> {
    let mut global = ptr::null_mut();
    // SAFETY: the environment is alive.
    check(unsafe { sys::napi_get_global(beside.value().env, &mut global) })?;
    get(unknown(beside, global), string(beside, name)?)
}

/// Gives an object a property, whatever the name means elsewhere.
pub(crate) fn define(object: &Object<'_>, name: &str, value: Unknown<'_>) -> Outcome<()> {
    let name = string(value, name)?;
    let property = sys::napi_property_descriptor {
        utf8name: ptr::null(),
        name: name.raw(),
        method: None,
        getter: None,
        setter: None,
        value: value.raw(),
        attributes: sys::PropertyAttributes::writable
            | sys::PropertyAttributes::enumerable
            | sys::PropertyAttributes::configurable,
        data: ptr::null_mut(),
    };
    // SAFETY: all are values of one environment.
    check(unsafe { sys::napi_define_properties(value.value().env, object.raw(), 1, &property) })?;
    Ok(())
}
