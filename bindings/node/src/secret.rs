//! `Secret`: a value that JavaScript holds without seeing it, until it asks.

use std::cell::RefCell;
use std::hint::black_box;
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use strongroom::{CachedSecret, Error, ErrorKind, SecretMetadata, SecretValue};
use time::OffsetDateTime;

use crate::arguments::{Bytes, Longest, document, wrong_type};
use crate::cached;
use crate::call::Answer;
use crate::callback::contained;
use crate::entry::{Arguments, undefined};
use crate::error::{Failure, Outcome, check, value};
use crate::manager::write;
use crate::options::Options;
use crate::results;

/// What a `Secret` of JavaScript's holds. Handles never leave their JavaScript thread.
pub(crate) struct Held(RefCell<State>);

#[derive(Clone)]
enum State {
    /// Found in the cache, and shared with it: a hit copies nothing.
    Cached(CachedSecret),
    /// The secret's own; no value where it was wiped.
    Own(Rc<SecretMetadata>, Option<Rc<SecretValue>>),
}

impl Held {
    /// That of a secret's handle.
    pub(crate) fn of(handle: Unknown<'_>) -> Outcome<&Self> {
        Self::found(handle).ok_or_else(|| wrong_type("this", "a Secret", handle))
    }

    /// The same, where it is a secret's.
    pub(crate) fn found(handle: Unknown<'_>) -> Option<&Self> {
        // SAFETY: napi-rs checks that it is one of ours.
        let held: napi::Result<&External<Self>> =
            unsafe { FromNapiValue::from_napi_value(handle.value().env, handle.raw()) };
        held.ok().map(|held| &**held)
    }

    /// What there is now. It stays while it is looked at, whatever becomes of the secret meanwhile.
    fn state(&self) -> State {
        self.0.borrow().clone()
    }

    fn wipe(&self) {
        let metadata = match self.state() {
            State::Cached(shared) => Rc::new(shared.metadata().clone()),
            State::Own(metadata, _) => metadata,
        };
        self.0.replace(State::Own(metadata, None));
    }

    /// A copy, for verbs that are given a `Secret`.
    pub(crate) fn copy(&self, longest: Longest) -> Outcome<strongroom::Secret> {
        let state = self.state();
        longest.check(state.value()?.len())?;
        let value = SecretValue::copy_of(state.value()?);
        Ok(strongroom::Secret::new(value).with_metadata(state.metadata().clone()))
    }
}

impl State {
    fn value(&self) -> Outcome<&[u8]> {
        match self {
            Self::Cached(shared) => Ok(shared.value().expose()),
            Self::Own(_, Some(value)) => Ok(value.expose()),
            Self::Own(_, None) => Err(Error::new(ErrorKind::Closed, "the secret was wiped").into()),
        }
    }

    fn metadata(&self) -> &SecretMetadata {
        match self {
            Self::Cached(shared) => shared.metadata(),
            Self::Own(metadata, _) => metadata,
        }
    }
}

/// A secret's handle.
pub(crate) fn handle(env: &Env, secret: strongroom::Secret) -> Outcome<Unknown<'_>> {
    // The collector must know what it holds on to: to it the handle alone is a few words.
    let weight = size_of::<Held>() + secret.value.expose().len();
    let own = State::Own(Rc::new(secret.metadata), Some(Rc::new(secret.value)));
    value(env, External::new_with_size_hint(Held(RefCell::new(own)), weight))
}

/// The handle of a secret that was found in the cache, which has it anyway.
pub(crate) fn shared(env: &Env, secret: CachedSecret) -> Outcome<Unknown<'_>> {
    value(env, External::new(Held(RefCell::new(State::Cached(secret)))))
}

impl Answer for Option<strongroom::Secret> {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        match self {
            None => value(env, Null),
            Some(secret) => handle(env, secret),
        }
    }
}

/// A value as a string, or `null`.
pub(crate) struct Text(pub(crate) Option<strongroom::Secret>);

impl Answer for Text {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        match self.0 {
            None => value(env, Null),
            Some(secret) => string(env, secret.value.expose()),
        }
    }
}

fn string<'a>(env: &'a Env, bytes: &[u8]) -> Outcome<Unknown<'a>> {
    if std::str::from_utf8(bytes).is_err() {
        let error = Error::new(ErrorKind::InvalidValue, "the value is not UTF-8");
        return Err(error
            .with_help("ask for its bytes instead: `bytes` or `copyInto` of its Secret")
            .into());
    }
    let made = cached::string(env.raw(), bytes);
    let made = made.ok_or_else(|| Failure::Ours(Error::new(ErrorKind::TooLarge, "the engine has no room for it")))?;
    // SAFETY: just made in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), made) })
}

/// Bytes of JavaScript's own, outside of the heap whose blocks its collector moves: there they can be wiped.
pub(crate) fn array<'a>(env: &'a Env, bytes: &[u8]) -> Outcome<Unknown<'a>> {
    let (mut start, mut buffer, mut made) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the environment is alive.
    check(unsafe { sys::napi_create_arraybuffer(env.raw(), bytes.len(), &mut start, &mut buffer) })?;
    if !bytes.is_empty() {
        // SAFETY: so many bytes were just made there.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), start.cast(), bytes.len()) };
    }
    // SAFETY: the buffer was just made, with so many bytes.
    check(unsafe {
        let kind = sys::TypedarrayType::uint8_array;
        sys::napi_create_typedarray(env.raw(), kind, bytes.len(), buffer, 0, &mut made)
    })?;
    // SAFETY: just made in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), made) })
}

/// A new secret of a value and options of metadata.
pub(crate) fn new<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::of("options", call.at(1))?;
    let secret = write::new_secret(call.at(0), Longest::Document, write::stated(&mut options)?)?;
    options.finish()?;
    handle(call.env, secret)
}

/// The value as a string.
pub(crate) fn text<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    string(call.env, Held::of(call.at(0))?.state().value()?)
}

/// The value as a `Uint8Array` of its own.
pub(crate) fn bytes<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    array(call.env, Held::of(call.at(0))?.state().value()?)
}

/// Copies the value to the beginning of a view of bytes, and gives its length.
pub(crate) fn into<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let state = Held::of(call.at(0))?.state();
    let length = copy_into(state.value()?, call.at(1))?;
    value(call.env, results::count(length))
}

/// Copies a value to the beginning of a view of bytes, where it fits.
pub(crate) fn copy_into(bytes: &[u8], given: Unknown<'_>) -> Outcome<usize> {
    let room = target(given)?;
    if room.fill(bytes) {
        Ok(bytes.len())
    } else {
        Err(too_small(bytes.len(), room.length()))
    }
}

/// A view of bytes that a value can be copied into.
pub(crate) fn target(given: Unknown<'_>) -> Outcome<Bytes> {
    Bytes::of("the target", given)?.ok_or_else(|| wrong_type("the target", "a Uint8Array", given))
}

/// A view of bytes does not hold the value.
#[cold]
pub(crate) fn too_small(needed: usize, room: usize) -> Failure {
    let message = format!("the value has {needed} bytes and the array {room}");
    Error::new(ErrorKind::BufferTooSmall, message).into()
}

/// Whether the secret's expiry has passed by now.
pub(crate) fn is_expired<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let state = Held::of(call.at(0))?.state();
    value(call.env, state.metadata().is_expired_at(OffsetDateTime::now_utc()))
}

/// Wipes a view of bytes, whatever JavaScript has made of its methods.
pub(crate) fn wipe_bytes<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let bytes = contained(call.env, || Bytes::of("the bytes", call.at(0)));
    // What was detached went where someone sent it.
    if let Ok(Some(bytes)) = bytes {
        bytes.wipe();
    }
    undefined(call.env)
}

/// Whether the secret has a value, compared in a time that tells nothing about it but its length.
pub(crate) fn equals<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let state = Held::of(call.at(0))?.state();
    let (left, other) = (state.value()?, document(call.at(1))?);
    let right = other.expose();
    let differing = left
        .iter()
        .zip(right)
        .fold(0, |found, (one, other)| black_box(found | (one ^ other)));
    value(call.env, left.len() == right.len() && differing == 0)
}

/// What is known about the secret.
pub(crate) fn metadata<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let state = Held::of(call.at(0))?.state();
    Ok(results::metadata(call.env, state.metadata())?.to_unknown())
}

/// Wipes the value.
pub(crate) fn wipe<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Held::of(call.at(0))?.wipe();
    undefined(call.env)
}
