//! What lists, histories and batches answer.

use std::ffi::{CString, c_char};

use strongroom::backend::{BatchResult, EntryName, ListPage, SetManyOutcome, VersionEntry};
use strongroom::{Error, ErrorKind, Result, Secret as CoreSecret, SecretKey, SecretMetadata};

use crate::arguments::Out;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{object, pin};
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::status::{Status, fault};
use crate::words::{c_text, pointer};

/// The item's expiry has passed.
pub const ITEM_EXPIRED: u32 = 1;
/// The item is the current version.
pub const ITEM_CURRENT: u32 = 2;
/// The item's name is no key: the backend holds it, and it is named as the backend names it.
pub const ITEM_REFERENCE: u32 = 4;
/// The item was not there before it was written.
pub const ITEM_CREATED: u32 = 8;

/// The answer of a list, a history or a batch. Several threads may read it at once.
pub struct List {
    items: Vec<Item>,
    next: Option<CString>,
}

object!(List, "list", 6, stripes 1);

struct Item {
    key: CString,
    flags: u32,
    metadata: SecretMetadata,
    secret: Option<CoreSecret>,
    error: Option<Error>,
}

impl Item {
    fn new(key: &str, metadata: SecretMetadata) -> Self {
        Self {
            key: c_text(key),
            flags: 0,
            metadata,
            secret: None,
            error: None,
        }
    }

    fn flag(mut self, flag: u32, on: bool) -> Self {
        if on {
            self.flags |= flag;
        }
        self
    }
}

impl List {
    fn of(items: Vec<Item>) -> Self {
        Self { items, next: None }
    }

    /// A page of names.
    pub(crate) fn of_page(page: ListPage) -> Self {
        let items = page.entries.into_iter().map(|entry| {
            let reference = matches!(entry.name, EntryName::Reference(_));
            Item::new(&entry.name.to_string(), entry.metadata)
                .flag(ITEM_EXPIRED, entry.expired)
                .flag(ITEM_REFERENCE, reference)
        });
        Self {
            items: items.collect(),
            next: page.next.as_ref().map(|key| c_text(key.as_str())),
        }
    }

    /// The versions of one key.
    pub(crate) fn of_versions(key: &str, versions: Vec<VersionEntry>) -> Self {
        let items = versions.into_iter().map(|entry| {
            let mut metadata = SecretMetadata::new();
            metadata.version = Some(entry.version);
            metadata.created_at = entry.created_at;
            metadata.expires_at = entry.expires_at;
            let expired = metadata.is_expired_at(crate::moments::OffsetDateTime::now_utc());
            Item::new(key, metadata)
                .flag(ITEM_CURRENT, entry.current)
                .flag(ITEM_EXPIRED, expired)
        });
        Self::of(items.collect())
    }

    /// What was asked for, in that order: read, absent, or an error.
    pub(crate) fn of_reads(keys: &[SecretKey], batch: &BatchResult, missing: impl Fn(&SecretKey) -> Error) -> Self {
        let items = keys.iter().map(|key| {
            if let Some(secret) = batch.secrets.get(key) {
                let mut item = Item::new(key.as_str(), secret.metadata.clone());
                item.secret = Some(secret.duplicate());
                return item;
            }
            let mut item = Item::new(key.as_str(), SecretMetadata::new());
            let failure = batch.failures.iter().find(|failure| failure.key == *key);
            let error = failure.map_or_else(|| missing(key), |failure| failure.error.clone());
            item = item.flag(ITEM_EXPIRED, error.kind() == ErrorKind::Expired);
            item.error = Some(error);
            item
        });
        Self::of(items.collect())
    }

    /// What became of each entry that was written.
    pub(crate) fn of_writes(keys: &[SecretKey], outcome: SetManyOutcome) -> Self {
        let items = keys.iter().zip(outcome.outcomes).map(|(key, outcome)| {
            let mut item = Item::new(key.as_str(), SecretMetadata::new());
            match outcome {
                Ok(written) => {
                    item.metadata.version = written.version;
                    item.flag(ITEM_CREATED, written.created)
                }
                Err(error) => {
                    item.error = Some(error);
                    item
                }
            }
        });
        Self::of(items.collect())
    }

    fn item(&self, index: usize) -> Result<&Item> {
        let beyond = || fault(ErrorKind::InvalidArgument, "index", "lies beyond the last item");
        self.items.get(index).ok_or_else(beyond)
    }
}

/// How many items there are.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_list_len(list: *const List) -> usize {
    guard_value(0, || Ok(pin(list)?.items.len()))
}

/// The text of an item's key, counted from 0, or a reference's name; NULL beyond the last. Texts of a list live as
/// long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_list_key(list: *const List, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(list)?.item(index)?.key.as_ptr()))
}

/// What is so of an item: a sum of `STRONGROOM_ITEM_…`; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_list_flags(list: *const List, index: usize) -> u32 {
    guard_value(0, || Ok(pin(list)?.item(index)?.flags))
}

/// A copy of what is known about an item, which the caller frees. Of a history: the version, when it was written (as
/// `created_at`) and its expiry. Of a batch that was written: the version.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_list_metadata(
    list: *const List,
    index: usize,
    metadata: *mut *mut Metadata,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(metadata, "metadata")?;
            out.give(Metadata::of(pin(list)?.item(index)?.metadata.clone()))
        })
    }
}

/// A copy of an item's secret, which the caller frees: of a batch that was read; else `unsupported`. An item that
/// could not be read answers its error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_list_secret(
    list: *const List,
    index: usize,
    secret: *mut *mut Secret,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(secret, "secret")?;
            let list = pin(list)?;
            let item = list.item(index)?;
            match (&item.secret, &item.error) {
                (Some(secret), _) => out.give(Secret(secret.duplicate())),
                (None, Some(error)) => Err(error.clone()),
                (None, None) => Err(Error::new(
                    ErrorKind::Unsupported,
                    "only a batch that was read has values",
                )),
            }
        })
    }
}

/// What became of one item of a batch: success, or its error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_list_outcome(
    list: *const List,
    index: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || match &pin(list)?.item(index)?.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }
}

/// What the call option `after` is to be for the next page; NULL where this was the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_list_next(list: *const List) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pointer(pin(list)?.next.as_deref())))
}

/// Wipes what the list holds and gives it back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_list_free(list: *mut List) -> Status {
    guard_free(list)
}
