//! What JavaScript passes: texts, values, times.

use std::ptr;
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};
use strongroom::transfer::MAX_DOCUMENT;
use strongroom::{Error, ErrorKind, MAX_SEGMENT, SecretScope, SecretValue, Version, face};
use time::OffsetDateTime;

use crate::error::{Failure, Outcome, check, fault};
use crate::kinds;
use crate::objects;
use crate::secret::Held;

/// A `TypeError` about an argument.
#[cold]
pub(crate) fn wrong_type(name: &str, wanted: &str, given: Unknown<'_>) -> Failure {
    match kinds::instead_of(wanted, given) {
        Ok(kind) => Failure::Type(format!("{name} is {wanted}, not {kind}")),
        // A proxy may throw when it is looked at.
        Err(failure) => failure,
    }
}

pub(crate) fn is(of: Unknown<'_>, wanted: ValueType) -> Outcome<bool> {
    Ok(of.get_type()? == wanted)
}

/// Whether nothing is given.
pub(crate) fn is_absent(of: Unknown<'_>) -> Outcome<bool> {
    Ok(matches!(of.get_type()?, ValueType::Undefined | ValueType::Null))
}

/// What a program may give that is longer than the memory that is left: that is no reason to end it.
#[cold]
fn no_room() -> Failure {
    Error::new(ErrorKind::TooLarge, "there is no memory for a copy").into()
}

/// Room for exactly so much, so that nothing is left behind by growing.
fn room<T>(length: usize) -> Outcome<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(length).map_err(|_| no_room())?;
    Ok(room)
}

/// How many code units a string has. Its bytes as UTF-8 are not fewer.
fn length(of: Unknown<'_>) -> Outcome<usize> {
    let mut length = 0;
    // SAFETY: the value is one of this environment; without room its length is asked for.
    check(unsafe { sys::napi_get_value_string_utf16(of.value().env, of.raw(), ptr::null_mut(), 0, &mut length) })?;
    Ok(length)
}

/// The first code units of a string, which Rust judges: what Node-API makes of them replaces what is no Unicode.
fn units(of: Unknown<'_>, length: usize) -> Outcome<Vec<u16>> {
    let mut units = room(length + 1)?;
    let mut copied = 0;
    // SAFETY: the value is one of this environment, and there is room for so many units and an end.
    check(unsafe {
        let start = units.as_mut_ptr();
        sys::napi_get_value_string_utf16(of.value().env, of.raw(), start, length + 1, &mut copied)
    })?;
    // SAFETY: so many have been written.
    unsafe { units.set_len(copied) };
    Ok(units)
}

/// The text of a string of this length; `None` where it is no valid Unicode, which is a surrogate without its other
/// half.
fn unicode(of: Unknown<'_>, length: usize) -> Outcome<Option<String>> {
    let units = units(of, length)?;
    let chars = || char::decode_utf16(units.iter().copied());
    let Ok(bytes) = chars()
        .map(|one| one.map(char::len_utf8))
        .sum::<std::result::Result<usize, _>>()
    else {
        return Ok(None);
    };
    let mut text = String::new();
    text.try_reserve_exact(bytes).map_err(|_| no_room())?;
    text.extend(chars().flatten());
    Ok(Some(text))
}

/// The most code units that messages show of a text.
const SHOWN: usize = 1024;

/// The beginning of a text as messages show it, where a part that is no valid Unicode does no harm.
pub(crate) fn shown(of: Unknown<'_>) -> Outcome<String> {
    let length = length(of)?.min(SHOWN);
    Ok(String::from_utf16_lossy(&units(of, length)?))
}

/// The longest text of a key: three segments, what parts them, and the longest word for a kind of scope.
const LONGEST_KEY: usize = 3 * MAX_SEGMENT + "workspace//@".len();

/// A key's text. What it means is judged by the verb.
pub(crate) fn key(of: Unknown<'_>) -> Outcome<String> {
    if !is(of, ValueType::String)? {
        return Err(wrong_type("a key", "a string such as 'org/acme/api_key'", of));
    }
    let length = length(of)?;
    if length > LONGEST_KEY {
        let message = format!("a segment of the key is longer than {MAX_SEGMENT} bytes");
        return Err(Error::new(ErrorKind::InvalidKey, message).into());
    }
    unicode(of, length)?.ok_or_else(|| Error::new(ErrorKind::InvalidKey, "the key is no valid Unicode").into())
}

/// The longest text that is neither a key nor a value; the longest document of settings.
const LONGEST_TEXT: usize = 1 << 20;

/// A text other than a key or a value.
pub(crate) fn text(name: &str, of: Unknown<'_>) -> Outcome<String> {
    if !is(of, ValueType::String)? {
        return Err(wrong_type(name, "a string", of));
    }
    let length = length(of)?;
    if length > LONGEST_TEXT {
        let message = format!("a text has at most {LONGEST_TEXT} characters");
        return Err(Error::new(ErrorKind::TooLarge, message)
            .with_setting(name.to_owned())
            .into());
    }
    unicode(of, length)?.ok_or_else(|| fault(name, "the text is no valid Unicode"))
}

/// A `boolean`, and nothing that merely counts as one.
pub(crate) fn flag(name: &str, of: Unknown<'_>) -> Outcome<bool> {
    if !is(of, ValueType::Boolean)? {
        return Err(wrong_type(name, "a boolean", of));
    }
    // SAFETY: it is one.
    Ok(unsafe { of.cast()? })
}

/// A `number`, which is not NaN.
fn number(name: &str, wanted: &str, of: Unknown<'_>) -> Outcome<f64> {
    if !is(of, ValueType::Number)? {
        return Err(wrong_type(name, wanted, of));
    }
    // SAFETY: it is one.
    let number: f64 = unsafe { of.cast()? };
    if number.is_nan() {
        return Err(fault(name, "NaN is no number that anything can be done with"));
    }
    Ok(number)
}

/// How many. What is too much for any count is the largest one: the verb judges it.
pub(crate) fn count(name: &str, of: Unknown<'_>) -> Outcome<usize> {
    let number = number(name, "a number", of)?;
    if number < 0.0 || (number.is_finite() && number.fract() != 0.0) {
        return Err(fault(name, "a count is a whole number that is not negative"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative, and saturating"
    )]
    Ok(number as usize)
}

/// A time span in milliseconds.
pub(crate) fn milliseconds(name: &str, of: Unknown<'_>) -> Outcome<Duration> {
    let number = number(name, "a number of milliseconds", of)?;
    if number < 0.0 {
        return Err(fault(name, "a time span is not negative"));
    }
    Ok(Duration::try_from_secs_f64(number / 1e3).unwrap_or(Duration::MAX))
}

/// A point in time: a `Date`.
pub(crate) fn moment(name: &str, of: Unknown<'_>) -> Outcome<OffsetDateTime> {
    if !of.is_date()? {
        return Err(wrong_type(name, "a Date", of));
    }
    // SAFETY: it is one.
    let milliseconds = unsafe { of.cast::<napi::JsDate<'_>>()? }.value_of()?;
    if milliseconds.is_nan() {
        return Err(fault(name, "an invalid Date"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a Date has whole milliseconds, of which there are at most 8.64e15"
    )]
    let nanoseconds = i128::from(milliseconds as i64) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .map_err(|_| fault(name, "a Date beyond the years that can be stored"))
}

/// The largest whole number up to which a `number` tells all of them apart.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// A version: its word, or its number.
pub(crate) fn version(name: &str, of: Unknown<'_>) -> Outcome<Version> {
    let number = match of.get_type()? {
        ValueType::String => return text(name, of).map(Version::from_word),
        ValueType::Number => Some(count(name, of)? as u64).filter(|number| *number <= MAX_SAFE),
        ValueType::BigInt => {
            let (mut number, mut is_lossless) = (0, false);
            // SAFETY: it is a bigint of this environment.
            check(unsafe {
                sys::napi_get_value_bigint_uint64(of.value().env, of.raw(), &mut number, &mut is_lossless)
            })?;
            is_lossless.then_some(number)
        }
        _ => return Err(wrong_type(name, "a version's word or number", of)),
    };
    let message = "a version's number is from 0 to 9007199254740991, as a bigint to 18446744073709551615";
    number.map(Version::from_number).ok_or_else(|| fault(name, message))
}

/// A word that is none of those that an argument knows.
#[cold]
pub(crate) fn fault_of_words(name: &str, known: &[&str]) -> Failure {
    fault(name, format!("must be one of `{}`", known.join("`, `")))
}

/// A scope's text.
pub(crate) fn scope(name: &str, of: Unknown<'_>) -> Outcome<SecretScope> {
    Ok(SecretScope::parse(&text(name, of)?)?)
}

/// The texts of several keys.
pub(crate) fn keys(name: &str, of: Unknown<'_>) -> Outcome<Vec<String>> {
    array(name, "an array of strings", of)?.into_iter().map(key).collect()
}

/// The most elements of an array. One that says it has more has gaps, which cost JavaScript nothing.
const MOST_ELEMENTS: u32 = 1 << 22;

/// What an array gives.
pub(crate) fn array<'a>(name: &str, wanted: &str, of: Unknown<'a>) -> Outcome<Vec<Unknown<'a>>> {
    if !of.is_array()? {
        return Err(wrong_type(name, wanted, of));
    }
    let (env, value) = (of.value().env, of.raw());
    let mut length = 0;
    // SAFETY: the value is an array of this environment.
    check(unsafe { sys::napi_get_array_length(env, value, &mut length) })?;
    if length > MOST_ELEMENTS {
        let message = format!("an array has at most {MOST_ELEMENTS} elements");
        return Err(Error::new(ErrorKind::TooLarge, message)
            .with_setting(name.to_owned())
            .into());
    }
    let mut elements = room(length as usize)?;
    for at in 0..length {
        let mut element = ptr::null_mut();
        // SAFETY: as above.
        check(unsafe { sys::napi_get_element(env, value, at, &mut element) })?;
        // SAFETY: just taken from this environment.
        elements.push(unsafe { Unknown::from_raw_unchecked(env, element) });
    }
    Ok(elements)
}

/// Where bytes of JavaScript's lie. They are its own: nothing of it may run while they are looked at.
pub(crate) struct Bytes {
    start: *mut u8,
    length: usize,
}

impl Bytes {
    /// The bytes of a `Uint8Array` (a `Buffer` is one), any other view of bytes, or an `ArrayBuffer`; `None` where it
    /// is none of them.
    pub(crate) fn of(name: &str, of: Unknown<'_>) -> Outcome<Option<Self>> {
        let (env, value) = (of.value().env, of.raw());
        let (mut start, mut length) = (ptr::null_mut(), 0);
        let (mut buffer, mut offset) = (value, 0);
        if of.is_typedarray()? {
            let mut kind = 0;
            // SAFETY: it is a typed array of this environment.
            check(unsafe {
                sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut start, &mut buffer, &mut offset)
            })?;
            if !matches!(
                kind,
                sys::TypedarrayType::uint8_array
                    | sys::TypedarrayType::uint8_clamped_array
                    | sys::TypedarrayType::int8_array
            ) {
                return Ok(None);
            }
        } else if of.is_dataview()? {
            // SAFETY: it is a view of this environment.
            check(unsafe {
                sys::napi_get_dataview_info(env, value, &mut length, &mut start, &mut buffer, &mut offset)
            })?;
        } else if of.is_arraybuffer()? {
            // SAFETY: it is an `ArrayBuffer` of this environment.
            check(unsafe { sys::napi_get_arraybuffer_info(env, value, &mut start, &mut length) })?;
        } else {
            return Ok(None);
        }
        // SAFETY: the buffer is one of this environment.
        let buffer = unsafe { Unknown::from_raw_unchecked(env, buffer) };
        // One that is shared between threads is no `ArrayBuffer`: it is never detached and never shrinks.
        let is_whole = !buffer.is_arraybuffer()? || reaches(buffer, offset, length)?;
        // The engine says of a view that its buffer no longer reaches that it has no bytes. Nothing tells it from one
        // that never had any, and what is empty by accident must not replace a value.
        let is_view = buffer.raw() != value;
        if !is_whole || (is_view && length == 0 && is_resizable(buffer)?) {
            return Err(Failure::Type(format!(
                "{name} has no bytes in its ArrayBuffer, which was detached or has shrunk"
            )));
        }
        Ok(Some(Self {
            start: start.cast(),
            length: if start.is_null() { 0 } else { length },
        }))
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// A copy as a value.
    fn copied(&self) -> Outcome<SecretValue> {
        let mut copy = room(self.length)?;
        if self.length > 0 {
            // SAFETY: Node-API says that so many bytes lie there; they do not move, and JavaScript holds them during
            // the call. There is room for as many.
            unsafe {
                ptr::copy_nonoverlapping(self.start, copy.as_mut_ptr(), self.length);
                copy.set_len(self.length);
            }
        }
        Ok(SecretValue::from(copy))
    }

    /// Copies bytes to the beginning, where they fit; else nothing.
    pub(crate) fn fill(&self, bytes: &[u8]) -> bool {
        let fits = bytes.len() <= self.length;
        if fits && !bytes.is_empty() {
            // SAFETY: as above, and Rust's bytes are none of JavaScript's.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, bytes.len()) };
        }
        fits
    }

    /// Wipes all of them.
    pub(crate) fn wipe(&self) {
        for at in 0..self.length {
            // SAFETY: as above; volatile, so that it happens although nobody reads it again.
            unsafe { self.start.add(at).write_volatile(0) };
        }
    }
}

/// Whether a buffer has the bytes that a view of it claims.
fn reaches(buffer: Unknown<'_>, offset: usize, length: usize) -> Outcome<bool> {
    let (env, value) = (buffer.value().env, buffer.raw());
    let (mut start, mut size, mut is_detached) = (ptr::null_mut(), 0, false);
    // SAFETY: it is an `ArrayBuffer` of this environment.
    check(unsafe { sys::napi_is_detached_arraybuffer(env, value, &mut is_detached) })?;
    // SAFETY: as above.
    check(unsafe { sys::napi_get_arraybuffer_info(env, value, &mut start, &mut size) })?;
    Ok(!is_detached && offset.checked_add(length).is_some_and(|end| end <= size))
}

fn is_resizable(buffer: Unknown<'_>) -> Outcome<bool> {
    let said = objects::get(buffer, objects::string(buffer, "resizable")?)?;
    Ok(is(said, ValueType::Boolean)? && flag("resizable", said)?)
}

/// What a value can be given as.
pub(crate) const VALUE: &str = "a string, a Uint8Array or a Secret";

/// What is judged before it is copied.
#[derive(Clone, Copy)]
pub(crate) enum Longest {
    /// What a manager may take: each has a limit of its own, which the verb judges.
    Value,
    /// Also a document, or what becomes a value only after that.
    Document,
}

impl Longest {
    pub(crate) fn check(self, bytes: usize) -> Outcome<()> {
        match self {
            Self::Value => Ok(face::check_length(bytes)?),
            Self::Document if bytes <= MAX_DOCUMENT => Ok(()),
            Self::Document => {
                let message = format!("a value or document has at most {} MiB", MAX_DOCUMENT >> 20);
                Err(Error::new(ErrorKind::TooLarge, message).into())
            }
        }
    }
}

/// A value: a string, as UTF-8, or bytes.
fn value(of: Unknown<'_>, longest: Longest) -> Outcome<SecretValue> {
    if is(of, ValueType::String)? {
        let length = length(of)?;
        longest.check(length)?;
        let text = unicode(of, length)?
            .ok_or_else(|| Error::new(ErrorKind::InvalidValue, "the value is no valid Unicode; pass its bytes"))?;
        return Ok(SecretValue::from(text.into_bytes()));
    }
    if let Some(bytes) = Bytes::of("a value", of)? {
        longest.check(bytes.length())?;
        return bytes.copied();
    }
    Err(wrong_type("a value", VALUE, of))
}

/// A value alone, for verbs that keep the metadata that is stored.
pub(crate) fn value_alone(of: Unknown<'_>) -> Outcome<SecretValue> {
    Ok(new_secret(of, Longest::Value)?.value)
}

/// A document, a token, or a value for no manager.
pub(crate) fn document(of: Unknown<'_>) -> Outcome<SecretValue> {
    Ok(new_secret(of, Longest::Document)?.value)
}

/// What a write is given: a value, or a secret whose metadata holds where nothing else is stated.
pub(crate) fn new_secret(of: Unknown<'_>, longest: Longest) -> Outcome<strongroom::Secret> {
    if is(of, ValueType::External)? {
        let held = Held::found(of).ok_or_else(|| wrong_type("a value", VALUE, of))?;
        return held.copy(longest);
    }
    Ok(strongroom::Secret::new(value(of, longest)?))
}
