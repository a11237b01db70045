//! The verbs that write one secret.

use std::ffi::{c_char, c_void};

use strongroom::{Result, RollbackTo, Secret as CoreSecret, SecretMetadata, SetOptions, UpdateOptions, Version};

use super::{Manager, Verb};
use crate::arguments::{self, Out, optional_text};
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::{pin, pin_optional};
use crate::metadata::Metadata;
use crate::status::Status;
use crate::written::Written;

/// Takes what a write did, or why it did not.
pub type WrittenCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, written: *mut Written, error: *mut ErrorObject)>;

/// Is told that a call is done, or why it is not.
pub type DoneCallback = Option<unsafe extern "C" fn(context: *mut c_void, status: Status, error: *mut ErrorObject)>;

unsafe fn set(
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    metadata: *const Metadata,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let (key, value) = unsafe { (arguments::key(key, key_length)?, arguments::value(value, value_length)?) };
    let secret = CoreSecret::new(value).with_metadata(stated(metadata)?);
    let chosen = Chosen::of(call, &["if_absent", "if_version", "created_at"])?;
    let mut options = SetOptions::new();
    options.if_absent = chosen.is_on("if_absent");
    options.if_version = chosen.version("if_version");
    if let Some(at) = chosen.moment("created_at") {
        options = options.created_at(at);
    }
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.set_with(&key, &secret, options).await?))
    }))
}

/// The metadata that a write was given; none where it was given none.
pub(super) fn stated(metadata: *const Metadata) -> Result<SecretMetadata> {
    match pin_optional(metadata)? {
        Some(metadata) => Ok(metadata.to_core()),
        None => Ok(SecretMetadata::new()),
    }
}

unsafe fn set_api_key(
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    provider: *const c_char,
    provider_length: usize,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let (key, value, provider) = unsafe {
        let provider = optional_text(provider, provider_length, "provider")?.map(str::to_owned);
        (
            arguments::key(key, key_length)?,
            arguments::value(value, value_length)?,
            provider,
        )
    };
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(
            &manager.set_api_key(&key, value, provider.as_deref()).await?,
        ))
    }))
}

unsafe fn update_value(
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let (key, value) = unsafe { (arguments::key(key, key_length)?, arguments::value(value, value_length)?) };
    let chosen = Chosen::of(call, &["clear_expiry", "expires_at", "if_version"])?;
    let mut options = UpdateOptions::new();
    options.if_version = chosen.version("if_version");
    if chosen.is_on("clear_expiry") {
        options = options.clear_expiry();
    }
    if let Some(at) = chosen.moment("expires_at") {
        options = options.expires_at(at);
    }
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.update_value_with(&key, value, options).await?))
    }))
}

unsafe fn update_metadata(
    key: *const c_char,
    key_length: usize,
    update: *const Metadata,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &["if_version"])?;
    let mut update = pin(update)?.to_update();
    update.if_version = chosen.version("if_version");
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.update_metadata(&key, &update).await?))
    }))
}

unsafe fn rotate(
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let (key, value) = unsafe { (arguments::key(key, key_length)?, arguments::value(value, value_length)?) };
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.rotate(&key, value).await?))
    }))
}

unsafe fn rollback(
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
) -> Result<Verb<Written>> {
    // SAFETY: as this function.
    let (key, version) = unsafe {
        let version = optional_text(version, version_length, "version")?.map(Version::from_word);
        (arguments::key(key, key_length)?, version)
    };
    let takes: &[&str] = if version.is_some() { &[] } else { &["back"] };
    let chosen = Chosen::of(call, takes)?;
    let to = version.map_or_else(
        || RollbackTo::back(chosen.number("back").unwrap_or(1)),
        RollbackTo::Version,
    );
    Ok(Verb::new(chosen, move |manager| async move {
        Ok(Written::of(&manager.rollback(&key, to).await?))
    }))
}

/// Writes a secret: a new one, or a new version with the metadata given here. Without `metadata` (NULL) it has none.
/// `written` may be NULL, here and below.
///
/// Options: `if_absent`, `if_version`, `created_at` (of an imported secret). Errors: `conflict` where a condition does not
/// hold; `read_only`; `too_large`; `unsupported` naming a field that the backend cannot hold; `outcome_unknown` where the
/// write was sent and no answer came.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    metadata: *const Metadata,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(set(key, key_length, value, value_length, metadata, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    metadata: *const Metadata,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            set(key, key_length, value, value_length, metadata, call)?.start(manager, callback, context)
        })
    }
}

/// Writes an API key issued by `provider`. Other metadata of an existing secret is kept, but for an expiry that has
/// passed; without `provider` (NULL) that is kept too. Errors as for `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set_api_key(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    provider: *const c_char,
    provider_length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(set_api_key(key, key_length, value, value_length, provider, provider_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_set_api_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set_api_key_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    provider: *const c_char,
    provider_length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            set_api_key(key, key_length, value, value_length, provider, provider_length, call)?
                .start(manager, callback, context)
        })
    }
}

/// Replaces the value of an existing secret; its metadata is kept.
///
/// Options: `expires_at`, `clear_expiry`, `if_version`. Errors: `not_found`; `expired` unless the options say what becomes
/// of the expiry; `conflict`; as for `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_update_value(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(update_value(key, key_length, value, value_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_update_value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_update_value_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            update_value(key, key_length, value, value_length, call)?.start(manager, callback, context)
        })
    }
}

/// Changes the metadata of a secret, not its value: the fields of `update` that were set are replaced, those that were
/// cleared are removed, the others stay.
///
/// Options: `if_version`. Errors: `not_found`; `conflict`; `unsupported` naming a field that the backend cannot hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_update_metadata(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    update: *const Metadata,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(update_metadata(key, key_length, update, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_update_metadata`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_update_metadata_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    update: *const Metadata,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            update_metadata(key, key_length, update, call)?.start(manager, callback, context)
        })
    }
}

/// Gives a secret a new value; the former version stays readable, an expiry is dropped.
///
/// Errors: `not_found`; as for `strongroom_manager_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rotate(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(rotate(key, key_length, value, value_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_rotate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rotate_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            rotate(key, key_length, value, value_length, call)?.start(manager, callback, context)
        })
    }
}

/// Writes the value of a former version as a new one. Without `version` (NULL) it is the one before the current one, or as
/// many before as the option `back` says.
///
/// Options: `back` where `version` is NULL. Errors: `not_found`; `unsupported` where the backend keeps no versions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rollback(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
    written: *mut *mut Written,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(written);
            refuse_in_callback()?;
            out.give(rollback(key, key_length, version, version_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_rollback`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_rollback_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    version: *const c_char,
    version_length: usize,
    call: *const Call,
    callback: WrittenCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            rollback(key, key_length, version, version_length, call)?.start(manager, callback, context)
        })
    }
}
