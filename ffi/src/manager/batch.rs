//! The verbs that concern several secrets.

use std::ffi::{c_char, c_void};

use strongroom::backend::Operation;
use strongroom::{ListOptions, Result, SecretKey, SecretScope};

use super::{Manager, Verb, missing};
use crate::arguments::{self, Out, several};
use crate::batch::Batch;
use crate::call::{Call, Chosen};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::handle::pin;
use crate::list::List;
use crate::status::Status;

/// Takes a list, or why there is none.
pub type ListCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, list: *mut List, error: *mut ErrorObject)>;

unsafe fn get_many(
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
) -> Result<Verb<List>> {
    // SAFETY: as this function.
    let keys = unsafe {
        several(keys, key_lengths, count, "keys", |key, length| {
            arguments::key(key, length)
        })
    }?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let keys = keys.iter().map(|key| manager.key_of(key)).collect::<Result<Vec<_>>>()?;
        let batch = manager.get_many(&keys).await?;
        let absent = |key: &SecretKey| missing(&manager, Operation::GetMany, key.as_str());
        Ok(List::of_reads(&keys, &batch, absent))
    }))
}

fn names(call: *const Call) -> Result<Verb<List>> {
    let chosen = Chosen::of(
        call,
        &["scope", "prefix", "provider", "after", "limit", "full_metadata"],
    )?;
    let mut options = ListOptions::new();
    if let Some(scope) = chosen.text("scope") {
        options = options.scope(SecretScope::parse(scope)?);
    }
    if let Some(prefix) = chosen.text("prefix") {
        options = options.prefix(prefix);
    }
    if let Some(provider) = chosen.text("provider") {
        options = options.provider(provider);
    }
    let after = chosen.text("after").map(ToOwned::to_owned);
    if let Some(limit) = chosen.number("limit") {
        options = options.limit(limit);
    }
    options.full_metadata = chosen.is_on("full_metadata");
    Ok(Verb::new(chosen, move |manager| async move {
        if let Some(after) = after {
            // A bare name is one of the scope that is listed.
            let listed = match &options.filter.scope {
                Some(scope) => manager.scoped(&scope.to_string())?,
                None => manager.clone(),
            };
            options.after = Some(listed.key_of(&after)?);
        }
        Ok(List::of_page(manager.list(options).await?))
    }))
}

unsafe fn versions(key: *const c_char, key_length: usize, call: *const Call) -> Result<Verb<List>> {
    // SAFETY: as this function.
    let key = unsafe { arguments::key(key, key_length) }?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let versions = manager.versions(&key).await?;
        Ok(List::of_versions(manager.key_of(&key)?.as_str(), versions))
    }))
}

fn set_many(manager: *const Manager, batch: *const Batch, call: *const Call) -> Result<Verb<List>> {
    let view = pin(manager)?.free.clone();
    let entries = pin(batch)?.entries(|key| view.key_of(key))?;
    let chosen = Chosen::of(call, &[])?;
    Ok(Verb::new(chosen, move |manager| async move {
        let outcome = manager.set_many(&entries).await?;
        let keys: Vec<_> = entries.into_iter().map(|(key, _)| key).collect();
        Ok(List::of_writes(&keys, outcome))
    }))
}

/// Reads several secrets, with one call where the backend has one. The list has one item for each key, in the order of
/// `keys`; `strongroom_list_outcome` tells of each whether it was read, is `not_found`, or why it could not be read.
/// Without `key_lengths` (NULL) each key ends with a NUL.
///
/// Errors: only what concerns the whole batch, such as `invalid_key`; an expired secret is an item with that error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_many(
    manager: *const Manager,
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    list: *mut *mut List,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(list, "list")?;
            refuse_in_callback()?;
            out.give(get_many(keys, key_lengths, count, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_get_many`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_get_many_async(
    manager: *const Manager,
    keys: *const *const c_char,
    key_lengths: *const usize,
    count: usize,
    call: *const Call,
    callback: ListCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            get_many(keys, key_lengths, count, call)?.start(manager, callback, context)
        })
    }
}

/// Lists names and what is cheap to know about them, sorted by key; never values. A view lists its own scope.
///
/// Options: `scope`, `prefix`, `provider`, `after`, `limit`, `full_metadata`. Errors: `unsupported` where the backend cannot
/// list; `invalid_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_list(
    manager: *const Manager,
    call: *const Call,
    list: *mut *mut List,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(list, "list")?;
            refuse_in_callback()?;
            out.give(names(call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_list`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_list_async(
    manager: *const Manager,
    call: *const Call,
    callback: ListCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            names(call)?.start(manager, callback, context)
        })
    }
}

/// Lists the versions of a secret, the newest first.
///
/// Errors: `not_found`; `unsupported` where the backend keeps none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_versions(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    list: *mut *mut List,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(list, "list")?;
            refuse_in_callback()?;
            out.give(versions(key, key_length, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_versions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_versions_async(
    manager: *const Manager,
    key: *const c_char,
    key_length: usize,
    call: *const Call,
    callback: ListCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            versions(key, key_length, call)?.start(manager, callback, context)
        })
    }
}

/// Writes several secrets: all or nothing where the capability `atomic_batch` says so; else the list tells what became of
/// each, in the order of the batch, and the call succeeds. `list` may be NULL.
///
/// Errors: what concerns the whole batch, before anything is written: `invalid_key`, the same key twice
/// (`invalid_argument`), a value that the backend cannot hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set_many(
    manager: *const Manager,
    batch: *const Batch,
    call: *const Call,
    list: *mut *mut List,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::optional_object(list);
            refuse_in_callback()?;
            out.give(set_many(manager, batch, call)?.wait(manager)?)
        })
    }
}

/// Starts `strongroom_manager_set_many`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_set_many_async(
    manager: *const Manager,
    batch: *const Batch,
    call: *const Call,
    callback: ListCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            set_many(manager, batch, call)?.start(manager, callback, context)
        })
    }
}
