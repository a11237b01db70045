//! The verbs that read one secret.

use std::ffi::{c_char, c_void};

use strongroom::backend::Operation;
use strongroom::{Error, ErrorKind, FallbackOptions, GetOptions, Lookup, Result, SecretScope, TooSmall, Version};

use super::{Manager, Verb, missing};
use crate::arguments::{self, Out, several, text};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::pin;
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::status::Status;

/// Takes a secret, or why there is none.
pub type SecretCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, secret: *mut Secret, error: *mut ErrorObject)>;

/// Takes whether a secret exists, or why that is not known.
pub type ExistsCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, exists: bool, error: *mut ErrorObject)>;

/// Takes what is known about a secret, or why nothing is.
pub type MetadataCallback = Option<
    unsafe extern "C" fn(context: *mut c_void, status: Status, metadata: *mut Metadata, error: *mut ErrorObject),
>;

unsafe fn get(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<Secret>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &["fresh", "include_expired", "version"])?;
    let mut options = GetOptions::new();
    options.fresh = chosen.is_on("fresh");
    options.include_expired = chosen.is_on("include_expired");
    options.version = chosen.version("version");
    Ok(read(chosen, key, options))
}

unsafe fn get_version(
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
) -> Result<Verb<Secret>> {
    // SAFETY: as this function.
    let (key, version) = unsafe {
        (
            arguments::key(key, key_length)?,
            text(version, version_length, "version")?,
        )
    };
    let chosen = Chosen::of(call, &["fresh", "include_expired"])?;
    let mut options = GetOptions::new().version(Version::from_word(version));
    options.fresh = chosen.is_on("fresh");
    options.include_expired = chosen.is_on("include_expired");
    Ok(read(chosen, key, options))
}

fn read(chosen: Chosen, key: String, options: GetOptions) -> Verb<Secret> {
    Verb::new(chosen, move |manager| async move {
        match manager.get_with(&key, options).await? {
            Some(secret) => Ok(Secret(secret)),
            None => Err(missing(&manager, Operation::Get, &key)),
        }
    })
}

unsafe fn get_with_fallback(
    name: *const c_char,
    name_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
) -> Result<Verb<Secret>> {
    // SAFETY: as this function.
    let (name, scopes) = unsafe {
        let name = arguments::named_key(name, name_length, "name")?;
        (
            name,
            several(scopes, scope_lengths, count, "scopes", |scope, length| {
                SecretScope::parse(text(scope, length, "scopes")?)
            })?,
        )
    };
    let chosen = Chosen::of(call, &["allow_unavailable"])?;
    let mut options = FallbackOptions::new();
    options.allow_unavailable = chosen.is_on("allow_unavailable");
    Ok(Verb::new(chosen, move |manager| async move {
        match manager.get_with_fallback_options(&name, &scopes, options).await? {
            Some(secret) => Ok(Secret(secret)),
            None => Err(missing(&manager, Operation::Get, &name)),
        }
    }))
}

unsafe fn existence(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<bool>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(
        chosen,
        move |manager| async move { manager.exists(&key).await },
    ))
}

unsafe fn describe(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<Metadata>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        match manager.describe(&key).await? {
            Some(description) => Ok(Metadata::of(description.metadata)),
            None => Err(missing(&manager, Operation::Describe, &key)),
        }
    }))
}

/// Reads a secret. A value that was read before comes from the cache, without a runtime, a thread or a system call.
///
/// Options: `fresh` (asks the backend in any case), `include_expired`, `version`. Errors: `not_found` where there is none; `expired` where its expiry has passed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            if Chosen::may_be_cached(call)?
                && let Some(cached) = pin(manager)?
                    .free
                    .cached_secret_bytes(arguments::key_bytes(key, key_length)?)
            {
                return out.give(Secret(cached));
            }
            out.give(get(key, key_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_get`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: SecretCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            get(key, key_length, call)?.start(manager, callback, context)
        })
    }
}

/// Copies a secret's value into the caller's buffer and tells its length, also where the buffer is too small: then
/// nothing is copied and the answer is `buffer_too_small`. `buffer` may be NULL where `capacity` is 0. What lies beyond
/// the length stays as it was. A cached value is copied without an allocation.
///
/// Options and errors as for `strongroom_manager_get`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_into(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(length, 0, "length")?;
            refuse_in_callback()?;
            let buffer = arguments::buffer(buffer, capacity)?;
            if Chosen::may_be_cached(call)?
                && let Lookup::Hit(outcome) = pin(manager)?
                    .free
                    .cached_into_bytes(arguments::key_bytes(key, key_length)?, buffer)
            {
                return told(&out, outcome);
            }
            let secret = get(key, key_length, call)?.wait(manager)?;
            told(&out, copied(secret.0.value.expose(), buffer))
        })
    }
}

/// Copies a secret's value as text, with a NUL behind it, into the caller's buffer and tells its length without the
/// NUL, also where the buffer is too small: then nothing is copied, the answer is `buffer_too_small`, and a capacity of
/// that length and one suffices. The text is the caller's to wipe.
///
/// Options and errors as for `strongroom_manager_get`; `invalid_value` where the value is not UTF-8 or has a NUL inside.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_value(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(length, 0, "length")?;
            refuse_in_callback()?;
            let buffer = arguments::buffer(buffer.cast(), capacity)?;
            if Chosen::may_be_cached(call)?
                && let Lookup::Hit(outcome) = pin(manager)?
                    .free
                    .try_cached_bytes(arguments::key_bytes(key, key_length)?, |value| {
                        copied_text(value, buffer)
                    })
            {
                return told(&out, outcome?);
            }
            let secret = get(key, key_length, call)?.wait(manager)?;
            told(&out, copied_text(secret.0.value.expose(), buffer)?)
        })
    }
}

/// Copies a value into a buffer.
fn copied(value: &[u8], buffer: &mut [u8]) -> Copied {
    let needed = value.len();
    let room = buffer.get_mut(..needed).ok_or(TooSmall { needed })?;
    room.copy_from_slice(value);
    Ok(needed)
}

/// Copies a value and a NUL into a buffer.
fn copied_text(value: &[u8], buffer: &mut [u8]) -> Result<Copied> {
    if value.contains(&0) || std::str::from_utf8(value).is_err() {
        let message = "the value is no text: it is not UTF-8, or has a NUL inside";
        return Err(Error::new(ErrorKind::InvalidValue, message));
    }
    let needed = value.len();
    let Some((end, room)) = buffer.get_mut(..=needed).and_then(<[u8]>::split_last_mut) else {
        return Ok(Err(TooSmall { needed }));
    };
    room.copy_from_slice(value);
    *end = 0;
    Ok(Ok(needed))
}

/// The length of what was copied, or of what did not fit.
type Copied = std::result::Result<usize, TooSmall>;

/// Tells the length, in any case.
#[inline]
fn told(out: &Out<usize>, outcome: Copied) -> Result<()> {
    match outcome {
        Ok(length) => {
            out.fill(length);
            Ok(())
        }
        Err(TooSmall { needed }) => {
            out.fill(needed);
            Err(too_small(needed))
        }
    }
}

#[cold]
fn too_small(needed: usize) -> Error {
    let message = format!("the buffer is too small: the value has {needed} bytes (as text one more, its NUL)");
    Error::new(ErrorKind::BufferTooSmall, message)
}

/// Reads one version of a secret.
///
/// Options: `fresh`, `include_expired`. Errors: `not_found` where there is no such secret or version; `unsupported` where the
/// backend keeps none; `expired`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_version(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            out.give(get_version(key, key_length, version, version_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_get_version`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_version_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
    callback: SecretCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            get_version(key, key_length, version, version_length, call)?.start(manager, callback, context)
        })
    }
}

/// Reads a name in the first of these scopes that has it; without scopes (count 0) in none. Without `scope_lengths`
/// (NULL) each scope ends with a NUL.
///
/// Options: `allow_unavailable`. Errors: `not_found` where no scope has it; every other error of a scope ends the search,
/// but with `allow_unavailable` those of a scope that cannot be asked now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_with_fallback(
    manager: *const Manager,
    name: *const c_char,
    name_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            refuse_in_callback()?;
            out.give(get_with_fallback(name, name_length, scopes, scope_lengths, count, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_get_with_fallback`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_with_fallback_async(
    manager: *const Manager,
    name: *const c_char,
    name_length: usize,
    scopes: *const *const c_char,
    scope_lengths: *const usize,
    count: usize,
    call: *const Call,
    callback: SecretCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            get_with_fallback(name, name_length, scopes, scope_lengths, count, call)?.start(manager, callback, context)
        })
    }
}

/// Whether there is such a secret, expired or not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_exists(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    exists: *mut bool,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(exists, false, "exists")?;
            refuse_in_callback()?;
            out.fill(existence(key, key_length, call)?.wait(manager)?);
            Ok(())
        })
    }
}

/// Starts `strongroom_manager_exists`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_exists_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: ExistsCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            existence(key, key_length, call)?.start(manager, callback, context)
        })
    }
}

/// Tells what is known about a secret, without reading its value where the backend can.
///
/// Errors: `not_found` where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_describe(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    metadata: *mut *mut Metadata,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(metadata, "metadata")?;
            refuse_in_callback()?;
            out.give(describe(key, key_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_describe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_describe_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: MetadataCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            describe(key, key_length, call)?.start(manager, callback, context)
        })
    }
}
